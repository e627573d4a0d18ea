"""Sessions longer or shorter than their service: their length is what the book keeps free."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.availability import decide, find_slots
from bookings.services import book_slot, move_appointment
from bookings.services.booking import place
from bookings.services.transactions import lock, whole
from clinic.core.errors import Conflict, DomainError

NINETY = timedelta(minutes=90)


@pytest.fixture
def long_one(visit, hours, therapist, runner, thursday, now):
    """Thursday 09:00 to 10:30, booked as 45 minutes and made longer."""
    appointment = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    resized(appointment, NINETY, now)
    appointment.refresh_from_db()
    return appointment


@whole
def resized(appointment, length: timedelta, now: datetime, *, beyond_rules: bool = False) -> None:
    """What a change of length does to the book: lock, place at the same start, save."""
    zones = lock(therapists=[appointment.therapist], runner=appointment.runner, service=appointment.service)
    before = type(appointment).objects.get(pk=appointment.pk)
    place(
        appointment,
        start=before.start,
        now=now,
        offered_by=zones,
        moving=before,
        beyond_rules=beyond_rules,
        length=length,
    )
    appointment.save()


def test_a_longer_session_bars_what_it_covers(long_one, visit, thursday, now) -> None:
    assert long_one.length == NINETY
    day = thursday.date()
    listed = find_slots(service=visit, first=day, last=day, zone="Europe/London", now=now)
    assert f"{listed[0].start:%H:%M}" == "10:30"


def test_a_move_keeps_the_length_and_needs_room_for_it(
    long_one, visit, therapist, other_runner, staff, thursday, now
) -> None:
    eleven = thursday + timedelta(hours=2, minutes=15)
    day = thursday.date()
    fits = find_slots(service=visit, first=day, last=day, zone="Europe/London", now=now, moving=long_one)
    assert [f"{slot.start:%H:%M}" for slot in fits] == ["09:00", "09:45", "10:30", "13:00", "13:45", "14:30", "15:15"]
    assert {slot.end - slot.start for slot in fits} == {NINETY}
    with pytest.raises(DomainError) as refused:
        move_appointment(appointment=long_one, start=eleven, by=staff, now=now)
    assert refused.value.code == "outside_hours"
    moved = move_appointment(appointment=long_one, start=thursday + timedelta(hours=4), by=staff, now=now)
    assert (moved.start, moved.end) == (
        datetime(2026, 11, 26, 13, tzinfo=UTC),
        datetime(2026, 11, 26, 14, 30, tzinfo=UTC),
    )


def test_resizing_counts_hours_and_what_is_taken_alone(long_one, visit, therapist, other_runner, thursday, now) -> None:
    book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=thursday + NINETY,
        by=other_runner,
        now=now,
    )
    with pytest.raises(Conflict) as refused:
        resized(long_one, NINETY + timedelta(minutes=5), now)
    assert refused.value.code == "slot_taken"
    long_one.refresh_from_db()
    assert long_one.length == NINETY
    during = thursday + timedelta(minutes=20)
    resized(long_one, timedelta(minutes=60), during)
    assert long_one.length == timedelta(minutes=60)


def test_a_session_made_too_long_for_the_hours(long_one, visit, therapist, now) -> None:
    with pytest.raises(DomainError) as refused:
        resized(long_one, timedelta(hours=3, minutes=5), now)
    assert refused.value.code == "outside_hours"
    resized(long_one, timedelta(hours=3, minutes=5), now, beyond_rules=True)
    for minutes in (4, 481, -5):
        with pytest.raises(DomainError) as refused:
            resized(long_one, timedelta(minutes=minutes), now, beyond_rules=True)
        assert refused.value.code == "bad_length"


def test_decide_takes_a_length(visit, hours, therapist, thursday, now) -> None:
    late = thursday + timedelta(hours=2, minutes=15)
    asked = {"service": visit, "therapist": therapist.therapist, "runner": None, "start": late, "now": now}
    assert decide(**asked).zone == "Europe/London"
    with pytest.raises(DomainError) as refused:
        decide(**asked, length=timedelta(minutes=50))
    assert refused.value.code == "outside_hours"
