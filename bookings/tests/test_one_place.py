"""A runner with a seat in a workshop is in no session meanwhile, whichever way the session would be booked."""

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from bookings.models import Appointment
from bookings.services import confirm_hold, hold_slot
from bookings.tests.workshop_world import planned, seat_for
from clinic.core.errors import DomainError
from clinic.people.models import User

pytestmark = pytest.mark.usefixtures("hours", "clock", "visit")


@pytest.fixture
def workshop(other_therapist: User, staff: User, thursday: datetime, now: datetime):
    """90 minutes from the start that everybody picks here, with somebody else."""
    return planned(other_therapist, staff, thursday, now, override_reason="A guest.")


@pytest.fixture
def visitor(client: Client) -> Client:
    """A browser without a log-in that holds the time of the workshop."""
    assert client.post("/book/follow-up/?therapist=nadia-okello", {"slot": "2026-11-26T09:00Z"}).status_code == 302
    return client


def booked() -> int:
    return Appointment.objects.sessions().filter(state="booked").count()


def test_the_code_books_nothing_beside_a_seat(workshop, visitor: Client, runner: User, now: datetime) -> None:
    seat_for(workshop, runner, now)
    visitor.post("/book/you/", {"name": "Maya", "email": runner.email, "phone": "", "consent": "on"})
    answer = visitor.post("/book/code/", {"code": re.search(r"^\d{6}$", mail.outbox[0].body, re.MULTILINE).group()})
    assert (answer.status_code, booked()) == (409, 0)
    assert "already a session at that time" in answer.content.decode()


def test_after_the_log_in_nothing_is_held_beside_a_seat(workshop, visitor: Client, runner: User, now: datetime) -> None:
    seat_for(workshop, runner, now)
    visitor.force_login(runner)
    assert visitor.post("/book/resume/").status_code == 409
    assert Appointment.objects.get(state="held").runner is None


def test_a_late_confirmation_books_nothing_beside_a_seat_taken_meanwhile(
    workshop, visit, therapist: User, runner: User, thursday: datetime, now: datetime
) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    late = now + timedelta(minutes=5, seconds=30)
    seat_for(workshop, runner, late)
    with pytest.raises(DomainError) as refused:
        confirm_hold(appointment=held, by=runner, now=late)
    assert (refused.value.code, booked()) == ("runner_busy", 0)
