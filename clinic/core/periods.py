"""Half-open periods of time: the start belongs to the period, the end does not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """From `start` up to, not including, `end`; both aware instants. Back-to-back periods do not overlap.

    Raises ValueError for naive instants and for an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A period needs instants with a time zone.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end <= self.start:
            raise ValueError("A period ends after it starts.")

    @classmethod
    def lasting(cls, start: datetime, minutes: float) -> "Period":
        """`minutes` of real time from `start`, whatever the clocks do meanwhile."""
        return cls(start, start.astimezone(UTC) + timedelta(minutes=minutes))

    @property
    def minutes(self) -> float:
        return (self.end - self.start).total_seconds() / 60

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: "Period") -> bool:
        return self.start < other.end and other.start < self.end

    def widened(self, *, before: float = 0, after: float = 0) -> "Period":
        """The period with `before` and `after` minutes added at its ends."""
        return Period(self.start - timedelta(minutes=before), self.end + timedelta(minutes=after))


def merged(periods: Iterable[Period]) -> list[Period]:
    """The same instants as `periods`, sorted, in the fewest periods: touching ones become one."""
    result: list[Period] = []
    for period in sorted(periods):
        if result and period.start <= result[-1].end:
            if period.end > result[-1].end:
                result[-1] = Period(result[-1].start, period.end)
        else:
            result.append(period)
    return result


def without(periods: Iterable[Period], taken: Iterable[Period]) -> Iterator[Period]:
    """What is left of `periods` when every instant of `taken` is removed, sorted and disjoint."""
    blocks = merged(taken)
    first = 0
    for period in merged(periods):
        while first < len(blocks) and blocks[first].end <= period.start:
            first += 1
        start = period.start
        for block in blocks[first:]:
            if block.start >= period.end:
                break
            if block.start > start:
                yield Period(start, block.start)
            start = max(start, block.end)
        if start < period.end:
            yield Period(start, period.end)
