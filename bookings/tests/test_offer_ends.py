"""How offers end that nobody takes: one event each, and one letter for whoever had the letter of the offer."""

from datetime import datetime, timedelta

import pytest

from bookings.models import Appointment, Offer, WaitlistEntry
from bookings.services import (
    accept_offer,
    book_slot,
    cancel_appointment,
    decline_offer,
    expire_offers,
    hold_slot,
    join_waitlist,
    leave_waitlist,
    offer_free_times,
    offer_instead,
    withdraw_offer,
)
from bookings.services.replanning import give_up
from bookings.services.seats import give_back_seats, undo_give_back
from bookings.services.seats import join_waitlist as wait_for_seat
from bookings.services.waiting import offer_to
from bookings.tests.workshop_world import planned, seat_for
from clinic.audit.models import Event
from clinic.core.errors import Conflict
from clinic.people.models import User
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def booked(visit, therapist, runner, thursday, now) -> Appointment:
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


@pytest.fixture
def instead(booked, therapist, staff, thursday, now) -> Offer:
    """Friday instead of Thursday, to be answered within the hour."""
    return new_time(booked, therapist, staff, thursday + DAY, now)


def new_time(session: Appointment, therapist: User, staff: User, start: datetime, now: datetime) -> Offer:
    return offer_instead(
        appointment=session,
        start=start,
        therapist=therapist.therapist,
        by=staff,
        now=now,
        answer_until=now + 60 * MINUTE,
    )


@pytest.fixture
def wish(visit, runner, thursday, now) -> WaitlistEntry:
    entry = join_waitlist(
        service=visit, therapist=None, runner=runner.runner, first=thursday.date(), last=None, by=runner, now=now
    )
    assert offer_free_times(now=now) == 1
    return entry


def has_left(now: datetime) -> None:
    """The letters of the offers were read."""
    Reminder.objects.filter(kind="waitlist_offer").update(state="sent", sent_at=now)


def told() -> list[str]:
    """What the letters say that an offer has ended."""
    return [each.context["why"] for each in Reminder.objects.filter(kind="offer_expired")]


def events(action: str) -> int:
    return Event.objects.filter(action=action).count()


def test_an_offer_that_lapsed_before_the_next_is_told_and_recorded_once(
    booked, instead, therapist, staff, thursday, now
) -> None:
    has_left(now)
    new_time(booked, therapist, staff, thursday + DAY + 45 * MINUTE, instead.answer_until)
    assert expire_offers(now=instead.answer_until) == 0
    instead.refresh_from_db()
    assert (instead.state, events("offer.expired"), told()) == ("expired", 1, ["is open to others again."])


def test_an_offer_nobody_heard_of_ends_in_silence(instead, now) -> None:
    assert expire_offers(now=instead.answer_until) == 1
    assert (events("offer.expired"), told()) == (1, [])
    assert Reminder.objects.get(kind="waitlist_offer").state == "withdrawn"


def test_a_session_cancelled_by_the_clinic_takes_the_offer_with_it_and_says_so(booked, instead, staff, now) -> None:
    has_left(now)
    cancel_appointment(appointment=booked, by=staff, now=now, reason="Ill")
    assert (expire_offers(now=now), expire_offers(now=now)) == (1, 0)
    assert told() == ["is not kept any more, because the session it would replace is over or cancelled."]


def test_a_session_given_up_says_it_once(booked, instead, staff, now) -> None:
    has_left(now)
    give_up(appointment=booked, by=staff, now=now)
    assert (expire_offers(now=now), len(told())) == (0, 1)


def test_the_letter_names_the_time_and_why(instead, runner, now, mailoutbox) -> None:
    dispatch(now=now)
    expire_offers(now=instead.answer_until)
    dispatch(now=instead.answer_until)
    letter = mailoutbox[-1]
    assert letter.subject == "We no longer keep Friday 27 November, 10:00 for you"
    assert "Friday 27 November, 10:00, is open to others again. We call you about your session." in letter.body


@pytest.mark.parametrize("ends", ["declined", "withdrawn", "expired"])
def test_the_hold_of_an_offer_ends_with_an_event(booked, instead, runner, staff, now, ends) -> None:
    if ends == "declined":
        decline_offer(offer=instead, by=runner, now=now)
    elif ends == "withdrawn":
        withdraw_offer(offer=instead, by=staff, now=now)
    else:
        expire_offers(now=instead.answer_until)
    event = Event.objects.get(action__startswith="hold.")
    assert (event.action, event.reason) == ("hold.lapsed" if ends == "expired" else "hold.released", "The offer ended.")
    assert event.subject_id == str(instead.hold_id)


@pytest.mark.parametrize(("who", "letters"), [("staff", 1), ("runner", 0)])
def test_a_wish_taken_off_by_the_desk_is_told_and_ones_own_not(wish, request, now, who, letters) -> None:
    has_left(now)
    leave_waitlist(entry=wish, by=request.getfixturevalue(who), now=now)
    assert told() == ["is not kept any more, because your wish was taken off the waitlist."] * letters


def test_a_hold_that_lapsed_is_recorded_where_an_offer_clears_the_way(
    visit, therapist, booked, runner, staff, thursday, now
) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday + DAY, by=runner, now=now
    )
    new_time(booked, therapist, staff, thursday + DAY + 90 * MINUTE, now + 5 * MINUTE)
    held.refresh_from_db()
    lapsed = Event.objects.get(action="hold.lapsed")
    assert (held.state, lapsed.subject_id) == ("cancelled", str(held.pk))


def test_a_time_beside_a_cancelled_session_is_not_taken_over_a_seat(
    visit, therapist, other_therapist, booked, runner, staff, thursday, now
) -> None:
    visit.therapists.add(other_therapist.therapist)
    entry = join_waitlist(
        service=visit,
        therapist=None,
        runner=runner.runner,
        first=thursday.date(),
        last=None,
        exchange_for=booked,
        by=runner,
        now=now,
    )
    other_therapist.therapist.weekly_hours.create(weekday=3, starts="08:00", ends="12:00", valid_from="2026-01-01")
    offer = offer_to(entry=entry, therapist=other_therapist.therapist, start=thursday - 15 * MINUTE, by=staff, now=now)
    assert offer.hold.runner is None
    cancel_appointment(appointment=booked, by=runner, now=now)
    seat_for(planned(therapist, staff, thursday, now), runner, now)
    with pytest.raises(Conflict) as refused:
        accept_offer(offer=offer, by=runner, now=now)
    offer.refresh_from_db(), offer.hold.refresh_from_db()
    assert (refused.value.code, offer.state, offer.hold.state) == ("runner_busy", "open", "held")


def test_a_seat_offered_and_taken_back_untold_is_recorded(
    therapist, runner, other_runner, staff, thursday, now
) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    mine = seat_for(workshop, runner, now)
    wait_for_seat(workshop=workshop, runner=other_runner.runner, by=other_runner, now=now)
    give_back_seats(seats=mine, by=runner, now=now)
    undo_give_back(seats=mine, by=runner, now=now + MINUTE)
    event = Event.objects.get(action="workshop.offer_taken_back")
    assert event.runner_id == str(other_runner.runner.pk)
