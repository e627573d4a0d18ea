"""The few queries behind every question about free times: timetables in one, everything taken in another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    Exists,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TimeField,
    Value,
)
from django.db.models.functions import Cast

from bookings import slots
from bookings.models import Appointment, HoursPlace, Offer, Override, Service, TimeOff, TreatmentRoom, WeeklyHours
from bookings.models.appointments import ACTIVE_STATES, State
from bookings.models.catalogue import LONGEST_BUSY
from bookings.slots import DayChange, Diary, Hours, Others, Rules
from clinic.people.models import RunnerProfile, TherapistProfile

REACH = timedelta(days=2)
"""Local days and UTC days never differ by more."""

KEPT_STATES = tuple(state for state in ACTIVE_STATES if state != State.HELD)


class Epoch(Func):
    """An instant as whole seconds since 1970. Both drivers give an int, so that no row needs converting."""

    output_field = BigIntegerField()

    @property
    def convert_value(self) -> Any:
        return self._convert_value_noop  # type: ignore[attr-defined]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)::bigint", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)", **context
        )


@dataclass(slots=True)
class Search:
    """What a question about free times is asked with, and the timetables it has read so far.

    With `keeps_holds` the runner's own hold is an obstacle too: it stays beside what is taken.
    """

    service: Service
    runner: RunnerProfile | None
    moving: Appointment | None
    now: datetime
    zones: dict[int, str]
    rules: Rules
    keeps_holds: bool = False
    hours: dict[int, list[Hours]] = field(default_factory=dict)
    changes: dict[int, list[DayChange]] = field(default_factory=dict)
    off: dict[int, list[slots.Range]] = field(default_factory=dict)


def rules_of(service: Service, length: timedelta | None = None) -> Rules:
    """The service's rules in seconds; `length` where a session is shorter or longer than its service says."""
    return Rules(
        length=int((length or service.length).total_seconds()),
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


def open_search(
    service: Service,
    therapists: Sequence[TherapistProfile] | None,
    *,
    runner: RunnerProfile | None,
    now: datetime,
    moving: Appointment | None = None,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> Search:
    """A search over those of `therapists` who offer the service (one query); what is `moving` keeps its own length."""
    candidates = offering(service)
    if therapists is None:
        candidates = candidates.filter(is_listed=True)
    else:
        candidates = candidates.filter(pk__in=[each.pk for each in therapists])
    zones = dict(candidates.order_by().values_list("pk", "user__zone"))
    return new_search(service, zones, runner=runner, now=now, moving=moving, length=length, keeps_holds=keeps_holds)


def new_search(
    service: Service,
    zones: Mapping[int, str],
    *,
    runner: RunnerProfile | None,
    now: datetime,
    moving: Appointment | None = None,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> Search:
    """A search over the therapists of `zones`, who are known to offer the service."""
    if length is None and moving is not None:
        length = moving.length
    return Search(service, runner, moving, now.astimezone(UTC), dict(zones), rules_of(service, length), keeps_holds)


def read_diaries(
    search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds
) -> tuple[dict[int, Diary], Others, dict[int, list[slots.Range]]]:
    """What is open and what is taken for starts in `low`..`high`: each therapist's diary, the rest, each room's busy ranges."""
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
    return diaries, slots.taken_elsewhere(search.rules, runner=runner, rooms=list(rooms.values())), rooms


HOURS, CHANGE, OFF = "hours", "change", "off"
NO_DATE, NO_TIME = Cast(Value(None), DateField()), Cast(Value(None), TimeField())
NO_NUMBER, NOT = Cast(Value(None), BigIntegerField()), Value(False, output_field=BooleanField())

# The columns of the three tables side by side, prepared once: putting them together costs more than asking.
WEEKLY_ROWS: Any = WeeklyHours.objects.order_by().values_list(
    Value(HOURS, output_field=CharField()),
    *("therapist_id", "weekday", NO_NUMBER, "valid_from", "valid_until", "starts", "ends", NOT),
)
CHANGE_ROWS: Any = Override.objects.order_by().values_list(
    Value(CHANGE, output_field=CharField()),
    *("therapist_id", NO_NUMBER, NO_NUMBER, "on", NO_DATE, "starts", "ends", "closed"),
)
OFF_ROWS: Any = TimeOff.objects.order_by().values_list(
    Value(OFF, output_field=CharField()),
    *("therapist_id", Epoch("start"), Epoch("end"), NO_DATE, NO_DATE, NO_TIME, NO_TIME, NOT),
)


def read_timetables(search: Search, therapist_ids: Sequence[int]) -> None:
    """Weekly hours, overrides and time off of the therapists, from now to the horizon, in one query."""
    first = search.now.date() - REACH
    last = search.now.date() + timedelta(days=search.service.horizon_days) + REACH
    places = (HoursPlace.EITHER, search.service.place)
    until_then = search.now + timedelta(days=search.service.horizon_days) + REACH
    hours = WEEKLY_ROWS.filter(therapist__in=therapist_ids, place__in=places).between(first, last)
    changes = CHANGE_ROWS.filter(
        Q(closed=True) | Q(place__in=places), therapist__in=therapist_ids, on__range=(first, last)
    )
    off = OFF_ROWS.filter(therapist__in=therapist_ids).overlapping(search.now - REACH, until_then)
    for kind, key, number, until, first_day, last_day, starts, ends, closed in hours.union(changes, off, all=True):
        if kind == HOURS:
            search.hours.setdefault(key, []).append(Hours(number, starts, ends, first_day, last_day))
        elif kind == CHANGE:
            search.changes.setdefault(key, []).append(DayChange(first_day, starts, ends, bool(closed)))
        else:
            search.off.setdefault(key, []).append((number, until))


THERAPIST, RUNNER, ROOM = "therapist", "runner", "room"


def taken_between(
    search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds
) -> Iterable[tuple[str, Any, int, int]]:
    """(kind, key, from, until) of everything taken that can touch a session starting in `low`..`high`; one query.

    Rooms come even when nothing is in them, with None for both instants.
    """
    rules = search.rules
    reach_from = slots.instant(low - rules.before)
    reach_until = slots.instant(high + rules.length + rules.after)
    taken = Appointment.objects.order_by().filter(keeping_time(search))
    near = taken.filter(busy_from__gt=reach_from - LONGEST_BUSY, busy_from__lt=reach_until, busy_until__gt=reach_from)
    parts: list[QuerySet[Any, Any]] = [
        near.filter(therapist__in=therapist_ids).values_list(
            Value(THERAPIST, output_field=CharField()), "therapist_id", Epoch("busy_from"), Epoch("busy_until")
        )
    ]
    if search.runner is not None:
        parts.append(
            taken.filter(
                runner=search.runner, start__gt=reach_from - LONGEST_BUSY, start__lt=reach_until, end__gt=reach_from
            ).values_list(
                Value(RUNNER, output_field=CharField()),
                Value(0, output_field=BigIntegerField()),
                Epoch("start"),
                Epoch("end"),
            )
        )
    if not search.service.is_online:
        parts += [
            TreatmentRoom.objects.filter(is_active=True)
            .order_by()
            .values_list(Value(ROOM, output_field=CharField()), "pk", NO_NUMBER, NO_NUMBER),
            near.filter(treatment_room__is_active=True).values_list(
                Value(ROOM, output_field=CharField()), "treatment_room_id", Epoch("busy_from"), Epoch("busy_until")
            ),
        ]
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def keeping_time(search: Search) -> Q:
    """Appointments that keep their time: not a lapsed hold, not the one being moved, not the runner's own hold.

    A hold that stands for an open offer is the runner's to accept or decline: it keeps its time from them too.
    """
    kept = Q(state__in=KEPT_STATES)
    live = Q(state__in=ACTIVE_STATES) & (kept | Q(hold_expires_at__gt=search.now))
    if search.moving is not None:
        live &= ~Q(pk=search.moving.pk)
    if search.runner is None or search.keeps_holds:
        return live
    return live & (kept | ~Q(runner=search.runner) | Q(Exists(open_offer())))


def open_offer() -> QuerySet[Offer]:
    """The open offer that an appointment is the hold of; for use inside a query of appointments."""
    return Offer.objects.order_by().filter(hold=OuterRef("pk"), state=Offer.State.OPEN)
