"""Exercises, programmes and logs over the API."""

import json
from uuid import uuid4

import pytest

from exercises.models import Exercise, Prescription, Programme, SessionLog, SetLog

pytestmark = pytest.mark.usefixtures("clock")


def post(client, path, body, **headers):
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_the_library_is_public_with_facets(client, library):
    answer = client.get("/api/v1/exercises/?q=hamstrng&kind=flexibility").json()

    assert answer["read_as"] == "hamstring"
    assert {row["slug"] for row in answer["results"][:3]} == {
        "hamstring-stretch",
        "seated-hamstring-stretch",
        "standing-hamstring-stretch",
    }
    assert answer["facets"]["kind"]["flexibility"] == len(answer["results"])
    assert answer["results"][0]["dose"] == "2 × 30 s each side"


def test_an_unknown_choice_is_named(client, library):
    answer = client.get("/api/v1/exercises/?kind=dance")

    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown_choice"


def test_one_exercise(client, library):
    answer = client.get("/api/v1/exercises/squat/").json()

    assert answer["progression"] == "goblet-squat"
    assert set(answer["variations"]) == {"single-leg-squat", "goblet-squat", "jump-squat", "bosu-squat"}
    assert answer["faults"][0].keys() == {"fault", "fix"}
    assert client.get("/api/v1/exercises/moonwalk/").json()["code"] == "not_found"


def test_the_library_costs_two_queries(client, library, django_assert_num_queries):
    """Whether the index still holds, and the library where it does not."""
    with django_assert_num_queries(2):
        client.get("/api/v1/exercises/")


def body_for(who, **changes):
    doses = [{"exercise": "bridge", "days": [1]}, {"exercise": "plank", "hold_s": 20}]
    return {"runner": str(who.runner.pk), "title": "First weeks", "weeks": 6, "exercises": doses, **changes}


def test_a_therapist_gives_a_programme(client_of, therapist, runner, library):
    answer = post(client_of(therapist), "programmes/", body_for(runner))

    assert answer.status_code == 201
    phase = answer.json()["phases"][0]
    assert (phase["weeks"], [row["dose"] for row in phase["prescriptions"]]) == (6, ["3 × 15", "3 × 20 s"])
    assert answer.json()["starts_on"] == "2026-11-24"


def test_the_same_key_gives_one_programme(client_of, therapist, runner, library):
    client, key = client_of(therapist), str(uuid4())
    answers = [post(client, "programmes/", body_for(runner), **{"Idempotency-Key": key}) for _ in range(2)]

    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Programme.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"exercises": [{"exercise": "moonwalk"}]}, 400),
        ({"exercises": []}, 422),
        ({"exercises": [{"exercise": "bridge", "sets": -3}]}, 422),
        ({"exercises": [{"exercise": "bridge", "reps": 10, "hold_s": 10}]}, 422),
        ({"exercises": [{"exercise": "bridge", "days": [9]}]}, 400),
        ({"exercises": "bridge"}, 400),
        ({"title": "a\0b"}, 400),
        ({"runner": "nobody"}, 400),
        ({"runner": str(uuid4())}, 404),
        ({"starts_on": "2099-01-01"}, 422),
    ],
)
def test_a_programme_that_cannot_be_is_refused(client_of, therapist, runner, library, changes, status):
    answer = post(client_of(therapist), "programmes/", body_for(runner, **changes))

    assert answer.status_code == status
    assert set(answer.json()) >= {"code", "message", "fields", "request_id"}
    assert not Programme.objects.exists()


