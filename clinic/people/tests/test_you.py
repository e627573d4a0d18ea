from datetime import date, time

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Event
from clinic.core.errors import DomainError
from clinic.people.access import get_contact, get_runner
from clinic.people.models import CareRelationship, RunnerProfile
from clinic.people.services import begin_care, end_care, issue_token
from conftest import PASSWORD

pytestmark = [pytest.mark.django_db]
GOOD = {
    "name": "Maya L.",
    "zone": "Europe/Oslo",
    "pronouns": "she/her",
    "phone": "+46 8 123 456",
    "birth_date": "1991-04-02",
    "exercise_reminder_at": "07:15",
}


def test_a_runner_says_who_they_are(client_of, runner):
    assert client_of(runner).post(reverse("people:you"), GOOD).status_code == 302
    runner.refresh_from_db()
    profile = RunnerProfile.objects.get(user=runner)
    assert (runner.name, runner.zone, profile.phone, profile.birth_date, profile.exercise_reminder_at) == (
        "Maya L.",
        "Europe/Oslo",
        "+46 8 123 456",
        date(1991, 4, 2),
        time(7, 15),
    )
    assert Event.objects.get(action="profile.changed").changes["zone"] == ["Europe/Stockholm", "Europe/Oslo"]


def test_a_new_zone_of_the_account_ends_the_one_of_the_visit(client_of, runner):
    browser = client_of(runner)
    shown = "Your time: <b>{}</b>"
    assert shown.format("Tokyo") in browser.get("/therapists/?zone=Asia/Tokyo").content.decode()
    browser.post(reverse("people:you"), GOOD | {"zone": runner.zone})
    assert shown.format("Tokyo") in browser.get("/therapists/").content.decode()
    browser.post(reverse("people:you"), GOOD)
    assert shown.format("Oslo") in browser.get("/therapists/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Type your name"),
        ("name", "n" * 100_000, "Up to 120"),
        ("zone", "Mars/Olympus", "We do not know this time zone"),
        ("phone", "call me", "area code"),
        ("birth_date", "2026-01-01", "Check the year"),
        ("birth_date", "1802-01-01", "Check the year"),
        ("exercise_reminder_at", "25:99", "Pick one of the times"),
    ],
)
def test_what_does_not_do_is_said_and_changes_nothing(client_of, runner, field, value, sentence):
    answer = client_of(runner).post(reverse("people:you"), {**GOOD, field: value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    runner.refresh_from_db()
    assert (runner.name, runner.zone) == ("Maya Lindqvist", "Europe/Stockholm")
    assert not Event.objects.filter(action="profile.changed").exists()


def test_saving_what_is_already_so_writes_nothing(client_of, runner):
    client = client_of(runner)
    client.post(reverse("people:you"), GOOD)
    client.post(reverse("people:you"), GOOD)
    assert Event.objects.filter(action="profile.changed").count() == 1


def test_the_team_is_not_asked_for_a_birth_date(client_of, staff, therapist):
    for user in (staff, therapist):
        page = client_of(user).get(reverse("people:you")).content.decode()
        assert "birth_date" not in page
        assert 'name="zone"' in page


ROWS = {
    "credentials-TOTAL_FORMS": "3",
    "credentials-INITIAL_FORMS": "0",
    "credentials-0-name": "MSc Sports Physiotherapy",
    "credentials-0-issuer": "Bath",
    "credentials-0-year": "2014",
    "credentials-1-name": "",
    "credentials-2-name": "HCPC registration",
    "credentials-2-issuer": "HCPC",
    "credentials-2-year": "",
}


def test_a_therapist_writes_the_directory_entry(client_of, therapist):
    data = {
        "headline": "Achilles and calf",
        "bio": "Twelve years.",
        "specialisations": "Achilles\n\n calf \nAchilles",
        "languages": "English\nLuo",
        "takes_new_runners": "on",
        **ROWS,
    }
    answer = client_of(therapist).post(reverse("people:directory"), data)
    assert answer.status_code == 302
    profile = type(therapist.therapist).objects.get(pk=therapist.therapist.pk)
    assert (profile.headline, profile.specialisations, profile.languages) == (
        "Achilles and calf",
        ["Achilles", "calf"],
        ["English", "Luo"],
    )
    assert sorted(profile.credentials.values_list("name", "year")) == [
        ("HCPC registration", None),
        ("MSc Sports Physiotherapy", 2014),
    ]


def test_a_wrong_year_keeps_what_was_typed(client_of, therapist):
    answer = client_of(therapist).post(
        reverse("people:directory"), {"headline": "Kept", **ROWS, "credentials-0-year": "14"}
    )
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.content.decode()
    assert not therapist.therapist.credentials.exists()


def test_only_therapists_have_a_directory_entry(client_of, runner, staff):
    assert [client_of(user).get(reverse("people:directory")).status_code for user in (runner, staff)] == [403, 403]


def test_a_token_is_made_shown_once_and_revoked(runner):
    client = Client()
    client.post(reverse("account_login"), {"login": runner.email, "password": PASSWORD})
    refused = client.post(reverse("people:tokens"), {"name": "watch export"})
    assert refused.url.startswith(reverse("account_reauthenticate"))
    assert not runner.auth_token_set.exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.post(reverse("people:tokens"), {"name": "watch export"})
    token = runner.auth_token_set.get()
    secret = page.context["made"][1]
    assert secret in page.content.decode()
    assert secret not in client.get(reverse("people:tokens")).content.decode()
    assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {secret}").json()["email"] == runner.email
    client.post(reverse("people:revoke_token", args=[token.id]))
    assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 401


def test_somebody_elses_token_is_not_there(client_of, runner, other_runner):
    token, _ = issue_token(by=other_runner)
    assert client_of(runner).post(reverse("people:revoke_token", args=[token.id])).status_code == 404
    assert other_runner.auth_token_set.exists()


def test_eleven_tokens_are_one_too_many(runner):
    for n in range(10):
        issue_token(by=runner, name=f"t{n}")
    with pytest.raises(DomainError, match="Revoke one first"):
        issue_token(by=runner)
    assert runner.auth_token_set.count() == 10


def test_care_opens_the_chart_and_its_end_closes_it(runner, other_therapist, staff, now):
    with pytest.raises(Http404):
        get_runner(other_therapist, runner.runner.pk)
    begin_care(runner=runner.runner, therapist=other_therapist.therapist, by=staff, now=now)
    begin_care(runner=runner.runner, therapist=other_therapist.therapist, by=staff, now=now)
    assert CareRelationship.objects.active().count() == 1
    assert get_runner(other_therapist, runner.runner.pk) == runner.runner
    assert end_care(runner=runner.runner, therapist=other_therapist.therapist, by=staff, now=now)
    assert not end_care(runner=runner.runner, therapist=other_therapist.therapist, by=staff, now=now)
    with pytest.raises(Http404):
        get_runner(other_therapist, runner.runner.pk)
    assert list(Event.objects.order_by("pk").values_list("action", flat=True)) == ["care.begun", "care.ended"]


def test_who_reaches_whom(runner, other_runner, therapist, other_therapist, staff):
    def opens(get, user):
        try:
            return get(user, runner.runner.pk) == runner.runner
        except Http404:
            return False

    everybody = (runner, other_runner, therapist, other_therapist, staff)
    assert [opens(get_runner, user) for user in everybody] == [True, False, True, False, False]
    assert [opens(get_contact, user) for user in everybody] == [True, False, True, False, True]


def test_a_person_picks_the_portrait_that_stands_for_them(client_of, runner):
    client = client_of(runner)
    page = client.get("/you/").content.decode()
    assert page.count('name="portrait"') == 24
    about = {"name": runner.name, "zone": runner.zone, "exercise_reminder_at": "18:00"}
    assert client.post("/you/", {**about, "portrait": "7"}).status_code == 302
    runner.refresh_from_db()
    assert runner.portrait == 7
    assert client.post("/you/", {**about, "portrait": "25"}).status_code == 422
    runner.refresh_from_db()
    assert runner.portrait == 7
