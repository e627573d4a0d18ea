"""The clinic's days as the front desk sees them: everybody's hours, absences and sessions, read in three queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast

from bookings import slots
from bookings.board import layout as board
from bookings.engine.columns import NO_DATE, NO_NUMBER, NO_TIME, NOT, Epoch
from bookings.models import (
    Appointment,
    Equipment,
    OutsideBusy,
    Override,
    TimeOff,
    Travel,
    TreatmentRoom,
    WeeklyHours,
)
from clinic.core.periods import Period
from clinic.people.models import TherapistProfile

A_DAY = timedelta(days=1)
THERAPIST, ROOM, EQUIPMENT = "therapist", "room", "equipment"


@dataclass(frozen=True, slots=True)
class Column:
    """What a lane of the board is about: a therapist (with `person`), a treatment room or a piece of equipment."""

    kind: str
    pk: int
    slug: str
    name: str
    person: TherapistProfile | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.pk

    @property
    def is_person(self) -> bool:
        return self.kind == THERAPIST

    @property
    def first_name(self) -> str:
        """ "Tomas", "Room 2"."""
        return self.person.user.first_name if self.person else self.name


class Brief(NamedTuple):
    """As much of a session as a month shows."""

    state: str


@dataclass(slots=True)
class Schedule:
    """What is known of the days `days` of the clinic's `zone`; everything by (kind, primary key) of its column."""

    zone: str
    days: Sequence[date]
    now: datetime
    diaries: dict[int, slots.Diary] = field(default_factory=dict)
    absences: dict[tuple[str, int], list[board.Absence]] = field(default_factory=lambda: defaultdict(list))
    visits: dict[tuple[str, int], list[board.Visit]] = field(default_factory=lambda: defaultdict(list))
    by_day: dict[tuple[tuple[str, int], date], list[board.Visit]] = field(default_factory=lambda: defaultdict(list))

    def work(self, column: Column, on: date) -> list[Period]:
        """The open hours that touch the clinic's day `on`, before time off; a room is always open."""
        day = board.day_period(on, self.zone)
        if not column.is_person:
            return [day]
        found = slots.open_between(self.diaries[column.pk], slots.seconds(day.start), slots.seconds(day.end))
        periods = [Period(slots.instant(start), slots.instant(end)) for start, end in found]
        return [period for period in periods if period.overlaps(day)]

    def window(self, columns: Iterable[Column]) -> board.Window:
        """The hours the board has to show."""
        periods = [visit.period for column in columns for visit in self.visits[column.key]]
        periods += [
            period for column in columns if column.is_person for on in self.days for period in self.work(column, on)
        ]
        return board.window_for(periods, zone=self.zone, days=self.days)

    def visits_on(self, key: tuple[str, int], on: date) -> list[board.Visit]:
        """What is booked on the clinic's day `on`, or runs into it."""
        if not self.by_day:
            for each, found in self.visits.items():
                for visit in found:
                    first, last = (
                        at.astimezone(ZoneInfo(self.zone)).date() for at in (visit.period.start, visit.period.end)
                    )
                    for day in {first, last}:
                        self.by_day[each, day].append(visit)
        return self.by_day[key, on]

    def sessions(self) -> Iterable[Any]:
        """Everything booked, each record once."""
        return (visit.record for (kind, _), found in self.visits.items() if kind == THERAPIST for visit in found)

    def lane(self, column: Column, on: date, window: board.Window) -> board.Lane:
        """The column's day, laid out."""
        day = board.day_period(on, self.zone)
        return board.lay_lane(
            key=column.key,
            head=column,
            on=on,
            zone=self.zone,
            window=window,
            work=self.work(column, on),
            absences=[each for each in self.absences[column.key] if each.period.overlaps(day)],
            visits=self.visits_on(column.key, on),
            now=self.now,
        )


def column_of(person: TherapistProfile) -> Column:
    return Column(THERAPIST, person.pk, person.slug, person.user.name, person)


def people_columns() -> list[Column]:
    """The therapists who work here, by name; one query."""
    people = TherapistProfile.objects.filter(user__is_active=True).select_related("user")
    return [column_of(person) for person in people.order_by("user__name")]


def room_columns() -> list[Column]:
    """Treatment rooms, then equipment; two queries."""
    rooms = [
        Column(ROOM, each.pk, f"room-{each.pk}", each.name) for each in TreatmentRoom.objects.filter(is_active=True)
    ]
    things = [
        Column(EQUIPMENT, each.pk, f"equipment-{each.pk}", each.name)
        for each in Equipment.objects.filter(is_active=True)
    ]
    return rooms + things


