"""When a service fits a therapist's free time. Pure: no database, no clock.

Instants are whole seconds since 1970 in UTC (`Seconds`); ranges are half-open. Rules are wall-clock times in the
therapist's IANA zone, or in another while they travel; `bookings.engine.wallclock` makes instants of them. On change days a
skipped hour yields no start, a repeated hour yields its starts once per real instant, and a session always lasts its
real minutes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import reduce
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bookings.engine.ranges import Range, Seconds, barred_by, in_both, is_barred, joined, merged, without
from bookings.engine.wallclock import (
    WallTime,
    day_range,
    edge,
    instant,
    local_days,
    same_wall_time,
    seconds,
    to_instant,
    wall_time,
    zone_of,
)

__all__ = [
    "Away",
    "DayChange",
    "Diary",
    "Hours",
    "Others",
    "Range",
    "Refusal",
    "Rules",
    "Seconds",
    "WallTime",
    "barred_by",
    "bounds",
    "day_range",
    "days_at",
    "edge",
    "free_starts",
    "full_days",
    "instant",
    "is_barred",
    "joined",
    "local_days",
    "merged",
    "open_between",
    "open_ranges",
    "refusal",
    "same_wall_time",
    "seconds",
    "taken_elsewhere",
    "to_instant",
    "wall_time",
    "within_hours",
    "without",
    "zone_at",
    "zone_of",
    "zone_on",
]


class Refusal(StrEnum):
    """Why a start cannot be had; the value is the code programs see."""

    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OUTSIDE_HOURS = "outside_hours"
    DAY_FULL = "day_full"
    SLOT_TAKEN = "slot_taken"
    RUNNER_BUSY = "runner_busy"
    NO_ROOM = "no_room"
    NO_EQUIPMENT = "no_equipment"
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


class Away(NamedTuple):
    """Days (both included) on which the therapist's wall clock is that of another zone."""

    first: date
    last: date
    zone: str


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
    """A therapist's time: `busy` with buffers included, `off` absences, both as ranges of instants.

    `away` are travels, the one that counts first; `full` the local days, as ranges of starts, that have their most sessions.
    """

    zone: str
    hours: Sequence[Hours]
    exceptions: Sequence[DayChange] = ()
    busy: Sequence[Range] = ()
    off: Sequence[Range] = ()
    away: Sequence[Away] = ()
    full: Sequence[Range] = ()


@dataclass(frozen=True, slots=True)
class Others:
    """Starts that are barred by more than the therapist's diary, as sorted open intervals; made by `taken_elsewhere`.

    `runner`: the runner is in another session. `rooms`, `equipment`: no treatment room, no piece of it is free.
    """

    runner: Sequence[Range] = ()
    rooms: Sequence[Range] = ()
    equipment: Sequence[Range] = ()


NOTHING_ELSE = Others()
A_JOURNEY = 2 * 86_400
"""Seconds within which the local days of two zones can overlap."""
ALWAYS: Sequence[Range] = ((-(2**60), 2**60),)


def zone_on(diary: Diary, on: date) -> str:
    """The zone of the therapist's wall clock on their own day `on`."""
    return next((away.zone for away in diary.away if away.first <= on <= away.last), diary.zone)


def open_ranges(diary: Diary, on: date) -> list[Range]:
    """When the therapist works on the local day `on`: weekly hours, less what overrides close, plus what they open."""
    weekday = on.weekday()
    zone = zone_on(diary, on) if diary.away else diary.zone
    ranges = [
        day_range(zone, on, hours.starts, hours.ends)
        for hours in diary.hours
        if hours.weekday == weekday
        and hours.valid_from <= on
        and (hours.valid_until is None or on <= hours.valid_until)
    ]
    exceptions = diary.exceptions and [exception for exception in diary.exceptions if exception.on == on]
    if exceptions:
        ranges = without(ranges, (day_range(zone, on, each.starts, each.ends) for each in exceptions if each.closed))
        ranges += [day_range(zone, on, each.starts, each.ends) for each in exceptions if not each.closed]
    return merged(ranges) if len(ranges) > 1 else [each for each in ranges if each[0] < each[1]]


def open_between(diary: Diary, low: Seconds, high: Seconds) -> Iterator[Range]:
    """Open ranges of every local day that `low`..`high` touches, in order and disjoint.

    Where a journey makes two local days overlap, what both call open belongs to the range that begins first.
    """
    if not diary.away:
        for day in local_days(diary.zone, low, high):
            yield from open_ranges(diary, day)
        return
    reached = -(2**60)
    days = days_touched(diary, low - A_JOURNEY, high + A_JOURNEY)
    for opens, closes in sorted(found for day in days for found in open_ranges(diary, day)):
        if closes > reached:
            yield max(opens, reached), closes
            reached = closes


def days_touched(diary: Diary, low: Seconds, high: Seconds) -> list[date]:
    """The local days that `low`..`high` can touch in any of the diary's zones, in order."""
    return sorted({day for zone in zones_of(diary) for day in local_days(zone, low, high)})


