"""The shell around every endpoint: one error shape, one-time POSTs, hostile bodies, the schema and its pages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Flag
from threading import Lock

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.api.middleware import KEPT_FOR, LEASE
from clinic.api.models import IdempotentRequest
from clinic.core.errors import Conflict
from clinic.core.etags import etag_of, require_match

pytestmark = [pytest.mark.django_db]
SHAPE = {"code", "message", "fields", "request_id"}
MADE: list[str] = []
LOCK, GO_ON, STARTED = Lock(), Flag(), Flag()


class Wish(serializers.Serializer):
    what = serializers.CharField(max_length=20)


class Wishes(APIView):
    def post(self, request):
        sent = Wish(data=request.data)
        sent.is_valid(raise_exception=True)
        what = sent.validated_data["what"]
        if what == "taken":
            raise Conflict("That time has just gone.", code="slot_taken", fields={"start": "Gone."}, next=["soon"])
        if what == "broken":
            raise RuntimeError("secret detail")
        if what == "slow":
            STARTED.set()
            GO_ON.wait(10)
        with LOCK:
            MADE.append(what)
        return Response({"number": len(MADE)}, status=201, headers={"Location": "/x/"})

    def get(self, request):
        raise Http404

    def put(self, request):
        require_match(request, etag_of("wish", 1))
        return Response({})


urlpatterns = [path("api/v1/wishes/", Wishes.as_view()), path("", include("clinic.urls"))]


@pytest.fixture(autouse=True)
def one_more_endpoint():
    MADE.clear()
    GO_ON.clear()
    STARTED.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def api(api_of, runner) -> Client:
    client = api_of(runner)
    client.raise_request_exception = False
    return client


def wish(client: Client, what: str = "shoes", key: str | None = None, **headers: str):
    headers = headers | ({"idempotency-key": key} if key else {})
    return client.post("/api/v1/wishes/", {"what": what}, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda c: c.get("/api/v1/nowhere/"), 404, "not_found"),
        (lambda c: c.get("/api/v1/wishes/"), 404, "not_found"),
        (lambda c: c.patch("/api/v1/wishes/"), 405, "method_not_allowed"),
        (lambda c: c.post("/api/v1/wishes/", "{", content_type="application/json"), 400, "bad_request"),
        (lambda c: c.post("/api/v1/wishes/", '"\\u0000"', content_type="application/json"), 400, "bad_request"),
        (
            lambda c: c.post("/api/v1/wishes/", '{"what": "\\ud800"}', content_type="application/json"),
            400,
            "bad_request",
        ),
        (lambda c: c.post("/api/v1/wishes/", "[" * 100_000, content_type="application/json"), 400, "bad_request"),
        (lambda c: c.post("/api/v1/wishes/", "[1]", content_type="application/json"), 400, "invalid"),
        (lambda c: c.post("/api/v1/wishes/", b"\xff\xfe", content_type="application/json"), 400, "bad_request"),
        (
            lambda c: c.post(
                "/api/v1/wishes/", '{"what": "' + "x" * 10_000_000 + '"}', content_type="application/json"
            ),
            413,
            "too_large",
        ),
        (
            lambda c: c.post("/api/v1/wishes/", "a=b", content_type="application/x-www-form-urlencoded"),
            415,
            "unsupported_media_type",
        ),
        (lambda c: c.post("/api/v1/wishes/", {}, content_type="application/json"), 400, "invalid"),
        (lambda c: c.get("/api/v1/wishes/?x=%00"), 400, "bad_request"),
        (lambda c: c.get("/api/v1/wishes/", headers={"accept": "text/csv"}), 406, "not_acceptable"),
        (lambda c: wish(c, "taken"), 409, "slot_taken"),
        (lambda c: wish(c, "broken"), 500, "our_fault"),
    ],
)
def test_every_refusal_has_the_one_shape(api, call, status, code):
    answer = call(api)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) >= SHAPE
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "secret detail" not in answer.content.decode()


def test_strangers_are_asked_to_log_in(client):
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert set(answer.json()) == SHAPE


def test_a_refusal_of_the_clinic_keeps_its_fields_and_what_it_adds(api):
    answer = wish(api, "taken").json()
    assert (answer["message"], answer["fields"], answer["next"]) == (
        "That time has just gone.",
        {"start": "Gone."},
        ["soon"],
    )


def test_a_field_at_fault_is_named(api):
    assert wish(api, "x" * 21).json()["fields"] == {"what": "Ensure this field has no more than 20 characters."}


def test_too_many_requests_say_when_to_come_back(api, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min", "anon": "2/min"})
    answers = [wish(api) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["code"] == "too_many_requests"
    assert int(answers[2]["Retry-After"]) > 0


def test_the_same_key_creates_once_and_answers_the_same(api):
    first, second = wish(api, key="k-1"), wish(api, key="k-1")
    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    assert (second["Idempotent-Replayed"], second["Location"], second["Content-Type"]) == (
        "true",
        "/x/",
        "application/json",
    )
    assert MADE == ["shoes"]


def test_without_a_key_each_call_creates(api):
    wish(api), wish(api)
    assert MADE == ["shoes", "shoes"]


def test_the_same_key_with_another_body_is_refused(api):
    wish(api, key="k-1")
    answer = wish(api, "socks", key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert MADE == ["shoes"]


def test_keys_of_two_people_are_two_keys(api, api_of, other_runner):
    wish(api, key="k-1"), wish(api_of(other_runner), key="k-1")
    assert len(MADE) == 2


def test_a_refused_call_leaves_its_key_free(api):
    assert wish(api, "taken", key="k-1").status_code == 409
    assert wish(api, "broken", key="k-1").status_code == 500
    assert wish(api, "shoes", key="k-1").status_code == 201


def test_a_call_whose_server_died_can_be_made_again(api, runner):
    wish(api, key="k-1")
    IdempotentRequest.objects.update(status=None, started_at=timezone.now())
    assert wish(api, key="k-1").json()["code"] == "request_in_progress"
    IdempotentRequest.objects.update(started_at=timezone.now() - LEASE - timedelta(seconds=1))
    assert wish(api, key="k-1").status_code == 201


def test_an_old_answer_of_anybody_is_forgotten(api, api_of, runner, other_runner):
    wish(api_of(other_runner), key="k-1")
    IdempotentRequest.objects.update(started_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    wish(api, key="k-2")
    assert list(IdempotentRequest.objects.values_list("user", "key")) == [(runner.pk, "k-2")]


@pytest.mark.parametrize("key", ["x" * 201, "\u00a0\u200b"])
def test_a_key_that_does_not_do_is_refused(api, key):
    assert wish(api, key=key).json()["code"] == "bad_idempotency_key"


def test_a_strangers_key_keeps_nothing(client):
    assert wish(client, key="k-1").status_code == 401
    assert not IdempotentRequest.objects.exists()


def test_a_tokens_secret_is_never_kept(client, runner):
    from conftest import PASSWORD

    client.force_login(runner)
    data = {"email": runner.email, "password": PASSWORD}
    assert (
        client.post(
            "/api/v1/tokens/", data, content_type="application/json", headers={"idempotency-key": "k-1"}
        ).status_code
        == 201
    )
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_creates_once(api_of, runner):
    client = api_of(runner)

    def call(_: int) -> int:
        try:
            mine = Client(**client.defaults)
            return wish(mine, "slow", key="k-1").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(call, 0)
        assert STARTED.wait(10)
        others = list(pool.map(call, range(1, 5)))
        GO_ON.set()
    assert (first.result(), others) == (201, [409] * 4)
    assert MADE == ["slow"]


def test_an_edit_of_an_older_version_is_refused(api):
    assert api.put("/api/v1/wishes/", headers={"if-match": '"old"'}).json()["code"] == "changed_meanwhile"
    assert api.put("/api/v1/wishes/", headers={"if-match": etag_of("wish", 1)}).status_code == 200
    assert api.put("/api/v1/wishes/").status_code == 200


def test_a_session_must_bring_its_csrf_token(runner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(runner)
    answer = wish(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert MADE == []


def test_the_docs_load_nothing_from_elsewhere_and_keep_the_policy(client):
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    assert "https://" not in html
    assert "/static/drf_spectacular_sidecar/" in html
    assert "unsafe" not in page["Content-Security-Policy"]
    script = client.get("/api/v1/docs/?script=")
    assert script.status_code == 200
    assert "javascript" in script["Content-Type"]


def test_pages_outside_the_api_keep_their_own_errors(client):
    answer = client.get("/nowhere-at-all/")
    assert not answer["Content-Type"].startswith("application/json")
