"""Free times read from the database: the few queries that feed `bookings.slots`, and the one decision about a start.

Whatever the number of therapists, days and appointments, a search is three queries, and one more for the therapists who
are free only after the range.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, BooleanField, DateField, F, FilteredRelation, Func, IntegerField, Q, QuerySet, TimeField, Value
from django.db.models.functions import Cast

from bookings import slots
from bookings.models import Appointment, HoursPlace, Override, Service, TimeOff, TreatmentRoom, WeeklyHours
from bookings.models.appointments import ACTIVE_STATES, State
from bookings.models.catalogue import LONGEST_BUSY
from bookings.slots import DayChange, Diary, Hours, Others, Refusal, Rules
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, TherapistProfile

FORTNIGHT = timedelta(days=14)
REACH = timedelta(days=2)
KEPT_STATES = tuple(state for state in ACTIVE_STATES if state != State.HELD)


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
    """A start that can be booked: the therapist's zone, and the room it takes (None online)."""

    zone: str
    room_id: int | None


class Epoch(Func):
    """An instant as whole seconds since 1970."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)::bigint", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)", **context)


@dataclass(slots=True)
class Search:
    """What a question about free times is asked with, and the timetables it has read so far."""

    service: Service
    runner: RunnerProfile | None
    moving: Appointment | None
    now: datetime
    zones: dict[int, str]
    rules: Rules
    hours: dict[int, list[Hours]] = field(default_factory=dict)
    changes: dict[int, list[DayChange]] = field(default_factory=dict)
    off: dict[int, list[slots.Range]] = field(default_factory=dict)


def rules_of(service: Service) -> Rules:
    """The service's rules in seconds."""
    return Rules(
        length=service.minutes * 60,
        before=service.buffer_before_min * 60,
        after=service.buffer_after_min * 60,
        step=service.slot_step_min * 60,
        notice=service.min_notice_min * 60,
        horizon=service.horizon_days * 86_400,
    )


def offering(service: Service) -> QuerySet[TherapistProfile]:
    """Therapists with whom the service can be booked."""
    if not service.is_active:
        return TherapistProfile.objects.none()
    found = TherapistProfile.objects.filter(services=service, user__is_active=True)
    return found.filter(takes_new_runners=True) if service.is_first_visit else found


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
) -> list[Slot]:
    """Every free start from the day `first` to the day `last` (both included, days of `zone`), nearest first.

    `therapists` None means every listed one who offers the service. With `runner` their own sessions count as busy and
    their own hold does not. `moving` is left out of what is busy. Raises DomainError `unknown_zone`.
    """
    low, high = day_bounds(first, last, zone, now, service)
    search = open_search(service, therapists, runner, moving, now)
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
) -> Found:
    """As `find_slots`, with each therapist's next free start from `now` on, within the service's horizon."""
    low, high = day_bounds(first, last, zone, now, service)
    search = open_search(service, therapists, runner, moving, now)
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
    search = open_search(service, therapists, runner, None, now)
    start = slots.seconds(now)
    middle = start + int(FORTNIGHT.total_seconds())
    found = first_each(search, list(search.zones), start, middle, zone)
    return found | first_each(search, [each for each in search.zones if each not in found], middle, None, zone)


def first_with_anyone(*, service: Service, zone: str, runner: RunnerProfile | None = None, now: datetime) -> Slot | None:
    """The nearest free start with any listed therapist, or None."""
    return min(next_slots(service=service, zone=zone, runner=runner, now=now).values(), key=lambda slot: slot.start, default=None)


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
) -> Verdict:
    """Whether the service can be booked at `start`: true exactly when `find_slots` lists it at `now`.

    `beyond_rules` passes notice, horizon and hours (staff, with a reason). `offered_by`: the zones of the therapists who
    offer the service, where the caller has just read them under the lock.
    Raises DomainError with the rule that refuses; Conflict `slot_taken` or `runner_busy` for what is taken.
    """
    search = (
        open_search(service, [therapist], runner, moving, now)
        if offered_by is None
        else Search(service, runner, moving, now.astimezone(UTC), dict(offered_by), rules_of(service))
    )
    if therapist.pk not in search.zones:
        raise DomainError(
            f"{therapist} does not offer this session. Choose another therapist, or another session.",
            code="not_offered",
            fields={"therapist": "Does not offer this session."},
        )
    at = slots.seconds(start)
    diaries, others, room_ids = read_diaries(search, [therapist.pk], at, at + 1)
    refused = slots.refusal(diaries[therapist.pk], search.rules, at, slots.seconds(now), others, beyond_rules=beyond_rules)
    if refused is not None:
        raise explained(refused, service)
    return Verdict(search.zones[therapist.pk], free_room(search.rules, others, room_ids, at))


