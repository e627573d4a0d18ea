"""Services, hours and times that the booking tests share."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest
from django.test import Client

from bookings import services
from bookings.models import Appointment, Place, Service, WeeklyHours
from clinic.people.models import User


@pytest.fixture
def visit(therapist: User) -> Service:
    """45 minutes online with `therapist`, every 45 minutes, 2 hours' notice, no buffers."""
    service = Service.objects.create(
        slug="follow-up",
        name="Follow-up",
        minutes=45,
        price_pence=6800,
        slot_step_min=45,
        min_notice_min=120,
        horizon_days=60,
        change_notice_h=24,
    )
    service.therapists.add(therapist.therapist)
    return service


@pytest.fixture
def gait(therapist: User) -> Service:
    """60 minutes in the clinic with `therapist`, buffers of 10 before and 15 after."""
    service = Service.objects.create(
        slug="gait",
        name="Running assessment",
        minutes=60,
        buffer_before_min=10,
        buffer_after_min=15,
        price_pence=9500,
        slot_step_min=15,
        place=Place.CLINIC,
    )
    service.therapists.add(therapist.therapist)
    return service


@pytest.fixture
def hours(therapist: User) -> list[WeeklyHours]:
    """`therapist` works from Monday to Friday, 9 to 12 and 13 to 17, London time."""
    return [
        WeeklyHours.objects.create(
            therapist=therapist.therapist,
            weekday=day,
            starts=time(starts),
            ends=time(ends),
            valid_from=date(2026, 1, 1),
        )
        for day in range(5)
        for starts, ends in ((9, 12), (13, 17))
    ]


@pytest.fixture
def thursday() -> datetime:
    """Thursday 26 November 2026, 09:00 in London: a start of `visit`, two days after `now`."""
    return datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def session(visit: Service, hours: list[WeeklyHours], runner: User, now: datetime) -> Appointment:
    """Thursday 26 November, 09:00 in London, 10:00 for the runner in Stockholm."""
    start = datetime(2026, 11, 26, 9, tzinfo=UTC)
    return services.book_slot(
        service=visit, therapist=visit.therapists.get(), runner=runner.runner, start=start, by=runner, now=now
    )


@pytest.fixture
def desk(client_of: Callable[[User], Client], staff: User) -> Client:
    """The front desk's browser."""
    return client_of(staff)
