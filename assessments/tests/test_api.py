import json
from datetime import timedelta
from uuid import uuid4

import pytest

from assessments import services
from assessments.models import Assessment, Recommendation
from assessments.tests.helpers import draft_of, signed_of, stored
from clinic.audit.models import Event

ROOT = "/api/v1/assessments/"


@pytest.fixture
def send(client_of, clock):
    """`send(user, method, path, body)` with JSON in and out."""

    def call(user, method, path="", body=None, **headers):
        client = client_of(user)
        data = json.dumps(body) if body is not None else ""
        return getattr(client, method)(ROOT + path, data, content_type="application/json", headers=headers)

    return call


def new(runner, **fields):
    return {"runner": str(runner.runner.pk), "measurements": {"pelvic_drop.left": 8.1, "cadence": "164"}, **fields}


def test_a_draft_is_made_with_its_first_values(send, therapist, runner):
    answer = send(therapist, "post", body=new(runner, speed_kmh="10.2", involved_side="left"))
    assert answer.status_code == 201
    told = answer.json()
    assert told["state"] == "draft"
    assert told["measurements"] == {"pelvic_drop.left": "8.1", "cadence": "164"}
    assert Assessment.objects.get().involved_side == "left"


def test_one_bad_value_makes_no_draft_at_all(send, therapist, runner):
    answer = send(therapist, "post", body=new(runner, measurements={"cadence": 164, "pelvic_drop.left": -300}))
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_values"
    assert list(answer.json()["fields"]) == ["pelvic_drop.left"]
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(
    "measurements",
    [
        {"wobble": 1},
        {"cadence.left": 160},
        {"fpi_total.left": 6},
        {"cadence": True},
        {"cadence": [160]},
        {"cadence": {"value": 160}},
        {"cadence": "NaN"},
        {"cadence": 1e300},
        {"shoe_model": "a\u0000b"},
        {"shoe_model": "x" * 5000},
        {"landing.left": "sideways"},
        "cadence",
        [1],
    ],
)
def test_strange_measurements_are_refused_and_nothing_is_stored(measurements, send, therapist, runner):
    answer = send(therapist, "post", body=new(runner, measurements=measurements))
    assert answer.status_code in (400, 422)
    assert {"code", "message", "fields", "request_id"} <= set(answer.json())
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("runner", 403), ("staff", 403), ("other_therapist", 404)])
def test_only_a_therapist_in_care_records(who, status, send, therapist, runner, request):
    assert send(request.getfixturevalue(who), "post", body=new(runner)).status_code == status
    assert not Assessment.objects.exists()


def test_an_unknown_runner_is_not_found(send, therapist):
    body = {"runner": str(uuid4()), "measurements": {}}
    assert send(therapist, "post", body=body).status_code == 404


def test_a_draft_is_changed_in_part(send, therapist, runner, now):
    draft = draft_of(runner, therapist, now)
    body = {"measurements": {"cadence": 171, "pelvic_drop.right": None}, "note": "easy"}
    answer = send(therapist, "patch", f"{draft.pk}/", body)
    assert answer.status_code == 200
    assert answer.json()["measurements"]["cadence"] == "171"
    assert "pelvic_drop.right" not in answer.json()["measurements"]


def test_a_signed_one_answers_conflict_and_stays(send, therapist, runner, now):
    signed = signed_of(runner, therapist, now)
    before = stored(signed)
    answer = send(therapist, "patch", f"{signed.pk}/", {"measurements": {"cadence": 100}})
    assert answer.status_code == 409
    assert answer.json()["code"] == "signed"
    assert stored(signed) == before


def test_signing_over_the_api(send, therapist, runner, now):
    draft = draft_of(runner, therapist, now)
    answer = send(therapist, "post", f"{draft.pk}/sign/")
    assert (answer.status_code, answer.json()["state"]) == (200, "signed")


