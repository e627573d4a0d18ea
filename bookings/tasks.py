"""What Celery carries for the book: the tick. Everything true stands in its rows."""

from celery import shared_task
from django.utils import timezone

from bookings.services.ticking import tick


@shared_task(name="bookings.tick", acks_late=False)
def tick_bookings() -> None:
    tick(now=timezone.now())
