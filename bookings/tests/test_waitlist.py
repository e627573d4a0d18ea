"""The waitlist: who is offered what, in which order, and what each answer leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.models import Appointment, Offer, WaitlistEntry
from bookings.models.waitlist import PartOfDay
from bookings.services import book_slot, cancel_appointment, hold_slot, move_appointment
from bookings.services.offering import offer_instead
from bookings.services.offers import accept_offer, decline_offer, expire_offers
from bookings.services.waitlist import join_waitlist, leave_waitlist, offer_free_times
from bookings.waitlist.deadlines import answer_until
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import Role, User
from clinic.reminders.models import Reminder
from conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
LATER = timedelta(minutes=3)


@pytest.fixture
def crowd(db: None) -> list[User]:
    return [person(Role.RUNNER, f"Waiter{number} Hale") for number in range(5)]


@pytest.fixture
def thursday_is_full(visit, therapist, thursday, now) -> list[Appointment]:
    """Every start of `therapist` on the Thursday, each with its own runner."""
    starts = [thursday + timedelta(minutes=45 * n) for n in range(4)]
    starts += [thursday + timedelta(hours=4, minutes=45 * n) for n in range(5)]
    people = [person(Role.RUNNER, f"Early{number} Moss") for number in range(len(starts))]
    return [
        book_slot(service=visit, therapist=therapist.therapist, runner=each.runner, start=start, by=each, now=now)
        for each, start in zip(people, starts, strict=True)
    ]


def wish(user: User, visit, now, thursday, **more) -> WaitlistEntry:
    """`user` waits for that Thursday alone."""
    day = thursday.date()
    kwargs = {"service": visit, "therapist": None, "first": day, "last": day, "by": user, "now": now} | more
    return join_waitlist(runner=user.runner, **kwargs)


def cancelled(session: Appointment, now) -> None:
    cancel_appointment(appointment=session, by=session.runner.user, now=now)


def told(kind: str) -> list[str]:
    return sorted(Reminder.objects.filter(kind=kind).values_list("person__email", flat=True))


def test_three_cancellations_make_three_offers_to_the_first_three(
    visit, thursday_is_full, crowd, thursday, now
) -> None:
    wishes = [wish(each, visit, now + timedelta(seconds=n), thursday) for n, each in enumerate(crowd)]
    freed = thursday_is_full[2:5]
    for session in freed:
        cancelled(session, now)
    assert offer_free_times(now=now + timedelta(minutes=2, seconds=59)) == 0
    assert offer_free_times(now=now + LATER) == 3
    assert offer_free_times(now=now + LATER) == 0
    offers = list(Offer.objects.order_by("hold__start"))
    assert [each.entry for each in offers] == wishes[:3]
    assert [each.hold.start for each in offers] == [each.start for each in freed]
    assert {(each.hold.state, each.hold.hold_expires_at) for each in offers} == {
        ("held", now + LATER + timedelta(hours=2))
    }
    assert told("waitlist_offer") == [each.email for each in crowd[:3]]


def test_priority_comes_before_who_asked_first(visit, thursday_is_full, crowd, thursday, now) -> None:
    wish(crowd[0], visit, now, thursday)
    urgent = wish(crowd[1], visit, now, thursday)
    WaitlistEntry.objects.filter(pk=urgent.pk).update(priority=1)
    cancelled(thursday_is_full[0], now)
    offer_free_times(now=now + LATER)
    assert [each.entry for each in Offer.objects.all()] == [urgent]


def test_nobody_else_can_take_an_offered_time(visit, therapist, thursday_is_full, crowd, thursday, now) -> None:
    wish(crowd[0], visit, now, thursday)
    cancelled(thursday_is_full[0], now)
    offer_free_times(now=now + LATER)
    with pytest.raises(Conflict) as refused:
        book_slot(
            service=visit, therapist=therapist.therapist, runner=crowd[1].runner, start=thursday, by=crowd[1], now=now
        )
    assert refused.value.code == "slot_taken"


def test_an_accepted_offer_is_booked_once_and_told(visit, thursday_is_full, crowd, other_runner, thursday, now) -> None:
    entry = wish(crowd[0], visit, now, thursday)
    cancelled(thursday_is_full[0], now)
    offer_free_times(now=now + LATER)
    offer, then = Offer.objects.get(), now + timedelta(minutes=30)
    with pytest.raises(Forbidden):
        accept_offer(offer=offer, by=other_runner, now=then)
    booked = accept_offer(offer=offer, by=crowd[0], now=then)
    assert accept_offer(offer=offer, by=crowd[0], now=then) == booked
    entry.refresh_from_db(), booked.refresh_from_db()
    assert (booked.state, booked.start, booked.runner, booked.hold_expires_at) == (
        "booked",
        thursday,
        crowd[0].runner,
        None,
    )
    assert (entry.state, Offer.objects.get().state) == ("booked", "accepted")
    assert Reminder.objects.filter(subject=booked.subject, kind="booked").count() == 1


@pytest.mark.parametrize("answer", ["declined", "expired"])
def test_what_one_does_not_take_goes_to_the_next_and_never_back(
    visit, thursday_is_full, crowd, thursday, now, answer
) -> None:
    wishes = [wish(each, visit, now + timedelta(seconds=n), thursday) for n, each in enumerate(crowd[:2])]
    cancelled(thursday_is_full[0], now)
    then = now + LATER
    offer_free_times(now=then)
    offer = Offer.objects.get()
    Reminder.objects.filter(kind="waitlist_offer").update(state="sent", sent_at=now)
    if answer == "declined":
        decline_offer(offer=offer, by=crowd[0], now=then)
        assert told("offer_expired") == []
    else:
        then = offer.answer_until
        with pytest.raises(Conflict) as refused:
            accept_offer(offer=offer, by=crowd[0], now=then)
        assert refused.value.code == "offer_ended"
        assert (expire_offers(now=then), expire_offers(now=then)) == (1, 0)
        assert told("offer_expired") == [crowd[0].email]
    assert offer_free_times(now=then) == 1
    second = Offer.objects.get(state="open")
    assert (second.entry, second.hold.start) == (wishes[1], thursday)
    decline_offer(offer=second, by=crowd[1], now=then)
    assert offer_free_times(now=then + timedelta(minutes=1)) == 0
    assert set(WaitlistEntry.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_lapsed_offer_keeps_nobody_out_though_no_step_has_run(
    visit, therapist, thursday_is_full, crowd, thursday, now
):
    wish(crowd[0], visit, now, thursday)
    cancelled(thursday_is_full[0], now)
    offer_free_times(now=now + LATER)
    until = Offer.objects.get().answer_until
    taken = book_slot(
        service=visit, therapist=therapist.therapist, runner=crowd[1].runner, start=thursday, by=crowd[1], now=until
    )
    assert taken.state == "booked"
    assert expire_offers(now=until) == 1
    taken.refresh_from_db()
    assert taken.state == "booked"


def test_in_exchange_the_later_session_moves_and_keeps_its_name(
    visit, therapist, thursday_is_full, runner, thursday, now
):
    later = book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=thursday + timedelta(days=4),
        by=runner,
        now=now,
    )
    day = now.date()
    entry = wish(runner, visit, now, thursday, first=day, last=None, exchange_for=later, parts=PartOfDay.AFTERNOON)
    friday_and_later = Offer.objects.filter(hold__start__gte=later.start)
    cancelled(thursday_is_full[7], now)
    offer_free_times(now=now + LATER)
    offer = Offer.objects.get()
    assert not friday_and_later.exists()
    assert offer.hold.start.hour >= 11  # afternoon in Stockholm
    moved = accept_offer(offer=offer, by=runner, now=now + LATER)
    assert (moved.pk, moved.start, moved.sequence) == (later.pk, offer.hold.start, 1)
    assert Appointment.objects.live(now).filter(runner=runner.runner).count() == 1
    entry.refresh_from_db()
    assert entry.state == "booked"
    letters = Reminder.objects.filter(subject=moved.subject, state="due").exclude(kind__startswith="visit")
    assert letters.count() == 1


def test_wishes_end_with_their_days_or_their_session(visit, therapist, crowd, runner, thursday, now) -> None:
    over = wish(crowd[0], visit, now, thursday, last=thursday.date())
    later = book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=thursday + timedelta(days=4),
        by=runner,
        now=now,
    )
    swap = wish(runner, visit, now, thursday, exchange_for=later)
    cancelled(later, now)
    WaitlistEntry.objects.update(therapist=None, parts=PartOfDay.EVENING)
    offer_free_times(now=now)
    assert [WaitlistEntry.objects.get(pk=each.pk).state for each in (over, swap)] == ["waiting", "withdrawn"]
    offer_free_times(now=now + timedelta(days=5))
    assert WaitlistEntry.objects.get(pk=over.pk).state == "withdrawn"


def test_a_therapist_who_does_not_offer_it_cannot_be_waited_for(visit, other_therapist, runner, thursday, now) -> None:
    with pytest.raises(DomainError) as refused:
        wish(runner, visit, now, thursday, therapist=other_therapist.therapist)
    assert (refused.value.code, WaitlistEntry.objects.count()) == ("not_offered", 0)


def test_leaving_frees_what_is_offered(visit, thursday_is_full, crowd, thursday, now) -> None:
    entry = wish(crowd[0], visit, now, thursday)
    cancelled(thursday_is_full[0], now)
    offer_free_times(now=now + LATER)
    leave_waitlist(entry=entry, by=crowd[0], now=now + LATER)
    offer = Offer.objects.get()
    assert (entry.state, offer.state, offer.hold.state) == ("withdrawn", "withdrawn", "cancelled")
    leave_waitlist(entry=entry, by=crowd[0], now=now + LATER)


def test_an_offer_leaves_what_the_runner_holds_and_is_not_dropped_by_it(
    visit, therapist, thursday_is_full, crowd, thursday, now
) -> None:
    wish(crowd[0], visit, now, thursday)
    cancelled(thursday_is_full[0], now)
    friday, then = thursday + timedelta(days=1), now + LATER
    mine = hold_slot(
        service=visit, therapist=therapist.therapist, runner=crowd[0].runner, start=friday, by=crowd[0], now=then
    )
    offer_free_times(now=then)
    mine.refresh_from_db()
    assert (mine.state, Offer.objects.get().hold.state) == ("held", "held")
    hold_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=crowd[0].runner,
        start=friday + timedelta(minutes=45),
        by=crowd[0],
        now=then,
    )
    assert Offer.objects.get().hold.state == "held"


def test_a_session_the_clinic_cannot_keep_gets_a_time_with_a_colleague(
    visit, therapist, other_therapist, runner, staff, thursday, now
) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    colleague = more_therapists(visit, 1)[0]
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    until = now + timedelta(hours=4)
    with pytest.raises(Forbidden):
        offer_instead(appointment=session, start=thursday, therapist=colleague, by=runner, now=now, answer_until=until)
    offer = offer_instead(
        appointment=session, start=thursday, therapist=colleague, by=staff, now=now, answer_until=until
    )
    with pytest.raises(Conflict) as again:
        offer_instead(
            appointment=session,
            start=thursday + timedelta(days=1),
            therapist=colleague,
            by=staff,
            now=now,
            answer_until=until,
        )
    assert again.value.code == "offered_already"
    moved = accept_offer(offer=offer, by=runner, now=now)
    assert (moved.pk, moved.start, moved.therapist, moved.sequence) == (session.pk, thursday, colleague, 1)


@pytest.mark.parametrize("cancel", [False, True])
def test_declining_it_puts_the_runner_first_in_line(visit, therapist, runner, staff, thursday, now, cancel) -> None:
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    friday, until = thursday + timedelta(days=1), now + timedelta(hours=4)
    offer = offer_instead(
        appointment=session, start=friday, therapist=therapist.therapist, by=staff, now=now, answer_until=until
    )
    decline_offer(offer=offer, by=runner, now=now, cancel=cancel)
    session.refresh_from_db()
    entry = WaitlistEntry.objects.get()
    assert (session.state, entry.exchange_for_id) == (("cancelled", None) if cancel else ("booked", session.pk))
    assert (entry.priority, entry.state, session.late_fee_pence) == (1, "waiting", None)


def test_a_moved_session_ends_its_open_offer(visit, therapist, runner, staff, thursday, now) -> None:
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    offer = offer_instead(
        appointment=session,
        start=thursday + timedelta(days=1),
        therapist=therapist.therapist,
        by=staff,
        now=now,
        answer_until=now + timedelta(hours=4),
    )
    move_appointment(appointment=session, start=thursday + timedelta(days=4), by=runner, now=now)
    cancelled(session, now)
    assert expire_offers(now=now) == 1
    offer.refresh_from_db()
    assert (offer.state, offer.hold.state) == ("withdrawn", "cancelled")


@pytest.mark.parametrize(("first", "last"), [(2, 1), (-9, -2), (400, None)])
def test_days_that_cannot_be(visit, runner, now, first, last) -> None:
    days = [None if each is None else now.date() + timedelta(days=each) for each in (first, last)]
    with pytest.raises(DomainError) as refused:
        wish(runner, visit, now, now, first=days[0], last=days[1])
    assert (refused.value.code, WaitlistEntry.objects.count()) == ("bad_days", 0)


@pytest.mark.parametrize(
    ("zone", "made", "latest", "until"),
    [
        ("Europe/London", "2026-11-24T09:00", "2026-11-26T07:00", "2026-11-24T11:00"),
        ("Europe/London", "2026-11-24T20:00", "2026-11-26T07:00", "2026-11-25T09:00"),
        ("Europe/London", "2026-11-24T23:30", "2026-11-26T07:00", "2026-11-25T10:00"),
        ("Europe/Stockholm", "2026-11-24T19:00", "2026-11-26T07:00", "2026-11-25T08:00"),
        ("Europe/London", "2026-11-24T09:00", "2026-11-24T09:40", "2026-11-24T09:40"),
        ("Europe/London", "2026-11-24T09:00", "2026-11-24T09:14", None),
        ("Europe/London", "2026-11-24T23:00", "2026-11-25T08:05", None),
        ("Europe/London", "2027-03-27T20:30", "2027-03-29T07:00", "2027-03-28T08:30"),
    ],
)
def test_deadlines_count_waking_hours(zone, made, latest, until) -> None:
    def at(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None

    assert answer_until(now=at(made), latest=at(latest), zone=zone) == at(until)
