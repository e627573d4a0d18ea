"""A change of zone rules is found and told; sessions move for it only when a member of staff says so."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bookings.models import Appointment, WeeklyHours
from bookings.models.appointments import State
from bookings.services import book_slot
from clinic.audit.models import Event
from clinic.people.models import Role
from conftest import person

NINE_AS_AGREED = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
"""09:00 in Vancouver on 15 January 2027 by the rules of 2025b; by today's it is 16:00 UTC."""
HOUR = timedelta(hours=1)


@pytest.fixture
def vancouver(visit, hours, therapist) -> None:
    therapist.zone = "America/Vancouver"
    therapist.save()
    visit.horizon_days = 200
    visit.minutes = visit.slot_step_min = 60
    visit.save()
    WeeklyHours.objects.update(valid_from=datetime(2026, 1, 1).date())  # noqa: DTZ001


def agreed_before_the_law(visit, therapist, runner, hour: int, now) -> Appointment:
    """Booked for `hour` o'clock when winter was still eight hours behind UTC."""
    right = NINE_AS_AGREED + (hour - 9) * HOUR
    appointment = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=right, by=runner, now=now
    )
    Appointment.objects.filter(pk=appointment.pk).update(wall_start=f"2027-01-15T{hour:02d}:00:00-08:00")
    return appointment


def recheck(**options: object) -> str:
    out = StringIO()
    call_command("recheck_zones", stdout=out, **options)
    return out.getvalue()


def test_nothing_is_said_of_sessions_that_stand(visit, vancouver, therapist, runner, now, clock) -> None:
    book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=NINE_AS_AGREED, by=runner, now=now
    )
    assert recheck() == "Every coming session stands at the time agreed.\n"


def test_a_shifted_session_is_named_with_what_keeps_it_and_whom_to_tell(
    visit, vancouver, therapist, runner, now, clock
) -> None:
    session = agreed_before_the_law(visit, therapist, runner, 9, now)
    told = recheck()
    assert (
        f"{session.pk} America/Vancouver: agreed for 2027-01-15 09:00, now shown as 2027-01-15 10:00; "
        "2027-01-15 16:00 UTC would keep it and is free" in told
    )
    assert f"tell {runner.name} <{runner.email}>; {therapist.name} <{therapist.email}>" in told
    assert told.endswith("1 of the coming sessions need a person.\n")
    session.refresh_from_db()
    assert session.start == NINE_AS_AGREED


def test_what_stands_in_the_way_is_named(visit, vancouver, therapist, runner, other_runner, now, clock) -> None:
    agreed_before_the_law(visit, therapist, runner, 9, now)
    other = book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=NINE_AS_AGREED - HOUR,
        by=other_runner,
        now=now,
    )
    assert f"but is taken by {other.pk} at 2027-01-15 16:00 UTC" in recheck()


def test_a_time_the_clocks_now_skip_needs_another(visit, vancouver, therapist, runner, now, clock) -> None:
    session = agreed_before_the_law(visit, therapist, runner, 9, now)
    Appointment.objects.update(zone="Europe/London", wall_start="2027-03-28T01:15:00+00:00")
    assert f"{session.pk} Europe/London: agreed for 2027-03-28 01:15, a time the clocks now skip" in recheck()


def test_sessions_in_a_row_move_together(visit, vancouver, therapist, runner, staff, now, clock) -> None:
    people = [runner, person(Role.RUNNER, "Second Runner"), person(Role.RUNNER, "Third Runner")]
    row = [agreed_before_the_law(visit, therapist, each, 13 + number, now) for number, each in enumerate(people)]
    assert recheck().count("would keep it and is free") == 3
    assert recheck(move=True, by=staff.email).endswith("3 moved, 0 of the coming sessions need a person.\n")
    starts = [Appointment.objects.get(pk=each.pk).start for each in row]
    assert starts == [NINE_AS_AGREED + number * HOUR for number in (3, 4, 5)]
    assert Event.objects.filter(action="appointment.moved", actor_id=str(staff.pk)).count() == 3
    assert Event.objects.filter(action="appointment.moved").first().reason.startswith("The rules of the time zone")
    assert recheck() == "Every coming session stands at the time agreed.\n"


def test_moving_needs_somebody_who_answers_for_it(visit, vancouver, therapist, runner, now, clock) -> None:
    agreed_before_the_law(visit, therapist, runner, 9, now)
    for email in (None, runner.email):
        with pytest.raises(CommandError):
            recheck(move=True, by=email)
    assert Appointment.objects.get(state=State.BOOKED).start == NINE_AS_AGREED
