"""The Celery app: workers take ticks from Redis, beat gives them by the timetable in clinic/beat.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from clinic.beat import TIMETABLE

app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = TIMETABLE
app.conf.broker_transport_options = {"visibility_timeout": 300}
app.autodiscover_tasks()
