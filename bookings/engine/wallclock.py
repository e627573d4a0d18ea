"""The wall clock of a zone and the instants it stands for. Pure: the only place where one becomes the other.

Instants are whole seconds since 1970 in UTC (`Seconds`). A local time that a clock change skips is no instant, one that
it repeats is two.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bookings.engine.ranges import Range, Seconds
from clinic.core.errors import DomainError

DAY = timedelta(days=1)


def zone_of(name: str) -> ZoneInfo:
    """The rules of the IANA zone `name`. Raises DomainError `unknown_zone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise DomainError(
            "We do not know this time zone. Pick a city near you, as in Europe/London.",
            code="unknown_zone",
            fields={"zone": "Not a time zone we know."},
        ) from None


def seconds(instant: datetime) -> Seconds:
    """An aware instant as whole seconds, rounded down."""
    return int(instant.timestamp() // 1)


@lru_cache(maxsize=8_192)
def instant(at: Seconds) -> datetime:
    """Whole seconds as an aware UTC instant."""
    return datetime.fromtimestamp(at, UTC)


def to_instant(wall: datetime, zone: str, *, fold: int = 0) -> datetime:
    """The UTC instant at which clocks in `zone` show the naive time `wall`; `fold` 1 is the second of a repeated hour.

    Raises DomainError `not_on_the_clock` for a time that a clock change skips, `unknown_zone` for a zone without rules,
    `bad_start` for a time at the very end of the calendar.
    """
    local = wall.replace(tzinfo=zone_of(zone), fold=fold)
    try:
        found = local.astimezone(UTC)
    except OverflowError:
        sentence = "That is no time of these centuries. Choose another."
        raise DomainError(sentence, code="bad_start", fields={"start": sentence}) from None
    if found.astimezone(local.tzinfo).replace(tzinfo=None, fold=0) != wall.replace(fold=0):
        raise DomainError(
            f"{wall:%H:%M} does not exist on {wall:%-d %B %Y} in {zone}: the clocks go forward. Choose another time.",
            code="not_on_the_clock",
            fields={"start": "The clocks skip this time."},
        )
    return found


@lru_cache(maxsize=50_000)
def edge(zone: str, on: date, at: time, *, closing: bool = False) -> Seconds:
    """The instant at which hours open (or, with `closing`, end) at the wall-clock time `at` of the day `on`.

    A time that occurs twice is its first occurrence. A time that is skipped moves forward by the gap for an opening, and
    is the instant of the change for a closing, so that hours inside the gap come out empty.
    """
    rules = ZoneInfo(zone)
    wall = datetime.combine(on, at)
    local = wall.replace(tzinfo=rules)
    found = int(local.timestamp())
    if not closing or datetime.fromtimestamp(found, rules).replace(tzinfo=None, fold=0) == wall:
        return found
    low, high = int(local.replace(fold=1).timestamp()), found
    after = datetime.fromtimestamp(high, rules).utcoffset()
    while low < high:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, rules).utcoffset() == after:
            high = middle
        else:
            low = middle + 1
    return high


@lru_cache(maxsize=50_000)
def day_range(zone: str, on: date, starts: time | None, ends: time | None) -> Range:
    """The instants from `starts` to `ends` of a day; no times mean the whole day, `ends` 00:00 the midnight after it."""
    opening = edge(zone, on, starts or time(0))
    closing = (
        edge(zone, on, ends, closing=True)
        if ends not in (None, time(0))
        else edge(zone, on + DAY, time(0), closing=True)
    )
    return opening, max(opening, closing)


def local_days(zone: str, low: Seconds, high: Seconds) -> Iterator[date]:
    """The local days that `low`..`high` touches, in order."""
    rules = ZoneInfo(zone)
    day = datetime.fromtimestamp(low, rules).date()
    last = datetime.fromtimestamp(high - 1, rules).date()
    while day <= last:
        yield day
        day += DAY


class WallTime(NamedTuple):
    """One of a row of weekly wall-clock times: the local time asked for, and its instant, None where the clocks skip it.

    `repeated`: the clocks show it twice that day; `start` is the first time.
    """

    wall: datetime
    start: datetime | None
    repeated: bool = False


def same_wall_time(start: datetime, zone: str, weeks: int) -> list[WallTime]:
    """The instant `start` and the same local time in `zone` in each following week, `weeks` in all.

    The wall clock is kept, so that the instants shift with a clock change. A time that is repeated is its first
    occurrence, but `start` itself stays the instant it is. Raises DomainError `unknown_zone`.
    """
    wall = start.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)
    return [
        WallTime(wall, start.astimezone(UTC)) if not week else wall_time(wall + timedelta(weeks=week), zone)
        for week in range(weeks)
    ]


def wall_time(wall: datetime, zone: str) -> WallTime:
    """The naive local time `wall` in `zone` with the instant it stands for."""
    try:
        first = to_instant(wall, zone)
    except DomainError as refused:
        if refused.code != "not_on_the_clock":
            raise
        return WallTime(wall, None)
    return WallTime(wall, first, repeated=to_instant(wall, zone, fold=1) != first)
