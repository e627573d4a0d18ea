"""Free time left in a therapist's day."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from clinic.core.periods import Period, without

SHORTEST = timedelta(minutes=15)


class Gap(NamedTuple):
    """Free from `start` to `end` (UTC)."""

    start: datetime
    end: datetime

    @property
    def words(self) -> str:
        """ "35 min free", in hours from 90 minutes on."""
        minutes = int((self.end - self.start).total_seconds() // 60)
        hours, rest = divmod(minutes, 60)
        return f"{minutes} min free" if minutes < 90 else f"{hours} h" + (f" {rest} min" if rest else "") + " free"


def gaps_left(*, work: Iterable[Period], taken: Iterable[Period], now: datetime) -> list[Gap]:
    """What is left of `work` from `now` on when `taken` (sessions with their buffers, absences) is removed; 15 minutes or more."""
    coming = [Period(max(each.start, now), each.end) for each in work if each.end > now]
    return [Gap(each.start, each.end) for each in without(coming, taken) if each.end - each.start >= SHORTEST]