def free_at(*, service: Service, runner: RunnerProfile | None, start: datetime, now: datetime) -> list[int]:
    """Primary keys of the listed therapists who are free for the service at `start`."""
    search = open_search(service, None, runner, None, now)
    at = slots.seconds(start)
    diaries, others, _ = read_diaries(search, list(search.zones), at, at + 1)
    return [
        therapist_id
        for therapist_id, diary in diaries.items()
        if slots.refusal(diary, search.rules, at, slots.seconds(now), others) is None
    ]


def explained(refused: Refusal, service: Service) -> DomainError:
    """The refusal as an error with a sentence that says what to do next."""
    code = str(refused)
    match refused:
        case Refusal.SLOT_TAKEN | Refusal.NO_ROOM:
            return Conflict("That time has just gone. Here are the nearest free ones.", code=str(Refusal.SLOT_TAKEN))
        case Refusal.RUNNER_BUSY:
            return Conflict("There is already a session at that time. Choose another time, or move the other session.", code=code)
        case Refusal.IN_THE_PAST:
            sentence = "That time is over. Choose one that is still to come."
        case Refusal.TOO_SOON:
            sentence = f"This session is booked at least {spoken(service.min_notice_min)} ahead. Choose a later time, or call us."
        case Refusal.TOO_FAR:
            sentence = f"This session is booked at most {service.horizon_days} days ahead. Choose an earlier time."
        case Refusal.OUTSIDE_HOURS:
            sentence = "The therapist does not work at that time. Choose one of the times shown."
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


def open_search(
    service: Service,
    therapists: Sequence[TherapistProfile] | None,
    runner: RunnerProfile | None,
    moving: Appointment | None,
    now: datetime,
) -> Search:
    """A search over those of `therapists` who offer the service (one query)."""
    candidates = offering(service)
    if therapists is None:
        candidates = candidates.filter(is_listed=True)
    else:
        candidates = candidates.filter(pk__in=[each.pk for each in therapists])
    zones = dict(candidates.order_by().values_list("pk", "user__zone"))
    return Search(service, runner, moving, now.astimezone(UTC), zones, rules_of(service))


def in_range(search: Search, low: slots.Seconds, high: slots.Seconds, zone: str) -> list[Slot]:
    """All free starts of the search in `low`..`high`, sorted by start."""
    now = slots.seconds(search.now)
    low, high = slots.bounds(search.rules, low, high, now)
    if low >= high or not search.zones:
        return []
    diaries, others, _ = read_diaries(search, list(search.zones), low, high)
    starts = [
        (start, therapist_id)
        for therapist_id, diary in diaries.items()
        for start in slots.free_starts(diary, search.rules, low, high, now, others)
    ]
    starts.sort()
    return [slot_at(search, start, therapist_id, zone) for start, therapist_id in starts]


def first_each(search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds | None, zone: str) -> dict[int, Slot]:
    """The first free start of each of `therapist_ids` from `low` on, up to `high` or the service's horizon."""
    now = slots.seconds(search.now)
    low, high = slots.bounds(search.rules, low, now + search.rules.horizon + 1 if high is None else high, now)
    if low >= high or not therapist_ids:
        return {}
    diaries, others, _ = read_diaries(search, therapist_ids, low, high)
    result = {}
    for therapist_id, diary in diaries.items():
        start = next(slots.free_starts(diary, search.rules, low, high, now, others), None)
        if start is not None:
            result[therapist_id] = slot_at(search, start, therapist_id, zone)
    return result


def slot_at(search: Search, start: slots.Seconds, therapist_id: int, zone: str) -> Slot:
    return Slot(therapist_id, search.service.pk, slots.instant(start), slots.instant(start + search.rules.length), zone)


def read_diaries(
    search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds
) -> tuple[dict[int, Diary], Others, list[int]]:
    """What is open and what is taken for starts in `low`..`high`: each therapist's diary, the rest, the rooms' keys."""
    if not search.hours:
        read_timetables(search, list(search.zones))
    busy: dict[int, list[slots.Range]] = {}
    rooms: dict[int, list[slots.Range]] = {}
    runner: list[slots.Range] = []
    for kind, key, taken_from, taken_until in taken_between(search, therapist_ids, low, high):
        if kind == THERAPIST:
            busy.setdefault(key, []).append((taken_from, taken_until))
        elif kind == RUNNER:
            runner.append((taken_from, taken_until))
        else:
            room = rooms.setdefault(key, [])
            if taken_from is not None:
                room.append((taken_from, taken_until))
    diaries = {
        each: Diary(
            search.zones[each],
            search.hours.get(each, []),
            search.changes.get(each, ()),
            busy.get(each, ()),
            search.off.get(each, ()),
        )
        for each in therapist_ids
    }
    return diaries, Others(runner, list(rooms.values()) if rooms else None), list(rooms)


def free_room(rules: Rules, others: Others, room_ids: Sequence[int], start: slots.Seconds) -> int | None:
    """The first room that is free for a session from `start`, or None where no room is needed."""
    for room_id, taken in zip(room_ids, others.rooms or (), strict=True):
        if not slots.is_barred(slots.barred_by(taken, length=rules.length, before=rules.before, after=rules.after), start):
            return room_id
    return None


