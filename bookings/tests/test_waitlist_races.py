"""The waitlist under fire: threads with a connection each. Never two winners, never one wish with two offers."""

from datetime import timedelta

import pytest

from bookings.models import Appointment, Offer, WaitlistEntry
from bookings.services import (
    accept_offer,
    book_slot,
    cancel_appointment,
    decline_offer,
    expire_offers,
    join_waitlist,
    offer_free_times,
)
from bookings.services.series import Pick, book_series
from bookings.tests.test_engine_races import at_once, booking, overlaps
from clinic.people.models import Role, User
from conftest import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hours")]
LATER = timedelta(minutes=3)


@pytest.fixture
def crowd(db: None) -> list[User]:
    return [person(Role.RUNNER, f"Racer{number} Hale") for number in range(5)]


@pytest.fixture
def three_freed(visit, therapist, crowd, thursday, now) -> list[WaitlistEntry]:
    """Thursday morning was full; five wait for it, and three sessions of it were cancelled."""
    starts = [thursday + timedelta(minutes=45 * number) for number in range(4)]
    early = [person(Role.RUNNER, f"Early{number} Moss") for number in range(4)]
    sessions = [booking(visit, therapist, each, start, now)() for each, start in zip(early, starts, strict=True)]
    wishes = [
        join_waitlist(
            service=visit,
            therapist=None,
            runner=each.runner,
            first=thursday.date(),
            last=thursday.date(),
            parts=1,
            by=each,
            now=now + timedelta(seconds=number),
        )
        for number, each in enumerate(crowd)
    ]
    for session in sessions[:3]:
        cancel_appointment(appointment=session, by=session.runner.user, now=now)
    return wishes


def test_many_steps_at_once_make_exactly_three_offers_to_the_first_three(three_freed, now) -> None:
    assert at_once([lambda: offer_free_times(now=now + LATER)] * 4) == {"done": 4}
    assert sorted(Offer.objects.values_list("entry__made_at", flat=True)) == [each.made_at for each in three_freed[:3]]
    assert Appointment.objects.filter(state="held").count() == 3
    assert overlaps() == 0


def test_taking_declining_and_expiring_at_once_have_one_outcome(
    three_freed, visit, therapist, crowd, thursday, now
) -> None:
    offer_free_times(now=now + LATER)
    offer = Offer.objects.get(entry=three_freed[0])
    until = offer.answer_until
    ends = at_once(
        [
            *[lambda: accept_offer(offer=offer, by=crowd[0], now=until - timedelta(seconds=1))] * 2,
            lambda: decline_offer(offer=offer, by=crowd[0], now=until - timedelta(seconds=1)),
            lambda: expire_offers(now=until),
            lambda: offer_free_times(now=until),
            booking(visit, therapist, crowd[4], thursday, until),
        ]
    )
    assert set(ends) <= {"done", "offer_ended", "slot_taken"}
    offer.refresh_from_db()
    assert offer.state in {"accepted", "declined", "expired"}
    assert Appointment.objects.live(until).filter(start=thursday).count() <= 1
    assert (offer.state == "accepted") == Appointment.objects.filter(
        start=thursday, state="booked", runner=crowd[0].runner
    ).exists()
    assert overlaps() == 0


def test_two_series_over_the_same_times_one_wins_whole(visit, therapist, crowd, thursday, now) -> None:
    starts = [thursday + timedelta(days=7 * week) for week in range(4)]

    def series(user: User, order: int):
        picks = [Pick(therapist.therapist, start) for start in starts[::order]]
        return lambda: book_series(service=visit, runner=user.runner, picks=picks, by=user, now=now)

    ends = at_once([series(user, 1 if number % 2 else -1) for number, user in enumerate(crowd)])
    assert ends == {"done": 1, "series_conflict": 4}
    assert Appointment.objects.filter(state="booked").count() == 4
    assert overlaps() == 0


def test_series_with_several_therapists_in_any_order_do_not_deadlock(visit, therapist, crowd, thursday, now) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    people = [therapist.therapist, *more_therapists(visit, 2)]

    def series(user: User, turn: int):
        picks = [
            Pick(people[(week + turn) % 3], thursday + timedelta(days=week, minutes=45 * turn)) for week in (0, 1, 4)
        ]
        return lambda: book_series(service=visit, runner=user.runner, picks=picks, by=user, now=now)

    assert at_once([series(user, turn) for turn, user in enumerate(crowd[:3])]) == {"done": 3}
    assert Appointment.objects.filter(state="booked").count() == 9


def test_a_booking_and_an_offer_want_the_same_time(three_freed, visit, therapist, other_runner, thursday, now) -> None:
    ends = at_once(
        [
            lambda: offer_free_times(now=now + LATER),
            lambda: book_slot(
                service=visit,
                therapist=therapist.therapist,
                runner=other_runner.runner,
                start=thursday,
                by=other_runner,
                now=now + LATER,
            ),
        ]
    )
    assert ends["done"] + ends["slot_taken"] == 2
    assert Appointment.objects.live(now + LATER).filter(start=thursday).count() == 1
    assert overlaps() == 0
