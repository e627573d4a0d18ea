"""Which weekdays and wall-clock times a series keeps, and the date and instant of each of its sessions. Pure.

A series keeps its wall time in the therapist's zone across clock changes: 17:30 stays 17:30, whatever UTC it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bookings import slots
from bookings.availability import Slot
from clinic.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Beat:
    """One session a week: the therapist's weekday (0 = Monday) and wall time, and in how many weeks it is free."""

    weekday: int
    wall: time
    free_weeks: int


class Pattern(NamedTuple):
    """Whose weeks, and the beats of each week."""

    therapist_id: int
    beats: tuple[Beat, ...]


class Target(NamedTuple):
    """One session as the pattern asks for it: `starts` are its instants (two where the clocks repeat it, none where they skip it)."""

    on: date
    wall: time
    starts: tuple[datetime, ...]


def best_pattern(
    free: Iterable[Slot],
    *,
    zones: dict[int, str],
    first: date,
    weeks: int,
    per_week: int,
    preferred: Iterable[int] = (),
) -> Pattern | None:
    """The one therapist and the `per_week` beats with the most free weeks among `free`; then those spread best over the
    week, then a therapist of `preferred`, then the earliest. None where nothing is free."""
    found: dict[int, dict[tuple[int, time], set[int]]] = defaultdict(lambda: defaultdict(set))
    for slot in free:
        local = slot.start.astimezone(ZoneInfo(zones[slot.therapist_id]))
        week = (local.date() - first).days // 7
        if 0 <= week < weeks:
            found[slot.therapist_id][local.weekday(), local.time()].add(week)
    known = set(preferred)
    candidates = [
        (total, gap, therapist_id in known, -therapist_id, Pattern(therapist_id, beats))
        for therapist_id, walls in found.items()
        for total, gap, beats in [best_week(walls, per_week)]
    ]
    return max(candidates, key=lambda each: each[:4])[-1] if candidates else None


def best_week(walls: dict[tuple[int, time], set[int]], per_week: int) -> tuple[int, int, tuple[Beat, ...]]:
    """How often it is free in all, the smallest gap in days between its sessions, and the beats."""
    beats: dict[int, Beat] = {}
    for (weekday, wall), weeks in sorted(walls.items()):
        if weekday not in beats or len(weeks) > beats[weekday].free_weeks:
            beats[weekday] = Beat(weekday, wall, len(weeks))
    chosen = combinations(sorted(beats.values(), key=lambda beat: beat.weekday), min(per_week, len(beats)))
    rated = [(sum(beat.free_weeks for beat in beats), smallest_gap(beats), beats) for beats in chosen]
    return max(rated, key=lambda each: each[:2])


def smallest_gap(beats: Sequence[Beat]) -> int:
    """Days between the two sessions that are closest, the week going round."""
    days = [beat.weekday for beat in beats]
    return min((later - day) % 7 or 7 for day, later in zip(days, [*days[1:], days[0]], strict=True))


def targets(beats: Sequence[Beat], *, zone: str, first: date, weeks: int) -> Iterator[Target]:
    """Every session of the pattern, in order; a week begins on the weekday of `first`."""
    ordered = sorted(beats, key=lambda beat: (beat.weekday - first.weekday()) % 7)
    for week in range(weeks):
        for beat in ordered:
            on = first + timedelta(days=7 * week + (beat.weekday - first.weekday()) % 7)
            yield Target(on, beat.wall, instants(datetime.combine(on, beat.wall), zone))


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """The instants (UTC) at which clocks in `zone` show `wall`: one, two, or none."""
    try:
        found = (slots.to_instant(wall, zone), slots.to_instant(wall, zone, fold=1))
    except DomainError:
        return ()
    return found[:1] if found[0] == found[1] else found


def as_text(pattern: Pattern) -> str:
    """The pattern as a form carries it: "7 0-17:30 3-17:30"."""
    return " ".join([str(pattern.therapist_id), *(f"{beat.weekday}-{beat.wall:%H:%M}" for beat in pattern.beats)])


def from_text(text: str) -> Pattern | None:
    """What `as_text` wrote; None for anything else, however it was typed."""
    therapist, *beats = text[:100].split()[:8] or [""]
    try:
        read = [each.split("-", 1) for each in beats]
        found = tuple(Beat(int(day) % 7, time.fromisoformat(wall).replace(tzinfo=None), 0) for day, wall in read)
        return Pattern(int(therapist), found) if found else None
    except ValueError:
        return None