def read_schedule(
    *, columns: Sequence[Column], days: Sequence[date], zone: str, now: datetime, brief: bool = False
) -> Schedule:
    """Hours, absences and sessions of `columns` on the clinic's `days`; `brief` leaves out who comes (for a month)."""
    schedule = Schedule(zone, days, now)
    low, high = board.day_period(days[0], zone).start, board.day_period(days[-1], zone).end
    people = {column.pk: column for column in columns if column.is_person}
    if people:
        _read_timetables(schedule, people, low, high)
    booked = Appointment.objects.live(now).overlapping(low, high).order_by("start")
    if people and len(people) == 1:
        booked = booked.filter(therapist__in=people)
    if brief:
        _enter_brief(schedule, booked)
    else:
        _enter(schedule, booked.with_people().select_related("offer__hold").annotate(is_new=is_new()))
    return schedule


def is_new() -> Any:
    """Whether the clinic has not seen the session's runner before it."""
    earlier = Appointment.objects.filter(
        runner=OuterRef("runner"), start__lt=OuterRef("start"), hold_expires_at__isnull=True
    ).exclude(state="cancelled")
    return ~Exists(earlier)


def _enter(schedule: Schedule, booked: Any) -> None:
    for session in booked:
        visit = board.Visit(session.period, Period(session.busy_from, session.busy_until), session)
        for key in _keys(session.therapist_id, session.treatment_room_id, session.equipment_id):
            schedule.visits[key].append(visit)


def _enter_brief(schedule: Schedule, booked: Any) -> None:
    for therapist, room, thing, start, end, busy_from, busy_until, state in booked.values_list(
        *("therapist_id", "treatment_room_id", "equipment_id", "start", "end", "busy_from", "busy_until", "state")
    ):
        visit = board.Visit(Period(start, end), Period(busy_from, busy_until), Brief(state))
        for key in _keys(therapist, room, thing):
            schedule.visits[key].append(visit)


def _keys(therapist: int, room: int | None, thing: int | None) -> list[tuple[str, int]]:
    found = [(THERAPIST, therapist)]
    if room is not None:
        found.append((ROOM, room))
    if thing is not None:
        found.append((EQUIPMENT, thing))
    return found


def _words(value: str) -> Any:
    return Cast(Value(value), CharField())


def _read_timetables(schedule: Schedule, people: dict[int, Column], low: datetime, high: datetime) -> None:
    """Weekly hours, exceptions, time off, outside calendars and journeys of the therapists, in one query."""
    first, last = schedule.days[0] - A_DAY, schedule.days[-1] + A_DAY
    mine = Q(therapist__in=list(people))
    name = ("therapist_id",)
    weekly = WeeklyHours.objects.filter(mine).between(first, last).order_by()
    rows: Any = weekly.values_list(
        _words("hours"), *name, "weekday", NO_NUMBER, "valid_from", "valid_until", "starts", "ends", NOT, _words("")
    )
    changes = Override.objects.filter(mine, on__range=(first, last)).order_by()
    off = TimeOff.objects.filter(mine).overlapping(low, high).order_by()
    outside = OutsideBusy.objects.filter(mine, start__lt=high, end__gt=low).order_by()
    abroad = Travel.objects.filter(mine, first__lte=last, last__gte=first).order_by()
    spans = (Epoch("start"), Epoch("end"), NO_DATE, NO_DATE, NO_TIME, NO_TIME, NOT)
    parts: list[Any] = [
        changes.values_list(
            _words("change"), *name, NO_NUMBER, NO_NUMBER, "on", NO_DATE, "starts", "ends", "closed", _words("")
        ),
        off.values_list(_words("off"), *name, *spans, "reason"),
        outside.values_list(_words("outside"), *name, *spans, _words("")),
        abroad.values_list(
            _words("abroad"), *name, NO_NUMBER, NO_NUMBER, "first", "last", NO_TIME, NO_TIME, NOT, "zone"
        ),
    ]
    hours: dict[int, list[slots.Hours]] = defaultdict(list)
    exceptions: dict[int, list[slots.DayChange]] = defaultdict(list)
    away: dict[int, list[slots.Away]] = defaultdict(list)
    for kind, person, number, until, on, to, starts, ends, closed, text in rows.union(*parts, all=True):
        key = (THERAPIST, person)
        if kind == "hours":
            hours[person].append(slots.Hours(number, starts, ends, on, to))
        elif kind == "change":
            exceptions[person].append(slots.DayChange(on, starts, ends, bool(closed)))
        elif kind == "abroad":
            away[person].append(slots.Away(on, to, text))
        else:
            period = Period(slots.instant(number), slots.instant(until))
            schedule.absences[key].append(
                board.Absence(period, text, "Busy in another calendar" if kind == "outside" else "Time off")
            )
    for pk, column in people.items():
        zone = column.person.user.zone if column.person else schedule.zone
        schedule.diaries[pk] = slots.Diary(zone, hours[pk], exceptions[pk], away=away[pk])


def minutes_of(at: time, *, closing: bool = False) -> int:
    """Minutes since midnight; a closing 00:00 is the end of the day."""
    minutes = at.hour * 60 + at.minute
    return 1440 if closing and minutes == 0 else minutes
