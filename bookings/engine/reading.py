"""The two statements behind every question about free times, in SQL for PostgreSQL and SQLite alike; asked of one start, one.

They are asked on every look at a list of times, for up to a thousand therapists, which is why they are written out and
not put together by the ORM each time: that cost more than the database does. Numbers go in and out as whole numbers:
instants as seconds since 1970, days as ordinals, times of day as seconds after midnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from bookings.models import Appointment, HoursPlace, Place, Service
from bookings.models.appointments import ACTIVE_STATES
from bookings.models.catalogue import LONGEST_BUSY
from bookings.slots import Away, DayChange, Hours, Range, Rules, instant
from clinic.people.models import RunnerProfile

FIRST_ORDINAL = date(1970, 1, 1).toordinal()
ACTIVE = ", ".join(f"'{state}'" for state in ACTIVE_STATES)


class Dialect(NamedTuple):
    """How one database says it: seconds of an instant, days since 1970 of a date, seconds of a time, one of many keys."""

    epoch: str
    day: str
    clock: str
    among: str


POSTGRES = Dialect(
    "date_part('epoch', {})::bigint",
    "({} - date '1970-01-01')",
    "date_part('epoch', {})::int",
    "= ANY(%s::int[])",
)
SQLITE = Dialect(
    "CAST(strftime('%%s', {}) AS INTEGER)",
    "CAST(julianday({}) - 2440587.5 AS INTEGER)",
    "CAST(strftime('%%s', '1970-01-01 ' || {}) AS INTEGER)",
    "IN (SELECT value FROM json_each(%s))",
)


class Timetable(NamedTuple):
    """When one therapist works. `most` and `most_of_service`: the most sessions of a day, None without a limit."""

    hours: Sequence[Hours] = ()
    changes: Sequence[DayChange] = ()
    off: Sequence[Range] = ()
    away: Sequence[Away] = ()
    most: int | None = None
    most_of_service: int | None = None

    @property
    def is_capped(self) -> bool:
        return self.most is not None or self.most_of_service is not None


@dataclass(slots=True)
class Taken:
    """What keeps its time, as ranges of instants by primary key, and the starts that count towards a day's limit.

    A room or a piece of equipment stands here also when nothing is in it. `sessions`: (start, whether of the service asked for).
    """

    busy: dict[int, list[Range]] = field(default_factory=dict)
    runner: list[Range] = field(default_factory=list)
    rooms: dict[int, list[Range]] = field(default_factory=dict)
    equipment: dict[int, list[Range]] = field(default_factory=dict)
    sessions: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(slots=True)
class Search:
    """What a question about free times is asked with, and the timetables read so far.

    `zones`: the therapists in question, each with their zone. `runner`'s own hold is no obstacle, unless `keeps_holds` says
    that it stays beside what is taken; nor is the session that is `moving`.
    """

    service: Service
    runner: RunnerProfile | None
    moving: Appointment | None
    now: datetime
    zones: dict[int, str]
    rules: Rules
    keeps_holds: bool = False
    timetables: dict[int, Timetable] = field(default_factory=dict)


def dialect() -> Dialect:
    return POSTGRES if connection.vendor == "postgresql" else SQLITE


def many(keys: Sequence[int]) -> str:
    """Primary keys as one parameter for `Dialect.among`: a text, which either database reads faster than a thousand values."""
    written = ",".join(map(str, keys))
    return f"{{{written}}}" if connection.vendor == "postgresql" else f"[{written}]"


def moment(at: datetime) -> Any:
    """An instant as a parameter."""
    return connection.ops.adapt_datetimefield_value(at)


def day(on: date) -> Any:
    """A day as a parameter."""
    return connection.ops.adapt_datefield_value(on)


def key(record: Appointment | RunnerProfile) -> Any:
    """A UUID primary key as a parameter."""
    return record._meta.pk.get_db_prep_value(record.pk, connection)


@lru_cache(maxsize=2_000)
def time_of(second: int) -> time:
    """Seconds after midnight as a time of day."""
    return time(second // 3600, second // 60 % 60, second % 60)


@lru_cache(maxsize=20_000)
def date_of(days: int) -> date:
    """Days since 1970 as a date."""
    return date.fromordinal(FIRST_ORDINAL + days)


@lru_cache(maxsize=20_000)
def hours_of(weekday: int, first: int, last: int | None, starts: int, ends: int) -> Hours:
    """One row of weekly hours; many therapists share the same, which is made once."""
    return Hours(weekday, time_of(starts), time_of(ends), date_of(first), None if last is None else date_of(last))


HOURS, CHANGE, OFF, AWAY, CAP = 1, 2, 3, 4, 5


@lru_cache(maxsize=4)
def timetable_sql(says: Dialect) -> str:
    """Columns: kind, therapist, and five whole numbers and a text whose meaning depends on the kind."""
    epoch, on, clock, among = says.epoch.format, says.day.format, says.clock.format, says.among
    return f"""
