"""How the team comes in: invited by staff, by a link that works once and runs out."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import Invitation, Role, User
from clinic.people.services import accept, invite, withdraw

pytestmark = [pytest.mark.django_db]
WHOM = {"name": "Aled Prosser", "email": "aled@mail.example", "role": "therapist"}
GOOD = {"name": "Aled Prosser", "password": "seven quiet hills"}


class Broken(BaseEmailBackend):
    def send_messages(self, messages):
        raise ConnectionRefusedError


@pytest.fixture
def desk(client_of, staff) -> Client:
    return client_of(staff)


def link() -> str:
    return re.search(r"(/invitation/\S+/)", mail.outbox[-1].body).group(1)


def test_an_invited_therapist_makes_a_log_in_and_is_in(desk, client, staff):
    desk.post(reverse("people:team"), WHOM)
    page = client.get(link())
    assert page.status_code == 200
    assert "aled@mail.example" in page.content.decode()
    answer = client.post(link(), GOOD)
    assert answer.status_code == 302
    user = User.objects.get(email="aled@mail.example")
    assert (user.role, user.therapist.slug, user.therapist.is_listed) == (Role.THERAPIST, "aled-prosser", False)
    assert user.emailaddress_set.get().verified
    assert client.session["_auth_user_id"] == str(user.pk)
    assert [e.action for e in Event.objects.filter(action__startswith="invitation").order_by("pk")] == [
        "invitation.sent",
        "invitation.accepted",
    ]


def test_only_the_hash_of_the_link_is_kept(desk):
    desk.post(reverse("people:team"), WHOM)
    token = link().split("/")[2]
    assert token not in str(Invitation.objects.values().get())


def test_the_link_works_once(desk, client):
    desk.post(reverse("people:team"), WHOM)
    client.post(link(), GOOD)
    again = Client().post(link(), {**GOOD, "password": "another long password"})
    assert again.status_code == 410
    assert "This invitation is closed" in again.content.decode()
    assert User.objects.get(email="aled@mail.example").check_password(GOOD["password"])


def test_the_link_runs_out_after_seven_days_and_is_sent_anew(desk, client, staff, time_machine_clock):
    desk = Client()
    desk.force_login(staff)
    desk.post(reverse("people:team"), WHOM)
    old = link()
    time_machine_clock.shift(timedelta(days=7, seconds=1))
    assert client.get(old).status_code == 410
    desk.force_login(staff)
    assert "link has run out" in desk.get(reverse("people:team")).content.decode()
    desk.post(reverse("people:resend_invitation", args=[Invitation.objects.get().pk]))
    assert client.get(old).status_code == 410
    assert client.get(link()).status_code == 200


def test_a_withdrawn_link_opens_nothing(desk, client):
    desk.post(reverse("people:team"), WHOM)
    desk.post(reverse("people:withdraw_invitation", args=[Invitation.objects.get().pk]))
    assert client.post(link(), GOOD).status_code == 410
    assert not User.objects.filter(email="aled@mail.example").exists()


def test_a_withdrawn_invitation_cannot_be_sent_again(desk, staff):
    invitation, _ = invite(by=staff, now=timezone.now(), **WHOM)
    withdraw(invitation=invitation, by=staff, now=timezone.now())
    answer = desk.post(reverse("people:resend_invitation", args=[invitation.pk]))
    assert answer.status_code == 409
    assert mail.outbox == []


def test_one_open_invitation_to_an_address(desk):
    desk.post(reverse("people:team"), WHOM)
    answer = desk.post(reverse("people:team"), {**WHOM, "email": "ALED@mail.example"})
    assert answer.status_code == 422
    assert "open invitation" in answer.content.decode()
    assert Invitation.objects.count() == 1
    assert len(mail.outbox) == 1


def test_nobody_who_has_an_account_is_invited(desk, runner):
    answer = desk.post(reverse("people:team"), {**WHOM, "email": runner.email})
    assert answer.status_code == 422
    assert "logs in with this address already" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_nobody_is_invited_as_a_runner(desk):
    assert desk.post(reverse("people:team"), {**WHOM, "role": "runner"}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_weak_password_is_said_and_the_link_stays_good(desk, client):
    desk.post(reverse("people:team"), WHOM)
    answer = client.post(link(), {**GOOD, "password": "1234567890"})
    assert answer.status_code == 422
    assert "password" in answer.content.decode()
    assert client.post(link(), GOOD).status_code == 302


@pytest.mark.parametrize("token", ["x", "a" * 500, "../../etc/passwd", "%F0%9F%8F%83"])
def test_a_made_up_link_is_closed(client, token):
    assert client.get(f"/invitation/{token.replace('/', '')}/").status_code == 410


def test_somebody_who_is_logged_in_is_asked_to_log_out_first(desk, client_of, runner):
    desk.post(reverse("people:team"), WHOM)
    page = client_of(runner).post(link(), GOOD)
    assert "Log out first" in page.content.decode()
    assert not User.objects.filter(email="aled@mail.example").exists()


def test_when_the_letter_cannot_be_sent_the_desk_is_told(desk, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    page = desk.post(reverse("people:team"), WHOM, follow=True)
    assert "could not be sent" in page.content.decode()
    assert Invitation.objects.count() == 1


def test_two_of_the_same_name_get_pages_of_their_own(staff, therapist):
    _, token = invite(by=staff, now=timezone.now(), **{**WHOM, "name": "Nadia Okello"})
    user = accept(
        token=token, name="Nadia Okello", password="seven quiet hills", zone="Europe/London", now=timezone.now()
    )
    assert user.therapist.slug == "nadia-okello-2"


def test_nobody_closes_their_own_log_in(desk, staff):
    assert desk.post(reverse("people:deactivate", args=[staff.pk])).status_code == 422
    staff.refresh_from_db()
    assert staff.is_active


def test_a_runner_cannot_be_closed_here(desk, runner):
    assert desk.post(reverse("people:deactivate", args=[runner.pk])).status_code == 404
    runner.refresh_from_db()
    assert runner.is_active


def test_a_closed_log_in_is_opened_again(desk, therapist):
    desk.post(reverse("people:deactivate", args=[therapist.pk]))
    therapist.refresh_from_db()
    assert not therapist.is_active
    desk.post(reverse("people:reactivate", args=[therapist.pk]))
    therapist.refresh_from_db()
    assert therapist.is_active


@pytest.mark.django_db(transaction=True)
def test_of_eight_acceptances_at_once_one_makes_the_account(staff):
    _, token = invite(by=staff, now=timezone.now(), **WHOM)

    def take(number: int) -> str:
        try:
            accept(
                token=token,
                name=f"Aled {number}",
                password="seven quiet hills",
                zone="Europe/London",
                now=timezone.now(),
            )
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(take, range(8)))
    assert outcomes == ["invitation_gone"] * 7 + ["made"]
    assert User.objects.filter(email="aled@mail.example").count() == 1


def test_a_withdrawal_refuses_the_second_time(staff):
    invitation, _ = invite(by=staff, now=timezone.now(), **WHOM)
    withdraw(invitation=invitation, by=staff, now=timezone.now())
    with pytest.raises(Conflict):
        withdraw(invitation=invitation, by=staff, now=timezone.now())


def test_the_team_page_asks_as_often_for_one_as_for_many(desk, django_assert_num_queries, therapist, staff):
    from django.test.utils import CaptureQueriesContext

    desk.get(reverse("people:team"))
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse("people:team"))
    for n in range(3):
        invite(by=staff, now=timezone.now(), email=f"n{n}@mail.example", name=f"N {n}", role="staff")
        User.objects.create_user(f"t{n}@mail.example", None, name=f"T {n}", role=Role.STAFF)
    with django_assert_num_queries(len(one)):
        desk.get(reverse("people:team"))
