"""The staff board laid out: lanes of one day each, in rows of five minutes of the clinic's wall clock. Pure, no database."""

import calendar
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core.periods import Period, merged, without

STEP_MIN = 5
FIRST_HOUR, LAST_HOUR = 8, 19
SHORTEST_GAP_MIN = 30
LUNCH = (time(11, 30), time(14, 0))
"""A break that begins between these times of the clinic's clock is lunch."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Something booked: `period` is the session, `busy` the same with its buffers, `record` what the page shows."""

    period: Period
    busy: Period
    record: Any


@dataclass(frozen=True, slots=True)
class Absence:
    """Time off and its reason; `kind` is what it is called."""

    period: Period
    reason: str
    kind: str = "Time off"

    @property
    def words(self) -> str:
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


@dataclass(frozen=True, slots=True)
class Block:
    """Something drawn in a lane. `row` counts five-minute rows from 1 at the top, `span` is its height in rows.

    `kind` is "visit", "off" (hatched), "gap" (free, can be booked) or "fit" (a lit place in a gap, `record` a Fit).
    Visits at the same time share the lane: `column` of `columns`, counted from 1.
    """

    kind: str
    row: int
    span: int
    start: datetime
    end: datetime
    label: str = ""
    record: Any = None
    column: int = 1
    columns: int = 1

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    @property
    def left(self) -> int:
        """Rows before it, for a bar that lies on its side."""
        return self.row - 1


