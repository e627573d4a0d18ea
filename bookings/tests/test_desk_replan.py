"""A day that falls apart: proposals that never collide, offers, the waitlist, and a live booking in between."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import (
    Appointment,
    DailyCap,
    Offer,
    Seat,
    Service,
    TimeOff,
    TimePreference,
    TreatmentRoom,
    WaitlistEntry,
    WeeklyHours,
    Workshop,
)
from bookings.replan import touch
from bookings.services.proposing import propose
from bookings.services.replanning import Pick, send_offers
from bookings.slots import seconds
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import User
from clinic.reminders.models import Reminder
from conftest import person

DAY = (datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def clinic(visit: Service, hours: list[WeeklyHours], other_therapist: User, clock: time_machine.Traveller) -> Service:
    """A second therapist with the same hours offers the same visit."""
    visit.therapists.add(other_therapist.therapist)
    for each in hours:
        WeeklyHours.objects.create(
            therapist=other_therapist.therapist,
            weekday=each.weekday,
            starts=each.starts,
            ends=each.ends,
            valid_from=each.valid_from,
        )
    return visit


Book = Callable[[User, datetime], Appointment]


@pytest.fixture
def book(clinic: Service, therapist: User, now: datetime) -> Book:
    def make(runner: User, start: datetime) -> Appointment:
        return services.book_slot(
            service=clinic, therapist=therapist.therapist, runner=runner.runner, start=start, by=runner, now=now
        )

    return make


@pytest.mark.django_db
def test_all_sessions_of_a_day_are_offered_the_rest_comes_first_on_the_waitlist(
    book: Book,
    clinic: Service,
    therapist: User,
    other_therapist: User,
    runner: User,
    other_runner: User,
    staff: User,
    now: datetime,
) -> None:
    one, two = book(runner, NINE), book(other_runner, NINE + timedelta(minutes=45))
    third = book(runner, NINE + timedelta(hours=5, minutes=30))
    TimePreference.objects.create(runner=other_runner.runner, weekdays=0b0010000, parts=1)
    rows = {row.session: row for row in propose(therapist=therapist.therapist, start=DAY[0], end=DAY[1], now=now)}
    assert list(rows) == [one, two, third]
    assert rows[two].best.start == datetime(2026, 11, 27, 9, 45, tzinfo=UTC)
    assert rows[two].best.reasons == ("same therapist", "Friday morning, which suits", "1 day later")
    assert {row.best.therapist for row in rows.values()} == {therapist.therapist}
    assert not Offer.objects.exists()
    picks = [
        Pick(one.pk, therapist.therapist.pk, rows[one].best.start),
        Pick(two.pk, therapist.therapist.pk, rows[two].best.start),
        Pick(third.pk, None, None),
    ]
    act = {
        "therapist": therapist.therapist,
        "start": DAY[0],
        "end": DAY[1],
        "reason": "Ill",
        "picks": picks,
        "now": now,
    }
    with pytest.raises(Forbidden):
        send_offers(**act, by=therapist)
    done = send_offers(**act, by=staff)
    assert (len(done.offered), len(done.waiting), done.refused) == (2, 1, {})
    away = TimeOff.objects.get()
    assert (away.start, away.end, away.reason) == (*DAY, "Ill")
    offer = Offer.objects.get(moves=two)
    assert (offer.hold.start, offer.answer_until) == (rows[two].best.start, now + timedelta(hours=12))
    entry = WaitlistEntry.objects.get()
    third.refresh_from_db()
    assert (entry.runner, entry.priority, third.state, third.late_fee_pence) == (runner.runner, 1, "cancelled", None)
    assert Reminder.objects.filter(subject=third.subject, kind="cancelled", state="due").count() == 1
    again = propose(therapist=therapist.therapist, start=DAY[0], end=DAY[1], now=now)
    assert [(row.session, row.offer, row.best) for row in again] == [(one, done.offered[0], None), (two, offer, None)]
    assert send_offers(**act, by=staff).refused.keys() == {one.pk, two.pk, third.pk}
    assert (TimeOff.objects.count(), Offer.objects.count(), WaitlistEntry.objects.count()) == (1, 2, 1)


def hills(leader: User, start: datetime, now: datetime) -> Workshop:
    """A workshop of 45 minutes that `leader` leads."""
    shop = Workshop.objects.create(slug="hills", title="Hills", capacity=9, made_at=now, made_by=leader)
    end = start + timedelta(minutes=45)
    Appointment.objects.create(
        workshop=shop,
        therapist=leader.therapist,
        start=start,
        end=end,
        busy_from=start,
        busy_until=end,
        zone="Europe/London",
        wall_start="",
        booked_at=now,
    )
    return shop


@pytest.mark.django_db
def test_a_workshop_of_the_day_is_not_forgotten(
    clinic: Service, therapist: User, staff: User, client_of: Callable[[User], Client], now: datetime
) -> None:
    hills(therapist, NINE, now)
    asked = {"therapist": "nadia-okello", "day": "2026-11-26"}
    page = client_of(staff).get("/replan/", asked).content.decode()
    assert "Hills</b>, Thu 09:00, 0 seats taken, is not moved here." in page
    assert "Hills" not in client_of(staff).get("/replan/", asked | {"day": "2026-11-27"}).content.decode()


@pytest.mark.django_db
def test_a_seat_in_a_workshop_and_a_refused_start_are_not_proposed(
    book: Book, therapist: User, other_therapist: User, runner: User, now: datetime
) -> None:
    session = book(runner, NINE)
    ask = {"therapist": therapist.therapist, "start": DAY[0], "end": DAY[1], "now": now}
    (row,) = propose(**ask)
    friday = NINE + timedelta(days=1)
    assert row.best.start == friday
    Seat.objects.create(workshop=hills(other_therapist, friday, now), runner=runner.runner, made_at=now)
    (row,) = propose(**ask)
    second = row.best.start
    assert not friday <= second < friday + timedelta(minutes=45)
    (row,) = propose(**ask, refused=[(session.pk, second)])
    assert row.best.start not in (friday, second)


@pytest.mark.django_db
def test_a_session_within_hours_gets_a_place_that_leaves_time_to_answer(
    book: Book, therapist: User, other_therapist: User, runner: User, now: datetime
) -> None:
    session = book(runner, now + timedelta(hours=4))
    late = now + timedelta(hours=3)
    (row,) = propose(therapist=therapist.therapist, start=late, end=late + timedelta(hours=6), now=late)
    assert row.session == session
    for place in (row.best, *row.others):
        assert place.answer_until - late >= timedelta(minutes=15)
        assert place.start - place.answer_until >= timedelta(hours=1)
    with pytest.raises(DomainError):
        propose(therapist=therapist.therapist, start=late, end=late, now=late)


@pytest.mark.django_db
def test_forty_sessions_never_collide_and_cost_as_many_queries_as_one(
    clinic: Service,
    gait: Service,
    therapist: User,
    other_therapist: User,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    gait.therapists.add(other_therapist.therapist)
    TreatmentRoom.objects.create(name="One")
    DailyCap.objects.create(therapist=other_therapist.therapist, most=4)
    WeeklyHours.objects.filter(therapist=therapist.therapist, weekday=3).update(starts=time(0), ends=time(0))
    WeeklyHours.objects.filter(therapist=therapist.therapist, weekday=3).first().delete()
    fields = {"therapist": therapist.therapist, "zone": "Europe/London", "wall_start": "", "booked_at": now}
    for number in range(40):
        start = datetime(2026, 11, 26, tzinfo=UTC) + timedelta(minutes=30 * number)
        service = gait if number % 4 == 0 else clinic
        end = start + timedelta(minutes=25)
        Appointment.objects.create(
            service=service,
            runner=person("runner", f"R{number} Unner").runner,
            start=start,
            end=end,
            busy_from=start,
            busy_until=end,
            place=service.place,
            **fields,
        )
    with django_assert_max_num_queries(7):
        rows = propose(therapist=therapist.therapist, start=DAY[0], end=DAY[1], now=now)
    placed = [(row.session, row.best) for row in rows if row.best]
    assert (len(rows), len(placed)) == (40, 40)
    spans = [
        (
            best.therapist,
            session.service,
            seconds(best.start) - session.service.buffer_before_min * 60,
            seconds(best.start + session.length) + session.service.buffer_after_min * 60,
        )
        for session, best in placed
    ]
    for place, one in enumerate(spans):
        for other in spans[place + 1 :]:
            assert not (touch(one[2:], other[2:]) and (one[0] == other[0] or one[1] == other[1] == gait))
    days = [best.start.date() for _, best in placed if best.therapist == other_therapist.therapist]
    assert max(map(days.count, days), default=0) <= 4


@pytest.mark.django_db
def test_the_page_proposes_sends_and_says_what_has_gone(
    book: Book,
    clinic: Service,
    therapist: User,
    runner: User,
    other_runner: User,
    staff: User,
    client_of: Callable[[User], Client],
    now: datetime,
) -> None:
    session = book(runner, NINE)
    desk, asked = client_of(staff), {"therapist": "nadia-okello", "day": "2026-11-26", "reason": "Ill"}
    page = desk.get("/replan/", asked).content.decode()
    assert f'name="pick-{session.pk}"' in page
    assert "Same therapist, Friday morning" in page
    gone = datetime(2026, 11, 27, 9, tzinfo=UTC)
    book(other_runner, gone)
    answer = desk.post("/replan/", {**asked, f"pick-{session.pk}": f"{therapist.therapist.pk} {gone.isoformat()}"})
    assert answer.status_code == 409
    assert "09:00 has just gone" in answer.content.decode()
    (row,) = (row for row, _ in answer.context["rows"])
    assert row.best.start != gone
    assert TimeOff.objects.count() == 1
    sent = desk.post("/replan/", {**asked, f"pick-{session.pk}": row.best.value})
    assert (sent.status_code, Offer.objects.get().hold.start) == (200, row.best.start)
    assert "1 new time offered" in sent.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?therapist=nobody",
        "?therapist=nadia-okello",
        "?therapist=nadia-okello&day=x",
        "?therapist=nadia-okello&day=2026-11-26&starts=25:00",
        "?therapist=nadia-okello&day=2026-11-26&until=2026-11-01",
        "?therapist=nadia-okello&day=9999-12-31",
        "?therapist=nadia-okello&day=2026-11-26&until=2027-11-01",
    ],
)
def test_any_address_gives_a_page(
    query: str, clinic: Service, staff: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(staff).get(f"/replan/{query}").status_code in (200, 422)
    assert (
        client_of(staff)
        .post(f"/replan/{query}", {"therapist": "nadia-okello", "day": "2026-11-26", "pick-x": "1 2", "pick-": "y"})
        .status_code
        == 200
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_an_offer_and_a_live_booking_of_the_same_time_have_one_winner(
    book: Book, clinic: Service, therapist: User, runner: User, other_runner: User, staff: User, now: datetime
) -> None:
    session = book(runner, NINE)
    (row,) = propose(therapist=therapist.therapist, start=DAY[0], end=DAY[1], now=now)
    ready, results = Barrier(2), {}

    def run(name: str, act: Callable[[], object]) -> None:
        ready.wait()
        try:
            results[name] = act()
        except DomainError as refused:
            results[name] = refused.code
        finally:
            connection.close()

    picks = [Pick(session.pk, row.best.therapist.pk, row.best.start)]
    threads = [
        Thread(
            target=run,
            args=(
                "desk",
                lambda: send_offers(
                    therapist=therapist.therapist, start=DAY[0], end=DAY[1], reason="", picks=picks, by=staff, now=now
                ),
            ),
        ),
        Thread(
            target=run,
            args=(
                "live",
                lambda: services.book_slot(
                    service=clinic,
                    therapist=row.best.therapist,
                    runner=other_runner.runner,
                    start=row.best.start,
                    by=other_runner,
                    now=now,
                ),
            ),
        ),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    at = Appointment.objects.active().filter(therapist=row.best.therapist, start=row.best.start)
    assert at.count() == 1
    assert (len(results["desk"].offered) == 1) == (results["live"] == "slot_taken")
    (fresh,) = propose(therapist=therapist.therapist, start=DAY[0], end=DAY[1], now=now)
    assert fresh.offer is not None or fresh.best.start != row.best.start
