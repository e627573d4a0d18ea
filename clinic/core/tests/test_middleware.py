from datetime import timedelta

import pytest

from clinic.core.logs import strip_personal, strip_row_values
from clinic.people.models import User


def test_every_answer_carries_a_request_id(client, db):
    assert len(client.get("/healthz/")["X-Request-ID"]) == 32


def test_a_sane_request_id_of_the_caller_is_kept(client, db):
    assert client.get("/healthz/", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == "abc-12345"


@pytest.mark.parametrize("given", ["x", "<script>alert(1)</script>", "a" * 65])
def test_a_strange_request_id_is_replaced(client, db, given):
    assert client.get("/healthz/", headers={"X-Request-ID": given})["X-Request-ID"] != given


@pytest.mark.parametrize("path", ["/exercises/?q=%00", "/exercises/?q%00=1", "/%00/"])
def test_null_bytes_get_a_sentence(client, db, path):
    response = client.get(path)
    assert response.status_code == 400
    assert "null byte" in response.content.decode()


def test_null_bytes_in_a_form_get_a_sentence(client, db):
    assert client.post("/accounts/login/", {"login": "a\0b"}).status_code == 400


def test_logs_hold_no_personal_data():
    event = {"event": "mail.sent", "reminder": 7, "email": "maya@mail.example", "note": "sore"}
    assert strip_personal(None, "info", event) == {"event": "mail.sent", "reminder": 7}


def test_a_strict_policy_stands_on_every_page(client, db):
    policy = client.get("/healthz/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "script-src 'self'" in policy


def test_a_session_ends_after_half_an_hour_without_use(client_of, runner, clock):
    client = client_of(runner)
    clock.shift(timedelta(minutes=29))
    assert client.get("/you/").status_code == 200
    clock.shift(timedelta(minutes=29))
    assert client.get("/you/").status_code == 200
    clock.shift(timedelta(minutes=31))
    assert client.get("/you/").status_code == 302


def test_a_session_ends_after_half_a_day_however_busy(client_of, runner, clock):
    client = client_of(runner)
    for _ in range(12 * 3):
        assert client.get("/you/").status_code == 200
        clock.shift(timedelta(minutes=20))
    clock.shift(timedelta(minutes=1))
    assert client.get("/you/").status_code == 302


def test_a_cookie_with_a_null_byte_is_dropped_and_the_others_stay(client, db):
    answer = client.get("/today/", HTTP_COOKIE='sessionid="aaaaaaaaaa\\000b"; zone=Europe/Oslo')
    assert (answer.status_code, answer.wsgi_request.COOKIES) == (302, {"zone": "Europe/Oslo"})


def test_ten_megabytes_of_name_get_a_sentence(client, db):
    response = client.post("/accounts/signup/", {"name": "M" * 10_000_000})
    assert response.status_code == 413
    assert "more than we can take" in response.content.decode()
    assert not User.objects.exists()


def test_tracebacks_lose_the_row_that_postgresql_quotes():
    event = {"exception": "IntegrityError: refused\nDETAIL:  Key (email)=(maya@mail.example) exists.\n  in save"}
    assert strip_row_values(None, "error", event) == {"exception": "IntegrityError: refused\n  in save"}
