"""A therapist who travels: for some days the same hours are wall-clock times of another zone."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bookings.availability import find_slots
from bookings.models import Travel, WeeklyHours
from bookings.services import book_slot
from bookings.services.limits import set_travel
from bookings.slots import Away, Diary, Hours, Rules, edge, free_starts, instant, refusal, seconds, zone_at
from clinic.core.errors import DomainError

NINE_TO_FIVE = [Hours(day, time(9), time(17), date(2000, 1, 1), None) for day in range(7)]
ALL_DAY = [Hours(day, time(0), time(0), date(2000, 1, 1), None) for day in range(7)]
HOURLY = Rules(length=3600, before=0, after=0, step=3600, notice=0, horizon=400 * 86_400)
NOW = seconds(datetime(2027, 1, 1, tzinfo=UTC))


def span(first: str, last: str) -> tuple[int, int]:
    return tuple(seconds(datetime.fromisoformat(f"{each}:00Z")) for each in (first, last))  # type: ignore[return-value]


def in_utc(diary: Diary, first: str, last: str) -> list[str]:
    low, high = span(first, last)
    return [f"{instant(start):%d %H:%M}" for start in free_starts(diary, HOURLY, low, high, now=NOW)]


def test_the_hours_are_the_other_zones_on_those_days_alone() -> None:
    there = Away(date(2027, 2, 2), date(2027, 2, 3), "America/New_York")
    diary = Diary("Europe/London", NINE_TO_FIVE, away=[there])
    found = in_utc(diary, "2027-02-01T00:00", "2027-02-05T00:00")
    assert [each for each in found if each.endswith(("09:00", "14:00"))] == [
        "01 09:00", "01 14:00", "02 14:00", "03 14:00", "04 09:00", "04 14:00",
    ]  # fmt: skip
    assert found[8] == "02 14:00"
    assert len(found) == 32


def test_the_zone_in_force_at_each_hour() -> None:
    there = Away(date(2027, 2, 2), date(2027, 2, 3), "America/New_York")
    diary = Diary("Europe/London", NINE_TO_FIVE, away=[there])
    for at, zone in (
        ("2027-02-01T16:00", "Europe/London"),
        ("2027-02-02T02:00", "Europe/London"),
        ("2027-02-02T14:00", "America/New_York"),
        ("2027-02-04T02:00", "America/New_York"),
        ("2027-02-04T09:00", "Europe/London"),
    ):
        assert zone_at(diary, span(at, at)[0]) == zone, at


@pytest.mark.parametrize("hours", [NINE_TO_FIVE, ALL_DAY])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Niue", "America/New_York"])
@pytest.mark.parametrize("home", ["Europe/London", "Pacific/Niue", "Pacific/Kiritimati"])
def test_around_a_journey_every_start_is_listed_once_and_decided_alike(home: str, zone: str, hours: list) -> None:
    diary = Diary(home, hours, away=[Away(date(2027, 2, 2), date(2027, 2, 3), zone)])
    low, high = span("2027-01-31T00:00", "2027-02-06T00:00")
    listed = list(free_starts(diary, HOURLY, low, high, now=NOW))
    assert listed == sorted(set(listed))
    assert all(later - earlier >= 3600 for earlier, later in pairwise(listed))
    known = set(listed)
    for start in range(low, high, 1800):
        assert (refusal(diary, HOURLY, start, NOW) is None) == (start in known), instant(start)


def test_of_two_journeys_the_one_that_begins_last_counts() -> None:
    long = Away(date(2027, 2, 1), date(2027, 2, 10), "America/New_York")
    short = Away(date(2027, 2, 3), date(2027, 2, 3), "Asia/Kolkata")
    diary = Diary("Europe/London", NINE_TO_FIVE, away=[short, long])
    found = in_utc(diary, "2027-02-02T12:00", "2027-02-05T00:00")
    assert [each for each in found if each[:2] == "03"][:2] == ["03 03:30", "03 04:30"]
    assert "04 14:00" in found


def test_a_clock_change_at_the_place_of_the_journey_counts() -> None:
    diary = Diary("Asia/Kolkata", NINE_TO_FIVE, away=[Away(date(2027, 3, 27), date(2027, 3, 28), "Europe/London")])
    assert in_utc(diary, "2027-03-27T08:00", "2027-03-27T10:00") == ["27 09:00"]
    assert in_utc(diary, "2027-03-28T07:00", "2027-03-28T09:00") == ["28 08:00"]


def test_a_booking_abroad_keeps_the_zone_it_was_agreed_in(visit, hours, therapist, runner, thursday, now) -> None:
    for zone, first, last in (
        ("America/New_York", thursday.date(), thursday.date() + timedelta(days=20)),
        ("Asia/Tokyo", thursday.date() + timedelta(days=1), thursday.date() + timedelta(days=1)),
    ):
        Travel.objects.create(therapist=therapist.therapist, zone=zone, first=first, last=last)
    day = thursday.date()
    found = find_slots(service=visit, first=day, last=day, zone="Europe/London", now=now)
    assert f"{found[0].start:%H:%M}" == "14:00"
    booked = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=found[0].start, by=runner, now=now
    )
    assert (booked.zone, booked.wall_start) == ("America/New_York", "2026-11-26T09:00:00-05:00")
    with pytest.raises(DomainError) as refused:
        book_slot(
            service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
        )
    assert refused.value.code == "outside_hours"
    tokyo = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)
    there = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=tokyo, by=runner, now=now
    )
    assert there.zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("zone", "on", "expected"),
    [
        ("Australia/Lord_Howe", date(2027, 10, 3), ["00:00+1030", "01:00+1030", "02:30+1100", "03:30+1100"]),
        ("Australia/Lord_Howe", date(2027, 4, 4), ["00:00+1100", "01:00+1100", "01:30+1030", "02:30+1030", "03:30+1030"]),
        ("America/Santiago", date(2027, 9, 5), ["01:00-0300", "02:00-0300", "03:00-0300"]),
        ("America/Santiago", date(2027, 4, 4), ["00:00-0400", "01:00-0400", "02:00-0400", "03:00-0400"]),
        ("Africa/Cairo", date(2027, 4, 30), ["01:00+0300", "02:00+0300", "03:00+0300"]),
        ("Asia/Beirut", date(2027, 3, 28), ["01:00+0300", "02:00+0300", "03:00+0300"]),
        ("Pacific/Chatham", date(2027, 9, 26), ["00:00+1245", "01:00+1245", "02:00+1245"]),
        ("Pacific/Apia", date(2027, 9, 26), ["00:00+1300", "01:00+1300", "02:00+1300", "03:00+1300"]),
        ("Asia/Kathmandu", date(2027, 1, 2), ["00:00+0545", "01:00+0545", "02:00+0545", "03:00+0545"]),
    ],
)  # fmt: skip
def test_therapists_in_odd_zones_have_the_right_starts(visit, therapist, zone: str, on: date, expected: list) -> None:
    visit.minutes = visit.slot_step_min = 60
    visit.horizon_days = 365
    visit.save()
    therapist.zone = zone
    therapist.save()
    WeeklyHours.objects.create(
        therapist=therapist.therapist, weekday=on.weekday(), starts=time(0), ends=time(4, 30), valid_from=on
    )
    clock = datetime.combine(on, time(0), ZoneInfo(zone)).astimezone(UTC) - timedelta(days=3)
    found = find_slots(service=visit, first=on, last=on, zone=zone, now=clock)
    assert [f"{slot.start.astimezone(ZoneInfo(zone)):%H:%M%z}" for slot in found] == expected


def test_a_lost_day_has_no_hours() -> None:
    diary = Diary("Pacific/Apia", ALL_DAY)
    before = seconds(datetime(2011, 12, 1, tzinfo=UTC))
    low, high = edge("Pacific/Apia", date(2011, 12, 29), time(0)), edge("Pacific/Apia", date(2012, 1, 1), time(0))
    found = list(free_starts(diary, HOURLY, low, high, now=before))
    assert len(found) == 48
    assert {f"{instant(start).astimezone(ZoneInfo('Pacific/Apia')):%d}" for start in found} == {"29", "31"}


def test_sessions_outside_the_hours_abroad_are_named(visit, hours, therapist, runner, staff, thursday, now) -> None:
    booked = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    trip = {"therapist": therapist.therapist, "zone": "America/New_York", "by": staff, "now": now}
    day = thursday.date()
    assert set_travel(**trip, first=day + timedelta(days=1), last=day + timedelta(days=1)).hit == []
    assert set_travel(**trip, first=day, last=day).hit == [booked]
