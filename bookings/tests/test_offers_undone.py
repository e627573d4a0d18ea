"""Taking an offer is an act like any other: undone within three minutes, it was declined and the wish waits again."""

from datetime import datetime, timedelta

import pytest

from bookings.models import Appointment, Change, Offer, TreatmentRoom, WaitlistEntry
from bookings.services import (
    UNDO,
    accept_offer,
    book_slot,
    cancel_appointment,
    decline_offer,
    hold_slot,
    join_waitlist,
    move_appointment,
    offer_free_times,
    offer_instead,
    undo,
)
from bookings.services.replanning import give_up
from bookings.services.waiting import book_for_wish, offer_to
from bookings.tests.test_engine_availability import more_therapists
from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
SECOND, LATER = timedelta(seconds=1), timedelta(minutes=3)


def booked(user: User, service, therapist, start: datetime, now: datetime) -> Appointment:
    profile = getattr(therapist, "therapist", therapist)
    return book_slot(service=service, therapist=profile, runner=user.runner, start=start, by=user, now=now)


def waits(user: User, service, day: datetime, now: datetime, **more) -> WaitlistEntry:
    """`user` waits for that morning alone."""
    wish = {"therapist": None, "first": day.date(), "last": day.date(), "parts": 1} | more
    return join_waitlist(service=service, runner=user.runner, by=user, now=now, **wish)


def offered(entry: WaitlistEntry) -> Offer:
    return Offer.objects.get(entry=entry, state="open")


def last(appointment: Appointment) -> Change:
    return Change.objects.filter(appointment=appointment, undone_at=None).latest("at", "sequence")


def letters(appointment: Appointment) -> list[tuple[str, str]]:
    rows = Reminder.objects.filter(subject=appointment.subject).exclude(kind__startswith="visit").order_by("due_at")
    return list(rows.values_list("kind", "state"))


@pytest.fixture
def first(visit, runner, thursday, now) -> WaitlistEntry:
    return waits(runner, visit, thursday, now)


def test_the_wish_waits_again_in_its_old_place_and_the_time_goes_on(
    visit, first, runner, other_runner, thursday, now
) -> None:
    second = waits(other_runner, visit, thursday, now + SECOND, first=thursday.date(), parts=1)
    offer_free_times(now=now)
    offer = offered(first)
    at, taken = offer.hold.start, accept_offer(offer=offer, by=runner, now=now)
    decline_offer(offer=offered(second), by=other_runner, now=now)
    undo(change=last(taken), by=runner, now=now + UNDO - SECOND)
    first.refresh_from_db(), offer.refresh_from_db()
    assert (first.state, first.ended_at, first.made_at) == ("waiting", None, now)
    assert (offer.state, offer.answered_at, offer.hold.state) == ("declined", now + UNDO - SECOND, "cancelled")
    assert letters(taken) == [("booked", "withdrawn")]
    assert offer_free_times(now=now + UNDO) == 2
    assert offered(second).hold.start == at
    assert offered(first).hold.start > at
    with pytest.raises(Conflict) as refused:
        accept_offer(offer=offer, by=runner, now=now + UNDO)
    assert refused.value.code == "offer_ended"


def test_undoing_it_twice_does_no_more(first, runner, now) -> None:
    offer_free_times(now=now)
    taken = accept_offer(offer=offered(first), by=runner, now=now)
    change = last(taken)
    undo(change=change, by=runner, now=now)
    undo(change=change, by=runner, now=now + SECOND)
    assert Event.objects.filter(action="waitlist.waits_again").count() == 1
    assert Event.objects.filter(action="offer.declined").count() == 1


def test_a_booking_by_the_desk_for_a_wish_is_undone_with_it(
    visit, first, therapist, runner, staff, thursday, now
) -> None:
    wanted = {"service": visit, "therapist": therapist.therapist, "runner": runner.runner, "start": thursday}
    session = book_for_wish(entry=first, by=staff, now=now, **wanted)
    first.refresh_from_db()
    assert first.state == "booked"
    undo(change=last(session), by=staff, now=now + SECOND)
    first.refresh_from_db()
    assert (first.state, first.ended_at) == ("waiting", None)


@pytest.fixture
def exchange(visit, therapist, runner, thursday, now) -> tuple[Appointment, Offer]:
    """A session on Monday that would move to Thursday."""
    session = booked(runner, visit, therapist, thursday + timedelta(days=4), now)
    Reminder.objects.filter(kind="booked").update(state="sent", sent_at=now)
    waits(runner, visit, thursday, now, exchange_for=session)
    offer_free_times(now=now + timedelta(hours=1))
    return session, Offer.objects.get()


