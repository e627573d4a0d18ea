"""When a service fits a therapist's free time. Pure: no database, no clock; the only place where wall-clock hours become instants.

Instants are whole seconds since 1970 in UTC (`Seconds`); ranges are half-open. Rules are wall-clock times in the
therapist's IANA zone. On change days a skipped hour yields no start, a repeated hour yields its starts once per real
instant, and a session always lasts its real minutes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache, reduce
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinic.core.errors import DomainError

Seconds = int
Range = tuple[Seconds, Seconds]
DAY = timedelta(days=1)


class Refusal(StrEnum):
    """Why a start cannot be had; the value is the code programs see."""

    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OUTSIDE_HOURS = "outside_hours"
    SLOT_TAKEN = "slot_taken"
    RUNNER_BUSY = "runner_busy"
    NO_ROOM = "no_room"
    NOT_A_START = "not_a_start"


class Hours(NamedTuple):
    """One weekly range: weekday 0 = Monday; `ends` 00:00 is midnight after; valid days inclusive, `valid_until` may be None."""

    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_until: date | None


class DayChange(NamedTuple):
    """An override of one day: opens or closes `starts`..`ends`; without times the whole day."""

    on: date
    starts: time | None
    ends: time | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What a service asks for, all in seconds."""

    length: int
    before: int
    after: int
    step: int
    notice: int
    horizon: int


@dataclass(frozen=True, slots=True)
class Diary:
    """A therapist's time: `busy` with buffers included, `off` absences, both as ranges of instants."""

    zone: str
    hours: Sequence[Hours]
    exceptions: Sequence[DayChange] = ()
    busy: Sequence[Range] = ()
    off: Sequence[Range] = ()


@dataclass(frozen=True, slots=True)
class Others:
    """Starts that are barred by more than the therapist's diary, as sorted open intervals; made by `taken_elsewhere`.

    `runner`: the runner is in another session. `rooms`: no treatment room is free.
    """

    runner: Sequence[Range] = ()
    rooms: Sequence[Range] = ()


NOTHING_ELSE = Others()


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


