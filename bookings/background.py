"""Reading outside calendars beside the loop that sends reminders, where there is no Redis and no second worker."""

import threading
from datetime import datetime

import structlog
from django.db import connections
from django.utils import timezone

from bookings.models import OutsideCalendar
from bookings.services.outside import read_due

log = structlog.get_logger(__name__)

reading = threading.Lock()


def start_reading(*, now: datetime) -> bool:
    """Read what is due in a thread of its own and return at once; whether one was started.

    One thread at a time: however slow a calendar is, the reminders go out meanwhile.
    """
    if not OutsideCalendar.objects.filter(next_at__lte=now).exists() or not reading.acquire(blocking=False):
        return False
    threading.Thread(target=read_and_leave, name="outside calendars", daemon=True).start()
    return True


def read_and_leave() -> None:
    try:
        read_due(now=timezone.now())
    except Exception:
        log.exception("outside_calendars.not_read")
    finally:
        connections.close_all()
        reading.release()