def test_the_desk_moves_the_session_that_was_to_be_exchanged(exchange, visit, therapist, runner, staff, now) -> None:
    session, offer = exchange
    then, was = now + timedelta(hours=1), session.start
    wanted = {"service": visit, "therapist": therapist.therapist, "runner": runner.runner, "start": offer.hold.start}
    moved = book_for_wish(entry=offer.entry, by=staff, now=then, **wanted)
    offer.refresh_from_db()
    assert (moved.pk, moved.start, offer.state) == (session.pk, offer.hold.start, "withdrawn")
    assert Appointment.objects.sessions().filter(runner=runner.runner).count() == 1
    undo(change=last(moved), by=staff, now=then + SECOND)
    offer.entry.refresh_from_db()
    session.refresh_from_db()
    assert (session.start, offer.entry.state) == (was, "waiting")


def test_the_desk_exchanges_with_anyone_who_is_free(
    visit, therapist, runner, other_runner, staff, thursday, now
) -> None:
    session = booked(runner, visit, therapist, thursday + timedelta(days=4), now)
    entry = waits(runner, visit, thursday, now, exchange_for=session)
    booked(other_runner, visit, therapist, thursday, now)
    colleague = more_therapists(visit, 1)[0]
    wanted = {"service": visit, "therapist": None, "runner": runner.runner}
    moved = book_for_wish(entry=entry, by=staff, now=now, start=thursday, **wanted)
    assert (moved.pk, moved.start, moved.therapist) == (session.pk, thursday, colleague)
    assert Appointment.objects.sessions().filter(runner=runner.runner).count() == 1


def test_an_exchange_is_a_move_with_its_letter_after_three_minutes(exchange, runner, thursday, now) -> None:
    session, offer = exchange
    then = now + timedelta(hours=1)
    moved = accept_offer(offer=offer, by=runner, now=then)
    change = last(moved)
    assert (change.kind, change.by, change.offer, change.wish) == ("moved", runner, offer, offer.entry)
    assert moved.start == thursday
    letter = Reminder.objects.get(subject=session.subject, kind="moved")
    assert (letter.due_at, letter.state, letter.context["was"]) == (then + UNDO, "due", session.start.isoformat())


def test_an_exchange_undone_stands_where_it_was(exchange, runner, now) -> None:
    session, offer = exchange
    before = Appointment.objects.filter(pk=session.pk).values().get()
    then = now + timedelta(hours=1)
    moved = accept_offer(offer=offer, by=runner, now=then)
    undo(change=last(moved), by=runner, now=then + SECOND)
    assert Appointment.objects.filter(pk=session.pk).values().get() == before | {"sequence": 2}
    offer.refresh_from_db()
    assert (offer.state, offer.entry.state) == ("declined", "waiting")
    assert letters(session) == [("booked", "sent"), ("moved", "withdrawn")]


def test_an_exchange_whose_old_time_was_taken_cannot_be_undone(
    exchange, visit, therapist, runner, other_runner, thursday, now
) -> None:
    session, offer = exchange
    then = now + timedelta(hours=1)
    moved = accept_offer(offer=offer, by=runner, now=then)
    booked(other_runner, visit, therapist, session.start, then)
    with pytest.raises(Conflict) as refused:
        undo(change=last(moved), by=runner, now=then + SECOND)
    assert refused.value.code == "slot_taken"
    assert refused.value.message == "Somebody else has the old time by now, so this cannot be undone."
    moved.refresh_from_db(), offer.refresh_from_db()
    assert (moved.start, offer.state, offer.entry.state) == (thursday, "accepted", "booked")


def test_the_old_time_of_an_exchange_waits_for_the_undo(exchange, visit, runner, other_runner, thursday, now) -> None:
    session, offer = exchange
    then = now + timedelta(hours=1)
    accept_offer(offer=offer, by=runner, now=then)
    other = waits(other_runner, visit, session.start, then)
    offer_free_times(now=then + LATER - SECOND)
    assert offered(other).hold.start != session.start
    decline_offer(offer=offered(other), by=other_runner, now=then + LATER)
    offer_free_times(now=then + LATER)
    assert offered(other).hold.start == session.start


def test_a_time_offered_instead_and_undone_puts_a_wish_first_in_line(
    visit, therapist, runner, staff, thursday, now
) -> None:
    session = booked(runner, visit, therapist, thursday, now)
    offer = offer_instead(
        appointment=session,
        start=thursday + timedelta(days=1),
        therapist=therapist.therapist,
        by=staff,
        now=now,
        answer_until=now + timedelta(hours=4),
    )
    moved = accept_offer(offer=offer, by=runner, now=now + SECOND)
    undo(change=last(moved), by=runner, now=now + 2 * SECOND)
    offer.refresh_from_db(), session.refresh_from_db()
    wish = WaitlistEntry.objects.get()
    assert (session.start, offer.state) == (thursday, "declined")
    assert (wish.priority, wish.exchange_for, wish.state) == (1, session, "waiting")


