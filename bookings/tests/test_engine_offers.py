"""A hold that stands for an open offer: nobody else's, not let go in passing, and an obstacle to the runner's own times."""

from datetime import datetime, timedelta

import pytest

from bookings.availability import find_slots
from bookings.models import Appointment, Offer, WaitlistEntry, WeeklyHours
from bookings.models.appointments import State
from bookings.services import book_slot, hold_slot
from bookings.services.booking import enter
from bookings.services.transactions import whole
from clinic.core.errors import Conflict

HOUR = timedelta(hours=1)


@whole
def offered(visit, therapist, runner, start: datetime, now: datetime) -> Appointment:
    """Thursday's time kept for the runner for an hour, in answer to a wish."""
    kept = enter(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=start,
        by=None,
        now=now,
        hold_expires_at=now + HOUR,
        keeps_holds=True,
    )
    wish = WaitlistEntry.objects.create(
        runner=runner.runner, service=visit, first=start.date(), made_at=now, made_by=runner
    )
    Offer.objects.create(entry=wish, hold=kept, made_at=now, answer_until=now + HOUR)
    return kept


def hold(visit, therapist, runner, start: datetime, now: datetime) -> Appointment:
    return hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=start, by=runner, now=now
    )


def test_an_offer_stays_when_its_runner_holds_or_books_another_time(
    visit, hours, therapist, runner, thursday, now
) -> None:
    kept = offered(visit, therapist, runner, thursday, now)
    later = thursday + timedelta(minutes=90)
    first = hold(visit, therapist, runner, later, now)
    second = hold(visit, therapist, runner, later + timedelta(days=1), now)
    book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=later, by=runner, now=now)
    states = dict(Appointment.objects.values_list("pk", "state"))
    assert (states[kept.pk], states[first.pk], states[second.pk]) == (State.HELD, State.CANCELLED, State.CANCELLED)


def test_an_offers_time_is_taken_for_its_runner_too(visit, hours, therapist, runner, thursday, now) -> None:
    offered(visit, therapist, runner, thursday, now)
    day = thursday.date()
    asked = {"service": visit, "first": day, "last": day, "zone": "Europe/London", "runner": runner.runner}
    assert thursday not in [slot.start for slot in find_slots(**asked, now=now)]
    with pytest.raises(Conflict) as refused:
        hold(visit, therapist, runner, thursday, now)
    assert refused.value.code == "slot_taken"
    assert thursday in [slot.start for slot in find_slots(**asked, now=now + HOUR)]
    assert hold(visit, therapist, runner, thursday, now + HOUR).state == State.HELD


def test_an_answered_offer_is_a_hold_like_any_other(visit, hours, therapist, runner, thursday, now) -> None:
    kept = offered(visit, therapist, runner, thursday, now)
    Offer.objects.update(state=Offer.State.DECLINED)
    hold(visit, therapist, runner, thursday, now)
    kept.refresh_from_db()
    assert kept.state == State.CANCELLED


def test_an_offer_leaves_the_time_its_runner_is_just_choosing(visit, hours, therapist, runner, thursday, now) -> None:
    choosing = hold(visit, therapist, runner, thursday + timedelta(days=1), now)
    with pytest.raises(Conflict) as refused:
        offered(visit, therapist, runner, choosing.start, now)
    assert refused.value.code == "slot_taken"
    offered(visit, therapist, runner, thursday, now)
    choosing.refresh_from_db()
    assert choosing.state == State.HELD


def test_a_lapsed_offer_does_not_keep_its_runner_from_the_same_time_with_a_colleague(
    visit, hours, therapist, other_therapist, runner, thursday, now
) -> None:
    offered(visit, therapist, runner, thursday, now)
    visit.therapists.add(other_therapist.therapist)
    WeeklyHours.objects.filter(weekday=thursday.weekday()).update(therapist=other_therapist.therapist)
    assert hold(visit, other_therapist, runner, thursday, now + HOUR).state == State.HELD
