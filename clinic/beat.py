"""The whole periodic timetable, each entry in words. Two beats at once, or a tick lost, do no harm: every task may run
twice and the next run does what the last one missed. Hours are UTC."""

from typing import Any

from celery.schedules import crontab

TIMETABLE: dict[str, dict[str, Any]] = {
    "every 20 seconds: send the messages that are due": {
        "task": "reminders.tick",
        "schedule": 20.0,
        "options": {"expires": 35},
    },
    "every minute: end offers nobody answered, and offer freed times to the waitlist": {
        "task": "bookings.tick",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "every 5 minutes: read the therapists' other calendars that are due": {
        "task": "bookings.read_outside_calendars",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 270, "queue": "calendars"},
    },
    "every 5 minutes: plan the messages that are coming up": {
        "task": "reminders.plan_ahead",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 540},
    },
    "every night at 03:40: forget what old messages said, and sessions that have ended": {
        "task": "reminders.forget_details",
        "schedule": crontab(hour="3", minute="40"),
        "options": {"expires": 3600},
    },
}