HOURS, CHANGE, OFF = range(3)


def read_timetables(search: Search, therapist_ids: Sequence[int]) -> None:
    """Weekly hours, overrides and time off of the therapists, from now to the horizon, in one query."""
    first = search.now.date() - REACH
    last = search.now.date() + timedelta(days=search.service.horizon_days) + REACH
    places = (HoursPlace.EITHER, search.service.place)
    no_date = Cast(Value(None), DateField())
    no_time = Cast(Value(None), TimeField())
    no_number = Cast(Value(None), BigIntegerField())
    hours = (
        WeeklyHours.objects.filter(therapist__in=therapist_ids, place__in=places)
        .between(first, last)
        .order_by()
        .values_list(
            Value(HOURS, output_field=IntegerField()), "therapist_id", Cast("weekday", BigIntegerField()), no_number, "valid_from", "valid_until", "starts", "ends", Value(False, output_field=BooleanField())
        )
    )
    changes = (
        Override.objects.filter(therapist__in=therapist_ids, on__range=(first, last))
        .filter(Q(closed=True) | Q(place__in=places))
        .order_by()
        .values_list(Value(CHANGE, output_field=IntegerField()), "therapist_id", no_number, no_number, "on", no_date, "starts", "ends", "closed")
    )
    off = (
        TimeOff.objects.filter(therapist__in=therapist_ids)
        .overlapping(search.now - REACH, search.now + timedelta(days=search.service.horizon_days) + REACH)
        .order_by()
        .values_list(
            Value(OFF, output_field=IntegerField()), "therapist_id", Epoch("start"), Epoch("end"), no_date, no_date, no_time, no_time, Value(False, output_field=BooleanField())
        )
    )
    for kind, key, number, until, first_day, last_day, starts, ends, closed in hours.union(changes, off, all=True):
        if kind == HOURS:
            search.hours.setdefault(key, []).append(Hours(number, starts, ends, first_day, last_day))
        elif kind == CHANGE:
            search.changes.setdefault(key, []).append(DayChange(first_day, starts, ends, bool(closed)))
        else:
            search.off.setdefault(key, []).append((number, until))


THERAPIST, RUNNER, ROOM = range(3)


def taken_between(search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds) -> Iterable[tuple[int, Any, int, int]]:
    """(kind, key, from, until) of everything taken that can touch a session starting in `low`..`high`; one query.

    Rooms come even when nothing is in them, with None for both instants.
    """
    rules = search.rules
    reach_from = slots.instant(low - rules.before)
    reach_until = slots.instant(high + rules.length + rules.after)
    live = Q(state__in=ACTIVE_STATES) & (Q(state__in=KEPT_STATES) | Q(hold_expires_at__gt=search.now))
    if search.moving is not None:
        live &= ~Q(pk=search.moving.pk)
    if search.runner is not None:
        live &= Q(state__in=KEPT_STATES) | ~Q(runner=search.runner)
    taken = Appointment.objects.order_by().filter(live)
    parts = [
        taken.filter(therapist__in=therapist_ids, busy_from__gt=reach_from - LONGEST_BUSY, busy_from__lt=reach_until, busy_until__gt=reach_from).values_list(
            Value(THERAPIST, output_field=IntegerField()), Cast("therapist_id", BigIntegerField()), Epoch("busy_from"), Epoch("busy_until")
        )
    ]
    if search.runner is not None:
        parts.append(
            taken.filter(runner=search.runner, start__gt=reach_from - LONGEST_BUSY, start__lt=reach_until, end__gt=reach_from).values_list(
                Value(RUNNER, output_field=IntegerField()), Cast(Value(0), BigIntegerField()), Epoch("start"), Epoch("end")
            )
        )
    if not search.service.is_online:
        near = Q(
            appointments__state__in=ACTIVE_STATES,
            appointments__busy_from__gt=reach_from - LONGEST_BUSY,
            appointments__busy_from__lt=reach_until,
            appointments__busy_until__gt=reach_from,
        ) & (Q(appointments__state__in=KEPT_STATES) | Q(appointments__hold_expires_at__gt=search.now))
        if search.moving is not None:
            near &= ~Q(appointments__pk=search.moving.pk)
        if search.runner is not None:
            near &= Q(appointments__state__in=KEPT_STATES) | ~Q(appointments__runner=search.runner)
        parts.append(
            TreatmentRoom.objects.filter(is_active=True)
            .annotate(near=FilteredRelation("appointments", condition=near))
            .order_by()
            .values_list(Value(ROOM, output_field=IntegerField()), Cast("pk", BigIntegerField()), Epoch("near__busy_from"), Epoch("near__busy_until"))
        )
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def least_loaded(therapist_ids: Sequence[int], loads: Mapping[int, int]) -> list[int]:
    """`therapist_ids` in the order in which "anyone" is tried: fewest sessions that day first, then the lowest key."""
    return sorted(therapist_ids, key=lambda each: (loads.get(each, 0), each))
