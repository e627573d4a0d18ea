"""What the rail counts for the front desk."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings.models import Service, WaitlistEntry
from clinic.dashboard.templatetags.rail import waiting_at
from clinic.people.models import User
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture
def waiting(follow_up: Service, runner: User, now: datetime) -> None:
    """One wish on the waitlist and one failed message."""
    WaitlistEntry.objects.create(runner=runner.runner, service=follow_up, first=now.date(), made_at=now, made_by=runner)
    Reminder.objects.create(
        person=runner,
        kind="booked",
        subject="appointment:1",
        occasion="1",
        state="failed",
        due_at=now,
        next_at=now,
        expires_at=now + timedelta(hours=1),
    )


def test_the_rail_counts_who_waits_and_the_messages_in_doubt(waiting: None, client_of: ClientOf, staff: User) -> None:
    page = client_of(staff).get("/services/").content.decode()
    assert '<span class="count">1<span class="visually-hidden"> waiting</span>' in page
    assert '<span class="count hot">1<span class="visually-hidden"> to look at</span>' in page


def test_nothing_is_counted_for_a_therapist(waiting: None, client_of: ClientOf, therapist: User) -> None:
    assert 'class="count' not in client_of(therapist).get("/hours/").content.decode()


def test_both_counts_are_one_query(waiting: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert waiting_at() == {"bookings:waitlist": 1, "reminders:messages": 1}


def test_what_is_dismissed_or_over_counts_no_more(waiting: None, now: datetime) -> None:
    WaitlistEntry.objects.update(state="withdrawn", ended_at=now)
    Reminder.objects.update(dismissed_at=now)
    assert {each: n for each, n in waiting_at().items() if n} == {}
