"""Weeks one after the other: for good, for a time, corrected and taken back; as plain arithmetic and in the database."""

from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from bookings import weeks
from bookings.availability import find_slots
from bookings.models import WeeklyHours
from bookings.services import HoursRange, book_slot, set_weekly_hours, take_back_week, weeks_of
from bookings.weeks import Stretch
from clinic.core.errors import DomainError

TODAY = date(2026, 11, 24)
CHRISTMAS, NEW_YEAR = date(2026, 12, 21), date(2027, 1, 3)
MORNINGS = [HoursRange(0, time(9), time(11), "online"), HoursRange(0, time(15), time(17), "clinic")]
LONG_MONDAYS = [HoursRange(0, time(8), time(20))]


@pytest.fixture
def enter(hours, therapist, staff, now):
    """Enter a week as the desk does."""

    def act(ranges, first, last=None, **asked):
        asked = {"valid_from": first, "valid_until": last, **asked}
        return set_weekly_hours(therapist=therapist.therapist, ranges=ranges, by=staff, now=now, **asked)

    return act


def words(therapist, since: date = TODAY) -> list[tuple[str, str, str, bool]]:
    """The weeks from `since` on: from, until, hours, whether for a time."""
    plan = [each.cut(since, None) for each in weeks_of(therapist.therapist, since)]
    return [
        (
            f"{each.first:%d.%m.}",
            f"{each.last:%d.%m.}" if each.last else "",
            weeks.week_words(each.ranges),
            each.temporary,
        )
        for each in plan
        if each
    ]


USUAL = "Mon to Fri 09:00–12:00, 13:00–17:00"
TEMPORARY = "Mon 09:00–11:00 online, 15:00–17:00 in the clinic"


def test_a_week_for_a_time_runs_and_the_usual_one_comes_back(enter, visit, therapist, now) -> None:
    enter(MORNINGS, CHRISTMAS, NEW_YEAR)
    assert words(therapist) == [
        ("24.11.", "20.12.", USUAL, False),
        ("21.12.", "03.01.", TEMPORARY, True),
        ("04.01.", "", USUAL, False),
    ]
    days = [CHRISTMAS - timedelta(days=7), CHRISTMAS, CHRISTMAS + timedelta(days=7), NEW_YEAR + timedelta(days=1)]
    free = [len(find_slots(service=visit, first=each, last=each, zone="Europe/London", now=now)) for each in days]
    assert free == [9, 2, 2, 9]


def test_another_usual_week_leaves_a_week_for_a_time_alone(enter, therapist) -> None:
    enter(MORNINGS, CHRISTMAS, NEW_YEAR)
    done = enter(LONG_MONDAYS, date(2026, 12, 28))
    assert [row.valid_from for row in done.hours] == [date(2027, 1, 4)]
    assert words(therapist)[1:] == [
        ("21.12.", "03.01.", TEMPORARY, True),
        ("04.01.", "", "Mon 08:00–20:00", False),
    ]


def test_a_week_for_a_time_is_taken_back(enter, therapist, staff, now) -> None:
    enter(MORNINGS, CHRISTMAS, NEW_YEAR)
    take_back_week(therapist=therapist.therapist, first=CHRISTMAS, by=staff, now=now)
    assert words(therapist) == [("24.11.", "", USUAL, False)]
    with pytest.raises(DomainError) as refused:
        take_back_week(therapist=therapist.therapist, first=CHRISTMAS, by=staff, now=now)
    assert refused.value.code == "gone"


def test_a_week_for_a_time_that_runs_ends_today_and_its_past_stays(enter, therapist, staff, now) -> None:
    enter(MORNINGS, TODAY, NEW_YEAR)
    later = now + timedelta(days=7)
    take_back_week(therapist=therapist.therapist, first=TODAY, by=staff, now=later)
    assert words(therapist) == [("24.11.", "30.11.", TEMPORARY, True), ("01.12.", "", USUAL, False)]


def test_a_corrected_week_takes_the_place_of_the_old_one(enter, therapist) -> None:
    enter(MORNINGS, CHRISTMAS, NEW_YEAR)
    enter(LONG_MONDAYS, CHRISTMAS + timedelta(days=7), NEW_YEAR, instead_of=CHRISTMAS)
    assert words(therapist) == [
        ("24.11.", "27.12.", USUAL, False),
        ("28.12.", "03.01.", "Mon 08:00–20:00", True),
        ("04.01.", "", USUAL, False),
    ]


def test_a_coming_usual_week_is_put_off(enter, therapist) -> None:
    enter(LONG_MONDAYS, CHRISTMAS)
    enter(LONG_MONDAYS, NEW_YEAR, instead_of=CHRISTMAS)
    assert words(therapist) == [("24.11.", "02.01.", USUAL, False), ("03.01.", "", "Mon 08:00–20:00", False)]


def test_a_week_for_a_time_names_the_sessions_it_leaves_outside(enter, visit, therapist, runner, thursday, now) -> None:
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert enter(MORNINGS, thursday.date() + timedelta(days=1), NEW_YEAR).hit == []
    assert enter(MORNINGS, TODAY, thursday.date()).hit == [session]


@pytest.mark.parametrize(
    ("ranges", "last", "code"),
    [
        ([], NEW_YEAR, "no_hours"),
        (MORNINGS, CHRISTMAS - timedelta(days=1), "bad_days"),
        (MORNINGS, date.max, "too_far"),
    ],
)
def test_an_impossible_week_for_a_time_changes_nothing(enter, ranges, last, code) -> None:
    before = list(WeeklyHours.objects.values())
    with pytest.raises(DomainError) as refused:
        enter(ranges, CHRISTMAS, last)
    assert refused.value.code == code
    assert list(WeeklyHours.objects.values()) == before


def test_no_week_for_a_time_is_without_its_last_day(hours) -> None:
    with (
        pytest.raises(IntegrityError, match="weekly_hours_for_a_time_end"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE bookings_weeklyhours SET temporary = %s", [True])


FIRST = date(2026, 3, 2)
SPAN = [FIRST + timedelta(days=number) for number in range(40)]
A_WEEK = st.sampled_from([(HoursRange(0, time(hour), time(hour + 2)),) for hour in range(6, 12)])
AN_ACT = st.tuples(A_WEEK, st.integers(0, 30), st.none() | st.integers(0, 9))


@given(st.lists(AN_ACT, max_size=8))
def test_the_plan_says_what_a_calendar_filled_in_by_hand_says(acts) -> None:
    plan = [Stretch(FIRST, None, ())]
    by_hand = dict.fromkeys(SPAN, ((), False))
    for ranges, start, length in acts:
        first = SPAN[start]
        if length is None:
            plan = weeks.with_usual(plan, ranges, first)
            by_hand |= {day: (ranges, False) for day in SPAN if day >= first and not by_hand[day][1]}
        else:
            last = first + timedelta(days=length)
            plan = weeks.with_stretch(plan, Stretch(first, last, ranges, temporary=True))
            by_hand |= {day: (ranges, True) for day in SPAN if first <= day <= last}
    assert {day: next((each.ranges, each.temporary) for each in plan if each.holds(day)) for day in SPAN} == by_hand
    assert all(one.last == other.first - timedelta(days=1) for one, other in pairwise(plan))
