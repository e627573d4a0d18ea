from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import Event
from clinic.people.models import User
from clinic.reminders.letters import stop_token
from clinic.reminders.models import Preference, Reminder, Rhythm, State
from clinic.reminders.tests.conftest import plan

ClientOf = Callable[[User], Client]
URL = "/messages/"


def choices(**changes: Any) -> dict[str, Any]:
    return {"quiet_from": "21:30", "quiet_to": "06:45", "daily_cap": "2", "nudge:email": "on"} | changes


def failed(person: User, now: datetime, **changes: Any) -> Reminder:
    reminder = plan(person, now, **changes)
    Reminder.objects.filter(pk=reminder.pk).update(state=State.FAILED, note="The address was refused (550).")
    reminder.refresh_from_db()
    return reminder


@pytest.fixture
def at_now(clock: Any) -> None:
    """The pages look at the clock; it stands."""


def test_a_runner_sees_their_own_messages_alone(
    runner: User, other_runner: User, now: datetime, client_of: ClientOf, at_now: None
) -> None:
    plan(runner, now + timedelta(hours=3))
    plan(other_runner, now, subject="visit:other", occasion="other")
    response = client_of(runner).get(URL)
    assert [row.person_id for row in response.context["coming"]] == [runner.pk]
    assert "Today 13:00" in response.content.decode()


def test_a_runner_turns_a_kind_off_and_what_is_always_on_stays_on(
    runner: User, client_of: ClientOf, at_now: None
) -> None:
    data = choices(quiet_from="22:00")
    del data["nudge:email"]
    response = client_of(runner).post(URL, data)
    assert response.status_code == 302
    assert list(Preference.objects.values_list("person", "kind", "wanted")) == [(runner.pk, "nudge", False)]
    assert Rhythm.objects.get(person=runner).quiet_from == time(22)
    assert Event.objects.filter(action="messages.chosen").count() == 1


def test_a_bad_choice_is_shown_again_and_nothing_is_kept(runner: User, client_of: ClientOf, at_now: None) -> None:
    response = client_of(runner).post(URL, choices(daily_cap="900", quiet_from="22:00"))
    assert response.status_code == 422
    assert "selected>22:00" in response.content.decode()
    assert not Rhythm.objects.exists()


def test_pausing_for_a_week_and_going_on(runner: User, now: datetime, client_of: ClientOf, at_now: None) -> None:
    client = client_of(runner)
    client.post(reverse("reminders:pause"), {"do": "pause"})
    assert Rhythm.objects.get().paused_until == now.date() + timedelta(days=7)
    assert "Paused until" in client.get(URL).content.decode()
    client.post(reverse("reminders:pause"), {"do": "resume"})
    assert Rhythm.objects.get().paused_until is None


def test_a_therapist_with_nothing_to_choose_is_told_so(therapist: User, client_of: ClientOf, at_now: None) -> None:
    response = client_of(therapist).get(URL)
    assert response.status_code == 200
    assert "nothing to choose yet" in response.content.decode()


@pytest.mark.usefixtures("at_now")
def test_staff_see_every_message_and_filter_by_state_kind_and_name(
    runner: User, other_runner: User, staff: User, now: datetime, client_of: ClientOf
) -> None:
    plan(runner, now)
    wrong = failed(other_runner, now, kind="told")
    client = client_of(staff)

    def found(**query: str) -> list[int]:
        return [row.pk for row in client.get(URL, query).context["page"].object_list]

    assert len(found()) == 2
    assert found(state="failed") == found(state="look") == found(kind="told") == found(q="omar") == [wrong.pk]
    assert found(q="nobody") == []
    assert found(state="sent") == []


def test_staff_send_a_failed_message_again(
    runner: User, staff: User, now: datetime, client_of: ClientOf, at_now: None
) -> None:
    wrong = failed(runner, now)
    response = client_of(staff).post(reverse("reminders:retry", args=[wrong.pk]), {"next": "/messages/?state=look"})
    assert (response.status_code, response["Location"]) == (302, "/messages/?state=look")
    wrong.refresh_from_db()
    assert wrong.state == State.DUE


def test_after_a_retry_nobody_is_sent_to_another_site(
    runner: User, staff: User, now: datetime, client_of: ClientOf, at_now: None
) -> None:
    wrong = failed(runner, now)
    response = client_of(staff).post(reverse("reminders:dismiss", args=[wrong.pk]), {"next": "https://evil.example/"})
    assert response["Location"] == URL
    wrong.refresh_from_db()
    assert wrong.dismissed_at == now


@pytest.mark.parametrize("verb", ["retry", "dismiss"])
def test_a_runner_cannot_deal_with_messages(
    runner: User, now: datetime, client_of: ClientOf, at_now: None, verb: str
) -> None:
    wrong = failed(runner, now)
    assert client_of(runner).post(reverse(f"reminders:{verb}", args=[wrong.pk])).status_code == 404
    wrong.refresh_from_db()
    assert (wrong.state, wrong.dismissed_at) == (State.FAILED, None)


def test_the_staff_list_asks_the_database_as_often_for_three_rows_as_for_one(
    runner: User, staff: User, now: datetime, client_of: ClientOf, at_now: None
) -> None:
    client = client_of(staff)
    client.get(URL)
    counts = []
    for number in range(3):
        failed(runner, now, occasion=str(number))
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[2] <= 14


def test_the_link_of_a_letter_asks_first_and_acts_on_post_alone(runner: User, now: datetime, client: Client) -> None:
    url = reverse("reminders:stop", args=[stop_token(plan(runner, now))])
    assert client.get(url).status_code == 200
    assert not Preference.objects.exists()
    one_click = Client(enforce_csrf_checks=True).post(url, {"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    assert list(Preference.objects.values_list("person", "kind", "wanted")) == [(runner.pk, "nudge", False)]


def test_a_changed_token_does_nothing(runner: User, now: datetime, client: Client) -> None:
    token = stop_token(plan(runner, now))
    assert client.post(reverse("reminders:stop", args=[token[:-1] + "x"])).status_code == 404
    assert not Preference.objects.exists()


def test_the_api_gives_a_runner_their_own_and_staff_all(
    runner: User, other_runner: User, staff: User, now: datetime, client_of: ClientOf
) -> None:
    plan(runner, now)
    plan(other_runner, now)
    own = client_of(runner).get("/api/v1/reminders/").json()
    assert [row["person"] for row in own["results"]] == [runner.email]
    assert set(own["results"][0]) >= {"id", "kind", "state", "due_at", "zone", "note"}
    assert len(client_of(staff).get("/api/v1/reminders/").json()["results"]) == 2


def test_the_api_is_closed_to_strangers(client: Client, db: None) -> None:
    assert client.get("/api/v1/reminders/").status_code == 401
