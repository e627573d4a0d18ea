"""Weekly hours, overrides and time off: what is written, what of the past stays, and which sessions they hit."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bookings.availability import find_slots
from bookings.models import Override, TimeOff, WeeklyHours
from bookings.services import (
    DayRange,
    HoursRange,
    accept_offer,
    add_time_off,
    book_slot,
    clear_overrides,
    confirm_hold,
    hold_slot,
    offer_instead,
    remove_time_off,
    set_override,
    set_weekly_hours,
)
from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError, Forbidden

MONDAY = date(2026, 11, 30)


@pytest.fixture
def booked(visit, hours, therapist, runner, thursday, now):
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def week(therapist, ranges, valid_from, by, now):
    return set_weekly_hours(therapist=therapist.therapist, ranges=ranges, valid_from=valid_from, by=by, now=now)


def test_new_hours_close_the_old_and_keep_the_past(hours, therapist, staff, now) -> None:
    change = week(
        therapist, [HoursRange(0, time(8), time(12)), HoursRange(0, time(13), time(0), "online")], MONDAY, staff, now
    )
    assert [str(row) for row in change.hours] == ["Monday 08:00–12:00", "Monday 13:00–00:00"]
    assert change.hit == []
    assert WeeklyHours.objects.in_force(MONDAY - timedelta(days=1)).count() == 10
    assert WeeklyHours.objects.in_force(MONDAY).count() == 2
    assert Event.objects.filter(action="hours.set").count() == 1
    week(therapist, [], MONDAY, staff, now)
    assert WeeklyHours.objects.in_force(MONDAY).count() == 0


def test_new_hours_name_the_sessions_they_leave_outside(booked, therapist, now) -> None:
    change = week(therapist, [HoursRange(3, time(9), time(9, 30))], date(2026, 11, 24), therapist, now)
    assert change.hit == [booked]
    booked.refresh_from_db()
    assert booked.state == "booked"


@pytest.mark.parametrize(
    ("ranges", "valid_from", "code"),
    [
        ([HoursRange(0, time(9), time(12)), HoursRange(0, time(11), time(17))], MONDAY, "overlapping_hours"),
        ([HoursRange(0, time(9), time(0)), HoursRange(0, time(20), time(21))], MONDAY, "overlapping_hours"),
        ([HoursRange(0, time(12), time(9))], MONDAY, "bad_hours"),
        ([HoursRange(7, time(9), time(12))], MONDAY, "bad_hours"),
        ([HoursRange(0, time(9), time(12), "moon")], MONDAY, "bad_hours"),
        ([HoursRange(0, time(9), time(12))], date(2026, 11, 23), "in_the_past"),
    ],
)
def test_impossible_weeks_change_nothing(hours, therapist, staff, now, ranges, valid_from, code) -> None:
    before = list(WeeklyHours.objects.values())
    with pytest.raises(DomainError) as refused:
        week(therapist, ranges, valid_from, staff, now)
    assert refused.value.code == code
    assert list(WeeklyHours.objects.values()) == before


def test_strangers_keep_their_hands_off(hours, therapist, other_therapist, runner, now) -> None:
    for stranger in (other_therapist, runner):
        with pytest.raises(Forbidden):
            week(therapist, [], MONDAY, stranger, now)
        with pytest.raises(Forbidden):
            add_time_off(
                therapist=therapist.therapist, start=now, end=now + timedelta(days=1), reason="", by=stranger, now=now
            )
        with pytest.raises(Forbidden):
            set_override(therapist=therapist.therapist, on=MONDAY, ranges=[], replace=True, by=stranger, now=now)
    assert (WeeklyHours.objects.count(), TimeOff.objects.count(), Override.objects.count()) == (10, 0, 0)


def test_different_hours_of_one_day(visit, hours, therapist, staff, now) -> None:
    def times() -> list[str]:
        found = find_slots(service=visit, first=MONDAY, last=MONDAY, zone="Europe/London", now=now)
        return [f"{slot.start:%H:%M}" for slot in found]

    plain = times()
    evening = [DayRange(time(18), time(19, 30))]
    set_override(therapist=therapist.therapist, on=MONDAY, ranges=evening, by=staff, now=now)
    assert times() == [*plain, "18:00", "18:45"]
    set_override(therapist=therapist.therapist, on=MONDAY, ranges=evening, replace=True, by=staff, now=now)
    assert times() == ["18:00", "18:45"]
    set_override(
        therapist=therapist.therapist, on=MONDAY, ranges=[DayRange(time(0), time(13), closed=True)], by=staff, now=now
    )
    assert times() == [each for each in plain if each >= "13:00"]
    set_override(therapist=therapist.therapist, on=MONDAY, ranges=[], replace=True, by=staff, now=now)
    assert times() == []
    clear_overrides(therapist=therapist.therapist, on=MONDAY, by=staff, now=now)
    assert times() == plain


def test_the_exceptions_of_a_day_that_is_over_stay(hours, therapist, staff, now) -> None:
    set_override(therapist=therapist.therapist, on=MONDAY, ranges=[], replace=True, by=staff, now=now)
    with pytest.raises(DomainError) as refused:
        clear_overrides(therapist=therapist.therapist, on=MONDAY, by=staff, now=now + timedelta(days=30))
    assert (refused.value.code, Override.objects.count()) == ("in_the_past", 1)


def test_a_closed_day_names_its_sessions(booked, therapist, staff, thursday, now) -> None:
    assert set_override(
        therapist=therapist.therapist, on=thursday.date(), ranges=[], replace=True, by=staff, now=now
    ).hit == [booked]
    assert set_override(therapist=therapist.therapist, on=MONDAY, ranges=[], replace=True, by=staff, now=now).hit == []


def test_the_last_day_of_the_calendar_is_too_far(hours, therapist, staff, now) -> None:
    far = date.max
    for change in (
        lambda: week(therapist, [HoursRange(0, time(8), time(12))], far, staff, now),
        lambda: set_override(therapist=therapist.therapist, on=far, ranges=[], replace=True, by=staff, now=now),
    ):
        with pytest.raises(DomainError) as refused:
            change()
        assert refused.value.code == "too_far"
    assert (WeeklyHours.objects.count(), Override.objects.count()) == (len(hours), 0)


def test_the_same_time_off_twice_is_one(therapist, staff, now) -> None:
    off = {"therapist": therapist.therapist, "start": now + timedelta(days=1), "end": now + timedelta(days=2)}
    first, again = (add_time_off(**off, reason="Course", by=staff, now=now).time_off for _ in range(2))
    assert list(TimeOff.objects.all()) == [first] == [again]
    assert Event.objects.filter(action="time_off.added").count() == 1


def test_time_off_lists_the_sessions_it_hits(booked, visit, therapist, staff, thursday, now) -> None:
    added = add_time_off(
        therapist=therapist.therapist,
        start=thursday + timedelta(minutes=44),
        end=thursday + timedelta(days=2),
        reason=" Course ",
        by=staff,
        now=now,
    )
    assert (added.hit, added.time_off.reason) == ([booked], "Course")
    assert (
        find_slots(service=visit, first=date(2026, 11, 27), last=date(2026, 11, 27), zone="Europe/London", now=now)
        == []
    )
    assert (
        add_time_off(
            therapist=therapist.therapist,
            start=thursday + timedelta(minutes=45),
            end=thursday + timedelta(hours=1),
            reason="",
            by=staff,
            now=now,
        ).hit
        == []
    )
    remove_time_off(time_off=added.time_off, by=staff, now=now)
    assert (
        len(find_slots(service=visit, first=date(2026, 11, 27), last=date(2026, 11, 27), zone="Europe/London", now=now))
        == 9
    )


def test_what_is_held_or_offered_in_time_off_cannot_be_taken_any_more(
    visit, hours, therapist, runner, other_runner, staff, thursday, now
) -> None:
    ours = {"service": visit, "therapist": therapist.therapist, "now": now}
    held = hold_slot(**ours, runner=runner.runner, start=thursday, by=runner)
    booked = book_slot(**ours, runner=other_runner.runner, start=thursday + timedelta(days=4), by=other_runner)
    offer = offer_instead(
        appointment=booked,
        start=thursday + timedelta(minutes=45),
        therapist=therapist.therapist,
        by=staff,
        now=now,
        answer_until=now + timedelta(hours=2),
    )
    away = {"start": thursday, "end": thursday + timedelta(hours=8)}
    assert add_time_off(therapist=therapist.therapist, **away, reason="Ill", by=staff, now=now).hit == []
    with pytest.raises(Conflict) as ended:
        confirm_hold(appointment=held, by=runner, now=now)
    with pytest.raises(Conflict) as over:
        accept_offer(offer=offer, by=other_runner, now=now)
    assert (ended.value.code, over.value.code) == ("hold_ended", "offer_ended")
    booked.refresh_from_db()
    assert booked.start == thursday + timedelta(days=4)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), "bad_time_off"),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2036, 12, 1, tzinfo=UTC), "bad_time_off"),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), "in_the_past"),
    ],
)
def test_impossible_time_off(therapist, staff, now, start, end, code) -> None:
    with pytest.raises(DomainError) as refused:
        add_time_off(therapist=therapist.therapist, start=start, end=end, reason="", by=staff, now=now)
    assert refused.value.code == code
    assert TimeOff.objects.count() == 0
