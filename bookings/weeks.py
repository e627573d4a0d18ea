"""The weeks a therapist works, one after the other: each from a day to a day, for good or for a time. Pure.

A week for a time stands in for the usual one, which comes back after it. Days are the therapist's own.
"""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import NamedTuple, Protocol

from bookings.models import HoursPlace
from clinic.core.wording import DAYS

DAY = timedelta(days=1)
PLACE_WORDS: dict[str, str] = {HoursPlace.ONLINE: "online", HoursPlace.CLINIC: "in the clinic"}


class HoursRange(NamedTuple):
    """One range of the week in the therapist's wall clock; weekday 0 = Monday, `ends` 00:00 is midnight."""

    weekday: int
    starts: time
    ends: time
    place: str = HoursPlace.EITHER


class Row(Protocol):
    """A range with the days it is valid on, as `WeeklyHours` keeps it."""

    weekday: int
    starts: time
    ends: time
    place: str
    valid_from: date
    valid_until: date | None
    temporary: bool


class Stretch(NamedTuple):
    """Days on which one week holds, both included; `last` None is for good. No ranges: no work."""

    first: date
    last: date | None
    ranges: tuple[HoursRange, ...]
    temporary: bool = False

    def holds(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)

    def cut(self, first: date, last: date | None) -> "Stretch | None":
        """What of it lies between two days; None for nothing."""
        low = max(self.first, first)
        high = last if self.last is None else self.last if last is None else min(self.last, last)
        return None if high is not None and high < low else self._replace(first=low, last=high)


def stretches(rows: Iterable[Row], since: date) -> list[Stretch]:
    """All weeks in order without a gap, from `since` or the first row to the end of days."""
    rows = list(rows)
    edges = {since, *(row.valid_from for row in rows)}
    edges |= {row.valid_until + DAY for row in rows if row.valid_until is not None}
    firsts = sorted(edges)
    result = []
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        held = [
            row for row in rows if row.valid_from <= first and (row.valid_until is None or first <= row.valid_until)
        ]
        ranges = tuple(sorted(HoursRange(row.weekday, row.starts, row.ends, row.place) for row in held))
        last = None if following is None else following - DAY
        result.append(Stretch(first, last, ranges, any(row.temporary for row in held)))
    return joined(result)


def joined(plan: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours with the same week as one stretch."""
    result: list[Stretch] = []
    for each in sorted(plan):
        if result and (result[-1].ranges, result[-1].temporary) == (each.ranges, each.temporary):
            result[-1] = result[-1]._replace(last=each.last)
        else:
            result.append(each)
    return result


def with_stretch(plan: Sequence[Stretch], new: Stretch) -> list[Stretch]:
    """The plan with `new` over whatever stood on its days; what stood before and after it stays."""
    kept = [each.cut(date.min, new.first - DAY) for each in plan]
    if new.last is not None:
        kept += [each.cut(new.last + DAY, None) for each in plan]
    return joined([*(each for each in kept if each is not None), new])


def with_usual(plan: Sequence[Stretch], ranges: tuple[HoursRange, ...], first: date) -> list[Stretch]:
    """The plan with another usual week from the day `first` on, for good; weeks for a time stay where they are."""
    result: list[Stretch | None] = []
    for each in plan:
        if each.temporary:
            result.append(each)
            continue
        after = each.cut(first, None)
        result += [each.cut(date.min, first - DAY), after and after._replace(ranges=ranges)]
    return joined(each for each in result if each is not None)


def without(plan: Sequence[Stretch], first: date, today: date) -> list[Stretch]:
    """The plan without the stretch that begins on `first`, from `today` on: the usual week before it runs on."""
    place = next(number for number, each in enumerate(plan) if each.first == first)
    gone = plan[place]
    before = usual_before(plan, first)
    ranges = before.ranges if before is not None else ()
    return with_stretch(plan, Stretch(max(first, today), gone.last, ranges))


def usual_before(plan: Sequence[Stretch], first: date) -> Stretch | None:
    """The usual week that came before the day `first`; None where there was none."""
    return next((each for each in reversed(plan) if each.first < first and not each.temporary), None)


def usual_at(plan: Sequence[Stretch], on: date) -> Stretch:
    """The usual week of the day `on`, or the one a week for a time stands in for."""
    held = next(each for each in plan if each.holds(on))
    if not held.temporary:
        return held
    after = next(each for each in plan if each.first > on and not each.temporary)
    return usual_before(plan, on) or after


def week_words(ranges: Iterable[HoursRange]) -> str:
    """ "Mon to Thu 08:00–13:00, 14:00–18:30; Sat 09:00–12:00 online"; "no hours"."""
    days: list[tuple[int, int, str]] = []
    by_day: dict[int, list[HoursRange]] = {}
    for each in sorted(ranges):
        by_day.setdefault(each.weekday, []).append(each)
    for weekday, found in by_day.items():
        words = ", ".join(range_words(each.starts, each.ends, each.place) for each in found)
        if days and days[-1][1:] == (weekday - 1, words):
            days[-1] = (days[-1][0], weekday, words)
        else:
            days.append((weekday, weekday, words))
    return "; ".join(f"{span_words(first, last)} {words}" for first, last, words in days) or "no hours"


def span_words(first: int, last: int) -> str:
    names = [DAYS[first][:3], DAYS[last][:3]]
    return names[0] if first == last else (", " if last == first + 1 else " to ").join(names)


def range_words(starts: time, ends: time, place: str = HoursPlace.EITHER) -> str:
    """ "09:00–12:00", with the place where it is only one."""
    where = PLACE_WORDS.get(place, "")
    return f"{starts:%H:%M}–{ends:%H:%M}" + (where and f" {where}")
