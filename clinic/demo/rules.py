"""The treadmill, a journey, a limit of a day, and how many visits programmes plan."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.models import Appointment, DailyCap, Equipment, Service, Travel
from bookings.models.appointments import State
from clinic.demo.people import People
from exercises.models import Programme

TREADMILL = "treadmill"


def make_equipment(services: dict[str, Service]) -> dict[str, Equipment]:
    """One treadmill, which the run lab needs. By kind."""
    Service.objects.filter(pk=services["run-lab"].pk).update(equipment_kind=TREADMILL)
    services["run-lab"].equipment_kind = TREADMILL
    return {TREADMILL: Equipment.objects.create(name="Treadmill 1", kind=TREADMILL, position=1)}


def make_limits(people: People, now: datetime) -> None:
    """The last therapist works from Lisbon for a fortnight in a month; the second takes seven sessions a day at most."""
    away, busy = people.therapists[-1], people.therapists[1]
    monday = now.astimezone(ZoneInfo(away.user.zone)).date()
    monday += timedelta(days=28 - monday.weekday())
    Travel.objects.create(therapist=away, zone="Europe/Lisbon", first=monday, last=monday + timedelta(days=11))
    DailyCap.objects.create(therapist=busy, most=7)


def plan_visits(programmes: list[Programme], rows: list[Appointment]) -> None:
    """Two programmes of three plan their visits; every other one of these lacks some."""
    kept = [each for each in rows if each.state not in (State.CANCELLED, State.NO_SHOW)]
    for number, programme in enumerate(programmes):
        last = programme.starts_on + timedelta(weeks=programme.weeks)
        visits = sum(
            each.runner.pk == programme.runner_id and programme.starts_on <= each.start.date() < last for each in kept
        )
        if number % 3 < 2:
            programme.visits_planned = max(1, visits + (1 + number % 4 if number % 2 else 0))
    Programme.objects.bulk_update(programmes, ["visits_planned"])
