"""Whose a hold is: who may book or free it, what ends it, and in which order rows are locked for it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from bookings.models import Appointment
from bookings.services import confirm_hold, hold_for_visitor, hold_slot, release_hold
from bookings.services.transactions import end_holds, whole
from clinic.audit.models import Event
from clinic.core.errors import Forbidden
from conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]


@pytest.fixture
def held_by(visit, therapist, runner, thursday, now):
    """`held_by(user)`: that user holds Thursday 09:00 for the runner."""
    return lambda user: hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=user, now=now
    )


@pytest.mark.parametrize("verb", [confirm_hold, release_hold])
@pytest.mark.parametrize("stranger", ["therapist", "staff", "other_runner", "other_therapist"])
def test_what_a_runner_holds_is_theirs_alone(held_by, runner, now, verb, stranger, request) -> None:
    held = held_by(runner)
    with pytest.raises(Forbidden) as refused:
        verb(appointment=held, by=request.getfixturevalue(stranger), now=now)
    held.refresh_from_db()
    assert (refused.value.code, held.state) == ("not_yours", "held")


def test_the_desk_books_what_a_colleague_of_the_desk_holds(held_by, staff, now) -> None:
    assert confirm_hold(appointment=held_by(staff), by=person("staff", "Ines Moraes"), now=now).state == "booked"


def test_a_therapist_does_not_book_what_the_desk_holds(held_by, staff, therapist, now) -> None:
    held = held_by(staff)
    with pytest.raises(Forbidden):
        confirm_hold(appointment=held, by=therapist, now=now)


@pytest.mark.parametrize("holder", ["therapist", "staff"])
def test_a_runner_books_what_was_held_for_them(held_by, runner, now, holder, request) -> None:
    held = held_by(request.getfixturevalue(holder))
    assert confirm_hold(appointment=held, by=runner, now=now).state == "booked"


def test_a_therapist_books_what_they_hold(held_by, therapist, now) -> None:
    assert confirm_hold(appointment=held_by(therapist), by=therapist, now=now).state == "booked"


def test_what_was_kept_longer_meanwhile_does_not_give_way(held_by, runner, now) -> None:
    held = held_by(runner)
    whole(end_holds)([held.pk], runner=None, now=now + timedelta(minutes=4))
    held.refresh_from_db()
    assert (held.state, Event.objects.filter(action__startswith="hold.").count()) == ("held", 0)


@pytest.mark.django_db(transaction=True)
def test_a_hold_confirmed_in_the_same_moment_is_not_said_to_have_lapsed(held_by, runner, now) -> None:
    held, late = held_by(runner), now + timedelta(minutes=5, seconds=30)
    written = threading.Event()

    @whole
    def confirm() -> None:
        confirm_hold(appointment=held, by=runner, now=late)
        written.set()
        threading.Event().wait(0.3)

    def run() -> None:
        confirm()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    assert written.wait(10)
    whole(end_holds)([held.pk], runner=None, now=late)
    thread.join()
    assert Appointment.objects.get().state == "booked"
    assert not Event.objects.filter(action="hold.lapsed").exists()


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: SQLite locks no rows")
def test_a_visitors_earlier_hold_goes_after_the_therapist_is_locked(visit, therapist, thursday, now) -> None:
    asked = {"service": visit, "therapist": therapist.therapist, "browser": "b" * 64, "source": "192.0.2.1"}
    asked |= {"zone": "Europe/London", "now": now}
    hold_for_visitor(**asked, start=thursday)
    with CaptureQueriesContext(connection) as done:
        hold_for_visitor(**asked, start=thursday + timedelta(minutes=45))
    said = [each["sql"] for each in done.captured_queries]
    locked = next(n for n, sql in enumerate(said) if "FOR NO KEY UPDATE" in sql and "therapistprofile" in sql)
    freed = next(n for n, sql in enumerate(said) if sql.startswith('UPDATE "bookings_appointment"'))
    assert locked < freed
