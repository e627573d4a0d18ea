"""The clinic of the quarter: its people, services, hours, rooms, and what is known of the weeks before they begin."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
ROLES = ("8 therapists", "4 rooms", "2 treadmills")


@dataclass
class Clinic:
    """Everybody and everything, by role. `favourites`: runner's key -> (therapist, their TimePreference)."""

    first: date
    weeks: int
    services: dict[str, Any] = field(default_factory=dict)
    therapists: list[Any] = field(default_factory=list)
    runners: list[Any] = field(default_factory=list)
    favourites: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    desk: Any = None


def open_clinic(first: date, *, weeks: int, runners: int, dice: random.Random) -> Clinic:
    """Eight therapists (one abroad), four services, four rooms, two treadmills, `runners` runners with their habits."""
    from bookings.models import DailyCap, Equipment, Service, TreatmentRoom
    from clinic.people.models import Role, User

    clinic = Clinic(first, weeks)
    for number in range(4):
        TreatmentRoom.objects.create(name=f"Room {number + 1}", position=number)
    for number in range(2):
        Equipment.objects.create(name=f"Treadmill {number + 1}", kind="treadmill")
    for slug, facts in {
        "first": {"minutes": 60, "buffer_after_min": 10, "is_first_visit": True},
        "follow-up": {"minutes": 45, "buffer_after_min": 5, "slot_step_min": 30},
        "gait": {"minutes": 75, "buffer_before_min": 10, "place": "clinic", "equipment_kind": "treadmill"},
        "check": {"minutes": 20, "slot_step_min": 20, "change_notice_h": 4, "min_notice_min": 30},
    }.items():
        clinic.services[slug] = Service.objects.create(
            slug=slug, name=slug.title(), price_pence=7000, **{"min_notice_min": 120, "horizon_days": 42, **facts}
        )
    clinic.desk = User.objects.create(email="desk@bench.example", name="Joan Desk", role=Role.STAFF, password="!")
    for number in range(8):
        clinic.therapists.append(therapist(clinic, number))
    DailyCap.objects.create(therapist=clinic.therapists[3], most=6)
    enrol(clinic, runners, dice)
    know_ahead(clinic, dice)
    return clinic


def therapist(clinic: Clinic, number: int) -> Any:
    """Weekly hours with a lunch break; the seventh works evenings and a Saturday, the eighth lives in New York."""
    from bookings.models import WeeklyHours
    from clinic.people.models import Role, TherapistProfile, User

    user = User.objects.create(
        email=f"therapist{number}@bench.example",
        name=f"Therapist {number}",
        role=Role.THERAPIST,
        password="!",
        zone="America/New_York" if number == 7 else "Europe/London",
    )
    made = TherapistProfile.objects.create(user=user, slug=f"therapist-{number}")
    ranges = [(day, 9 - number % 2, 12) for day in range(5)] + [(day, 13, 17) for day in range(5)]
    if number == 6:
        ranges = [(day, 14, 21) for day in range(5)] + [(5, 9, 13)]
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=made, weekday=day, starts=time(starts), ends=time(ends)) for day, starts, ends in ranges
    )
    online_only = number == 7
    for slug, service in clinic.services.items():
        if not (online_only and slug == "gait"):
            service.therapists.add(made)
    return made


def enrol(clinic: Clinic, count: int, dice: random.Random) -> None:
    """Runners, each with a favourite therapist and the days and parts of the day that suit them."""
    from bookings.models import TimePreference
    from clinic.people.models import RunnerProfile, User

    zones = ["Europe/London"] * 8 + ["Europe/Stockholm", "America/New_York"]
    users = User.objects.bulk_create(
        User(email=f"runner{number}@bench.example", name=f"Runner {number}", password="!", zone=dice.choice(zones))
        for number in range(count)
    )
    RunnerProfile.objects.bulk_create(RunnerProfile(user=user) for user in users)
    for user in users:
        wish = TimePreference(
            weekdays=dice.choice((0b1111111, 0b0011111, 0b0010101, 0b0001010, 0b1100001)),
            parts=dice.choice((0b111, 0b111, 0b001, 0b010, 0b110)),
        )
        clinic.favourites[user.pk] = (dice.choice(clinic.therapists), wish)
        clinic.runners.append(user)


def know_ahead(clinic: Clinic, dice: random.Random) -> None:
    """Closed days, an extra Saturday each, a journey, and a calendar elsewhere, entered before anybody books."""
    from bookings.models import OutsideBusy, OutsideCalendar, Override, Travel

    days = clinic.weeks * 7
    for each in clinic.therapists:
        for _ in range(2):
            Override.objects.create(
                therapist=each, on=clinic.first + timedelta(days=dice.randrange(days)), closed=True, note="Course"
            )
        saturday = clinic.first + timedelta(days=5 + 7 * dice.randrange(clinic.weeks))
        if not Override.objects.filter(therapist=each, on=saturday).exists():
            Override.objects.create(therapist=each, on=saturday, starts=time(9), ends=time(13), note="Extra")
    middle = clinic.first + timedelta(days=days // 2)
    Travel.objects.create(
        therapist=clinic.therapists[5], zone="Asia/Kolkata", first=middle, last=middle + timedelta(days=13)
    )
    now = datetime.combine(clinic.first, time(6), LONDON)
    outside = OutsideCalendar.objects.create(
        therapist=clinic.therapists[2], name="Home", address="https://calendar.example/2", made_at=now, next_at=now
    )
    OutsideBusy.objects.bulk_create(
        OutsideBusy(calendar=outside, therapist=clinic.therapists[2], start=start, end=start + timedelta(minutes=90))
        for start in (
            datetime.combine(clinic.first + timedelta(days=7 * week + 2), time(10, 30), LONDON)
            for week in range(clinic.weeks)
        )
    )
