"""Questions about free times: every start of a range, the next of each therapist, and the one decision about a start.

Whatever the number of therapists, days and appointments, a search is three queries, and one more for the therapists who
are free only after the range (`bookings.engine.diaries` asks them). The decision about one start is one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from bookings import slots
from bookings.engine.diaries import (
    REACH,
    new_search,
    offering,
    open_search,
    own_zone,
    read_around,
    read_diaries,
    read_diaries_of_each,
)
from bookings.engine.reading import Search, is_taken
from bookings.models import Appointment, Service
from bookings.slots import Diary, Others, Refusal, Rules
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, TherapistProfile

__all__ = [
    "Found",
    "Slot",
    "decide",
    "find_slots",
    "next_slots",
    "offering",
    "search_slots",
]

FORTNIGHT = timedelta(days=14)


class Slot(NamedTuple):
    """A start at which a service can be booked; instants are UTC, `zone` is the one it was asked for in."""

    therapist_id: int
    service_id: int
    start: datetime
    end: datetime
    zone: str


class Found(NamedTuple):
    """Free times of a range, and each therapist's first one from now on, also beyond the range."""

    slots: list[Slot]
    next: dict[int, Slot]


class Verdict(NamedTuple):
    """A start that can be booked: the zone of the therapist's clock then, the room and the piece of equipment it takes.

    None where it needs none, as a room online. `holds` bar it no more but stand in its place: end them before it is written.
    """

    zone: str
    room_id: int | None
    equipment_id: int | None
    holds: list[UUID]


def find_slots(
    *,
    service: Service,
    therapists: Sequence[TherapistProfile] | None = None,
    first: date,
    last: date,
    zone: str,
    runner: RunnerProfile | None = None,
    now: datetime,
    moving: Appointment | None = None,
    length: timedelta | None = None,
) -> list[Slot]:
    """Every free start from the day `first` to the day `last` (both included, days of `zone`), nearest first.

    `therapists` None means every listed one who offers the service. With `runner` their own sessions count as busy and
    their own hold does not. `moving` is left out of what is busy and keeps its length; `length` asks for another than the
    service's. Raises DomainError `unknown_zone`.
    """
    low, high = day_bounds(first, last, zone, now, service)
    search = open_search(service, therapists, runner=runner, now=now, moving=moving, length=length)
    return in_range(search, low, high, zone)


def search_slots(
    *,
    service: Service,
    therapists: Sequence[TherapistProfile] | None = None,
    first: date,
    last: date,
    zone: str,
    runner: RunnerProfile | None = None,
    now: datetime,
    moving: Appointment | None = None,
    offered_by: Mapping[int, str] | None = None,
) -> Found:
    """As `find_slots`, with each therapist's next free start from `now` on, within the service's horizon.

    `offered_by`: the zones of the therapists in question, where the caller has just read that they offer the service.
    """
    low, high = day_bounds(first, last, zone, now, service)
    search = (
        open_search(service, therapists, runner=runner, now=now, moving=moving)
        if offered_by is None
        else new_search(service, offered_by, runner=runner, now=now, moving=moving)
    )
    found = in_range(search, low, high, zone)
    upcoming: dict[int, Slot] = {}
    if low <= slots.seconds(now) + search.rules.notice:
        for slot in found:
            upcoming.setdefault(slot.therapist_id, slot)
        start_at = max(high, slots.seconds(now))
    else:
        start_at = slots.seconds(now)
    upcoming |= first_each(search, [each for each in search.zones if each not in upcoming], start_at, None, zone)
    return Found(found, upcoming)


def next_slots(
    *,
    service: Service,
    therapists: Sequence[TherapistProfile] | None = None,
    zone: str,
    runner: RunnerProfile | None = None,
    now: datetime,
) -> dict[int, Slot]:
    """The first free start of each therapist (by primary key) within the service's horizon; who has none is missing.

    Asks for the coming fortnight first and for the rest only of those who are full. Raises DomainError `unknown_zone`.
    """
    slots.zone_of(zone)
    search = open_search(service, therapists, runner=runner, now=now)
    start = slots.seconds(now)
    middle = start + int(FORTNIGHT.total_seconds())
    found = first_each(search, list(search.zones), start, middle, zone)
    return found | first_each(search, [each for each in search.zones if each not in found], middle, None, zone)


