"""Somebody calls the front desk: who it is, what they have booked, who is free for them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import Appointment, Service, WaitlistEntry, WeeklyHours
from clinic.people.models import User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_runners_page_tells_what_is_coming_and_leads_to_the_board(
    desk: Client, session: Appointment, runner: User
) -> None:
    out = text(desk, f"/board/sessions-of/{runner.runner.pk}/")
    assert "Thu 26 Nov, 09:00" in out
    assert f"/board/?day=2026-11-26&amp;visit={session.pk}" in out
    assert f"/board/new/?runner={runner.runner.pk}" in out
    assert "Past and cancelled" not in out


def test_a_runners_page_keeps_what_was_cancelled_and_what_they_wait_for(
    desk: Client, session: Appointment, runner: User, visit: Service, now: datetime
) -> None:
    services.cancel_appointment(appointment=session, by=runner, now=now)
    WaitlistEntry.objects.create(runner=runner.runner, service=visit, first=now.date(), made_at=now, made_by=runner)
    out = text(desk, f"/board/sessions-of/{runner.runner.pk}/")
    assert "Nothing is booked." in out
    assert f'href="/appointments/{session.pk}/"' in out
    assert "Follow-up with anyone, since today" in out


def test_a_runners_page_reads_the_database_twelve_times_at_most(
    desk: Client, session: Appointment, runner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        text(desk, f"/board/sessions-of/{runner.runner.pk}/")


def test_a_runner_is_found_in_spite_of_a_slip_and_opens(
    desk: Client, session: Appointment, runner: User, other_runner: User
) -> None:
    out = text(desk, "/runners/?q=lindkvist")
    assert f'href="/board/sessions-of/{runner.runner.pk}/" autofocus' in out
    assert f'href="/board/?day=2026-11-26&amp;visit={session.pk}">Thu 09:00</a> with Nadia' in out
    assert "Omar" not in out


def test_booking_from_a_runners_page_starts_with_their_own_therapist(
    desk: Client, session: Appointment, runner: User
) -> None:
    out = text(desk, f"/board/new/?runner={runner.runner.pk}")
    assert "3. When, with Nadia Okello" in out
    assert "Next: Follow-up with Nadia Okello, Thu 09:00." in out


def test_with_anyone_each_time_names_who_is_free(desk: Client, visit: Service, other_therapist: User) -> None:
    assert "<span>09:00</span><small>Nadia</small>" in text(desk, "/board/new/?service=follow-up&day=2026-11-26")
    visit.therapists.add(other_therapist.therapist)
    for each in WeeklyHours.objects.all():
        each.pk, each.therapist = None, other_therapist.therapist
        each.save()
    both = text(desk, "/board/new/?service=follow-up&day=2026-11-26")
    assert f"<span>09:00</span><small>Nadia, {other_therapist.first_name}</small>" in both


def test_a_full_day_shows_a_few_times_and_keeps_the_rest_behind_more(desk: Client, visit: Service) -> None:
    days = desk.get("/board/new/?service=follow-up&day=2026-11-26").context["days"]
    assert days[0].on.isoformat() == "2026-11-26"
    few, rest = ([choice.own for choice, _ in part] for part in (days[0].few, days[0].rest))
    assert len(few) == 6
    assert few[0] == "09:00"
    assert not set(few) & set(rest)
    assert f"{len(rest)} more</summary>" in text(desk, "/board/new/?service=follow-up&day=2026-11-26")


def test_a_time_picked_behind_more_is_seen(desk: Client, visit: Service) -> None:
    page = "/board/new/?service=follow-up&day=2026-11-26"
    hidden = desk.get(page).context["days"][0].rest[0][0]
    answer = desk.get(f"{page}&start={hidden.value}")
    assert answer.context["days"][0].is_opened
    assert f'value="{hidden.value}" checked' in answer.content.decode()


def test_the_week_after_is_a_press_away_and_keeps_what_is_typed(desk: Client) -> None:
    asked = {"do": "from:2026-12-03", "service": "follow-up", "day": "2026-11-26", "name": "Zora Quint"}
    answer = desk.post("/board/new/", asked)
    assert answer.context["days"][0].on.isoformat() == "2026-12-03"
    assert answer.context["form"]["name"].value() == "Zora Quint"


@pytest.mark.parametrize(
    ("words", "field"), [("Zora Quint", "name"), ("zora@mail.example", "email"), ("07700 900555", "phone")]
)
def test_what_was_typed_in_vain_begins_the_new_callers_details(desk: Client, words: str, field: str) -> None:
    answer = desk.post("/board/new/", {"do": "find", "q": words})
    form = answer.context["form"]
    assert {key: form[key].value() or "" for key in ("name", "email", "phone")} == {
        "name": "",
        "email": "",
        "phone": "",
        field: words,
    }


def test_details_typed_by_hand_stay_when_nobody_is_found(desk: Client) -> None:
    answer = desk.post("/board/new/", {"do": "find", "q": "Zora", "name": "", "email": "zq@mail.example"})
    form = answer.context["form"]
    assert (form["name"].value(), form["email"].value()) == ("", "zq@mail.example")
