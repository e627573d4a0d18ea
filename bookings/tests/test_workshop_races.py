"""Many people and few seats: threads with a connection each, on PostgreSQL and on SQLite. Never one seat too many."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from bookings.models import Seat, Workshop
from bookings.services import book_slot
from bookings.services.seats import accept_offer, give_back_seats, join_waitlist, take_seats
from bookings.tests.test_engine_races import at_once
from bookings.tests.workshop_world import counted, letters, people, planned, seat_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hours")]


def test_eight_seats_and_fifty_at_once_when_nobody_has_booked_yet(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=8)
    ends = at_once([lambda each=each: seat_for(workshop, each, now) for each in people(50)])
    assert ends == {"done": 8, "full": 42}
    assert counted(workshop) == (8, 8, 0, 0)
    assert Seat.objects.values("runner").distinct().count() == 8
    assert len(letters("workshop_seat")) == 8


def test_groups_come_whole_or_not_at_all(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=8)
    ends = at_once([lambda each=each: seat_for(workshop, each, now, "Ana", "Ben") for each in people(6)])
    assert ends == {"done": 2, "full": 4}
    assert counted(workshop) == (6, 6, 0, 0)
    assert set(Counter(Seat.objects.values_list("runner", flat=True)).values()) == {3}


def test_one_runner_clicking_eight_times_has_one_seat(therapist, staff, runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    assert at_once([lambda: seat_for(workshop, runner, now)] * 8) == {"done": 8}
    assert counted(workshop) == (1, 1, 0, 0)


def test_three_give_back_at_once_and_the_first_three_of_five_are_offered(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=8)
    crowd = people(13)
    seats = [seat_for(workshop, each, now)[0] for each in crowd[:8]]
    for place, each in enumerate(crowd[8:]):
        join_waitlist(workshop=workshop, runner=each.runner, by=each, now=now + timedelta(seconds=place))
    gone = [
        lambda seat=seat, each=each: give_back_seats(seats=[seat], by=each, now=now + timedelta(minutes=5))
        for seat, each in zip(seats[:3], crowd, strict=False)
    ]
    assert at_once(gone) == {"done": 3}
    assert counted(workshop) == (8, 5, 3, 2)
    assert letters("workshop_offer") == sorted((each.email, "workshop_offer") for each in crowd[8:11])


def test_an_offer_and_newcomers_never_share_a_seat(therapist, staff, thursday, now) -> None:
    """The offer runs out at the very moment: either it is taken in time or it goes to the next, and nobody jumps the line."""
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    crowd = people(8)
    seat = seat_for(workshop, crowd[0], now)[0]
    for place, each in enumerate(crowd[1:3]):
        join_waitlist(workshop=workshop, runner=each.runner, by=each, now=now + timedelta(seconds=place))
    give_back_seats(seats=[seat], by=crowd[0], now=now)
    offer = Seat.objects.get(state="offered")
    over = offer.offered_until
    ends = at_once(
        [
            lambda: accept_offer(seat=offer, by=crowd[1], now=over - timedelta(seconds=1)),
            *(lambda each=each: seat_for(workshop, each, over) for each in crowd[3:]),
        ]
    )
    assert ends["full"] == 5
    assert counted(workshop)[0] == 1
    assert sorted(
        Seat.objects.filter(state__in=("taken", "offered")).values_list("runner__user__email", flat=True)
    ) in (
        [crowd[1].email],
        [crowd[2].email],
    )


def test_a_runner_is_never_in_two_places(
    visit, therapist, other_therapist, staff, runner, hours, thursday, now
) -> None:
    """A session with somebody else at the same hour, and a seat, at once: one of them is refused."""
    from bookings.tests.test_engine_availability import more_therapists

    colleague = more_therapists(visit, 1)[0]
    workshop = planned(therapist, staff, thursday, now)
    ends = at_once(
        [
            lambda: seat_for(workshop, runner, now),
            lambda: book_slot(
                service=visit, therapist=colleague, runner=runner.runner, start=thursday, by=runner, now=now
            ),
        ]
    )
    assert ends == {"done": 1, "runner_busy": 1}


def test_the_database_refuses_one_seat_too_many_and_a_second_own_seat(therapist, staff, runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    take_seats(workshop=workshop, runner=runner.runner, by=runner, now=now)
    attacks = {
        "workshop_not_oversold": "UPDATE bookings_workshop SET seats_taken = capacity + 1",
        "workshop_capacity_possible": "UPDATE bookings_workshop SET capacity = 0, seats_taken = 0",
        "seat_once": (
            "INSERT INTO bookings_seat (id, workshop_id, runner_id, friend, state, sequence, made_at)"
            " SELECT '8f14e45fceea467fa0e62a9f1e5cf0f1', workshop_id, runner_id, friend, state, 0, made_at FROM bookings_seat"
        ),
        "seat_offer_has_deadline": "UPDATE bookings_seat SET state = 'offered', offered_until = NULL",
    }
    for name, statement in attacks.items():
        with (
            pytest.raises(IntegrityError) as refused,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert name in str(refused.value) or (name == "seat_once" and "UNIQUE" in str(refused.value))
    assert counted(workshop) == (1, 1, 0, 0)
    assert Workshop.objects.get().capacity == 3
