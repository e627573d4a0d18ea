"""Is the outbox moving? Asked of the data, not of a process: a stuck worker cannot report itself."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from clinic.reminders.models import Pulse, Reminder, State

LATE = timedelta(minutes=3)
"""A row overdue for longer than this means that nobody is sending."""

PULSE_EVERY = timedelta(seconds=10)


def beat(now: datetime) -> None:
    """Note that a dispatcher looked at `now`, at most every ten seconds."""
    recent = Pulse.objects.filter(name="dispatch", at__gt=now - PULSE_EVERY, at__lte=now + PULSE_EVERY).exists()
    if not recent:
        Pulse.objects.update_or_create(name="dispatch", defaults={"at": now})


def oldest_overdue(now: datetime) -> timedelta | None:
    """How long the most overdue reminder has been waiting for a dispatcher; None when nothing is overdue.

    A claimed row is overdue from the end of its lease.
    """
    due = Reminder.objects.filter(state=State.DUE, next_at__lt=now).aggregate(first=Min("next_at"))["first"]
    lease = Reminder.objects.filter(state=State.CLAIMED, lease_until__lt=now).aggregate(first=Min("lease_until"))[
        "first"
    ]
    since = [instant for instant in (due, lease) if instant is not None]
    return now - min(since) if since else None


def is_late(now: datetime) -> bool:
    """Whether the alarm should ring."""
    waited = oldest_overdue(now)
    return waited is not None and waited > LATE


def report(now: datetime) -> dict[str, Any]:
    """The numbers of the outbox for a health page: seconds overdue, what needs a person, when somebody last looked."""
    waited = oldest_overdue(now)
    looked = Pulse.objects.filter(name="dispatch").values_list("at", flat=True).first()
    return {
        "overdue_s": round(waited.total_seconds()) if waited else 0,
        "late": waited is not None and waited > LATE,
        "needs_a_person": Reminder.objects.needs_a_person().count(),
        "last_look": looked,
    }
