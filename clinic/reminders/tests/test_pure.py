from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.reminders.backoff import WAITS_MIN, wait_after
from clinic.reminders.quiet import day_of, quiet_until
from clinic.reminders.told import tell

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@settings(max_examples=300, deadline=None)
@given(INSTANTS, ZONES, HOURS, HOURS)
def test_quiet_hours_end_soon_and_later_than_they_are_asked_for(
    instant: datetime, zone: str, quiet_from: time, quiet_to: time
) -> None:
    end = quiet_until(instant, zone=zone, quiet_from=quiet_from, quiet_to=quiet_to)
    if end is not None:
        assert instant < end <= instant + timedelta(hours=26)


@settings(max_examples=200, deadline=None)
@given(INSTANTS, ZONES)
def test_an_instant_belongs_to_its_day(instant: datetime, zone: str) -> None:
    assert instant in day_of(instant, zone=zone)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("2026-11-23T21:29:00+01:00", None),
        ("2026-11-23T21:30:00+01:00", "2026-11-24T06:45:00+01:00"),
        ("2026-11-24T03:00:00+01:00", "2026-11-24T06:45:00+01:00"),
        ("2026-11-24T06:45:00+01:00", None),
        ("2026-03-28T23:00:00+01:00", "2026-03-29T06:45:00+02:00"),
        ("2026-10-24T23:00:00+02:00", "2026-10-25T06:45:00+01:00"),
    ],
)
def test_quiet_nights_of_stockholm(at: str, end: str | None) -> None:
    found = quiet_until(
        datetime.fromisoformat(at), zone="Europe/Stockholm", quiet_from=time(21, 30), quiet_to=time(6, 45)
    )
    assert found == (datetime.fromisoformat(end) if end else None)


def test_an_hour_that_the_clocks_skip_ends_the_quiet_after_the_gap() -> None:
    end = quiet_until(
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC), zone="Europe/London", quiet_from=time(22), quiet_to=time(1, 30)
    )
    assert end == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_in_the_second_of_two_equal_hours_the_quiet_ends_in_the_second() -> None:
    second = datetime(2026, 10, 25, 1, 10, tzinfo=ZoneInfo("Europe/London"), fold=1)
    end = quiet_until(second.astimezone(UTC), zone="Europe/London", quiet_from=time(22), quiet_to=time(1, 30))
    assert end == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_equal_hours_mean_no_quiet() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert quiet_until(noon, zone="UTC", quiet_from=time(12), quiet_to=time(12)) is None


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours() -> None:
    spring = day_of(datetime(2026, 3, 29, 12, tzinfo=UTC), zone="Europe/London")
    autumn = day_of(datetime(2026, 10, 25, 12, tzinfo=UTC), zone="Europe/London")
    assert (spring.minutes / 60, autumn.minutes / 60) == (23, 25)


@given(st.integers(1, 9), st.binary(min_size=20, max_size=20))
def test_a_wait_stays_within_its_spread_and_is_the_same_each_time(attempts: int, key: bytes) -> None:
    wait = wait_after(attempts, key=key.hex())
    planned = WAITS_MIN[min(attempts, 5) - 1]
    assert 0.8 * planned <= wait.total_seconds() / 60 <= 1.2 * planned
    assert wait == wait_after(attempts, key=key.hex())


def test_a_time_is_told_in_both_zones_when_they_differ() -> None:
    told = tell(
        datetime(2026, 11, 24, 16, 40, tzinfo=UTC),
        zone="Europe/Stockholm",
        clinic_zone="Europe/London",
        now=datetime(2026, 11, 23, 16, 40, tzinfo=UTC),
    )
    assert told.day == "Tomorrow, Tuesday 24 November"
    assert told.hour == "17:40"
    assert told.zones == "Your time, Stockholm. 16:40 at the clinic, London."


def test_a_time_on_another_day_at_the_clinic_says_so() -> None:
    told = tell(
        datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        zone="America/New_York",
        clinic_zone="Europe/London",
        now=datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert (told.day, told.hour) == ("Monday 23 November", "20:00")
    assert told.zones == "Your time, New York. 01:00 on Tuesday at the clinic, London."


def test_the_same_clock_is_named_once() -> None:
    told = tell(
        datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        zone="Europe/Lisbon",
        clinic_zone="Europe/London",
        now=datetime(2026, 11, 24, 8, tzinfo=UTC),
    )
    assert (told.day, told.zones) == ("Today, Tuesday 24 November", "Lisbon time.")
