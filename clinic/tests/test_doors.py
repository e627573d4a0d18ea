"""The doors in a real browser: sign-up with the zone of the device, a passkey from end to end, and no serious finding."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from clinic.people.models import User
from clinic.tests.conftest import Open, serious_findings
from conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def fresh_throttles() -> None:
    cache.clear()


def log_in(page, email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/today/")


def fill_in(page) -> None:
    page.fill("[name=name]", "Ines Vogel")
    page.fill("[name=email]", "ines@mail.example")
    page.fill("[name=password1]", "seven quiet hills")
    page.check("[name=consent]")


def type_the_code(page) -> None:
    page.wait_for_url(re.compile("/confirm-email/"))
    page.fill("[name=code]", re.search(r"^([A-Z0-9-]{6,10})$", mail.outbox[-1].body, re.M).group(1).lower())
    page.click("text=Confirm my address")


def test_a_stranger_signs_up_and_comes_back_to_the_time_they_picked(open_browser: Open):
    page = open_browser()
    page.goto("/accounts/signup/?next=/prices/")
    assert serious_findings(page) == []
    fill_in(page)
    page.click("text=Make my account")
    page.wait_for_url(re.compile("/confirm-email/"))
    assert serious_findings(page) == []
    type_the_code(page)
    page.wait_for_url("**/prices/")
    assert User.objects.get(email="ines@mail.example").zone == "Europe/London"


def test_it_all_works_without_script(open_browser: Open):
    page = open_browser(scripts=False)
    page.goto("/accounts/signup/")
    fill_in(page)
    page.select_option("[name=zone]", "Europe/Lisbon")
    page.click("text=Make my account")
    type_the_code(page)
    page.wait_for_url("**/today/")
    assert User.objects.get(email="ines@mail.example").zone == "Europe/Lisbon"


def test_a_passkey_is_made_and_logs_in_alone(open_browser: Open, runner: User):
    page = open_browser()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    has = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**has, "automaticPresenceSimulation": True}})
    log_in(page, runner.email)
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("[name=password]", PASSWORD)
    page.click("text=Go on")
    page.check("[name=passwordless]")
    page.click("text=Make the passkey")
    page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    assert runner.authenticator_set.filter(type="webauthn").exists()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.click("text=Log in with a passkey")
    page.wait_for_url("**/today/")


def test_a_device_without_a_passkey_says_so_and_the_password_stays_open(open_browser: Open, runner: User):
    page = open_browser()
    page.goto("/accounts/login/")
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
    )
    page.click("text=Log in with a passkey")
    page.wait_for_selector("#passkey-refused:not([hidden])")
    page.fill("[name=login]", runner.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/today/")
