"""Holds of visitors without an account: no runner, the same time as everybody's."""

from datetime import datetime, timedelta

import pytest

from bookings.availability import find_slots
from bookings.models import Appointment
from bookings.models.appointments import State
from bookings.services import book_slot, hold_slot
from bookings.services.booking import enter
from bookings.services.transactions import whole
from clinic.core.errors import Conflict


@whole
def visitor_holds(visit, therapist, start: datetime, now: datetime) -> Appointment:
    return enter(
        service=visit,
        therapist=therapist.therapist,
        runner=None,
        start=start,
        by=None,
        now=now,
        hold_expires_at=now + timedelta(minutes=5),
    )


def test_a_visitors_hold_keeps_the_time_from_everybody(visit, hours, therapist, runner, thursday, now) -> None:
    held = visitor_holds(visit, therapist, thursday, now)
    assert (held.runner_id, held.booked_by_id, held.state) == (None, None, State.HELD)
    day = thursday.date()
    listed = find_slots(service=visit, first=day, last=day, zone="Europe/London", runner=runner.runner, now=now)
    assert thursday not in [slot.start for slot in listed]
    with pytest.raises(Conflict) as refused:
        book_slot(
            service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
        )
    assert refused.value.code == "slot_taken"
    with pytest.raises(Conflict):
        visitor_holds(visit, therapist, thursday, now)
    assert Appointment.objects.count() == 1


def test_a_second_visitor_leaves_the_first_ones_hold_alone(visit, hours, therapist, thursday, now) -> None:
    first = visitor_holds(visit, therapist, thursday, now)
    visitor_holds(visit, therapist, thursday + timedelta(minutes=45), now)
    first.refresh_from_db()
    assert first.state == State.HELD


def test_a_lapsed_visitors_hold_gives_way(visit, hours, therapist, runner, thursday, now) -> None:
    first = visitor_holds(visit, therapist, thursday, now)
    later = now + timedelta(minutes=5)
    hold_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=later)
    first.refresh_from_db()
    assert first.state == State.CANCELLED
