"""Whoever changes a wish: in which order rows are locked, and what two people at once, or a failure, leave behind."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Change, Offer, Service, WaitlistEntry
from bookings.services import book_slot, join_waitlist, leave_waitlist, offer_free_times, undo, waitlist
from bookings.services.replanning import give_up
from bookings.services.visits import offer_visit
from bookings.services.waiting import book_for_wish
from bookings.tests.test_engine_availability import more_therapists
from bookings.tests.test_engine_races import at_once
from clinic.people.models import TherapistProfile, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
SECOND = timedelta(seconds=1)
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: SQLite locks no rows")


@pytest.fixture
def wish(visit: Service, runner: User, thursday: datetime, now: datetime) -> Callable[..., WaitlistEntry]:
    """`wish()`: the runner waits for any day from Thursday on."""
    mine = {"service": visit, "runner": runner.runner, "by": runner, "now": now}
    return lambda **more: join_waitlist(**mine, **{"therapist": None, "first": thursday.date(), "last": None} | more)


@pytest.fixture
def colleague(visit: Service) -> TherapistProfile:
    return more_therapists(visit, 1)[0]


def late_locks(said: list[str]) -> set[int]:
    """Therapists (keys) who were locked only after a runner was."""
    before: set[int] = set()
    late: set[int] = set()
    runner_is_locked = False
    for sql in said:
        if not sql.endswith("FOR NO KEY UPDATE") and " FOR NO KEY UPDATE OF" not in sql:
            continue
        if 'FROM "people_runnerprofile"' in sql:
            runner_is_locked = True
        elif 'FROM "people_therapistprofile"' in sql:
            keys = {int(key) for key in re.findall(r"\d+", re.findall(r'"id" IN \(([\d, ]+)\)', sql)[-1])}
            late |= keys - before if runner_is_locked else set()
            before |= keys
    assert runner_is_locked
    return late


@pytest.mark.postgres
@on_postgres
@pytest.mark.parametrize("act", ["visit", "leave", "undo", "fit in", "anyone"])
def test_therapists_are_locked_before_the_runner(
    act, wish, visit, therapist, colleague, runner, staff, thursday, now
) -> None:
    ours = {"by": staff, "now": now + SECOND}
    if act == "undo":
        session = book_slot(
            service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
        )
        give_up(appointment=session, by=staff, now=now)
        Change.objects.filter(kind="booked").delete()
        WaitlistEntry.objects.update(therapist=colleague)
    elif act != "visit":
        entry = wish(therapist=colleague)
    if act in ("leave", "undo", "fit in"):
        assert offer_free_times(now=now) == 1
        assert Offer.objects.get().hold.therapist == colleague
    wanted = {"service": visit, "runner": runner.runner, "start": thursday}
    with CaptureQueriesContext(connection) as done:
        match act:
            case "visit":
                offer_visit(**wanted, therapist=therapist.therapist, last=thursday.date(), **ours)
            case "leave":
                leave_waitlist(entry=entry, **ours)
            case "undo":
                undo(change=Change.objects.get(), **ours)
            case "fit in":
                book_for_wish(entry=entry, **wanted, therapist=therapist.therapist, **ours)
            case "anyone":
                book_for_wish(entry=entry, **wanted, therapist=None, **ours)
    assert late_locks([each["sql"] for each in done.captured_queries]) == set()


@pytest.mark.django_db(transaction=True)
def test_the_same_wish_tapped_twice_at_once_is_one(wish) -> None:
    assert at_once([wish] * 4) == {"done": 4}
    assert WaitlistEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_has_more_wishes_than_allowed_by_adding_two_at_once(wish, thursday, monkeypatch) -> None:
    monkeypatch.setattr(waitlist, "MOST_WISHES", 2)
    days = [thursday.date() + timedelta(days=number) for number in range(4)]
    assert at_once([lambda day=day: wish(first=day) for day in days]) == {"done": 2, "too_many_wishes": 2}
    assert WaitlistEntry.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_wish_left_while_it_is_offered_a_time_has_no_offer(wish, runner, now) -> None:
    entry = wish()
    ends = at_once([lambda: offer_free_times(now=now), lambda: leave_waitlist(entry=entry, by=runner, now=now)])
    entry.refresh_from_db()
    assert (ends, entry.state) == ({"done": 2}, "withdrawn")
    assert not Offer.objects.filter(state="open").exists()


def test_a_wish_whose_offer_cannot_be_taken_back_goes_on_waiting(wish, runner, now, monkeypatch) -> None:
    entry = wish()
    offer_free_times(now=now)
    monkeypatch.setattr(waitlist, "withdraw_offer", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        leave_waitlist(entry=entry, by=runner, now=now)
    entry.refresh_from_db()
    assert (entry.state, Offer.objects.get().state) == ("waiting", "open")
