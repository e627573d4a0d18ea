"""Seats and offers beside each other: what was decided on earlier is looked at again when it is taken."""

from datetime import timedelta

import pytest

from bookings.models import Appointment
from bookings.services import (
    accept_offer,
    book_slot,
    join_waitlist,
    offer_free_times,
    offer_instead,
    release_hold,
)
from bookings.services.seats import give_back_seats, undo_give_back
from bookings.tests.workshop_world import counted, planned, seat_for
from clinic.core.errors import Conflict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
MINUTE = timedelta(minutes=1)


def refusal(act) -> str:
    with pytest.raises(Conflict) as refused:
        act()
    return refused.value.code


@pytest.fixture
def elsewhere(visit, other_therapist):
    """The other therapist offers the visit too."""
    visit.therapists.add(other_therapist.therapist)
    return other_therapist


def test_a_new_time_beside_the_old_one_is_not_taken_over_a_seat(
    visit, therapist, elsewhere, runner, staff, thursday, now
) -> None:
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    offer = offer_instead(
        appointment=session,
        start=thursday + 30 * MINUTE,
        therapist=elsewhere.therapist,
        by=staff,
        now=now,
        answer_until=now + 60 * MINUTE,
        beyond_rules=True,
    )
    seat_for(planned(therapist, staff, thursday + 60 * MINUTE, now), runner, now)
    assert refusal(lambda: accept_offer(offer=offer, by=runner, now=now)) == "runner_busy"
    session.refresh_from_db()
    assert (session.start, session.state) == (thursday, "booked")


def test_the_hold_of_an_open_offer_is_answered_not_let_go(visit, therapist, runner, thursday, now) -> None:
    join_waitlist(
        service=visit,
        therapist=None,
        runner=runner.runner,
        first=thursday.date(),
        last=thursday.date(),
        by=runner,
        now=now,
    )
    assert offer_free_times(now=now) == 1
    held = Appointment.objects.get(runner=runner.runner)
    assert refusal(lambda: release_hold(appointment=held, by=runner, now=now)) == "answer_the_offer"
    held.refresh_from_db()
    assert held.state == "held"


def test_a_seat_taken_again_is_not_also_taken_back(therapist, runner, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    back = seat_for(workshop, runner, now)
    give_back_seats(seats=back, by=runner, now=now)
    seat_for(workshop, runner, now + MINUTE)
    assert refusal(lambda: undo_give_back(seats=back, by=runner, now=now + 2 * MINUTE)) == "seat_again"
    assert counted(workshop) == (1, 1, 0, 0)


def test_times_during_a_workshop_of_the_runner_do_not_use_up_the_tries_for_their_wish(
    visit, elsewhere, runner, staff, thursday, now
) -> None:
    until_four = planned(elsewhere, staff, thursday, now, minutes=420, override_reason="A whole day.")
    seat_for(until_four, runner, now)
    join_waitlist(
        service=visit,
        therapist=None,
        runner=runner.runner,
        first=thursday.date(),
        last=thursday.date(),
        by=runner,
        now=now,
    )
    assert offer_free_times(now=now) == 1
    assert Appointment.objects.get(state="held").start == thursday + 420 * MINUTE
