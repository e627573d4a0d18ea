"""What Celery carries for the book: the tick. Everything true stands in its rows."""

from celery import shared_task
from django.utils import timezone

from bookings.services.outside import read_due
from bookings.services.ticking import tick


@shared_task(name="bookings.tick", acks_late=False)
def tick_bookings() -> None:
    tick(now=timezone.now())


@shared_task(name="bookings.read_outside_calendars", acks_late=False, soft_time_limit=270, time_limit=300)
def read_outside_calendars() -> None:
    """On a queue of its own, so that no slow calendar stands before a reminder."""
    read_due(now=timezone.now())