@dataclass(slots=True)
class Lane:
    """One day of a therapist, room or device: `head` is what stands above it, `is_open` whether they work at all.

    `free` is everything that is neither taken nor closed nor over, also what is too short to be shown as a gap.
    """

    key: Hashable
    head: Any
    on: date
    zone: str
    window: "Window"
    blocks: list[Block] = field(default_factory=list)
    free: list[Period] = field(default_factory=list)
    is_open: bool = False
    open_minutes: int = 0

    def block(self, kind: str, period: Period, **more: Any) -> Block | None:
        """`period` as a block, cut to the hours shown; None when nothing of it is shown."""
        day = day_period(self.on, self.zone)
        shown = self.shown
        start, end = max(period.start, shown.start), min(period.end, shown.end)
        if start >= end:
            return None
        top = _wall_minutes(start, day, self.zone) - self.window.first * 60
        foot = _wall_minutes(end, day, self.zone) - self.window.first * 60
        row = int(top // STEP_MIN) + 1
        span = max(1, math.ceil(foot / STEP_MIN) - row + 1)
        return Block(kind, row, span, period.start, period.end, **more)

    def add(self, kind: str, period: Period, **more: Any) -> None:
        """Put `period` into the lane if any of it is shown."""
        found = self.block(kind, period, **more)
        if found is not None:
            self.blocks.append(found)

    @property
    def shown(self) -> Period:
        """The instants of the hours the board shows on this day."""
        tz = ZoneInfo(self.zone)
        last = self.window.last
        end = day_period(self.on, self.zone).end if last == 24 else datetime.combine(self.on, time(last), tzinfo=tz)
        return Period(datetime.combine(self.on, time(self.window.first), tzinfo=tz), end)

    @property
    def visits(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "visit"]

    @property
    def fits(self) -> int:
        """How many of its gaps are lit."""
        return sum(block.kind == "fit" for block in self.blocks)

    @property
    def load_height(self) -> int:
        """How much of the working day is booked, of 40; at least 3 where anything is."""
        booked = sum(block.minutes for block in self.visits)
        return min(40, max(3, round(40 * booked / max(self.open_minutes, 1)))) if booked else 0

    @property
    def load_top(self) -> int:
        return 40 - self.load_height

    @property
    def summary(self) -> str:
        """ "6 sessions, 1 h 15 free"."""
        count = len(self.visits)
        told = f"{count} session{'' if count == 1 else 's'}" if count else "nothing booked"
        lit = f", {self.fits} fitting" if self.fits else ""
        return f"{told}, {self.free_words} free{lit}" if self.free_minutes else told + lit

    @property
    def free_minutes(self) -> int:
        return sum(block.minutes for block in self.blocks if block.kind == "gap")

    @property
    def free_words(self) -> str:
        """ "1 h 15", "45 min"."""
        hours, minutes = divmod(self.free_minutes, 60)
        return f"{hours} h {minutes:02d}" if hours else f"{minutes} min"

    @property
    def off_words(self) -> str:
        """Why a day without work is empty."""
        return next((block.label for block in self.blocks if block.kind == "off"), "")

    @property
    def columns(self) -> int:
        """Into how many columns the lane is split where sessions overlap, at most three."""
        return min(3, max((block.columns for block in self.blocks), default=1))


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of the wall clock the board shows: whole hours, `last` not included."""

    first: int = FIRST_HOUR
    last: int = LAST_HOUR

    @property
    def rows(self) -> int:
        return (self.last - self.first) * 60 // STEP_MIN

    @property
    def height(self) -> int:
        """In hours."""
        return self.last - self.first

    @property
    def hours(self) -> list[tuple[str, int]]:
        """(hour in two digits, its row)."""
        return [(f"{hour:02d}", (hour - self.first) * 60 // STEP_MIN + 1) for hour in range(self.first, self.last)]

    def row_at(self, local: datetime) -> int | None:
        """The row of a wall-clock time, counted from 1; None outside the window."""
        row = (local.hour - self.first) * 60 // STEP_MIN + local.minute // STEP_MIN + 1
        return row if 1 <= row <= self.rows else None


def day_period(on: date, zone: str) -> Period:
    """The instants of the date `on` in `zone`: 23, 24 or 25 hours."""
    tz = ZoneInfo(zone)
    return Period(datetime.combine(on, time(), tzinfo=tz), datetime.combine(on + timedelta(days=1), time(), tzinfo=tz))


def window_for(periods: Iterable[Period], *, zone: str, days: Iterable[date]) -> Window:
    """The usual hours, stretched so that every one of `periods` that falls on `days` can be seen."""
    first, last = FIRST_HOUR, LAST_HOUR
    whole = [day_period(on, zone) for on in days]
    for period in periods:
        for day in whole:
            if not period.overlaps(day):
                continue
            start, end = max(period.start, day.start), min(period.end, day.end)
            first = min(first, start.astimezone(ZoneInfo(zone)).hour)
            last = max(last, math.ceil(_wall_minutes(end, day, zone) / 60))
    return Window(first, last)


def lay_lane(
    *,
    key: Hashable,
    head: Any,
    on: date,
    zone: str,
    window: Window,
    work: Sequence[Period],
    absences: Sequence[Absence],
    visits: Sequence[Visit],
    now: datetime,
) -> Lane:
    """One lane: hatched where nobody works, what is booked, and the free gaps from `now` on.

    `work` are the open hours before time off is taken away. A gap is worth showing from half an hour: the shortest session, and large enough to hit.
    """
    tz = ZoneInfo(zone)
    day = day_period(on, zone)
    lane = Lane(key=key, head=head, on=on, zone=zone, window=window)
    shown = lane.shown
    away = [absence for absence in absences if absence.period.overlaps(shown)]
    open_hours = [period for period in merged(work) if period.overlaps(day)]
    lane.open_minutes = int(sum(each.minutes for each in without(open_hours, [absence.period for absence in away])))
    lane.is_open = lane.open_minutes > 0
    for absence in away:
        lane.add("off", absence.period, label=absence.words + _until(absence.period.end, day, tz))
    for period in without([shown], [*open_hours, *(absence.period for absence in away)]):
        lane.add("off", period, label=_off_words(period, open_hours, shown, tz))
    today = [visit for visit in visits if visit.period.overlaps(shown)]
    for visit, column, columns in _side_by_side(today):
        lane.add("visit", visit.period, record=visit.record, column=column, columns=columns)
    taken = [*(absence.period for absence in away), *(visit.busy for visit in today)]
    if now > shown.start:
        taken.append(Period(min(shown.start, day.start), now))
    for period in without(open_hours, taken):
        start = _up_to_step(period.start)
        if start >= period.end:
            continue
        lane.free.append(Period(start, period.end))
        if (period.end - start).total_seconds() >= SHORTEST_GAP_MIN * 60:
            lane.add("gap", Period(start, period.end))
    lane.blocks.sort(key=lambda found: (found.row, found.kind != "off", found.column))
    return lane


def month_of(on: date) -> list[date]:
    """Every day of the month `on` falls in."""
    first = on.replace(day=1)
    return [first + timedelta(days=n) for n in range(calendar.monthrange(on.year, on.month)[1])]


def week_of(on: date) -> list[date]:
    """Monday to Sunday of the week `on` falls in."""
    monday = on - timedelta(days=on.weekday())
    return [monday + timedelta(days=n) for n in range(7)]


def _wall_minutes(instant: datetime, day: Period, zone: str) -> float:
    """Minutes on the wall clock since midnight of `day`; 1440 for the day's end."""
    if instant >= day.end:
        return 24 * 60
    local = instant.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute + local.second / 60


def _up_to_step(instant: datetime) -> datetime:
    """The next full five minutes."""
    over = timedelta(minutes=instant.minute % STEP_MIN, seconds=instant.second, microseconds=instant.microsecond)
    return instant if not over else instant - over + timedelta(minutes=STEP_MIN)


def _until(end: datetime, day: Period, tz: ZoneInfo) -> str:
    """When an absence that goes on after today ends, as in ", until Thu 26 Nov"."""
    if end <= day.end:
        return ""
    last = (end - timedelta(seconds=1)).astimezone(tz)
    return f", until {last:%a} {last.day} {last:%b}"


def _off_words(period: Period, open_hours: Sequence[Period], shown: Period, tz: ZoneInfo) -> str:
    if not open_hours:
        return "Not working"
    if period.end <= open_hours[0].start:
        return f"From {open_hours[0].start.astimezone(tz):%H:%M}"
    if period.start >= open_hours[-1].end:
        return f"Ends {open_hours[-1].end.astimezone(tz):%H:%M}"
    if period.end >= shown.end:
        return "Off"
    return "Lunch" if LUNCH[0] <= period.start.astimezone(tz).time() < LUNCH[1] else "Break"


def _side_by_side(visits: Sequence[Visit]) -> list[tuple[Visit, int, int]]:
    """(visit, column, columns): overlapping visits share the width, the rest have it whole."""
    result: list[tuple[Visit, int, int]] = []
    cluster: list[tuple[Visit, int]] = []
    ends: list[datetime] = []
    reach: datetime | None = None

    def close() -> None:
        result.extend((visit, column, len(ends)) for visit, column in cluster)
        cluster.clear()
        ends.clear()

    for visit in sorted(visits, key=lambda visit: visit.period):
        if reach is not None and visit.period.start >= reach:
            close()
            reach = None
        column = next((n for n, end in enumerate(ends) if end <= visit.period.start), len(ends))
        if column == len(ends):
            ends.append(visit.period.end)
        else:
            ends[column] = visit.period.end
        cluster.append((visit, column + 1))
        reach = visit.period.end if reach is None else max(reach, visit.period.end)
    close()
    return result