def test_signing_waits_for_unusual_values(send, therapist, runner, now):
    draft = draft_of(runner, therapist, now, {"pelvic_drop.left": "25"})
    answer = send(therapist, "post", f"{draft.pk}/sign/")
    assert (answer.status_code, answer.json()["code"]) == (422, "unconfirmed")
    assert list(answer.json()["fields"]) == ["pelvic_drop.left"]
    body = {"measurements": {"pelvic_drop.left": 25}, "confirmed": ["pelvic_drop.left"]}
    assert send(therapist, "patch", f"{draft.pk}/", body).status_code == 200
    assert send(therapist, "post", f"{draft.pk}/sign/").status_code == 200


SEEN = {"therapist": (2, 200, 200), "other_therapist": (0, 404, 404), "staff": (0, 404, 404), "runner": (1, 404, 200), "other_runner": (0, 404, 404)}  # fmt: skip


@pytest.mark.parametrize("who", SEEN)
def test_each_role_reads_what_is_theirs(who, send, therapist, runner, now, request):
    signed = signed_of(runner, therapist, now)
    draft = draft_of(runner, therapist, now)
    user = request.getfixturevalue(who)
    count = len(send(user, "get").json()["results"])
    assert (
        count,
        send(user, "get", f"{draft.pk}/findings/").status_code,
        send(user, "get", f"{signed.pk}/findings/").status_code,
    ) == SEEN[who]


def test_findings_come_with_reason_source_and_offers(send, therapist, runner, now):
    signed = signed_of(runner, therapist, now)
    first = send(therapist, "get", f"{signed.pk}/findings/").json()[0]
    assert first["rule"] == "pelvic_drop"
    assert "8.1°" in first["reason"]
    assert "Bramah" in first["source"]
    assert {offer["decision"] for offer in first["recommendations"]} == {"open"}


def test_a_runner_gets_plain_words_and_accepted_offers_alone(send, therapist, runner, now):
    signed = signed_of(runner, therapist, now)
    offer = Recommendation.objects.get(finding__assessment=signed, text="Level belt")
    services.decide(recommendation=offer, by=therapist, decision="accepted", now=now)
    first = send(runner, "get", f"{signed.pk}/findings/").json()[0]
    assert set(first) == {"lay", "side", "recommendations"}
    assert [each["text"] for each in first["recommendations"]] == ["Level belt"]


def test_a_stranger_is_asked_to_log_in(client, db):
    assert client.get(ROOT).status_code == 401


def test_the_list_asks_the_same_number_of_questions_for_one_and_three(
    client_of, therapist, runner, now, clock, django_assert_max_num_queries
):
    client = client_of(therapist)
    signed_of(runner, therapist, now)
    client.get(ROOT)
    with django_assert_max_num_queries(12) as one:
        client.get(ROOT)
    for days in (1, 2):
        signed_of(runner, therapist, now + timedelta(days=days))
    with django_assert_max_num_queries(12) as three:
        client.get(ROOT)
    assert len(one) == len(three)


def test_every_chart_in_the_list_is_a_reading(send, therapist, runner, now):
    draft_of(runner, therapist, now)
    assert send(therapist, "get").status_code == 200
    assert send(runner, "get").status_code == 200
    read = Event.objects.filter(action="chart.read", reason="assessments")
    assert list(read.values_list("actor_id", "runner_id")) == [(str(therapist.pk), str(runner.runner.pk))]


def test_an_edit_of_an_older_version_is_refused(send, therapist, runner):
    made = send(therapist, "post", body=new(runner))
    path, first = f"{made.json()['id']}/", made["ETag"]
    changed = send(therapist, "patch", path, {"measurements": {"cadence": 168}}, **{"If-Match": first})
    assert (changed.status_code, changed["ETag"] != first) == (200, True)
    for method, where in (("patch", path), ("post", f"{path}sign/")):
        stale = send(therapist, method, where, {"measurements": {"cadence": 150}}, **{"If-Match": first})
        assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    told = send(therapist, "get", path)
    assert (told["ETag"], told.json()["measurements"]["cadence"], told.json()["state"]) == (
        changed["ETag"],
        "168",
        "draft",
    )
