"""What must never be false, attacked in plain SQL: the database has the last word."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from bookings.models import Appointment, Override, Service, TimeOff, TreatmentRoom, WeeklyHours
from bookings.services import book_slot
from clinic.people.models import User

pytestmark = pytest.mark.usefixtures("hours")


@pytest.fixture
def booked(gait: Service, therapist: User, runner: User, thursday: datetime, now: datetime) -> Appointment:
    """9:00 to 10:00 in the clinic's only room, busy 8:50 to 10:15."""
    TreatmentRoom.objects.create(name="Room 1")
    return book_slot(
        service=gait, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def copy(row: Appointment, **changes: object) -> None:
    """INSERT a copy of `row` with `changes`, without the model in between."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM bookings_appointment WHERE id = %s",
            [row.pk if connection.vendor == "postgresql" else row.pk.hex],
        )
        names = [column[0] for column in cursor.description]
        values = dict(zip(names, cursor.fetchone(), strict=True))
        key = uuid.uuid4()
        values |= {"id": str(key) if connection.vendor == "postgresql" else key.hex, "video_key": None, **changes}
        quoted = ", ".join(f'"{name}"' for name in values)
        cursor.execute(
            f"INSERT INTO bookings_appointment ({quoted}) VALUES ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )


def set_columns(table: str, **changes: object) -> None:
    with connection.cursor() as cursor:
        assignments = ", ".join(f'"{name}" = %s' for name in changes)
        cursor.execute(f"UPDATE {table} SET {assignments}", list(changes.values()))


def at(row: Appointment, minutes: int, length: int = 30) -> dict[str, object]:
    """Columns of a session `minutes` after the start of `row`, without buffers."""
    start = (row.start + timedelta(minutes=minutes)).replace(tzinfo=None)
    end = start + timedelta(minutes=length)
    if connection.vendor == "postgresql":
        start, end = f"{start}+00", f"{end}+00"  # type: ignore[assignment]
    else:
        start, end = str(start), str(end)  # type: ignore[assignment]
    return {"start": start, "end": end, "busy_from": start, "busy_until": end}


def key(person: User) -> str:
    return str(person.runner.pk) if connection.vendor == "postgresql" else person.runner.pk.hex


def refused(name: str, action: object, *args: object, **changes: object) -> None:
    before = list(Appointment.objects.order_by("pk").values())
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        action(*args, **changes)  # type: ignore[operator]
    assert list(Appointment.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("minutes", [-39, 0, 30, 74])
def test_a_therapist_is_never_in_two_sessions_buffers_included(booked, other_runner, minutes) -> None:
    refused(
        "therapist_no_overlap", copy, booked, runner_id=key(other_runner), treatment_room_id=None, **at(booked, minutes)
    )


@pytest.mark.parametrize("minutes", [-40, 75])
def test_back_to_back_is_allowed(booked, other_runner, minutes) -> None:
    copy(booked, runner_id=key(other_runner), **at(booked, minutes))
    assert Appointment.objects.count() == 2


def test_a_runner_is_never_in_two_sessions(booked, other_therapist) -> None:
    refused(
        "runner_no_overlap",
        copy,
        booked,
        therapist_id=other_therapist.therapist.pk,
        treatment_room_id=None,
        **at(booked, 59),
    )
    copy(booked, therapist_id=other_therapist.therapist.pk, treatment_room_id=None, **at(booked, 60))


def test_a_room_holds_one_session(booked, other_therapist, other_runner) -> None:
    refused(
        "room_no_overlap",
        copy,
        booked,
        therapist_id=other_therapist.therapist.pk,
        runner_id=key(other_runner),
        **at(booked, 60),
    )


def test_a_lapsed_hold_blocks_until_it_is_cancelled_and_a_cancelled_session_never(booked, other_runner) -> None:
    set_columns("bookings_appointment", state="held", hold_expires_at="2000-01-01 00:00:00")
    refused(
        "therapist_no_overlap",
        copy,
        booked,
        state="booked",
        hold_expires_at=None,
        runner_id=key(other_runner),
        treatment_room_id=None,
        **at(booked, 0),
    )
    set_columns("bookings_appointment", state="cancelled")
    copy(booked, state="booked", hold_expires_at=None, runner_id=key(other_runner))
    refused("(therapist|room)_no_overlap", set_columns, "bookings_appointment", state="booked")


def test_moving_by_sql_is_refused_as_well(booked, other_runner) -> None:
    copy(booked, runner_id=key(other_runner), **at(booked, 75))
    refused("(therapist|room)_no_overlap", set_columns, "bookings_appointment", **at(booked, 0))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("appointment_state_known", {"state": "maybe"}),
        ("appointment_place_known", {"place": "moon"}),
        ("appointment_hold_has_expiry", {"state": "held", "hold_expires_at": None}),
    ],
)
def test_impossible_appointments(booked, name, changes) -> None:
    refused(name, set_columns, "bookings_appointment", **changes)


def test_a_session_ends_after_it_begins_inside_the_busy_time(booked) -> None:
    times = at(booked, 0)
    refused("appointment_end_after_start", set_columns, "bookings_appointment", end=times["start"], state="cancelled")
    refused(
        "appointment_busy_covers_session",
        set_columns,
        "bookings_appointment",
        busy_from=times["end"],
        state="cancelled",
    )


@pytest.mark.parametrize(
    ("table", "name", "changes"),
    [
        ("bookings_service", "service_length_possible", {"minutes": 0}),
        ("bookings_service", "service_length_possible", {"minutes": 481}),
        ("bookings_service", "service_buffers_possible", {"buffer_after_min": 121}),
        ("bookings_service", "service_step_possible", {"slot_step_min": 0}),
        ("bookings_service", "service_horizon_possible", {"horizon_days": 0}),
        ("bookings_service", "service_place_known", {"place": "moon"}),
        ("bookings_weeklyhours", "weekly_hours_end_after_start", {"starts": "09:00", "ends": "09:00"}),
        ("bookings_weeklyhours", "weekly_hours_weekday_known", {"weekday": 7}),
        (
            "bookings_weeklyhours",
            "weekly_hours_valid_in_order",
            {"valid_from": "2026-02-01", "valid_until": "2026-01-31"},
        ),
        ("bookings_override", "override_times_whole", {"closed": False}),
        ("bookings_override", "override_times_whole", {"starts": "09:00"}),
        ("bookings_timeoff", "time_off_end_after_start", {"end": "2026-01-01 00:00:00"}),
    ],
)
def test_impossible_timetables(booked, therapist, table, name, changes) -> None:
    Override.objects.create(therapist=therapist.therapist, on=booked.start.date(), closed=True)
    TimeOff.objects.create(therapist=therapist.therapist, start=booked.start, end=booked.end)
    refused(name, set_columns, table, **changes)


def test_every_constraint_has_a_sentence() -> None:
    for model in (Appointment, Service, WeeklyHours, Override, TimeOff):
        for constraint in model._meta.constraints:
            assert constraint.violation_error_message.endswith("."), constraint.name
            assert "violated" not in constraint.violation_error_message
