"""Every case of the research's zone table (tzdata 2026.6): what a wall time is worth, and what becomes of it in the book."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.slots import edge, instant, same_wall_time, to_instant, wall_time
from clinic.core.errors import DomainError

NORMAL, SKIPPED, REPEATED = "normal", "skipped", "repeated"
TABLE = [
    ("Europe/Berlin", "2027-03-28 01:59", NORMAL, "2027-03-28 00:59", None),
    ("Europe/Berlin", "2027-03-28 02:30", SKIPPED, "2027-03-28 01:30", "2027-03-28 00:30"),
    ("Europe/Berlin", "2027-03-28 03:00", NORMAL, "2027-03-28 01:00", None),
    ("Europe/Berlin", "2027-10-31 02:30", REPEATED, "2027-10-31 00:30", "2027-10-31 01:30"),
    ("Europe/Berlin", "2027-10-31 03:00", NORMAL, "2027-10-31 02:00", None),
    ("America/New_York", "2027-03-14 02:30", SKIPPED, "2027-03-14 07:30", "2027-03-14 06:30"),
    ("America/New_York", "2027-11-07 01:30", REPEATED, "2027-11-07 05:30", "2027-11-07 06:30"),
    ("Europe/London", "2027-03-28 01:15", SKIPPED, "2027-03-28 01:15", "2027-03-28 00:15"),
    ("Europe/London", "2027-10-31 01:15", REPEATED, "2027-10-31 00:15", "2027-10-31 01:15"),
    ("Australia/Lord_Howe", "2027-10-03 02:15", SKIPPED, "2027-10-02 15:45", "2027-10-02 15:15"),
    ("Australia/Lord_Howe", "2027-04-04 01:45", REPEATED, "2027-04-03 14:45", "2027-04-03 15:15"),
    ("America/Santiago", "2027-09-05 00:30", SKIPPED, "2027-09-05 04:30", "2027-09-05 03:30"),
    ("America/Santiago", "2027-04-03 23:30", REPEATED, "2027-04-04 02:30", "2027-04-04 03:30"),
    ("Africa/Cairo", "2027-04-30 00:30", SKIPPED, "2027-04-29 22:30", "2027-04-29 21:30"),
    ("Asia/Beirut", "2027-03-28 00:30", SKIPPED, "2027-03-27 22:30", "2027-03-27 21:30"),
    ("Europe/Kyiv", "2027-03-28 03:30", SKIPPED, "2027-03-28 01:30", "2027-03-28 00:30"),
    ("Pacific/Chatham", "2027-09-26 02:50", SKIPPED, "2027-09-25 14:05", "2027-09-25 13:05"),
    ("Asia/Kolkata", "2027-03-28 02:30", NORMAL, "2027-03-27 21:00", None),
    ("Asia/Kathmandu", "2027-01-01 09:00", NORMAL, "2027-01-01 03:15", None),
    ("America/Phoenix", "2027-03-14 02:30", NORMAL, "2027-03-14 09:30", None),
    ("Pacific/Apia", "2011-12-30 10:00", SKIPPED, "2011-12-30 20:00", "2011-12-29 20:00"),
    ("America/Vancouver", "2027-01-15 09:00", NORMAL, "2027-01-15 16:00", None),
    ("Africa/Casablanca", "2027-02-07 02:30", NORMAL, "2027-02-07 02:30", None),
    ("America/Sao_Paulo", "2027-10-17 00:30", NORMAL, "2027-10-17 03:30", None),
    ("America/Mexico_City", "2027-04-04 02:30", NORMAL, "2027-04-04 08:30", None),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "wall", "kind", "first", "second"), TABLE)
def test_every_case_of_the_table(zone: str, wall: str, kind: str, first: str, second: str | None) -> None:
    at = datetime.fromisoformat(wall)
    for fold, expected in ((0, first), (1, second or first)):
        assert at.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) == utc(expected), "the rules themselves"
        if kind == SKIPPED:
            with pytest.raises(DomainError) as refused:
                to_instant(at, zone, fold=fold)
            assert refused.value.code == "not_on_the_clock"
        else:
            assert to_instant(at, zone, fold=fold) == utc(expected)
    assert instant(edge(zone, at.date(), at.time())) == utc(first), "hours open at the first, or after the gap"
    stood = wall_time(at, zone)
    assert (stood.start, stood.repeated) == (None if kind == SKIPPED else utc(first), kind == REPEATED)


@pytest.mark.parametrize(("zone", "wall", "kind", "first", "second"), TABLE)
def test_a_series_that_reaches_the_case(zone: str, wall: str, kind: str, first: str, second: str | None) -> None:
    at = datetime.fromisoformat(wall)
    begins = (at - timedelta(weeks=2)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = same_wall_time(begins, zone, 3)
    assert [each.wall for each in found] == [at - timedelta(weeks=2), at - timedelta(weeks=1), at]
    assert found[0].start == begins
    assert (found[2].start, found[2].repeated) == (None if kind == SKIPPED else utc(first), kind == REPEATED)


def test_twelve_weeks_keep_nine_on_the_wall_across_a_change() -> None:
    for zone, first, before, after in (
        ("America/New_York", date(2027, 1, 25), 14, 13),
        ("Europe/Berlin", date(2027, 9, 20), 7, 8),
        ("Asia/Kolkata", date(2027, 1, 25), 3, 3),
    ):
        begins = datetime.combine(first, time(9), ZoneInfo(zone)).astimezone(UTC)
        found = [each.start for each in same_wall_time(begins, zone, 12)]
        assert {each.astimezone(ZoneInfo(zone)).hour for each in found if each} == {9}
        assert (found[0].hour, found[-1].hour) == (before, after)  # type: ignore[union-attr]
        assert len(set(found)) == 12


def test_the_second_of_a_repeated_hour_stays_what_it_is() -> None:
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    found = same_wall_time(second, "Europe/Berlin", 2)
    assert (found[0].start, found[0].wall) == (second, datetime.fromisoformat("2027-10-31 02:30"))
    assert found[1].start == datetime(2027, 11, 7, 1, 30, tzinfo=UTC)
