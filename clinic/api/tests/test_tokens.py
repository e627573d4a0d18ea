import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client, override_settings

from clinic.audit.models import Event
from clinic.people.models import ApiToken
from conftest import PASSWORD

pytestmark = [pytest.mark.django_db]
URL = "/api/v1/tokens/"
SECRET = "JBSWY3DPEHPK3PXP"


def ask(client: Client, **data: str):
    return client.post(URL, data, content_type="application/json")


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))


def test_e_mail_and_password_give_a_token_that_opens(client, runner):
    answer = ask(client, email=runner.email, password=PASSWORD, name="watch export")
    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "expires_at"}
    me = Client().get("/api/v1/me/", headers={"authorization": f"Token {answer.json()['token']}"})
    assert me.json() == {
        "id": runner.pk,
        "email": runner.email,
        "name": "Maya Lindqvist",
        "role": "runner",
        "zone": "Europe/Stockholm",
    }
    assert ApiToken.objects.get().name == "watch export"
    assert answer.json()["token"] not in str(ApiToken.objects.values().get())
    assert Event.objects.get(action="token.issued").changes == {"name": [None, "watch export"]}


def test_wrong_unknown_unconfirmed_and_closed_read_the_same(client, runner, other_runner, therapist):
    other_runner.emailaddress_set.update(verified=False)
    therapist.is_active = False
    therapist.save()
    answers = [
        ask(client, email=runner.email, password="not this one"),
        ask(client, email="nobody@mail.example", password=PASSWORD),
        ask(client, email=other_runner.email, password=PASSWORD),
        ask(client, email=therapist.email, password=PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {(answer.json()["code"], answer.json()["message"]) for answer in answers} == {
        ("bad_credentials", "This e-mail and password do not go together.")
    }
    assert not ApiToken.objects.exists()


def test_the_second_factor_is_asked_for_where_one_is_set(client, runner):
    TOTP.activate(runner, SECRET)
    assert ask(client, email=runner.email, password=PASSWORD).json()["code"] == "second_factor_required"
    assert ask(client, email=runner.email, password=PASSWORD, code="000000").json()["code"] == "bad_code"
    assert not ApiToken.objects.exists()
    assert ask(client, email=runner.email, password=PASSWORD, code=code_now()).status_code == 201


def test_a_recovery_code_works_once(client, runner):
    TOTP.activate(runner, SECRET)
    code = RecoveryCodes.activate(runner).get_unused_codes()[0]
    assert ask(client, email=runner.email, password=PASSWORD, code=code).status_code == 201
    assert ask(client, email=runner.email, password=PASSWORD, code=code).status_code == 401
    assert Authenticator.objects.count() == 2


@override_settings(REQUIRE_MFA=True)
def test_where_it_is_required_the_team_gets_no_token_without_a_second_factor(client, therapist):
    answer = ask(client, email=therapist.email, password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")


def test_wrong_tries_lock_here_and_at_the_log_in_page_alike(client, runner):
    for _ in range(5):
        ask(client, email=runner.email, password="not this one")
    locked = ask(client, email=runner.email, password=PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_tries")
    page = client.post("/accounts/login/", {"login": runner.email, "password": PASSWORD})
    assert "Too many tries" in page.content.decode()


def test_ten_tries_a_minute(client):
    answers = [ask(client, email=f"n{n}@mail.example", password="x") for n in range(11)]
    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    assert (answers[10].status_code, answers[10].json()["code"]) == (429, "too_many_requests")
    assert int(answers[10]["Retry-After"]) > 0


def test_tokens_are_listed_without_their_secret_and_revoked(client, api_of, runner, other_runner):
    api = api_of(runner)
    listed = api.get(URL).json()
    assert [set(row) for row in listed] == [{"id", "name", "created_at", "expires_at"}]
    assert api_of(other_runner).delete(f"{URL}{listed[0]['id']}/").status_code == 404
    assert api.delete(f"{URL}{listed[0]['id']}/").status_code == 204
    assert api.get(URL).status_code == 401


@pytest.mark.parametrize(
    "header", ["Token", "Token x", "Token a b", "Token " + "f" * 5_000, "Token \xff\xfe", "Bearer x"]
)
def test_what_is_no_token_opens_nothing(header):
    assert Client(headers={"authorization": header}).get("/api/v1/me/").status_code == 401


def test_an_old_token_opens_nothing(api_of, runner, time_machine_later):
    api = api_of(runner)
    with time_machine_later(days=91):
        assert api.get("/api/v1/me/").status_code == 401


@pytest.fixture
def time_machine_later():
    from datetime import timedelta

    import time_machine
    from django.utils import timezone

    return lambda **ahead: time_machine.travel(timezone.now() + timedelta(**ahead))
