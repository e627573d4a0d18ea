"""A small clinic in the middle of its week: programmes, logs and sessions of a few runners."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import QuerySet

from bookings.models import Appointment, Seat, Service, WeeklyHours, Workshop
from clinic.people.models import CareRelationship, RunnerProfile, TherapistProfile, User
from exercises.models import Exercise, Phase, Prescription, Programme, SessionLog, SetLog

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.fixture
def squat(db: None) -> Exercise:
    return Exercise.objects.create(
        slug="squat",
        name="Squat",
        category="strength",
        purpose="Bend your knees.",
        difficulty=2,
        sets=3,
        reps=8,
        rest_s=60,
    )


@pytest.fixture
def first_visit(db: None) -> Service:
    return Service.objects.create(
        slug="first-visit", name="First visit", minutes=45, price_pence=6800, is_first_visit=True
    )


@pytest.fixture
def follow_up(db: None) -> Service:
    return Service.objects.create(slug="follow-up", name="Follow-up", minutes=30, price_pence=4800, position=1)


@pytest.fixture
def plan(squat: Exercise) -> Callable[..., Programme]:
    """`plan(runner, therapist, days=…)`: an active programme of one exercise, begun four weeks ago."""

    def make(
        runner: RunnerProfile,
        therapist: TherapistProfile,
        *,
        days: list[int] | None = None,
        starts_on: date = TODAY - timedelta(weeks=4),
    ) -> Programme:
        programme = Programme.objects.create(
            runner=runner, therapist=therapist, title="Back to 10 km", starts_on=starts_on
        )
        phase = Phase.objects.create(programme=programme, position=1, title="Build", weeks=12)
        Prescription.objects.create(
            phase=phase,
            exercise=squat,
            position=1,
            sets=3,
            reps=8,
            rest_s=60,
            days=[0, 1, 2, 3, 4, 5, 6] if days is None else days,
        )
        return programme

    return make


@pytest.fixture
def log(db: None) -> Callable[..., SessionLog]:
    """`log(programme, on, pain=…)`: one set of its exercise done on that day."""

    def make(programme: Programme, on: date, *, pain: int | None = None) -> SessionLog:
        kept = SessionLog.objects.create(
            programme=programme,
            runner=programme.runner,
            on=on,
            pain=pain,
            logged_at=datetime(on.year, on.month, on.day, 18, tzinfo=UTC),
        )
        SetLog.objects.create(
            session_log=kept, prescription=programme.phases.get().prescriptions.get(), number=1, reps=8
        )
        return kept

    return make


@pytest.fixture
def book() -> Callable[..., Appointment]:
    """`book(runner, therapist, service, start)`: a booked session."""

    def make(runner: User, therapist: User, service: Service, start: datetime, **fields: object) -> Appointment:
        end = start + service.length
        return Appointment.objects.create(
            runner=runner.runner,
            therapist=therapist.therapist,
            service=service,
            start=start,
            end=end,
            busy_from=start,
            busy_until=end,
            zone="Europe/London",
            wall_start=start.isoformat(),
            booked_by=runner,
            booked_at=start - timedelta(days=3),
            **fields,
        )

    return make


@pytest.fixture
def workshop(now: datetime) -> Callable[..., QuerySet[Seat]]:
    """`workshop(therapist, start, runners, friends=…)`: 90 minutes online, and everybody's seats in it."""

    def make(therapist: User, start: datetime, runners: list[User], friends: Iterable[str] = ()) -> QuerySet[Seat]:
        made = Workshop.objects.create(
            slug="running-form", title="Running form", capacity=9, made_at=now, made_by=therapist
        )
        Appointment.objects.create(
            workshop=made,
            therapist=therapist.therapist,
            start=start,
            end=start + timedelta(minutes=90),
            busy_from=start,
            busy_until=start + timedelta(minutes=90),
            zone="Europe/London",
            wall_start=start.isoformat(),
            video_key="form",
            booked_at=now,
        )
        for runner in runners:
            for friend in ("", *friends):
                Seat.objects.create(workshop=made, runner=runner.runner, friend=friend, made_at=now)
        return Seat.objects.filter(workshop=made)

    return make


@pytest.fixture
def open_hours(therapist: User) -> WeeklyHours:
    """Tuesdays 09:00 to 12:00."""
    return WeeklyHours.objects.create(therapist=therapist.therapist, weekday=1, starts="09:00", ends="12:00")


@pytest.fixture
def take_in_care(therapist: User) -> Callable[[User], None]:
    def take(runner: User) -> None:
        CareRelationship.objects.create(
            runner=runner.runner, therapist=therapist.therapist, since=datetime(2026, 9, 1, tzinfo=UTC)
        )

    return take
