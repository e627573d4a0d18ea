"""Who works and what is taken, in one statement: about one start under the lock, with the holds that make way, or of many searches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bookings.engine.reading import (
    CAP,
    HOLD,
    Search,
    Statement,
    Taken,
    Timetable,
    add_sessions,
    dialect,
    key,
    moment,
    taken_of,
    taken_statement,
    timetable_parameters,
    timetable_sql,
    timetables_of,
)
from bookings.models import Place
from bookings.slots import instant
from clinic.people.models import RunnerProfile

DAYS_AROUND = timedelta(days=5)
"""Further than this from a start no local day matters to it, whatever journey its therapist is on."""


def read_start(
    search: Search, therapist_ids: Sequence[int], at: int, *, with_holds: bool
) -> tuple[dict[int, Timetable], Taken, list[UUID]]:
    """The timetables around the second `at`, what is taken then, and `with_holds` the holds in the way of one therapist."""
    service = search.service
    low, high = with_buffers(search, at, at + 1)
    asked = both(search, therapist_ids, low, high, since=instant(at) - DAYS_AROUND, until=instant(at) + DAYS_AROUND)
    if with_holds:
        holds = holds_in_the_way(
            therapist_id=therapist_ids[0],
            runner=search.runner,
            needs_room=service.place == Place.CLINIC,
            needs_equipment=bool(service.equipment_kind),
            start=instant(low),
            end=instant(high - 1),
            now=search.now,
            keeps_holds=search.keeps_holds,
        )
        asked.add(f"SELECT {HOLD}, 0, 0, 0, 0, 0, 0, holds.id FROM ({holds.sql}) AS holds", *holds.parameters)
    rows = asked.rows()
    return *sorted_out(therapist_ids, rows), [UUID(row[7]) for row in rows if row[0] == HOLD]


def read_each(searches: Sequence[Search], low: int, high: int) -> list[tuple[dict[int, Timetable], Taken]]:
    """For each search its therapists' timetables, and what is taken for starts in `low`..`high`; one query for all of them."""
    asked = Statement()
    for number, search in enumerate(searches):
        around = (instant(low) - DAYS_AROUND, instant(high) + DAYS_AROUND)
        one = both(search, list(search.zones), *with_buffers(search, low, high), since=around[0], until=around[1])
        asked.add(f"SELECT {number}, one.* FROM ({one.sql}) AS one", *one.parameters)
    rows: list[list[tuple[Any, ...]]] = [[] for _ in searches]
    for number, *row in asked.rows() if searches else ():
        rows[number].append(tuple(row))
    return [sorted_out(list(search.zones), found) for search, found in zip(searches, rows, strict=True)]


def read_hours(therapist_id: int, places: Sequence[str], low: datetime, high: datetime) -> dict[str, Timetable]:
    """When the therapist works at each of `places` on the days from `low` to `high`; one query for all of them."""
    asked = Statement()
    for number, place in enumerate(places):
        parameters = timetable_parameters([therapist_id], low, high, place, 0)
        asked.add(f"SELECT {number}, one.* FROM ({timetable_sql(dialect())}) AS one", *parameters)
    rows = asked.rows()
    return {
        place: timetables_of([therapist_id], [row[1:] for row in rows if row[0] == number])[therapist_id]
        for number, place in enumerate(places)
    }


def with_buffers(search: Search, low: int, high: int) -> tuple[int, int]:
    """The time that sessions starting in `low`..`high` keep busy."""
    return low - search.rules.before, high + search.rules.length + search.rules.after


def both(
    search: Search, therapist_ids: Sequence[int], low: int, high: int, *, since: datetime, until: datetime
) -> Statement:
    """Timetables from `since` to `until` and what is taken in `low`..`high`, as rows of the timetables' eight columns."""
    service = search.service
    taken = taken_statement(search, therapist_ids, low, high)
    if service.pk:
        add_sessions(taken, search, therapist_ids, low, high, only_capped=True)
    asked = Statement()
    asked.add(
        timetable_sql(dialect()),
        *timetable_parameters(therapist_ids, since, until, str(service.place), service.pk or 0),
    )
    asked.add(f"SELECT taken.*, 0, 0, 0, '' FROM ({taken.sql}) AS taken", *taken.parameters)
    return asked


def sorted_out(therapist_ids: Sequence[int], rows: Sequence[tuple[Any, ...]]) -> tuple[dict[int, Timetable], Taken]:
    """The rows of `both`."""
    return (
        timetables_of(therapist_ids, [row for row in rows if row[0] <= CAP]),
        taken_of([row[:4] for row in rows if CAP < row[0] < HOLD]),
    )


def holds_in_the_way(
    *,
    therapist_id: int,
    runner: RunnerProfile | None,
    needs_room: bool,
    needs_equipment: bool,
    start: datetime,
    end: datetime,
    now: datetime,
    keeps_holds: bool,
) -> Statement:
    """The keys of lapsed holds in the way of busy time `start`..`end`, and of what else `runner` holds unless `keeps_holds`.

    A hold that stands for an open offer and has not lapsed is never among them.
    """
    mine: list[Any] = [] if runner is None else [key(runner)]
    shares = (
        "a.therapist_id = %s"
        + (" OR a.runner_id = %s" if mine else "")
        + (" OR a.treatment_room_id IS NOT NULL" if needs_room else "")
        + (" OR a.equipment_id IS NOT NULL" if needs_equipment else "")
    )
    asked = Statement()
    asked.add(
        "SELECT CAST(a.id AS text) AS id FROM bookings_appointment a WHERE a.state = 'held' AND a.hold_expires_at <= %s"
        f" AND a.busy_from < %s AND a.busy_until > %s AND ({shares})",
        *(moment(now), moment(end), moment(start), therapist_id, *mine),
    )
    if mine and not keeps_holds:
        asked.add(
            "SELECT CAST(a.id AS text) FROM bookings_appointment a WHERE a.state = 'held' AND a.runner_id = %s AND NOT EXISTS"
            " (SELECT 1 FROM bookings_offer o WHERE o.hold_id = a.id AND o.state = 'open')",
            *mine,
        )
    return asked


def read_holds(**asked: Any) -> list[UUID]:
    """`holds_in_the_way`, read; one query."""
    return [UUID(row[0]) for row in holds_in_the_way(**asked).rows()]