def decide(
    *,
    service: Service,
    therapist: TherapistProfile,
    runner: RunnerProfile | None,
    start: datetime,
    now: datetime,
    moving: Appointment | None = None,
    beyond_rules: bool = False,
    offered_by: Mapping[int, str] | None = None,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> Verdict:
    """Whether the service can be booked at `start`: true exactly when `find_slots` lists it at `now`.

    What is `moving` is no obstacle and keeps its length; at its own start with its own therapist only hours and what is
    taken count, so that `length` can change. `beyond_rules` passes notice, horizon and hours (staff, with a reason).
    `offered_by`: the zones of the therapists who offer the service, where the caller has just read them under the lock.
    Raises DomainError with the rule that refuses; Conflict `slot_taken` or `runner_busy` for what is taken.
    """
    search = (
        open_search(service, [therapist], runner=runner, now=now, moving=moving, length=length, keeps_holds=keeps_holds)
        if offered_by is None
        else new_search(
            service,
            {**own_zone(moving), **offered_by},
            runner=runner,
            now=now,
            moving=moving,
            length=length,
            keeps_holds=keeps_holds,
        )
    )
    if therapist.pk not in search.zones:
        raise DomainError(
            f"{therapist} does not offer this session. Choose another therapist, or another session.",
            code="not_offered",
            fields={"therapist": "Does not offer this session."},
        )
    at = slots.seconds(start)
    around = read_around(search, [therapist.pk], at, with_holds=True)
    diary, taken = around.diaries[therapist.pk], around.taken
    agreed = moving is not None and moving.start == start and moving.therapist_id == therapist.pk
    refused = slots.refusal(
        diary,
        search.rules,
        at,
        slots.seconds(now),
        around.others,
        beyond_rules=beyond_rules,
        agreed=agreed,
    )
    if refused is not None:
        raise explained(refused, service)
    return Verdict(
        slots.zone_at(diary, at),
        first_free(search.rules, taken.rooms, at),
        first_free(search.rules, taken.equipment, at),
        around.holds,
    )


def free_at(*, service: Service, runner: RunnerProfile | None, start: datetime, now: datetime) -> list[int]:
    """Primary keys of the listed therapists who are free for the service at `start`."""
    search = open_search(service, None, runner=runner, now=now)
    at = slots.seconds(start)
    around = read_around(search, list(search.zones), at)
    return [
        therapist_id
        for therapist_id, diary in around.diaries.items()
        if slots.refusal(diary, search.rules, at, slots.seconds(now), around.others) is None
    ]


def explained(refused: Refusal, service: Service) -> DomainError:
    """The refusal as an error with a sentence that says what to do next."""
    code = str(refused)
    match refused:
        case Refusal.SLOT_TAKEN | Refusal.NO_ROOM | Refusal.NO_EQUIPMENT:
            return Conflict("That time has just gone. Here are the nearest free ones.", code=str(Refusal.SLOT_TAKEN))
        case Refusal.RUNNER_BUSY:
            return Conflict(
                "There is already a session at that time. Choose another time, or move the other session.", code=code
            )
        case Refusal.IN_THE_PAST:
            sentence = "That time is over. Choose one that is still to come."
        case Refusal.TOO_SOON:
            sentence = f"This session is booked at least {spoken(service.min_notice_min)} ahead. Choose a later time, or call us."
        case Refusal.TOO_FAR:
            sentence = f"This session is booked at most {service.horizon_days} days ahead. Choose an earlier time."
        case Refusal.OUTSIDE_HOURS:
            sentence = "The therapist does not work at that time. Choose one of the times shown."
        case Refusal.DAY_FULL:
            sentence = "The therapist has as many of these sessions that day as they can take. Choose another day."
        case Refusal.NOT_A_START:
            sentence = "Sessions do not start at that minute. Choose one of the times shown."
    return DomainError(sentence, code=code, fields={"start": sentence})


def spoken(minutes: int) -> str:
    """A length of time in words: "90 minutes", "2 hours", "3 days"."""
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"{count} {word}" + ("" if count == 1 else "s")
    return f"{minutes} minutes"


def day_bounds(first: date, last: date, zone: str, now: datetime, service: Service) -> slots.Range:
    """The days `first` to `last` of `zone` as instants, cut to the days that can matter (dates far off are safe)."""
    slots.zone_of(zone)
    first = max(first, now.date() - REACH)
    last = min(last, now.date() + timedelta(days=service.horizon_days) + REACH)
    if last < first:
        return slots.seconds(now), slots.seconds(now)
    return slots.day_range(zone, first, None, None)[0], slots.day_range(zone, last, None, None)[1]


def in_range(search: Search, low: slots.Seconds, high: slots.Seconds, zone: str) -> list[Slot]:
    """All free starts of the search in `low`..`high`, sorted by start."""
    now = slots.seconds(search.now)
    low, high = slots.bounds(search.rules, low, high, now)
    if low >= high or not search.zones:
        return []
    diaries, others, _ = read_diaries(search, list(search.zones), low, high)
    return listed(search, diaries, others, (low, high), zone)


def find_each(searches: Sequence[Search], low: datetime, high: datetime, zone: str) -> list[list[Slot]]:
    """Every free start of each search from `low` to `high` (its end exclusive), nearest first; one query for all of them."""
    since, until = slots.seconds(low), slots.seconds(high)
    read = read_diaries_of_each(searches, since, until)
    return [listed(search, *found, (since, until), zone) for search, found in zip(searches, read, strict=True)]


def listed(search: Search, diaries: Mapping[int, Diary], others: Others, within: slots.Range, zone: str) -> list[Slot]:
    """The free starts that diaries and the rest leave `within` a range, sorted by start."""
    now = slots.seconds(search.now)
    starts = [
        (start, therapist_id)
        for therapist_id, diary in diaries.items()
        for start in slots.free_starts(diary, search.rules, *within, now=now, others=others)
    ]
    starts.sort()
    return [slot_at(search, start, therapist_id, zone) for start, therapist_id in starts]


def first_each(
    search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds | None, zone: str
) -> dict[int, Slot]:
    """The first free start of each of `therapist_ids` from `low` on, up to `high` or the service's horizon."""
    now = slots.seconds(search.now)
    low, high = slots.bounds(search.rules, low, now + search.rules.horizon + 1 if high is None else high, now)
    if low >= high or not therapist_ids:
        return {}
    diaries, others, _ = read_diaries(search, therapist_ids, low, high)
    result = {}
    for therapist_id, diary in diaries.items():
        start = next(slots.free_starts(diary, search.rules, low, high, now=now, others=others), None)
        if start is not None:
            result[therapist_id] = slot_at(search, start, therapist_id, zone)
    return result


def slot_at(search: Search, start: slots.Seconds, therapist_id: int, zone: str) -> Slot:
    return Slot(therapist_id, search.service.pk, slots.instant(start), slots.instant(start + search.rules.length), zone)


def first_free(rules: Rules, resources: Mapping[int, Sequence[slots.Range]], start: slots.Seconds) -> int | None:
    """The first room, or piece of equipment, that is free for a session from `start`; None where none is needed."""
    for key, taken in sorted(resources.items()):
        if not slots.is_barred(
            slots.barred_by(taken, length=rules.length, before=rules.before, after=rules.after), start
        ):
            return key
    return None


def is_plainly_taken(
    *, service: Service, therapist: TherapistProfile, runner: RunnerProfile | None, start: datetime, now: datetime
) -> bool:
    """A glance without a lock, one cheap query: whether the therapist's time is gone, so that `decide` is sure to refuse.

    It spares the many who come second the queue for the lock. False promises nothing. Past, notice and horizon are left
    to `decide`, which names them first.
    """
    search = new_search(service, {}, runner=runner, now=now)
    rules, at = search.rules, slots.seconds(start)
    low, high = slots.bounds(rules, at, at + 1, slots.seconds(now))
    if low >= high:
        return False
    begins, ends = slots.instant(at - rules.before), slots.instant(at + rules.length + rules.after)
    return is_taken(search, therapist.pk, begins, ends)


def least_loaded(therapist_ids: Sequence[int], loads: Mapping[int, int]) -> list[int]:
    """`therapist_ids` in the order in which "anyone" is tried: fewest sessions that day first, then the lowest key."""
    return sorted(therapist_ids, key=lambda each: (loads.get(each, 0), each))
