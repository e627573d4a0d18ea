"""Which gaps of the board fit a service, and which of them fits best. Pure: the starts come from `find_slots`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookings.board.layout import SHORTEST_GAP_MIN, Lane
from clinic.core.periods import Period

USEFUL = timedelta(minutes=SHORTEST_GAP_MIN)


@dataclass(frozen=True, slots=True)
class Fit:
    """The best start (UTC) in one gap of a lane. `odd` is what it leaves that is too short for any session."""

    lane: Lane
    period: Period
    odd: timedelta
    pieces: int

    @property
    def start(self) -> datetime:
        return self.period.start

    @property
    def odd_minutes(self) -> int:
        return int(self.odd.total_seconds() // 60)

    @property
    def rank(self) -> tuple[timedelta, int, datetime]:
        """Least odd rest first, then the fewest pieces left over, then the earliest."""
        return self.odd, self.pieces, self.period.start


def fits_of(
    lane: Lane, starts: Iterable[datetime], *, length: timedelta, before: timedelta, after: timedelta
) -> list[Fit]:
    """The best start in each free stretch of `lane` that has one; `before` and `after` are the service's buffers."""
    result = []
    candidates = sorted(starts)
    for gap in lane.free:
        inside = [start for start in candidates if gap.start <= start < gap.end]
        found = [_fit(lane, gap, start, length=length, before=before, after=after) for start in inside]
        if found:
            result.append(min(found, key=lambda fit: fit.rank))
    return result


def light(fits: Iterable[Fit]) -> Fit | None:
    """Put every fit into its lane as a block and return the best of all, whose block is labelled "best"."""
    ordered = sorted(fits, key=lambda fit: fit.rank)
    for place, fit in enumerate(ordered):
        fit.lane.add("fit", fit.period, record=fit, label="" if place else "best")
    return ordered[0] if ordered else None


def _fit(lane: Lane, gap: Period, start: datetime, *, length: timedelta, before: timedelta, after: timedelta) -> Fit:
    end = start + length
    rests = [rest for rest in (start - before - gap.start, gap.end - end - after) if rest > timedelta()]
    odd = sum((rest for rest in rests if rest < USEFUL), timedelta())
    return Fit(lane, Period(start, end), odd, len(rests))
