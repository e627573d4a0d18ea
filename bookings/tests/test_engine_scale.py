"""The clinic that benchmarks measure on: written by the same statement everywhere, and flat however full it is."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from bookings.availability import find_slots, search_slots
from bookings.engine.rezoning import shifted
from bookings.engine.scale import fill
from bookings.models import Appointment, Service, WeeklyHours
from bookings.soonest import first_with_anyone
from bookings.tests.test_engine_races import overlaps
from clinic.people.models import RunnerProfile, TherapistProfile

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def filled(appointments: int, therapists: int, percent: int = 77, *, own_weeks: bool = False) -> Service:
    fill(
        appointments=appointments,
        therapists=therapists,
        percent=percent,
        runners=20,
        now=MONDAY,
        tell=lambda _: None,
        own_weeks=own_weeks,
    )
    return Service.objects.get()


def test_the_clinic_is_what_was_asked_for(db: None) -> None:
    filled(600, 4)
    assert Appointment.objects.count() == 600
    assert (TherapistProfile.objects.count(), RunnerProfile.objects.count()) == (4, 20)
    assert Appointment.objects.filter(start__gt=MONDAY, state="booked").count() == 300
    assert Appointment.objects.filter(start__lt=MONDAY, state="completed").count() == 300
    assert overlaps() == 0
    assert shifted(MONDAY) == [], "every session stands at the wall time agreed"
    first = Appointment.objects.order_by("start", "therapist").first()
    assert first.end - first.start == timedelta(minutes=45)
    first.full_clean()


@pytest.mark.parametrize(("percent", "share"), [(4, 0.04), (77, 0.77), (100, 1.0)])
def test_a_fortnight_is_four_statements_however_full(db: None, percent: int, share: float) -> None:
    service = filled(2 * 1_000 * percent // 100, 10, percent)
    asked = {"first": MONDAY.date(), "last": MONDAY.date() + timedelta(days=13), "zone": "Europe/London"}
    with CaptureQueriesContext(connection) as statements:
        found = search_slots(service=service, now=MONDAY, **asked)
    assert len(statements) <= 4
    free = len(found.slots)
    assert abs(free - 1_000 * (1 - share)) <= 120
    assert len(found.next) == 10
    with CaptureQueriesContext(connection) as statements:
        assert first_with_anyone(service=service, zone="Europe/London", now=MONDAY) is not None
    assert len(statements) <= 6


def test_weeks_of_their_own_leave_the_same_times_free(db: None) -> None:
    service = filled(900, 60, own_weeks=True)
    weeks = WeeklyHours.objects.filter(weekday=0).values("starts", "ends", "valid_from").distinct()
    assert weeks.count() == 60
    for ahead in (timedelta(), timedelta(hours=9), timedelta(days=4, hours=11), timedelta(days=5)):
        now = MONDAY + ahead
        everybody = find_slots(
            service=service, first=now.date(), last=now.date() + timedelta(days=60), zone="Europe/London", now=now
        )
        nearest = min(everybody, key=lambda slot: (slot.start, slot.therapist_id))
        with CaptureQueriesContext(connection) as statements:
            assert first_with_anyone(service=service, zone="Europe/London", now=now) == nearest
        assert len(statements) <= 6


def test_a_database_in_use_is_left_alone(runner) -> None:
    with pytest.raises(CommandError, match="something in this database"):
        call_command("load_scale", stdout=StringIO())
    assert Appointment.objects.count() == 0


def test_the_real_clinic_is_refused(db: None) -> None:
    with override_settings(PRODUCTION=True), pytest.raises(CommandError, match="real clinic"):
        call_command("load_scale", stdout=StringIO())
    for options in ({"therapists": 0}, {"appointments": -1}, {"percent": 101}):
        with pytest.raises(CommandError):
            call_command("load_scale", stdout=StringIO(), **options)


def test_the_command_says_how_fast_it_was(db: None) -> None:
    out = StringIO()
    call_command("load_scale", appointments=40, therapists=2, runners=4, stdout=out)
    assert out.getvalue().startswith("40 appointments of 4 runners with 2 therapists in ")
