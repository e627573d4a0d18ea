"""What Celery carries: the tick. Everything true about a message stands in its row."""

from celery import shared_task
from django.utils import timezone

from clinic.people.sessions import forget_ended_sessions
from clinic.reminders.dispatch import dispatch
from clinic.reminders.planning import forget_details, plan_ahead


@shared_task(name="reminders.tick", acks_late=False)
def tick() -> None:
    dispatch(now=timezone.now())


@shared_task(name="reminders.plan_ahead", acks_late=False)
def plan() -> None:
    plan_ahead(now=timezone.now())


@shared_task(name="reminders.forget_details", acks_late=False)
def forget() -> None:
    forget_details(now=timezone.now())
    forget_ended_sessions()
