from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY as LOGGED_IN
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from clinic.core.kept import typed
from clinic.people.sessions import forget_ended_sessions
from clinic.urls import urlpatterns as real_urls

pytestmark = pytest.mark.urls(__name__)


def note(request: HttpRequest) -> HttpResponse:
    data = typed(request)
    return HttpResponse(data["note"] if data else "nothing typed")


urlpatterns = [*real_urls, path("note/", note)]


@pytest.fixture
def timed_out(client_of, runner) -> Client:
    """A browser whose log-in of `runner` has just run out."""
    client = client_of(runner)
    client.get("/note/")
    session = client.session
    del session[LOGGED_IN]
    session.save()
    return client


def test_what_was_typed_stands_in_the_form_again_after_log_in(timed_out, runner):
    response = timed_out.post("/note/", {"note": "sore since Sunday"})
    assert response.status_code == 302
    assert response["Location"].endswith("?next=/note/")
    timed_out.force_login(runner)
    assert timed_out.get("/note/").content == b"sore since Sunday"


def test_it_is_handed_out_once(timed_out, runner):
    timed_out.post("/note/", {"note": "sore since Sunday"})
    timed_out.force_login(runner)
    timed_out.get("/note/")
    assert timed_out.get("/note/").content == b"nothing typed"


def test_nobody_else_on_this_browser_sees_it(timed_out, other_runner, runner):
    timed_out.post("/note/", {"note": "sore since Sunday"})
    timed_out.force_login(other_runner)
    assert timed_out.get("/note/").content == b"nothing typed"
    timed_out.force_login(runner)
    assert timed_out.get("/note/").content == b"nothing typed"


def test_passwords_are_not_kept(timed_out):
    timed_out.post("/note/", {"note": "x", "password": "secret words"})
    assert "secret" not in str(dict(timed_out.session))


def test_a_strangers_post_is_not_kept(db):
    client = Client()
    client.post("/note/", {"note": "x"})
    assert "kept_work" not in client.session


def test_htmx_is_told_to_move_the_whole_window(timed_out):
    response = timed_out.post("/note/", {"note": "x"}, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "next=/note/" in response["HX-Redirect"]


def test_what_nobody_came_back_for_is_forgotten(timed_out, clock):
    timed_out.post("/note/", {"note": "sore since Sunday"})
    clock.shift(timedelta(days=1))
    forget_ended_sessions()
    assert not Session.objects.exists()