@pytest.fixture
def given_up(visit, therapist, runner, staff, thursday, now) -> Appointment:
    session = booked(runner, visit, therapist, thursday, now)
    return give_up(appointment=session, by=staff, now=now + SECOND)


def test_what_the_clinic_gave_up_is_put_back_and_its_wish_ends(given_up, staff, now) -> None:
    assert (given_up.state, given_up.late_fee_pence) == ("cancelled", None)
    offer_free_times(now=now + SECOND)
    assert Offer.objects.get().hold.start != given_up.start
    undo(change=last(given_up), by=staff, now=now + 2 * SECOND)
    given_up.refresh_from_db()
    assert given_up.state == "booked"
    assert (WaitlistEntry.objects.get().state, Offer.objects.get().state) == ("withdrawn", "withdrawn")


def test_what_the_clinic_gave_up_stays_so_once_another_time_is_taken(given_up, runner, staff, now) -> None:
    offer_free_times(now=now + SECOND)
    accept_offer(offer=Offer.objects.get(), by=runner, now=now + SECOND)
    with pytest.raises(Conflict) as refused:
        undo(change=last(given_up), by=staff, now=now + 2 * SECOND)
    assert refused.value.code == "changed_meanwhile"
    given_up.refresh_from_db()
    assert given_up.state == "cancelled"


def test_no_offer_runs_into_the_session_it_would_replace(gait, therapist, runner, staff, thursday, now) -> None:
    TreatmentRoom.objects.create(name="Room 1")
    session = booked(runner, gait, therapist, thursday + timedelta(minutes=75), now)
    entry = waits(runner, gait, thursday, now, exchange_for=session)
    assert offer_free_times(now=now) == 0
    for minutes in (15, 75):
        with pytest.raises(DomainError) as refused:
            offer_to(
                entry=entry,
                therapist=therapist.therapist,
                start=session.start - timedelta(minutes=minutes),
                by=staff,
                now=now,
            )
        assert refused.value.code == "runs_into_session"
    assert not Offer.objects.exists()
    moved = move_appointment(appointment=session, start=session.start - timedelta(minutes=15), by=runner, now=now)
    assert moved.start == thursday + timedelta(minutes=60)


def test_beside_it_a_colleague_and_another_room_are_offered(gait, therapist, runner, staff, thursday, now) -> None:
    colleague = more_therapists(gait, 1)[0]
    rooms = [TreatmentRoom.objects.create(name=f"Room {number}") for number in (1, 2)]
    session = booked(runner, gait, therapist, thursday + timedelta(hours=1), now)
    assert session.treatment_room == rooms[0]
    entry = waits(runner, gait, thursday, now, exchange_for=session)
    start = session.start - timedelta(minutes=15)
    offer = offer_to(entry=entry, therapist=colleague, start=start, by=staff, now=now)
    assert (offer.hold.treatment_room_id, offer.hold.runner) == (rooms[1].pk, None)
    moved = accept_offer(offer=offer, by=runner, now=now)
    assert (moved.start, moved.therapist, moved.treatment_room_id) == (start, colleague, rooms[1].pk)


def test_where_there_is_no_other_room_nothing_is_offered_beside_it(
    gait, therapist, runner, staff, thursday, now
) -> None:
    colleague = more_therapists(gait, 1)[0]
    TreatmentRoom.objects.create(name="Room 1")
    session = booked(runner, gait, therapist, thursday + timedelta(hours=1), now)
    entry = waits(runner, gait, thursday, now, exchange_for=session)
    with pytest.raises(Conflict) as refused:
        offer_to(entry=entry, therapist=colleague, start=session.start - timedelta(minutes=15), by=staff, now=now)
    assert (refused.value.code, Offer.objects.count()) == ("slot_taken", 0)


def test_a_hold_that_ended_keeps_nobody_from_taking_an_offer(visit, therapist, runner, staff, thursday, now) -> None:
    colleague, third = more_therapists(visit, 2)
    session = booked(runner, visit, therapist, thursday, now)
    until = now + timedelta(hours=4)
    offer = offer_instead(
        appointment=session, start=thursday, therapist=colleague, by=staff, now=now, answer_until=until
    )
    cancel_appointment(appointment=session, by=runner, now=now)
    hold_slot(service=visit, therapist=third, runner=runner.runner, start=thursday, by=runner, now=now)
    assert offer.hold.runner is None
    entry = waits(runner, visit, thursday, now)
    Offer.objects.filter(pk=offer.pk).update(moves=None, entry=entry)
    taken = accept_offer(offer=offer, by=runner, now=now + timedelta(minutes=6))
    assert (taken.state, taken.therapist, taken.runner) == ("booked", colleague, runner.runner)