def test_who_reads_and_who_gives(client, client_of, programme, runner, therapist, other_runner, other_therapist, staff):
    one = f"/api/v1/programmes/{programme.pk}/"
    reads = {
        who.name: client_of(who).get(one).status_code
        for who in (runner, therapist, other_runner, other_therapist, staff)
    }
    gives = {
        who.name: post(client_of(who), "programmes/", body_for(runner)).status_code
        for who in (runner, other_runner, other_therapist, staff)
    }
    counts = {
        who.name: len(client_of(who).get("/api/v1/programmes/").json()["results"])
        for who in (runner, therapist, other_therapist, staff)
    }

    assert client.get(one).status_code == 401
    assert reads == {
        "Maya Lindqvist": 200,
        "Nadia Okello": 200,
        "Omar Haddad": 404,
        "Tomas Reinholt": 404,
        "Joan Tregear": 404,
    }
    assert gives == {"Maya Lindqvist": 403, "Omar Haddad": 403, "Tomas Reinholt": 404, "Joan Tregear": 403}
    assert counts == {"Maya Lindqvist": 1, "Nadia Okello": 1, "Tomas Reinholt": 0, "Joan Tregear": 0}
    assert Programme.objects.count() == 1


def test_today_and_a_log(client_of, programme, bridge, runner):
    client = client_of(runner)
    body = {
        "programme": str(programme.pk),
        "done": [{"prescription": bridge.pk}],
        "pain": 6,
        "effort": 5,
        "note": "Knee. 🏃",
    }
    answer = post(client, "logs/", body)

    assert answer.status_code == 201
    assert answer.json()["advice"]["light"] == "red"
    today = client.get(f"/api/v1/programmes/{programme.pk}/today/").json()
    assert [(row["prescription"]["exercise"], row["sets_done"], row["done"]) for row in today["exercises"]] == [
        ("bridge", 3, True),
        ("side-plank", 0, False),
    ]
    assert (today["on"], today["zone"], today["minutes_left"]) == ("2026-11-24", "Europe/Stockholm", 5)


def test_a_log_sent_twice_is_one(client_of, programme, bridge, runner):
    client = client_of(runner)
    body = {"programme": str(programme.pk), "done": [{"prescription": bridge.pk, "sets": [{"number": 1, "reps": 9}]}]}
    for _ in range(2):
        assert post(client, "logs/", body).status_code == 201

    assert SessionLog.objects.count() == 1
    assert [(each.number, each.reps) for each in SetLog.objects.all()] == [(1, 9)]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"pain": 11}, 400),
        ({"pain": -1}, 400),
        ({"note": "x" * 100_000}, 400),
        ({"note": "a\0b"}, 400),
        ({"on": "2026-11-25"}, 422),
        ({"on": "2026-11-01"}, 422),
        ({"done": [{"prescription": 999_999}]}, 422),
        ({"done": []}, 422),
        ({"done": [{"prescription": 1, "sets": [{"number": 1, "reps": -3}]}]}, 422),
        ({"programme": str(uuid4())}, 404),
        ({"programme": "seven"}, 400),
    ],
)
def test_a_bad_log_stores_nothing(client_of, programme, bridge, runner, changes, status):
    body = {"programme": str(programme.pk), "done": [{"prescription": bridge.pk}], **changes}
    if "sets" in str(changes):
        body["done"][0]["prescription"] = bridge.pk
    answer = post(client_of(runner), "logs/", body)

    assert answer.status_code == status
    assert not SessionLog.objects.exists()


def test_only_the_runner_logs(client_of, programme, bridge, therapist, other_runner, staff):
    body = {"programme": str(programme.pk), "done": [{"prescription": bridge.pk}]}

    assert [post(client_of(who), "logs/", body).status_code for who in (therapist, other_runner, staff)] == [
        403,
        404,
        404,
    ]
    assert not SessionLog.objects.exists()


def test_another_runners_prescription_is_not_taken(
    client_of, give, library, programme, bridge, runner, other_runner, therapist, now
):
    """Every reference in a write belongs to the caller."""
    second = give("plank")
    body = {"programme": str(second.pk), "done": [{"prescription": bridge.pk}]}

    assert post(client_of(runner), "logs/", body).json()["code"] == "unknown_prescription"
    assert Exercise.objects.count() == len(library)
    assert Prescription.objects.count() == 3
    assert not SessionLog.objects.exists()