SELECT {HOURS}, therapist_id, weekday, {on("valid_from")}, {on("valid_until")}, {clock("starts")}, {clock("ends")}, ''
FROM bookings_weeklyhours
WHERE therapist_id {among} AND place IN (%s, %s) AND valid_from <= %s AND (valid_until IS NULL OR valid_until >= %s)
  AND weekday {among}
UNION ALL
SELECT {CHANGE}, therapist_id, {on('"on"')}, {clock("starts")}, {clock("ends")}, CASE WHEN closed THEN 1 ELSE 0 END, 0, ''
FROM bookings_override
WHERE therapist_id {among} AND (closed OR place IN (%s, %s)) AND "on" BETWEEN %s AND %s
UNION ALL
SELECT {OFF}, therapist_id, {epoch("start")}, {epoch('"end"')}, 0, 0, 0, ''
FROM bookings_timeoff
WHERE therapist_id {among} AND start < %s AND "end" > %s
UNION ALL
SELECT {OFF}, therapist_id, {epoch("start")}, {epoch('"end"')}, 0, 0, 0, ''
FROM bookings_outsidebusy
WHERE therapist_id {among} AND start < %s AND "end" > %s
UNION ALL
SELECT {AWAY}, therapist_id, {on("first")}, {on("last")}, id, 0, 0, zone
FROM bookings_travel
WHERE therapist_id {among} AND first <= %s AND last >= %s
UNION ALL
SELECT {CAP}, therapist_id, most, CASE WHEN service_id IS NULL THEN 0 ELSE 1 END, 0, 0, 0, ''
FROM bookings_dailycap
WHERE therapist_id {among} AND (service_id IS NULL OR service_id = %s)
"""


def read_timetables(
    therapist_ids: Sequence[int], low: datetime, high: datetime, *, place: str, service_id: int
) -> dict[int, Timetable]:
    """Everything that says when the therapists work at `place` on the days from `low` to `high`; one query.

    `service_id` is the service whose daily limit counts besides that of all, 0 for none. An outside calendar's busy times count as time off. Of journeys that overlap the one that begins last comes first.
    """
    with connection.cursor() as cursor:
        cursor.execute(timetable_sql(dialect()), timetable_parameters(therapist_ids, low, high, place, service_id))
        return timetables_of(therapist_ids, cursor.fetchall())


def timetable_parameters(
    therapist_ids: Sequence[int], low: datetime, high: datetime, place: str, service_id: int
) -> list[Any]:
    """What `timetable_sql` is asked with."""
    keys, since, until, first, last = many(therapist_ids), moment(low), moment(high), day(low.date()), day(high.date())
    places = (str(HoursPlace.EITHER), str(place))
    return [
        *(keys, *places, last, first, many(weekdays(low.date(), high.date()))),
        *(keys, *places, first, last),
        *(keys, until, since, keys, until, since),
        *(keys, last, first, keys, service_id),
    ]


def timetables_of(therapist_ids: Sequence[int], rows: Sequence[tuple[Any, ...]]) -> dict[int, Timetable]:
    """The rows of `timetable_sql` by therapist."""
    hours: dict[int, list[Hours]] = {}
    changes: dict[int, list[DayChange]] = {}
    off: dict[int, list[Range]] = {}
    journeys: dict[int, list[tuple[int, int, Away]]] = {}
    most: dict[int, int] = {}
    most_of_service: dict[int, int] = {}
    for kind, therapist, one, two, three, four, five, text in rows:
        if kind == HOURS:
            hours.setdefault(therapist, []).append(hours_of(one, two, three, four, five))
        elif kind == CHANGE:
            starts, ends = (None if each is None else time_of(each) for each in (two, three))
            changes.setdefault(therapist, []).append(DayChange(date_of(one), starts, ends, bool(four)))
        elif kind == OFF:
            off.setdefault(therapist, []).append((one, two))
        elif kind == AWAY:
            journeys.setdefault(therapist, []).append((one, three, Away(date_of(one), date_of(two), text)))
        elif kind == CAP:
            (most_of_service if two else most)[therapist] = one
    return {
        each: Timetable(
            hours.get(each, ()),
            changes.get(each, ()),
            off.get(each, ()),
            [away for _, _, away in sorted(journeys[each], reverse=True)] if each in journeys else (),
            most.get(each),
            most_of_service.get(each),
        )
        for each in therapist_ids
    }


def weekdays(first: date, last: date) -> list[int]:
    """The days of the week, 0 = Monday, that lie between two days, both included."""
    return sorted({(first.weekday() + day) % 7 for day in range(min(7, (last - first).days + 1))})


THERAPIST, RUNNER, ROOM, PIECE, SESSION, HOLD = 11, 12, 13, 14, 15, 16


class Statement:
    """SQL parts joined by UNION ALL, with their parameters."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.parameters: list[Any] = []

    def add(self, sql: str, *parameters: Any) -> None:
        self.parts.append(sql)
        self.parameters += parameters

    @property
    def sql(self) -> str:
        return "\nUNION ALL\n".join(self.parts)

    def rows(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            return cursor.fetchall()


def keeping_time(search: Search) -> tuple[str, list[Any]]:
    """The condition, with its parameters, on appointments `a` that keep their time from whoever is searching.

    A lapsed hold does not, nor the runner's own hold, nor the session that is moved. A hold that stands for an open offer
    is the runner's to accept or decline: it keeps its time from them too.
    """
    sql, parameters = f"a.state IN ({ACTIVE}) AND (a.state <> 'held' OR a.hold_expires_at > %s)", [moment(search.now)]
    if search.moving is not None:
        sql += " AND a.id <> %s"
        parameters.append(key(search.moving))
    if search.runner is not None and not search.keeps_holds:
        sql += (
            " AND (a.state <> 'held' OR a.runner_id IS NULL OR a.runner_id <> %s OR EXISTS"
            " (SELECT 1 FROM bookings_offer o WHERE o.hold_id = a.id AND o.state = 'open'))"
        )
        parameters.append(key(search.runner))
    return sql, parameters


NEAR = "a.busy_from > %s AND a.busy_from < %s AND a.busy_until > %s"


def read_taken(
    search: Search, therapist_ids: Sequence[int], low: int, high: int, *, capped: Sequence[int] = ()
) -> Taken:
    """Everything that keeps its time between the seconds `low` and `high`, buffers of the service included; one query.

    For the `capped` therapists also the sessions of all local days that `low`..`high` touches.
    """
    asked = taken_statement(search, therapist_ids, low, high)
    if capped:
        add_sessions(asked, search, capped, low, high)
    return taken_of(asked.rows())


def taken_statement(search: Search, therapist_ids: Sequence[int], low: int, high: int) -> Statement:
    """Columns: kind, owner, and the two ends of a range in seconds."""
    says, service = dialect(), search.service
    live, known = keeping_time(search)
    since, until = instant(low), instant(high)
    near = [moment(since - LONGEST_BUSY), moment(until), moment(since)]
    epoch = says.epoch.format
    busy, span = f"{epoch('a.busy_from')}, {epoch('a.busy_until')}", ", ".join(map(epoch, ("a.start", 'a."end"')))
    asked = Statement()
    asked.add(
        f"SELECT {THERAPIST}, a.therapist_id, {busy} FROM bookings_appointment a"
        f" WHERE a.therapist_id {says.among} AND {live} AND {NEAR}",
        *(many(therapist_ids), *known, *near),
    )
    if search.runner is not None:
        asked.add(
            f"SELECT {RUNNER}, 0, {span} FROM bookings_appointment a"
            f' WHERE a.runner_id = %s AND {live} AND a.start > %s AND a.start < %s AND a."end" > %s',
            *(key(search.runner), *known, *near),
        )
        asked.add(
            f"SELECT {RUNNER}, 0, {span} FROM bookings_seat s"
            " JOIN bookings_workshop w ON w.id = s.workshop_id JOIN bookings_appointment a ON a.workshop_id = w.id"
            " WHERE s.runner_id = %s AND s.friend = '' AND w.state = 'planned' AND a.state <> 'cancelled'"
            " AND (s.state = 'taken' OR (s.state = 'offered' AND s.offered_until > %s))"
            ' AND a.start > %s AND a.start < %s AND a."end" > %s',
            *(key(search.runner), moment(search.now), *near),
        )
    if service.place == Place.CLINIC:
        asked.add(f"SELECT {ROOM}, id, NULL, NULL FROM bookings_treatmentroom WHERE is_active")
        asked.add(
            f"SELECT {ROOM}, a.treatment_room_id, {busy} FROM bookings_appointment a"
            f" JOIN bookings_treatmentroom r ON r.id = a.treatment_room_id WHERE r.is_active AND {live} AND {NEAR}",
            *(*known, *near),
        )
    if service.equipment_kind:
        kind = service.equipment_kind
        asked.add(f"SELECT {PIECE}, id, NULL, NULL FROM bookings_equipment WHERE is_active AND kind = %s", kind)
        asked.add(
            f"SELECT {PIECE}, a.equipment_id, {busy} FROM bookings_appointment a"
            f" JOIN bookings_equipment e ON e.id = a.equipment_id WHERE e.is_active AND e.kind = %s AND {live} AND {NEAR}",
            *(kind, *known, *near),
        )
    return asked


def add_sessions(
    asked: Statement, search: Search, therapist_ids: Sequence[int], low: int, high: int, *, only_capped: bool = False
) -> None:
    """The sessions of the local days that `low`..`high` touches; with `only_capped` of those therapists who have a limit."""
    says = dialect()
    live, known = keeping_time(search)
    limit = (
        " AND EXISTS (SELECT 1 FROM bookings_dailycap c WHERE c.therapist_id = a.therapist_id"
        " AND (c.service_id IS NULL OR c.service_id = %s))"
        if only_capped
        else ""
    )
    asked.add(
        f"SELECT {SESSION}, a.therapist_id, {says.epoch.format('a.start')}, CASE WHEN a.service_id = %s THEN 1 ELSE 0 END"
        " FROM bookings_appointment a"
        f" WHERE a.therapist_id {says.among} AND {live} AND a.workshop_id IS NULL AND a.start > %s AND a.start < %s{limit}",
        *(search.service.pk, many(therapist_ids), *known, moment(instant(low) - TWO_DAYS)),
        *(moment(instant(high) + TWO_DAYS), *([search.service.pk] if only_capped else [])),
    )


TWO_DAYS = timedelta(days=2)
"""Further than this no local day reaches beyond the instants it is asked for."""


def taken_of(rows: Sequence[tuple[Any, ...]]) -> Taken:
    """The rows of `taken_statement` by what they are about."""
    taken = Taken()
    places = {ROOM: taken.rooms, PIECE: taken.equipment, THERAPIST: taken.busy}
    for kind, owner, one, two in rows:
        if kind == RUNNER:
            taken.runner.append((one, two))
        elif kind == SESSION:
            taken.sessions.setdefault(owner, []).append((one, two))
        else:
            ranges = places[kind].setdefault(owner, [])
            if one is not None:
                ranges.append((one, two))
    return taken


def is_taken(search: Search, therapist_id: int, start: datetime, end: datetime) -> bool:
    """Whether the therapist's time from `start` to `end` touches something that keeps its time; one query."""
    live, known = keeping_time(search)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM bookings_appointment a WHERE a.therapist_id = %s AND {live} AND {NEAR} LIMIT 1",
            [therapist_id, *known, moment(start - LONGEST_BUSY), moment(end), moment(start)],
        )
        return cursor.fetchone() is not None
