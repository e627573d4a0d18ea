"""Workshops and people that the tests of workshops share."""

from datetime import datetime
from typing import Any

from bookings.models import Workshop
from bookings.services.seats import take_seats
from bookings.services.workshops import plan_workshop
from clinic.people.models import Role, User
from clinic.reminders.models import Reminder
from conftest import person


def planned(therapist: User, staff: User, start: datetime, now: datetime, **more: Any) -> Workshop:
    """A workshop of 90 minutes online from `start`, with 3 seats at £25."""
    facts: dict[str, Any] = {
        "title": "Running form",
        "capacity": 3,
        "price_pence": 2500,
        "minutes": 90,
        "place": "online",
        **more,
    }
    return plan_workshop(therapist=therapist.therapist, start=start, by=staff, now=now, **facts)


def people(count: int) -> list[User]:
    return [person(Role.RUNNER, f"Racer{number} Hale") for number in range(count)]


def seat_for(workshop: Workshop, user: User, now: datetime, *friends: str) -> Any:
    return take_seats(workshop=workshop, runner=user.runner, by=user, now=now, friends=friends)


def counted(workshop: Workshop) -> tuple[int, int, int, int]:
    """(seats the counter says, seats taken, offered, waiting)"""
    workshop.refresh_from_db()
    states = list(workshop.seats.values_list("state", flat=True))
    return (workshop.seats_taken, *(states.count(state) for state in ("taken", "offered", "waiting")))


def letters(*kinds: str, state: str = "due") -> list[tuple[str, str]]:
    """(address, kind) of the rows of the outbox in `state`, all kinds of workshop letters or those named."""
    rows = Reminder.objects.filter(kind__startswith="workshop", state=state)
    rows = rows.filter(kind__in=kinds) if kinds else rows
    return sorted(rows.values_list("person__email", "kind"))