def day_range(zone: str, on: date, starts: time | None, ends: time | None) -> Range:
    """The instants from `starts` to `ends` of a day; no times mean the whole day, `ends` 00:00 the midnight after it."""
    opening = edge(zone, on, starts or time(0))
    closing = (
        edge(zone, on, ends, closing=True)
        if ends not in (None, time(0))
        else edge(zone, on + DAY, time(0), closing=True)
    )
    return opening, max(opening, closing)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same instants in the fewest sorted ranges; touching ranges become one, empty ones vanish."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if high <= low:
            continue
        if result and low <= result[-1][1]:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """What is left of `ranges` when the instants of `taken` are removed."""
    left = merged(ranges)
    for low, high in merged(taken):
        left = [
            part
            for start, end in left
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
    return left


def open_ranges(diary: Diary, on: date) -> list[Range]:
    """When the therapist works on the local day `on`: weekly hours, less what overrides close, plus what they open."""
    weekday = on.weekday()
    zone = diary.zone
    ranges = [
        day_range(zone, on, hours.starts, hours.ends)
        for hours in diary.hours
        if hours.weekday == weekday
        and hours.valid_from <= on
        and (hours.valid_until is None or on <= hours.valid_until)
    ]
    exceptions = [exception for exception in diary.exceptions if exception.on == on]
    if exceptions:
        ranges = without(ranges, (day_range(zone, on, each.starts, each.ends) for each in exceptions if each.closed))
        ranges += [day_range(zone, on, each.starts, each.ends) for each in exceptions if not each.closed]
    return merged(ranges) if len(ranges) > 1 else [each for each in ranges if each[0] < each[1]]


def barred_by(busy: Iterable[Range], *, length: int, before: int = 0, after: int = 0) -> list[Range]:
    """Starts that would run into `busy`, as OPEN intervals: a start equal to either end is fine."""
    result: list[Range] = []
    for low, high in sorted((start - length - after, end + before) for start, end in busy):
        if result and low < result[-1][1]:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def in_both(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    """What two sorted, disjoint lists of open intervals have in common."""
    result: list[Range] = []
    place = 0
    for low, high in one:
        while place < len(other) and other[place][1] <= low:
            place += 1
        for start, end in other[place:]:
            if start >= high:
                break
            result.append((max(low, start), min(high, end)))
    return result


def taken_elsewhere(
    rules: Rules, *, runner: Iterable[Range] = (), rooms: Sequence[Iterable[Range]] | None = None
) -> Others:
    """What the runner's sessions (without buffers) and full rooms (busy with buffers) bar; no rooms, none needed."""
    barred_in = [barred_by(room, length=rules.length, before=rules.before, after=rules.after) for room in rooms or ()]
    full = reduce(in_both, barred_in) if barred_in else []
    return Others(barred_by(runner, length=rules.length), full)


def joined(*barred: Sequence[Range]) -> list[Range]:
    """Several lists of open intervals as one sorted, disjoint list."""
    return barred_by([each for part in barred for each in part], length=0)


def bounds(rules: Rules, low: Seconds, high: Seconds, now: Seconds) -> Range:
    """`low`..`high` narrowed to what notice and horizon allow at `now`; the end is exclusive."""
    return max(low, now + rules.notice), min(high, now + rules.horizon + 1)


def local_days(zone: str, low: Seconds, high: Seconds) -> Iterator[date]:
    """The local days that `low`..`high` touches, in order."""
    rules = ZoneInfo(zone)
    day = datetime.fromtimestamp(low, rules).date()
    last = datetime.fromtimestamp(high - 1, rules).date()
    while day <= last:
        yield day
        day += DAY


def free_starts(
    diary: Diary, rules: Rules, low: Seconds, high: Seconds, *, now: Seconds, others: Others = NOTHING_ELSE
) -> Iterator[Seconds]:
    """Every start in `low`..`high` at which the service can be booked at `now`, in order.

    This one function decides for the list, the hold, the booking, the move and the staff board.
    """
    low, high = bounds(rules, low, high, now)
    if low >= high or not (diary.hours or diary.exceptions):
        return
    barred = barred_starts(diary, rules, others)
    place, count = 0, len(barred)
    length, step = rules.length, rules.step
    for day in local_days(diary.zone, low, high):
        for opens, closes in open_ranges(diary, day):
            last = min(closes - length, high - 1)
            start = opens if opens >= low else opens - (opens - low) // step * step
            while start <= last:
                while place < count and barred[place][1] <= start:
                    place += 1
                if place < count and barred[place][0] < start:
                    start += -(-(barred[place][1] - start) // step) * step
                else:
                    yield start
                    start += step


def barred_starts(diary: Diary, rules: Rules, others: Others) -> list[Range]:
    """Open intervals of starts that something already taken forbids."""
    busy = barred_by(diary.busy, length=rules.length, before=rules.before, after=rules.after)
    if not (diary.off or others.runner or others.rooms):
        return busy
    return joined(busy, barred_by(diary.off, length=rules.length), others.runner, others.rooms)


def is_barred(barred: Sequence[Range], start: Seconds) -> bool:
    """Whether `start` lies strictly inside one of the sorted open intervals."""
    place = bisect_left(barred, start, key=lambda each: each[0]) - 1
    return place >= 0 and start < barred[place][1]


def refusal(
    diary: Diary,
    rules: Rules,
    start: Seconds,
    now: Seconds,
    others: Others = NOTHING_ELSE,
    *,
    beyond_rules: bool = False,
    agreed: bool = False,
) -> Refusal | None:
    """None when `start` can be booked at `now` (exactly when `free_starts` lists it), else why not.

    `beyond_rules` is the staff's override: notice, horizon, hours and the grid of starts no longer count; what is taken
    and what is past always do. `agreed`: a session begins then already and only its length changes, so that hours and
    what is taken alone count.
    """
    if agreed:
        if not beyond_rules and not within_hours(diary, rules, start):
            return Refusal.OUTSIDE_HOURS
    elif start < now:
        return Refusal.IN_THE_PAST
    elif not beyond_rules:
        if next(free_starts(diary, rules, start, start + 1, now=now, others=others), None) == start:
            return None
        if start < now + rules.notice:
            return Refusal.TOO_SOON
        if start > now + rules.horizon:
            return Refusal.TOO_FAR
        if not within_hours(diary, rules, start):
            return Refusal.OUTSIDE_HOURS
    if is_barred(barred_by(diary.busy, length=rules.length, before=rules.before, after=rules.after), start):
        return Refusal.SLOT_TAKEN
    if is_barred(others.runner, start):
        return Refusal.RUNNER_BUSY
    if is_barred(others.rooms, start):
        return Refusal.NO_ROOM
    return None if beyond_rules or agreed else Refusal.NOT_A_START


def within_hours(diary: Diary, rules: Rules, start: Seconds) -> bool:
    """Whether a session from `start` lies inside the therapist's hours and outside their time off."""
    if is_barred(barred_by(diary.off, length=rules.length), start):
        return False
    day = next(local_days(diary.zone, start, start + 1))
    return any(opens <= start and start + rules.length <= closes for opens, closes in open_ranges(diary, day))
