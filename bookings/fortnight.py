"""The two weeks of free times on one page: slots grouped under the reader's own dates. Pure, no database."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from bookings.zones import offset_words, same_clock

DAYS = 14
SHOWN_AT_ONCE = 8
BESIDE_FITTING = 3
"""How many of those shown of a full day do not have to suit."""


class FreeSlot(Protocol):
    """What the page needs of a slot: an instant (UTC) and whose time it is."""

    @property
    def start(self) -> datetime: ...
    @property
    def therapist_id(self) -> int: ...


AnySlot = TypeVar("AnySlot", bound=FreeSlot)


@dataclass(frozen=True, slots=True)
class Choice:
    """One start that can be picked. `own` and `clinic` are wall-clock words; `clinic` is "" when the clocks agree.

    `suits` marks one of those the runner wished for in general.
    """

    start: datetime
    own: str
    clinic: str
    therapist_ids: tuple[int, ...]
    suits: bool = False

    @property
    def value(self) -> str:
        """The instant as the form sends it, in UTC to the minute."""
        return self.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


@dataclass(slots=True)
class Day:
    """One date in the reader's zone with what is free on it."""

    on: date
    is_today: bool
    choices: list[Choice] = field(default_factory=list)
    parts: tuple[bool, bool, bool] = (False, False, False)
    at_once: int = SHOWN_AT_ONCE

    @property
    def anchor(self) -> str:
        return f"d{self.on:%m%d}"

    @property
    def shown(self) -> list[Choice]:
        """What stands on the page at once: every time, or of a full day a few: those that suit, and the first one."""
        if len(self.choices) <= self.at_once + 2:
            return self.choices
        fitting = [choice for choice in self.choices[1:] if choice.suits]
        if not fitting:
            return spread(self.choices, self.at_once)
        most = self.at_once - BESIDE_FITTING
        chosen = spread(fitting, most) if len(fitting) > most else fitting
        others = [choice for choice in self.choices[1:] if choice not in chosen]
        more = spread(others, self.at_once - 1 - len(chosen))
        return sorted([self.choices[0], *chosen, *more], key=lambda choice: choice.start)

    @property
    def has_more(self) -> bool:
        return len(self.shown) < len(self.choices)

    @property
    def rest(self) -> list[Choice]:
        """What `shown` leaves out."""
        shown = {choice.start for choice in self.shown}
        return [choice for choice in self.choices if choice.start not in shown]


def spread(choices: list[Choice], count: int) -> list[Choice]:
    """`count` (at least two) of the choices, the first included, evenly over the day; full and half hours are preferred."""
    tidy = [choice for choice in choices if choice.own[3:5] in ("00", "30")]
    rest = tidy if len(tidy) >= count else choices
    pool = [choices[0], *(choice for choice in rest if choice is not choices[0])]
    step = (len(pool) - 1) / (count - 1)
    return [pool[round(n * step)] for n in range(count)]


def clinic_words(start: datetime, *, zone: str, clinic_zone: str) -> str:
    """The clinic's clock for `start`, with its weekday where the date differs; "" when both clocks agree."""
    if same_clock(zone, clinic_zone, start):
        return ""
    own, there = start.astimezone(ZoneInfo(zone)), start.astimezone(ZoneInfo(clinic_zone))
    return f"{there:%H:%M}" if own.date() == there.date() else f"{there:%a %H:%M}"


def lay_out(
    slots: Iterable[FreeSlot],
    *,
    first: date,
    zone: str,
    clinic_zone: str,
    now: datetime,
    days: int = DAYS,
    at_once: int = SHOWN_AT_ONCE,
    suits: Callable[[datetime], bool] | None = None,
) -> list[Day]:
    """`days` dates from `first` in `zone`, each with its choices in order of time.

    Slots of several therapists at one instant are one choice. A wall-clock time that comes twice on a day
    (clocks going back) carries its offset, so that the two can be told apart. Slots outside the dates are left out.
    `suits(local)` says of a start on the reader's own clock whether they wished for it.
    """
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    people: dict[datetime, list[int]] = defaultdict(list)
    for slot in slots:
        people[slot.start].append(slot.therapist_id)
    result = [
        Day(on=on, is_today=on == today, at_once=at_once) for on in (first + timedelta(days=n) for n in range(days))
    ]
    by_date = {day.on: day for day in result}
    local = {start: start.astimezone(tz) for start in sorted(people)}
    twice = Counter((there.date(), there.hour, there.minute) for there in local.values())
    for start, there in local.items():
        day = by_date.get(there.date())
        if day is None:
            continue
        own = f"{there:%H:%M}"
        if twice[there.date(), there.hour, there.minute] > 1:
            own = f"{own} {offset_words(zone, start)}"
        day.choices.append(
            Choice(
                start=start,
                own=own,
                clinic=clinic_words(start, zone=zone, clinic_zone=clinic_zone),
                therapist_ids=tuple(people[start]),
                suits=suits is not None and suits(there),
            )
        )
    for day in result:
        hours = [local[choice.start].hour for choice in day.choices]
        day.parts = (
            any(hour < 12 for hour in hours),
            any(12 <= hour < 17 for hour in hours),
            any(hour >= 17 for hour in hours),
        )
    return result


def nearest(slots: Iterable[AnySlot], wanted: datetime, *, count: int = 6) -> list[AnySlot]:
    """The `count` slots closest to the instant `wanted`, one per start, in order of time."""
    by_start = {slot.start: slot for slot in sorted(slots, key=lambda slot: slot.start, reverse=True)}
    close = sorted(by_start.values(), key=lambda slot: (abs(slot.start - wanted), slot.start))[:count]
    return sorted(close, key=lambda slot: slot.start)


def title_of(days: Sequence[Day]) -> str:
    """The dates shown, as in "23 Nov – 6 Dec"."""
    return f"{days[0].on.day} {days[0].on:%b} – {days[-1].on.day} {days[-1].on:%b}"
