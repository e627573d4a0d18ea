"""Sums with ranges of time: half-open ranges of instants, and the open intervals of starts they forbid. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Seconds = int
Range = tuple[Seconds, Seconds]


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


def joined(*barred: Sequence[Range]) -> list[Range]:
    """Several lists of open intervals as one sorted, disjoint list."""
    return barred_by([each for part in barred for each in part], length=0)


def is_barred(barred: Sequence[Range], start: Seconds) -> bool:
    """Whether `start` lies strictly inside one of the sorted open intervals."""
    place = bisect_left(barred, start, key=lambda each: each[0]) - 1
    return place >= 0 and start < barred[place][1]
