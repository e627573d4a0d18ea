"""A runner's very first booking takes at most 15 statements beside transaction control, through whichever door."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from knox.models import get_token_model

from bookings.models import Appointment
from clinic.audit.models import Event
from clinic.people.models import CareRelationship, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "hours", "therapist")]

MOST = 15
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
API = "/api/v1"


@contextmanager
def at_most(most: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as queries:
        yield
    asked = [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(CONTROL)]
    assert len(asked) <= most, "\n".join(asked)


def post(client: Client, path: str, **sent: str) -> dict[str, str]:
    answer = client.post(f"{API}/{path}", sent, "application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def wanted(visit, therapist, thursday: datetime) -> dict[str, str]:
    return {"service": visit.slug, "therapist": therapist.therapist.slug, "start": thursday.isoformat()}


@pytest.fixture(params=["session", "token"])
def newcomer(request, other_runner: User, client_of) -> Client:
    """A runner without any care, at their first request."""
    if request.param == "session":
        return client_of(other_runner)
    return Client(headers={"Authorization": f"Token {get_token_model().objects.create(user=other_runner)[1]}"})


def begun(runner: User) -> list[str]:
    """The events of the booking, in their order."""
    assert CareRelationship.objects.active().filter(runner=runner.runner).count() == 1
    return list(Event.objects.about_runner(runner.runner.pk).order_by("pk").values_list("action", flat=True))


def test_booked_over_the_api(newcomer, wanted, other_runner) -> None:
    with at_most(MOST):
        post(newcomer, "appointments/", **wanted)
    assert begun(other_runner) == ["care.begun", "appointment.booked"]


def test_booked_with_anyone(newcomer, wanted, other_runner) -> None:
    del wanted["therapist"]
    with at_most(MOST):
        post(newcomer, "appointments/", **wanted)
    assert begun(other_runner) == ["care.begun", "appointment.booked"]


def test_held_and_confirmed_over_the_api(newcomer, wanted, other_runner) -> None:
    with at_most(MOST):
        held = post(newcomer, "holds/", **wanted)
    with at_most(MOST):
        post(newcomer, "appointments/", hold=held["id"])
    assert begun(other_runner) == ["appointment.held", "care.begun", "appointment.booked"]


def test_held_and_confirmed_on_the_pages(client_of, wanted, other_runner) -> None:
    page = client_of(other_runner)
    times = f"{reverse('bookings:times', args=[wanted['service']])}?therapist={wanted['therapist']}"
    with at_most(MOST):
        check = page.post(times, {"slot": wanted["start"]})
    assert check.status_code == 302
    with at_most(MOST):
        assert "booked=1" in page.post(check.url, {"payer": "self"}).url
    assert begun(other_runner) == ["appointment.held", "care.begun", "appointment.booked"]


def test_booked_for_a_caller_nobody_knows(client_of, staff, wanted) -> None:
    caller = {"name": "Ann Caller", "email": "ann@mail.example", "phone": "07700 900123"}
    desk = client_of(staff)
    with at_most(MOST):
        answer = desk.post(reverse("bookings:book_for"), {"do": "book", **wanted, **caller})
    assert answer.status_code == 302
    runner = Appointment.objects.get().runner.user
    assert begun(runner) == ["runner.registered", "care.begun", "appointment.booked"]


def test_booked_for_a_caller_who_is_known(client_of, staff, wanted, other_runner) -> None:
    desk, chosen = client_of(staff), str(other_runner.runner.pk)
    with at_most(MOST):
        answer = desk.post(reverse("bookings:book_for"), {"do": "book", **wanted, "runner": chosen})
    assert answer.status_code == 302
    assert begun(other_runner) == ["care.begun", "appointment.booked"]
