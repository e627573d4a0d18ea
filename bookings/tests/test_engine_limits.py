"""The most sessions of a day, the piece of equipment a session needs, and times that are taken elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from bookings.availability import find_slots, search_slots
from bookings.models import (
    Appointment,
    DailyCap,
    Equipment,
    OutsideBusy,
    OutsideCalendar,
    Seat,
    Service,
    Workshop,
)
from bookings.models.appointments import State
from bookings.services import book_slot, cancel_appointment, hold_slot, move_appointment
from clinic.audit.models import Event
from clinic.core.errors import DomainError
from clinic.people.models import Role
from conftest import person

QUARTERS = timedelta(minutes=45)


def book(service, therapist, runner, start, now, **more) -> Appointment:
    by = more.pop("by", runner)
    return book_slot(
        service=service,
        therapist=therapist and therapist.therapist,
        runner=runner.runner,
        start=start,
        by=by,
        now=now,
        **more,
    )


def refused(act, *given, **more) -> str:
    with pytest.raises(DomainError) as found:
        act(*given, **more)
    return found.value.code


def listed(service: Service, on: datetime, now: datetime, **more) -> list[str]:
    day = on.date()
    found = find_slots(service=service, first=day, last=day, zone="Europe/London", now=now, **more)
    return [f"{slot.start:%H:%M}" for slot in found]


def test_a_full_day_is_neither_listed_nor_bookable(
    visit, hours, therapist, runner, other_runner, staff, thursday, now
) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, service=visit, most=2)
    first = book(visit, therapist, runner, thursday, now)
    assert len(listed(visit, thursday, now)) == 8
    hold_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=thursday + QUARTERS,
        by=other_runner,
        now=now,
    )
    assert listed(visit, thursday, now) == []
    assert listed(visit, thursday + timedelta(days=1), now) != []
    four = thursday + timedelta(hours=7)
    assert refused(book, visit, therapist, runner, four, now) == "day_full"
    assert refused(book, visit, None, runner, four, now) == "day_full"
    assert len(listed(visit, thursday, now + timedelta(minutes=5))) == 8, "the hold has lapsed"
    cancel_appointment(appointment=first, by=runner, now=now)
    assert Appointment.objects.filter(state=State.BOOKED).count() == 0
    assert len(listed(visit, thursday, now)) == 8


def test_whoever_fills_the_day_may_still_choose_another_time_of_it(
    visit, hours, therapist, runner, thursday, now
) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert "10:30" in listed(visit, thursday, now, runner=runner.runner)
    booked = book(visit, therapist, runner, thursday + 2 * QUARTERS, now)
    held.refresh_from_db()
    assert held.state == State.CANCELLED
    moved = move_appointment(appointment=booked, start=thursday, by=runner, now=now)
    assert moved.start == thursday


def test_a_limit_of_one_service_leaves_the_others(visit, gait, hours, therapist, runner, thursday, now) -> None:
    gait.place = "online"
    gait.save()
    DailyCap.objects.create(therapist=therapist.therapist, service=visit, most=1)
    book(visit, therapist, runner, thursday, now)
    assert listed(visit, thursday, now) == []
    assert "13:00" in listed(gait, thursday, now)
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    assert listed(gait, thursday, now) == []


def test_the_day_is_the_therapists_own(visit, hours, therapist, runner, other_runner, now) -> None:
    therapist.zone = "Pacific/Auckland"
    therapist.save()
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    friday_nine = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
    book(visit, therapist, runner, friday_nine, now)
    found = find_slots(service=visit, first=friday_nine.date(), last=friday_nine.date(), zone="Europe/London", now=now)
    assert {slot.start.hour for slot in found} <= {0, 1, 2, 3}, "Thursday in Auckland is open, its Friday is full"
    assert refused(book, visit, therapist, other_runner, friday_nine + timedelta(hours=4), now) == "day_full"


def test_staff_pass_a_full_day_with_a_reason_that_is_kept(
    visit, hours, therapist, runner, other_runner, staff, thursday, now
) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    book(visit, therapist, runner, thursday, now)
    one = thursday + timedelta(hours=4)
    assert refused(book, visit, therapist, other_runner, one, now, by=staff) == "day_full"
    book(visit, therapist, other_runner, one, now, by=staff, override_reason="Sprained this morning")
    assert Event.objects.filter(action="appointment.booked", reason="Sprained this morning").count() == 1
    again = thursday + QUARTERS
    assert (
        refused(book, visit, therapist, other_runner, thursday, now, by=staff, override_reason="Please") == "slot_taken"
    )
    third = person(Role.RUNNER, "Third Runner")
    late = book(visit, therapist, third, thursday + timedelta(days=1), now)
    moved = move_appointment(appointment=late, start=again, by=staff, now=now, reason="Flight moved", override=True)
    assert moved.start == again
    event = Event.objects.get(action="appointment.moved")
    assert (event.reason, event.actor_id) == ("Flight moved", str(staff.pk))


@pytest.fixture
def on_treadmill(gait) -> Service:
    gait.equipment_kind = "treadmill"
    gait.buffer_before_min = gait.buffer_after_min = 0
    gait.slot_step_min = 60
    gait.save()
    return gait


def test_without_a_piece_of_the_kind_it_can_never_be_had(on_treadmill, hours, therapist, runner, thursday, now) -> None:
    Equipment.objects.create(name="Old belt", kind="treadmill", is_active=False)
    Equipment.objects.create(name="Bike", kind="bike")
    assert listed(on_treadmill, thursday, now) == []
    assert refused(book, on_treadmill, therapist, runner, thursday, now) == "slot_taken"
    assert Appointment.objects.count() == 0


def test_one_treadmill_serves_one_session_at_a_time(
    on_treadmill, visit, hours, therapist, other_therapist, runner, other_runner, thursday, now
) -> None:
    belt = Equipment.objects.create(name="Belt", kind="treadmill")
    on_treadmill.therapists.add(other_therapist.therapist)
    for row in hours:
        row.pk, row.therapist = None, other_therapist.therapist
        row.save()
    first = book(on_treadmill, therapist, runner, thursday, now)
    assert first.equipment_id == belt.pk
    theirs = {"therapists": [other_therapist.therapist]}
    assert "09:00" not in listed(on_treadmill, thursday, now, **theirs)
    assert "10:00" in listed(on_treadmill, thursday, now, **theirs)
    assert refused(book, on_treadmill, other_therapist, other_runner, thursday, now) == "slot_taken"
    second_belt = Equipment.objects.create(name="Second belt", kind="treadmill")
    second = book(on_treadmill, other_therapist, other_runner, thursday, now)
    assert second.equipment_id == second_belt.pk
    with pytest.raises(IntegrityError, match="equipment_no_overlap"), transaction.atomic():
        Appointment.objects.filter(pk=second.pk).update(equipment=belt)


def test_a_lapsed_hold_on_the_treadmill_gives_way(
    on_treadmill, hours, therapist, other_therapist, runner, other_runner, thursday, now
) -> None:
    belt = Equipment.objects.create(name="Belt", kind="treadmill")
    on_treadmill.therapists.add(other_therapist.therapist)
    for row in hours:
        row.pk, row.therapist = None, other_therapist.therapist
        row.save()
    held = hold_slot(
        service=on_treadmill, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    later = now + timedelta(minutes=5)
    taken = book(on_treadmill, other_therapist, other_runner, thursday, later)
    held.refresh_from_db()
    assert (taken.equipment_id, held.state) == (belt.pk, State.CANCELLED)


def test_outside_busy_times_count_like_time_off(visit, hours, therapist, runner, staff, thursday, now) -> None:
    calendar = OutsideCalendar.objects.create(
        therapist=therapist.therapist, name="Home", address="https://calendar.example/x", made_at=now, next_at=now
    )
    OutsideBusy.objects.create(
        calendar=calendar, therapist=therapist.therapist, start=thursday + QUARTERS, end=thursday + 2 * QUARTERS
    )
    assert listed(visit, thursday, now)[:2] == ["09:00", "10:30"]
    assert refused(book, visit, therapist, runner, thursday + QUARTERS, now) == "outside_hours"
    book(visit, therapist, runner, thursday + QUARTERS, now, by=staff, override_reason="Dentist moved")


def workshop_at(therapist, start: datetime, now: datetime) -> Workshop:
    workshop = Workshop.objects.create(slug="form", title="Running form", capacity=8, made_at=now, made_by=therapist)
    Appointment.objects.create(
        workshop=workshop,
        therapist=therapist.therapist,
        start=start,
        end=start + 2 * QUARTERS,
        busy_from=start,
        busy_until=start + 2 * QUARTERS,
        zone="Europe/London",
        wall_start=start.isoformat(),
        booked_at=now,
    )
    return workshop


def test_a_seat_keeps_its_runner_busy_and_the_workshop_its_therapist(
    visit, hours, therapist, other_therapist, runner, other_runner, thursday, now
) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    workshop = workshop_at(other_therapist, thursday, now)
    seat = Seat.objects.create(workshop=workshop, runner=runner.runner, made_at=now)
    assert listed(visit, thursday, now, runner=runner.runner)[0] == "10:30"
    assert listed(visit, thursday, now, runner=other_runner.runner)[0] == "09:00"
    assert refused(book, visit, therapist, runner, thursday, now) == "runner_busy"
    visit.therapists.add(other_therapist.therapist)
    for row in hours:
        row.pk, row.therapist = None, other_therapist.therapist
        row.save()
    assert listed(visit, thursday, now, therapists=[other_therapist.therapist])[0] == "10:30"
    for change, free in (
        ({"state": "waiting"}, True),
        ({"state": "offered", "offered_until": now + timedelta(hours=1)}, False),
        ({"state": "offered", "offered_until": now}, True),
        ({"state": "taken", "friend": "Sam"}, True),
        ({"state": "cancelled"}, True),
    ):
        Seat.objects.filter(pk=seat.pk).update(**{"friend": "", "offered_until": None, **change})
        assert ("09:00" in listed(visit, thursday, now, runner=runner.runner)) is free, change
    Seat.objects.filter(pk=seat.pk).update(state="taken", friend="")
    Workshop.objects.update(state="cancelled")
    assert "09:00" in listed(visit, thursday, now, runner=runner.runner)


def test_a_workshop_is_no_session_of_the_days_limit(visit, hours, therapist, thursday, now) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, most=1)
    workshop_at(therapist, thursday, now)
    assert listed(visit, thursday, now)[0] == "10:30"


def test_everything_at_once_is_still_few_statements(
    on_treadmill, hours, therapist, runner, thursday, now, django_assert_max_num_queries
) -> None:
    Equipment.objects.create(name="Belt", kind="treadmill")
    DailyCap.objects.create(therapist=therapist.therapist, most=5)
    for number in range(12):
        other = person(Role.THERAPIST, f"Colleague{number} Reed").therapist
        on_treadmill.therapists.add(other)
        DailyCap.objects.create(therapist=other, most=2)
    day = thursday.date()
    with django_assert_max_num_queries(4):
        search_slots(service=on_treadmill, first=day, last=day, zone="Europe/London", runner=runner.runner, now=now)
