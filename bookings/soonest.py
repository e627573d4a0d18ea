"""The nearest free time with anyone, found without reading everybody's diary: over a thousand therapists too."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bookings import slots
from bookings.availability import Slot, slot_at
from bookings.engine.diaries import diary_of, open_search, open_timetables, read_diaries
from bookings.engine.reading import Search
from bookings.models import Service
from clinic.people.models import RunnerProfile

A_DAY, FIRST_HOURS = 86_400, 3 * 3600
FEW = 50
"""Of so many therapists one is free almost always, however full the clinic is."""
ANYWHERE = timedelta(hours=18)
"""No local day anywhere is further from the day of UTC, the first hours included."""


def first_with_anyone(
    *, service: Service, zone: str, runner: RunnerProfile | None = None, now: datetime
) -> Slot | None:
    """The nearest free start with any listed therapist, or None; of several at that instant the lowest key.

    It asks when anybody works in the next day, or else in the two days after it, then a few of those who could be first, and
    the others only about the time before what these have. Where that finds nothing it asks everybody about everything. At
    most six queries, three as a rule.
    """
    slots.zone_of(zone)
    search = open_search(service, None, runner=runner, now=now)
    low, limit = slots.bounds(search.rules, 0, slots.seconds(now) + search.rules.horizon + 1, slots.seconds(now))
    for since, until in ((low, low + A_DAY), (low + A_DAY, low + 3 * A_DAY)):
        opening, first = first_open(search, since, min(until, limit))
        if first:
            found = soonest(search, opening, first, zone)
            if found is not None:
                return found
            break
    search.timetables = {}
    return earliest(search, low, limit, zone)


def first_open(search: Search, low: slots.Seconds, high: slots.Seconds) -> tuple[slots.Seconds, list[int]]:
    """The first start in `low`..`high` that lies in anybody's hours, whatever is taken, and whose hours; in order of keys."""
    if low >= high:
        return low, []
    open_timetables(search, slots.instant(low) - ANYWHERE, slots.instant(high) + ANYWHERE)
    now, best = slots.seconds(search.now), high - 1
    whose: list[int] = []
    for each, table in sorted(search.timetables.items()):
        diary = diary_of(search.zones[each], table)
        start = next(slots.free_starts(diary, search.rules, low, best + 1, now=now), None)
        if start is not None:
            if start < best:
                whose.clear()
            best = start
            whose.append(each)
    return best, whose


def soonest(search: Search, opening: slots.Seconds, first: Sequence[int], zone: str) -> Slot | None:
    """The first free start from `opening` on, before which nobody works and at which those of `first` do.

    None where a few of those have nothing within the first hours.
    """
    few = first[:FEW]
    found = earliest(search, opening, opening + FIRST_HOURS, zone, few)
    if found is None or slots.seconds(found.start) == opening:
        return found
    others = [each for each in search.zones if each not in set(few)]
    before = earliest(search, opening, slots.seconds(found.start) + 1, zone, others)
    return min((each for each in (before, found) if each is not None), key=lambda each: (each.start, each.therapist_id))


def earliest(
    search: Search, low: slots.Seconds, high: slots.Seconds, zone: str, therapist_ids: Sequence[int] | None = None
) -> Slot | None:
    """The first free start in `low`..`high` with any therapist of the search, or of `therapist_ids`."""
    asked = list(search.zones) if therapist_ids is None else therapist_ids
    if not asked:
        return None
    diaries, others, _ = read_diaries(search, asked, low, high)
    now, best, whose = slots.seconds(search.now), high, None
    for therapist_id, diary in sorted(diaries.items()):
        start = next(slots.free_starts(diary, search.rules, low, best, now=now, others=others), None)
        if start is not None:
            best, whose = start, therapist_id
    return None if whose is None else slot_at(search, best, whose, zone)