def zones_of(diary: Diary) -> list[str]:
    """The zones the therapist's clock may show, those of travels first."""
    return list(dict.fromkeys([*(away.zone for away in diary.away), diary.zone]))


def zone_at(diary: Diary, at: Seconds) -> str:
    """The zone of the therapist's wall clock at the instant `at`: where they work then, or else where their day says."""
    if not diary.away:
        return diary.zone
    found = days_at(diary, at)
    for zone, day in found:
        if any(opens <= at < closes for opens, closes in open_ranges(diary, day)):
            return zone
    return found[0][0] if found else diary.zone


def days_at(diary: Diary, at: Seconds) -> list[tuple[str, date]]:
    """(zone, local day) that the instant belongs to: one as a rule; none or two for some hours around a journey."""
    shown = ((zone, datetime.fromtimestamp(at, ZoneInfo(zone)).date()) for zone in zones_of(diary))
    return [(zone, day) for zone, day in shown if zone_on(diary, day) == zone]


def full_days(diary: Diary, starts: Iterable[Seconds], most: int) -> list[Range]:
    """The local days, as ranges of starts, on which `most` or more of the sessions that begin at `starts` lie."""
    counted = Counter(each for start in starts for each in days_at(diary, start))
    return [day_range(zone, day, None, None) for (zone, day), count in counted.items() if count >= most]


def taken_elsewhere(
    rules: Rules,
    *,
    runner: Iterable[Range] = (),
    rooms: Sequence[Iterable[Range]] | None = None,
    equipment: Sequence[Iterable[Range]] | None = None,
) -> Others:
    """What the runner's sessions (without buffers), full rooms and taken equipment (busy with buffers) bar.

    No rooms: none are counted. `equipment` None: none is needed; no piece of it: the service can never be had.
    """
    pieces = ALWAYS if equipment is not None and not equipment else barred_in_all(rules, equipment or ())
    return Others(barred_by(runner, length=rules.length), barred_in_all(rules, rooms or ()), pieces)


def barred_in_all(rules: Rules, resources: Sequence[Iterable[Range]]) -> Sequence[Range]:
    """Starts at which every one of `resources` is taken, as sorted open intervals."""
    barred_in = [barred_by(each, length=rules.length, before=rules.before, after=rules.after) for each in resources]
    return reduce(in_both, barred_in) if barred_in else []


def bounds(rules: Rules, low: Seconds, high: Seconds, now: Seconds) -> Range:
    """`low`..`high` narrowed to what notice and horizon allow at `now`; the end is exclusive."""
    return max(low, now + rules.notice), min(high, now + rules.horizon + 1)


def free_starts(
    diary: Diary, rules: Rules, low: Seconds, high: Seconds, *, now: Seconds, others: Others = NOTHING_ELSE
) -> Iterator[Seconds]:
    """Every start in `low`..`high` at which the service can be booked at `now`, in order.

    This one function decides for the list, the hold, the booking, the move and the staff board.
    """
    low, high = bounds(rules, low, high, now)
    if low >= high or not (diary.hours or diary.exceptions):
        return
    barred: list[Range] | None = None
    place, count, length, step = 0, 0, rules.length, rules.step
    for opens, closes in open_between(diary, low, high):
        last = min(closes - length, high - 1)
        start = opens if opens >= low else opens - (opens - low) // step * step
        if start > last:
            continue
        if barred is None:
            barred = barred_starts(diary, rules, others)
            count = len(barred)
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
    if not (diary.off or diary.full or others.runner or others.rooms or others.equipment):
        return busy
    off = barred_by(diary.off, length=rules.length)
    return joined(busy, off, full_starts(diary), others.runner, others.rooms, others.equipment)


def full_starts(diary: Diary) -> list[Range]:
    """The starts of full days as open intervals."""
    return [(low - 1, high) for low, high in merged(diary.full)]


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

    `beyond_rules` is the staff's override: notice, horizon, hours, a full day and the grid of starts no longer count;
    what is taken and what is past always do. `agreed`: a session begins then already and only its length changes, so
    that hours and what is taken alone count.
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
    for barred, reason in (
        (others.runner, Refusal.RUNNER_BUSY),
        (others.rooms, Refusal.NO_ROOM),
        (others.equipment, Refusal.NO_EQUIPMENT),
    ):
        if is_barred(barred, start):
            return reason
    if beyond_rules or agreed:
        return None
    return Refusal.DAY_FULL if is_barred(full_starts(diary), start) else Refusal.NOT_A_START


def within_hours(diary: Diary, rules: Rules, start: Seconds) -> bool:
    """Whether a session from `start` lies inside the therapist's hours and outside their time off."""
    if is_barred(barred_by(diary.off, length=rules.length), start):
        return False
    return any(
        opens <= start and start + rules.length <= closes for opens, closes in open_between(diary, start, start + 1)
    )
