"""A stranger becomes a runner: the account, its consent, the code, and the way back to the time they had picked."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse

from clinic.people.models import Consent, Role, User
from clinic.people.services.registering import HEALTH_DATA, HEALTH_DATA_VERSION

pytestmark = [pytest.mark.django_db]
CHECK = "/book/check/8f14e45f-ceea-467f-a0e6-2a9f1e5cf0f1/"
GOOD = {
    "name": "Ines Vogel",
    "email": "ines@mail.example",
    "password1": "seven quiet hills",
    "zone": "Europe/Lisbon",
    "consent": "on",
    "next": CHECK,
}


def sign_up(client: Client, **changes: str):
    return client.post(reverse("account_signup"), {**GOOD, **changes})


def code_in_mail() -> str:
    return re.search(r"^([A-Z0-9-]{6,10})$", mail.outbox[-1].body, re.M).group(1)


def test_signing_up_makes_a_runner_with_a_zone_and_a_dated_consent(client):
    answer = sign_up(client)
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_email_verification_sent"))
    user = User.objects.get(email="ines@mail.example")
    assert (user.role, user.name, user.zone, user.runner.phone) == (Role.RUNNER, "Ines Vogel", "Europe/Lisbon", "")
    consent = Consent.objects.get(user=user)
    assert (consent.kind, consent.version) == (HEALTH_DATA, HEALTH_DATA_VERSION)


def test_the_code_leads_back_to_the_time_that_was_picked(client):
    sign_up(client)
    page = client.get(reverse("account_email_verification_sent"))
    assert page.status_code == 200
    assert b"ines@mail.example" in page.content
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})
    assert (answer.status_code, answer.url) == (302, CHECK)
    assert client.session["_auth_user_id"] == str(User.objects.get(email="ines@mail.example").pk)


def test_before_the_code_nobody_is_logged_in(client):
    sign_up(client)
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("people:you")).status_code == 302


def test_a_code_that_ran_out_says_so_and_keeps_the_way(client, time_machine_clock):
    sign_up(client)
    client.get(reverse("account_email_verification_sent"))
    code = code_in_mail()
    time_machine_clock.shift(timedelta(minutes=29.9))
    assert client.get(reverse("account_email_verification_sent")).status_code == 200
    time_machine_clock.shift(timedelta(minutes=1))
    answer = client.post(reverse("account_email_verification_sent"), {"code": code}, follow=True)
    assert "This code has run out" in answer.content.decode()
    assert f'value="{CHECK}"' in answer.content.decode()


def test_after_five_wrong_codes_a_sentence_and_a_way_on(client):
    sign_up(client)
    right = code_in_mail()
    for _ in range(4):
        page = client.post(reverse("account_email_verification_sent"), {"code": "AAAA-AAAA"})
        assert page.status_code == 200
        assert "does not fit" in page.content.decode()
    answer = client.post(reverse("account_email_verification_sent"), {"code": "AAAA-AAAA"}, follow=True)
    assert "Five codes did not fit" in answer.content.decode()
    client.post(reverse("account_email_verification_sent"), {"code": right})
    assert "_auth_user_id" not in client.session


def test_a_new_code_can_be_had(client, time_machine_clock):
    sign_up(client)
    first = code_in_mail()
    time_machine_clock.shift(timedelta(seconds=30))
    client.post(reverse("account_email_verification_sent"), {"action": "resend"})
    assert len(mail.outbox) == 2
    second = code_in_mail()
    assert first != second
    assert client.post(reverse("account_email_verification_sent"), {"code": second}).url == CHECK


def test_an_address_with_an_account_gets_the_same_answer_and_another_letter(client, runner):
    fresh = sign_up(Client())
    taken = sign_up(client, email=runner.email)
    assert (taken.status_code, taken.url.split("?")[0]) == (fresh.status_code, fresh.url.split("?")[0])
    assert client.get(reverse("account_email_verification_sent")).status_code == 200
    assert mail.outbox[-1].to == [runner.email]
    assert "account already" in mail.outbox[-1].subject
    assert User.objects.filter(email=runner.email).count() == 1


def test_no_consent_no_account(client):
    answer = client.post(reverse("account_signup"), {key: value for key, value in GOOD.items() if key != "consent"})
    assert answer.status_code == 200
    assert "Tick it to go on" in answer.content.decode()
    assert 'value="Ines Vogel"' in answer.content.decode()
    assert not User.objects.filter(email=GOOD["email"]).exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "maya@lindqvist", "needs a dot"),
        ("zone", "Mars/Olympus", "We do not know this time zone"),
        ("name", "   ", "Type your name"),
        ("name", "x" * 121, "Up to 120"),
        ("name", "y" * 1_000_000, "Up to 120"),
        ("password1", "run", "too short"),
        ("password1", "z" * 600, "at most 512"),
    ],
)
def test_what_does_not_do_is_said_at_its_field(client, field, value, sentence):
    answer = sign_up(client, **{field: value})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not User.objects.exists()


def test_null_bytes_are_refused_before_any_form(client):
    assert sign_up(client, name="Ines\0Vogel").status_code == 400
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["🏃‍♀️ Zoë", "مها الحربي", "О'Коннор-Smith", "王芳"])
def test_names_of_all_the_world_are_kept_as_typed(client, name):
    sign_up(client, name=name)
    assert User.objects.get().name == name


def test_a_ten_megabyte_name_gets_an_answer(client):
    answer = sign_up(client, name="n" * 10_000_000)
    assert answer.status_code in (400, 413)
    assert not User.objects.exists()


@override_settings(DEMO=False)
def test_nobody_signs_up_with_an_address_of_the_demonstration(client):
    answer = sign_up(client, email="runner99@stridewell.test")
    assert "belongs to the demonstration" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("role", ["therapist", "staff"])
def test_a_role_cannot_be_asked_for(client, role):
    sign_up(client, role=role, is_staff="1", is_superuser="1")
    user = User.objects.get()
    assert (user.role, user.is_staff, user.is_superuser) == (Role.RUNNER, False, False)


def test_a_way_back_to_another_site_is_not_taken(client):
    sign_up(client, next="https://evil.example/")
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})
    assert answer.url == "/today/"


def test_sign_ups_from_one_address_are_slowed(client):
    answers = [sign_up(client, email=f"n{n}@mail.example", consent="").status_code for n in range(21)]
    assert answers[-1] == 429


def test_a_runner_made_by_the_front_desk_sets_a_password_and_gets_in(client, staff):
    from clinic.people.services import register_runner

    register_runner(name="Karin Holm", email="karin@mail.example", phone="0117 496 0199", by=staff)
    client.post(reverse("account_reset_password"), {"email": "karin@mail.example"})
    link = re.search(r"http://testserver(\S+)", mail.outbox[-1].body).group(1)
    page = client.get(link, follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "seven quiet hills", "password2": "seven quiet hills"})
    answer = client.post(reverse("account_login"), {"login": "karin@mail.example", "password": "seven quiet hills"})
    assert answer.status_code == 302


def test_a_double_post_makes_one_account_and_the_first_code_works(client):
    sign_up(client)
    again = sign_up(client)
    assert again.status_code == 302
    assert again.url.startswith(reverse("account_email_verification_sent"))
    assert User.objects.count() == 1
    assert client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()}).url == CHECK


def test_signing_up_again_within_seconds_from_another_window_is_asked_to_wait(client):
    sign_up(Client())
    answer = sign_up(client)
    assert answer.status_code == 429
    assert answer.templates[0].name == "429.html"
    assert User.objects.count() == 1
