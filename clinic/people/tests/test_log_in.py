"""The door for those who have a key: password, second step, sessions, and what ends them."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.checks import run_checks
from django.test import Client, override_settings
from django.urls import reverse

from clinic.audit.models import Event
from clinic.people.models import ApiToken, Role, User
from clinic.people.services import deactivate, issue_token
from conftest import PASSWORD

pytestmark = [pytest.mark.django_db]
SECRET = "JBSWY3DPEHPK3PXP"


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))


def test_the_right_password_opens_and_goes_on(client, runner):
    answer = log_in(client, runner.email, next="/programme/")
    assert (answer.status_code, answer.url) == (302, "/programme/")
    assert client.get(reverse("people:you")).status_code == 200


def test_capitals_in_the_address_do_not_matter(client, runner):
    assert log_in(client, runner.email.upper()).status_code == 302


def test_a_wrong_password_and_an_unknown_address_read_the_same(client, runner):
    wrong = log_in(client, runner.email, "not this one")
    unknown = log_in(client, "nobody@mail.example", "not this one")
    sentence = "This e-mail and password do not go together."
    assert sentence in wrong.content.decode()
    assert sentence in unknown.content.decode()
    assert (wrong.status_code, unknown.status_code) == (200, 200)
    assert runner.email in wrong.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_reset_reads_the_same_for_known_and_unknown_addresses(client, runner):
    known = client.post(reverse("account_reset_password"), {"email": runner.email}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@mail.example"}, follow=True)
    strip = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    assert strip.sub("", known.content.decode()) == strip.sub("", unknown.content.decode())
    assert [letter.subject for letter in mail.outbox] == ["Set a new password", "No account with this address"]


def test_a_new_password_loses_nobodys_way(client, runner):
    page = client.get(reverse("account_login"), {"next": "/book/follow-up/?day=3"}).content.decode()
    asking = re.search(r'href="([^"]+)">Forgotten\?', page)[1]
    assert asking == "/accounts/password/reset/?next=%2Fbook%2Ffollow-up%2F%3Fday%3D3"
    form = client.get(asking).content.decode()
    assert '<input type="hidden" name="next" value="/book/follow-up/?day=3">' in form
    sent = client.post(reverse("account_reset_password"), {"email": runner.email, "next": "/book/follow-up/?day=3"})
    assert sent.url.partition("?")[0] == reverse("account_reset_password_done")
    link = re.search(r"http://[^/]+(/\S+)", mail.outbox[0].body)[1]
    elsewhere = Client()
    answer = elsewhere.get(link, follow=True)
    [(address, _)] = answer.redirect_chain
    new = {"password1": "three words in a row", "password2": "three words in a row", "next": "/book/follow-up/?day=3"}
    done = elsewhere.post(address, new, follow=True)
    assert "Your new password is set" in done.content.decode()
    assert 'href="/accounts/login/?next=%2Fbook%2Ffollow-up%2F%3Fday%3D3"' in done.content.decode()


def test_a_reset_leads_to_no_other_site(client, runner):
    client.post(reverse("account_reset_password"), {"email": runner.email, "next": "https://evil.example/"})
    assert "evil" not in mail.outbox[0].body


def test_five_wrong_passwords_lock_the_address_for_a_while(client, runner, time_machine_clock):
    for _ in range(5):
        log_in(client, runner.email, "not this one")
    locked = log_in(client, runner.email)
    assert "Too many tries" in locked.content.decode()
    assert "_auth_user_id" not in client.session
    time_machine_clock.shift(timedelta(minutes=6))
    assert log_in(client, runner.email).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("a" * 10_000 + "@mail.example", "x"),
        ("🏃@mail.example", "x"),
        ("maya@mail.example", "p" * 5_000),
        ("\u202emaya@mail.example", "x"),
    ],
)
def test_hostile_log_ins_get_the_page_again(client, email, password):
    assert log_in(client, email, password).status_code == 200


def test_null_bytes_at_the_door(client):
    assert log_in(client, "maya\0@mail.example").status_code == 400


def test_a_closed_log_in_opens_nothing(client, therapist, staff):
    inside = Client()
    inside.force_login(therapist)
    _, secret = issue_token(by=therapist)
    deactivate(person=therapist, by=staff)
    assert inside.get(reverse("people:you")).status_code == 302
    assert log_in(client, therapist.email).url == reverse("account_inactive")
    assert client.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 401


def test_a_changed_password_ends_the_other_sessions_and_all_tokens(client, runner):
    here, elsewhere = Client(), Client()
    log_in(here, runner.email), log_in(elsewhere, runner.email)
    issue_token(by=runner)
    answer = here.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another quiet hill", "password2": "another quiet hill"},
    )
    assert answer.status_code == 302
    assert here.get(reverse("people:you")).status_code == 200
    assert elsewhere.get(reverse("people:you")).status_code == 302
    assert not ApiToken.objects.exists()
    assert mail.outbox[-1].subject == "Your password was changed"
    assert Event.objects.get(action="login.password_changed").actor_id == str(runner.pk)


def test_a_session_ends_after_half_an_hour_without_use(client, runner, time_machine_clock):
    log_in(client, runner.email)
    time_machine_clock.shift(timedelta(minutes=20))
    assert client.get(reverse("people:you")).status_code == 200
    time_machine_clock.shift(timedelta(minutes=20))
    assert client.get(reverse("people:you")).status_code == 200
    time_machine_clock.shift(timedelta(minutes=31))
    assert client.get(reverse("people:you")).status_code == 302


def test_the_session_id_changes_at_log_in(client, runner):
    client.get(reverse("account_login"))
    client.post(reverse("account_reset_password"), {"email": runner.email})
    before = client.session.session_key
    log_in(client, runner.email)
    assert client.session.session_key != before


def test_the_session_list_logs_the_others_out(runner):
    here, elsewhere = Client(), Client(headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    log_in(here, runner.email), log_in(elsewhere, runner.email)
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "Firefox on Windows" in page
    assert "this one" in page
    here.post(reverse("usersessions_list"))
    assert elsewhere.get(reverse("people:you")).status_code == 302
    assert here.get(reverse("people:you")).status_code == 200


def test_a_second_factor_is_asked_for_and_its_secret_lies_encrypted(client, runner):
    TOTP.activate(runner, SECRET)
    assert SECRET not in str(Authenticator.objects.get().data)
    answer = log_in(client, runner.email)
    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "does not fit" in wrong.content.decode()
    assert "_auth_user_id" not in client.session
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert client.session["_auth_user_id"] == str(runner.pk)


@override_settings(REQUIRE_MFA=True)
@pytest.mark.parametrize("who", ["therapist", "staff"])
def test_where_it_is_required_the_team_reaches_nothing_without_a_second_factor(request, client_of, who):
    client = client_of(request.getfixturevalue(who))
    assert client.get(reverse("people:you")).url == reverse("mfa_index")
    assert client.get("/admin/").url == reverse("mfa_index")
    assert client.get("/api/v1/me/").json()["code"] == "second_factor_needed"
    assert client.get(reverse("mfa_index")).status_code == 200


@override_settings(REQUIRE_MFA=True)
def test_where_it_is_required_runners_and_those_who_have_it_go_on(client_of, runner, therapist):
    assert client_of(runner).get(reverse("people:you")).status_code == 200
    TOTP.activate(therapist, SECRET)
    assert client_of(therapist).get(reverse("people:you")).status_code == 200


def test_setting_the_app_up_gives_recovery_codes(runner):
    client = Client()
    log_in(client, runner.email)
    assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r'class="secret">([A-Z2-7]+)<', page.content.decode()).group(1)
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    codes = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert len(re.findall(r"<li>\d{8}</li>", codes)) == 10


@override_settings(DEMO=False)
def test_outside_the_demonstration_its_people_cannot_be_made_log_in_or_stay(client):
    with override_settings(DEMO=True):
        user = User.objects.create_user("runner@stridewell.test", "run-well-2026", name="R", role=Role.RUNNER)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        inside = Client()
        inside.force_login(user)
        _, secret = issue_token(by=user)
    with pytest.raises(Exception, match="belongs to the demonstration"):
        User.objects.create_user("runner2@stridewell.test", "run-well-2026", name="R")
    log_in(client, "runner@stridewell.test", "run-well-2026")
    assert "_auth_user_id" not in client.session
    assert inside.get(reverse("people:you")).status_code == 302
    assert client.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 401
    assert "people.E001" in [error.id for error in run_checks(databases=["default"])]


def test_in_the_demonstration_its_people_log_in_and_the_page_says_how(client):
    user = User.objects.create_user("runner@stridewell.test", "run-well-2026", name="R", role=Role.RUNNER)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    assert "run-well-2026" in client.get(reverse("account_login")).content.decode()
    assert log_in(client, "runner@stridewell.test", "run-well-2026").status_code == 302


def test_the_back_office_is_for_superusers_of_the_staff(client, client_of, staff, therapist, runner):
    assert client.get("/admin/").url.startswith(reverse("account_login"))
    assert client.get("/admin/login/").url.startswith(reverse("account_login"))
    for user in (runner, therapist, staff):
        assert client_of(user).get("/admin/", follow=True).status_code == 403
    staff.is_staff = True
    staff.save()
    assert client_of(staff).get("/admin/people/user/").status_code == 302
    staff.is_superuser = True
    staff.save()
    assert client_of(staff).get("/admin/people/user/").status_code == 200
    therapist.is_staff = therapist.is_superuser = True
    therapist.save()
    assert client_of(therapist).get("/admin/people/user/").status_code == 302


def test_a_change_in_the_back_office_is_written_down(client_of, staff, runner):
    staff.is_staff = staff.is_superuser = True
    staff.save()
    data = {"name": "Maya L.", "zone": "Europe/Oslo", "is_active": "on"}
    answer = client_of(staff).post(f"/admin/people/user/{runner.pk}/change/", data)
    assert answer.status_code == 302
    event = Event.objects.get(action="backoffice.changed")
    assert event.changes["name"] == ["Maya Lindqvist", "Maya L."]
