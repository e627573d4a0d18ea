"""Runners whose plan wants more visits than are booked."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings.models import Appointment, Offer, Service, TimePreference, WaitlistEntry, WeeklyHours
from clinic.dashboard.underbooked import fitting, short_of_visits
from clinic.people.models import User
from conftest import person
from exercises.models import Programme

pytestmark = pytest.mark.django_db
Plan = Callable[..., Programme]
Book = Callable[..., Appointment]


@pytest.fixture(autouse=True)
def at_work(clock: time_machine.Traveller, therapist: User, follow_up: Service) -> None:
    """Tuesday 24 November 2026, 09:00; the therapist offers follow-ups on Tuesdays and Thursdays, 9 to 18."""
    follow_up.therapists.add(therapist.therapist)
    for day in (1, 3):
        WeeklyHours.objects.create(therapist=therapist.therapist, weekday=day, starts=time(9), ends=time(18))


def short(plan: Plan, runner: User, therapist: User, visits: int | None, **how: object) -> Programme:
    programme = plan(runner.runner, therapist.therapist, **how)
    Programme.objects.filter(pk=programme.pk).update(visits_planned=visits)
    return programme


def test_planned_held_booked_and_missing_are_those_of_the_programmes_weeks(
    plan: Plan, book: Book, runner: User, other_runner: User, therapist: User, follow_up: Service, now: datetime
) -> None:
    short(plan, runner, therapist, 6)
    begins = datetime(2026, 10, 26, 23, 30, tzinfo=UTC)
    for start, state in (
        (begins - timedelta(days=1), "completed"),
        (begins, "completed"),
        (now - timedelta(days=7), "no_show"),
        (now - timedelta(days=6), "cancelled"),
        (now - timedelta(days=5), "booked"),
        (now + timedelta(days=2), "booked"),
        (now + timedelta(days=200), "booked"),
    ):
        book(runner, therapist, follow_up, start, state=state)
    enough = short(plan, other_runner, therapist, 1)
    book(other_runner, therapist, follow_up, now + timedelta(days=3))
    (row,) = short_of_visits(now=now)
    assert (row.planned, row.held, row.booked, row.missing) == (6, 2, 1, 3)
    assert (row.last, row.days_left, row.last_visit) == (date(2027, 1, 18), 55, now - timedelta(days=5))
    assert row.runner == runner.runner
    Programme.objects.filter(pk=enough.pk).update(visits_planned=2, starts_on=date(2026, 1, 1))
    assert len(short_of_visits(now=now)) == 1


def test_fitting_times_are_the_runners_own_kind_and_can_be_offered(
    plan: Plan, runner: User, therapist: User, staff: User, client_of: Callable[[User], Client], now: datetime
) -> None:
    short(plan, runner, therapist, 2)
    TimePreference.objects.create(runner=runner.runner, weekdays=0b0001000, parts=4)
    (row,) = short_of_visits(now=now)
    found = fitting(row, now=now)
    assert [slot.start.isoformat()[:16] for slot in found.slots] == [
        "2026-11-26T16:00",
        "2026-12-03T16:00",
        "2026-12-10T16:00",
    ]
    assert found.suits
    desk, page = client_of(staff), "/to-book/"
    shown = desk.get(page, {"runner": str(runner.runner.pk)}).content.decode()
    assert "start=2026-11-26T16:00Z" in shown
    sent = {"runner": str(runner.runner.pk), "service": "follow-up", "start": "2026-11-26T16:00Z"}
    assert desk.post(page, sent).status_code == 302
    offer = Offer.objects.get()
    assert (offer.hold.start, offer.entry.runner, offer.entry.last) == (found.slots[0].start, runner.runner, row.last)
    assert desk.post(page, sent).status_code == 409
    assert (Offer.objects.count(), WaitlistEntry.objects.count()) == (1, 1)
    assert desk.post(page, {**sent, "start": "x"}).status_code == 422
    assert desk.post(page, {"runner": "x"}).status_code == 422
    assert client_of(therapist).get(page).status_code == 403


def test_three_rows_cost_no_more_than_one_and_nobody_is_a_page_too(
    plan: Plan,
    runner: User,
    therapist: User,
    staff: User,
    client_of: Callable[[User], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    desk = client_of(staff)
    assert "Everybody has their visits" in desk.get("/to-book/").content.decode()
    short(plan, runner, therapist, 3)
    with django_assert_num_queries(6):
        desk.get("/to-book/")
    for name in ("Ada Lee", "Ben Ode"):
        short(plan, person("runner", name), therapist, 3)
    with django_assert_num_queries(6):
        assert desk.get("/to-book/").context["missing"] == 9
