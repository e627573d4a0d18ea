"""However a time gets free: it is offered to the first who fits, to one person, and nobody else has it beside them."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

import pytest

from bookings.models import Appointment, Change, Offer, OutsideBusy, OutsideCalendar, WaitlistEntry
from bookings.models.hours import Override
from bookings.services import (
    UNDO,
    DayRange,
    accept_offer,
    add_time_off,
    cancel_appointment,
    decline_offer,
    expire_offers,
    hold_for_visitor,
    hold_slot,
    join_waitlist,
    move_appointment,
    offer_free_times,
    offer_instead,
    release_hold,
    remove_time_off,
    set_override,
    undo,
)
from bookings.services.replanning import give_up
from bookings.services.resizing import resize_appointment
from bookings.services.seats import take_seats
from bookings.services.ticking import tick
from bookings.services.workshops import cancel_workshop, move_workshop
from bookings.tests.test_engine_availability import more_therapists
from bookings.tests.test_engine_races import at_once, booking, overlaps
from bookings.tests.workshop_world import planned
from clinic.people.models import Role, User
from conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
threads = pytest.mark.django_db(transaction=True)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class World:
    """A Thursday on which the therapist can begin one session, at 09:00; `free_at` is when what takes it is gone."""

    def __init__(self, visit, therapist, staff, early, thursday, now) -> None:
        self.visit, self.therapist, self.staff, self.early = visit, therapist, staff, early
        self.thursday, self.now, self.free_at = thursday, now, now
        set_override(
            therapist=therapist.therapist,
            on=thursday.date(),
            ranges=[DayRange(time(9), time(9, 45))],
            by=staff,
            now=now,
            replace=True,
        )

    def booked(self) -> Appointment:
        return booking(self.visit, self.therapist, self.early, self.thursday, self.now)()  # type: ignore[return-value]

    def held(self) -> Appointment:
        return hold_slot(
            service=self.visit,
            therapist=self.therapist.therapist,
            runner=self.early.runner,
            start=self.thursday,
            by=self.early,
            now=self.now,
        )

    def last(self, session: Appointment) -> Change:
        return Change.objects.filter(appointment=session, undone_at=None).latest("at", "sequence")

    def workshop(self):
        return planned(self.therapist, self.staff, self.thursday, self.now, minutes=45)

    def by_a_cancellation(self) -> None:
        cancel_appointment(appointment=self.booked(), by=self.early, now=self.now)

    def by_a_move(self) -> None:
        move_appointment(appointment=self.booked(), start=self.thursday + DAY, by=self.early, now=self.now)

    def by_a_move_to_a_colleague(self) -> None:
        colleague = more_therapists(self.visit, 1)[0]
        colleague.weekly_hours.filter(weekday=self.thursday.weekday()).delete()
        session = self.booked()
        move_appointment(
            appointment=session, start=self.thursday + DAY, therapist=colleague, by=self.staff, now=self.now
        )

    def by_an_exchange(self) -> None:
        session = self.booked()
        offer = offer_instead(
            appointment=session,
            start=self.thursday + DAY,
            therapist=self.therapist.therapist,
            by=self.staff,
            now=self.now,
            answer_until=self.now + timedelta(hours=4),
        )
        accept_offer(offer=offer, by=self.early, now=self.now)

    def by_the_clinic(self) -> None:
        give_up(appointment=self.booked(), by=self.staff, now=self.now)
        WaitlistEntry.objects.filter(runner=self.early.runner).update(state="withdrawn")

    def by_a_booking_undone(self) -> None:
        undo(change=self.last(self.booked()), by=self.early, now=self.now)

    def by_a_move_undone(self) -> None:
        session = booking(self.visit, self.therapist, self.early, self.thursday + DAY, self.now)()
        moved = move_appointment(appointment=session, start=self.thursday, by=self.early, now=self.now)  # type: ignore[arg-type]
        undo(change=self.last(moved), by=self.early, now=self.now)

    def by_a_shorter_session_before_it(self) -> None:
        Override.objects.filter(starts=time(9)).update(starts=time(8, 15))
        session = booking(self.visit, self.therapist, self.early, self.thursday - timedelta(minutes=45), self.now)()
        long = resize_appointment(appointment=session, minutes=90, by=self.staff, now=self.now)  # type: ignore[arg-type]
        resize_appointment(appointment=long, minutes=45, by=self.staff, now=self.now)

    def by_a_hold_let_go(self) -> None:
        release_hold(appointment=self.held(), by=self.early, now=self.now)

    def by_a_hold_that_ended(self) -> None:
        self.free_at = self.held().hold_expires_at  # type: ignore[assignment]

    def by_a_visitors_hold_that_ended(self) -> None:
        visitor = hold_for_visitor(
            service=self.visit,
            therapist=self.therapist.therapist,
            start=self.thursday,
            browser="b",
            source="s",
            zone="Europe/London",
            now=self.now,
        )
        self.free_at = visitor.hold.hold_expires_at  # type: ignore[assignment]

    def by_a_workshop_cancelled(self) -> None:
        cancel_workshop(workshop=self.workshop(), by=self.staff, now=self.now, reason="Too few.")

    def by_a_workshop_moved(self) -> None:
        move_workshop(workshop=self.workshop(), start=self.thursday + DAY, by=self.staff, now=self.now)

    def by_longer_hours(self) -> None:
        day = {"therapist": self.therapist.therapist, "on": self.thursday.date(), "by": self.staff, "now": self.now}
        set_override(**day, ranges=[DayRange(time(9), time(9, 30))], replace=True)
        set_override(**day, ranges=[DayRange(time(9), time(9, 45))], replace=True)

    def by_a_closed_day_opened(self) -> None:
        day = {"therapist": self.therapist.therapist, "on": self.thursday.date(), "by": self.staff, "now": self.now}
        set_override(**day, ranges=[], replace=True)
        set_override(**day, ranges=[DayRange(time(9), time(9, 45))], replace=True)

    def by_time_off_taken_back(self) -> None:
        added = add_time_off(
            therapist=self.therapist.therapist,
            start=self.thursday,
            end=self.thursday + DAY,
            reason="Ill",
            by=self.staff,
            now=self.now,
        )
        remove_time_off(time_off=added.time_off, by=self.staff, now=self.now)

    def by_an_outside_event_gone(self) -> None:
        calendar = OutsideCalendar.objects.create(
            therapist=self.therapist.therapist,
            address="https://calendar.example/a.ics",
            made_at=self.now,
            next_at=self.now,
        )
        OutsideBusy.objects.create(
            calendar=calendar,
            therapist=self.therapist.therapist,
            start=self.thursday,
            end=self.thursday + timedelta(hours=1),
        ).delete()


@pytest.fixture
def world(visit, therapist, staff, thursday, now) -> World:
    return World(visit, therapist, staff, person(Role.RUNNER, "Early Moss"), thursday, now)


@pytest.fixture
def line(db: None) -> list[User]:
    return [person(Role.RUNNER, f"Waiter{number} Hale") for number in range(3)]


def waits(world: World, user: User, at: datetime, **more) -> WaitlistEntry:
    wish = {"therapist": None, "first": world.thursday.date(), "last": world.thursday.date(), "parts": 1} | more
    return join_waitlist(service=world.visit, runner=user.runner, by=user, now=at, **wish)


WAYS = sorted(name for name in vars(World) if name.startswith("by_"))
RACED = [
    "by_a_booking_undone",
    "by_a_cancellation",
    "by_a_hold_that_ended",
    "by_a_move",
    "by_a_workshop_cancelled",
    "by_an_exchange",
    "by_longer_hours",
]


@pytest.mark.parametrize("way", WAYS)
def test_a_time_that_gets_free_goes_to_the_first_who_fits(world, line, way) -> None:
    too_late = waits(world, line[0], world.now, parts=4)
    wishes = [waits(world, user, world.now + n * SECOND) for n, user in enumerate(line[1:], start=1)]
    getattr(world, way)()
    at = world.free_at + UNDO
    for _ in range(2):
        offer_free_times(now=at)
    offer = Offer.objects.get(entry__isnull=False)
    assert (offer.entry, offer.hold.start, offer.state) == (wishes[0], world.thursday, "open")
    assert too_late.offers.count() == 0
    decline_offer(offer=offer, by=line[1], now=at)
    offer_free_times(now=at)
    assert Offer.objects.get(entry__isnull=False, state="open").entry == wishes[1]


@threads
@pytest.mark.parametrize("way", RACED)
def test_with_everybody_after_it_at_once_one_has_it(world, line, other_runner, way) -> None:
    wishes = [waits(world, user, world.now + n * SECOND) for n, user in enumerate(line)]
    getattr(world, way)()
    at = world.free_at + UNDO
    ends = at_once(
        [
            *[partial(tick, now=at)] * 2,
            booking(world.visit, world.therapist, other_runner, world.thursday, at),
            booking(world.visit, world.therapist, line[2], world.thursday, at),
        ]
    )
    assert set(ends) <= {"done", "slot_taken"}
    [winner] = Appointment.objects.live(at).filter(start=world.thursday)
    offers = list(Offer.objects.filter(state="open", entry__isnull=False))
    assert [each.entry for each in offers] == ([wishes[0]] if winner.state == "held" else [])
    assert overlaps() == 0


@pytest.fixture
def taken(world, line) -> tuple[Appointment, list[WaitlistEntry]]:
    """The first in line has taken what was offered to them."""
    wishes = [waits(world, user, world.now + n * SECOND) for n, user in enumerate(line)]
    offer_free_times(now=world.now)
    return accept_offer(offer=Offer.objects.get(), by=line[0], now=world.now), wishes


@threads
def test_an_undone_offer_has_one_winner_more(world, line, other_runner, taken) -> None:
    session, wishes = taken
    at = world.now + UNDO - SECOND
    change = world.last(session)
    undoing: Callable[[], object] = partial(undo, change=change, by=line[0], now=at)
    ends = at_once(
        [
            *[undoing] * 2,
            *[partial(tick, now=at)] * 2,
            booking(world.visit, world.therapist, other_runner, world.thursday, at),
        ]
    )
    assert set(ends) <= {"done", "slot_taken"}
    tick(now=at)
    [winner] = Appointment.objects.live(at).filter(start=world.thursday)
    open_ones = list(Offer.objects.filter(state="open"))
    assert [each.entry for each in open_ones] == ([wishes[1]] if winner.state == "held" else [])
    assert sorted(WaitlistEntry.objects.values_list("state", flat=True)) == ["waiting"] * 3
    assert overlaps() == 0


@threads
def test_undoing_and_moving_an_exchanged_session_at_once_have_one_outcome(world, line) -> None:
    session = booking(world.visit, world.therapist, line[0], world.thursday + 4 * DAY, world.now)()
    waits(world, line[0], world.now, exchange_for=session)
    at = world.now + timedelta(hours=1)
    offer_free_times(now=at)
    offer = Offer.objects.get()
    moved = accept_offer(offer=offer, by=line[0], now=at)
    ends = at_once(
        [
            partial(undo, change=world.last(moved), by=line[0], now=at),
            partial(move_appointment, appointment=moved, start=world.thursday + DAY, by=line[0], now=at),
            booking(world.visit, world.therapist, line[1], world.thursday + 4 * DAY, at),
            partial(tick, now=at),
        ]
    )
    assert set(ends) <= {"done", "slot_taken", "changed_meanwhile"}
    offer.refresh_from_db(), offer.entry.refresh_from_db()
    assert (offer.state, offer.entry.state) in {("accepted", "booked"), ("declined", "waiting")}
    assert Appointment.objects.filter(runner=line[0].runner, state="booked").count() == 1
    assert overlaps() == 0


def test_a_wish_for_anyone_leaves_the_therapist_somebody_waits_for(world, line) -> None:
    colleague = more_therapists(world.visit, 1)[0]
    anyone = waits(world, line[0], world.now)
    theirs = waits(world, line[1], world.now + SECOND, therapist=world.therapist.therapist)
    last = waits(world, line[2], world.now + 2 * SECOND, therapist=world.therapist.therapist)
    offer_free_times(now=world.now)
    offers = {each.entry: (each.hold.therapist, each.hold.start) for each in Offer.objects.all()}
    assert offers[anyone] == (colleague, world.thursday)
    assert offers[theirs] == (world.therapist.therapist, world.thursday)
    assert last not in offers


def test_a_wish_for_anyone_comes_first_where_there_is_one_time(world, line) -> None:
    anyone = waits(world, line[0], world.now)
    waits(world, line[1], world.now + SECOND, therapist=world.therapist.therapist)
    offer_free_times(now=world.now)
    assert [each.entry for each in Offer.objects.all()] == [anyone]


def test_nobody_hears_anything_when_nobody_fits(world, line) -> None:
    for user in line:
        waits(world, user, world.now, parts=4)
    assert [offer_free_times(now=world.now), expire_offers(now=world.now), Offer.objects.count()] == [0, 0, 0]


def test_many_who_cannot_be_served_keep_nobody_behind_them_waiting(world, line, monkeypatch) -> None:
    monkeypatch.setattr("bookings.services.waitlist.AT_A_TIME", 1)
    for user in line[:2]:
        waits(world, user, world.now, parts=4)
    behind = waits(world, line[2], world.now + SECOND)
    offer_free_times(now=world.now)
    assert [each.entry for each in Offer.objects.all()] == [behind]


def test_nobody_is_offered_a_session_beside_their_workshop(world, line, other_therapist, staff) -> None:
    shop = planned(other_therapist, staff, world.thursday, world.now, override_reason="A guest")
    take_seats(workshop=shop, runner=line[0].runner, by=line[0], now=world.now)
    waits(world, line[0], world.now)
    second = waits(world, line[1], world.now + SECOND)
    offer_free_times(now=world.now)
    assert [each.entry for each in Offer.objects.all()] == [second]
