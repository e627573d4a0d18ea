"""The schema is complete, says what it means without a warning, and no call it allows breaks the server."""

import json

import hypothesis
import pytest
import schemathesis
from django.core.cache import cache
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase

PREFIX = "/api/v1/"


@pytest.fixture(scope="module")
def schema() -> dict:
    GENERATOR_STATS.reset()
    generated = SchemaGenerator().get_schema(request=None, public=True)
    assert {**GENERATOR_STATS._warn_cache, **GENERATOR_STATS._error_cache} == {}
    return generated


def test_it_is_made_without_a_warning(schema):
    assert schema["openapi"].startswith("3.")


def test_each_operation_names_the_error_shape(schema):
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    assert operations
    assert all("default" in operation["responses"] for operation in operations)


def test_a_refusal_has_a_body_and_a_gone_time_names_the_nearest(schema):
    refusals = [
        answer
        for methods in schema["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status.startswith("4")
    ]
    assert refusals
    assert all(answer["content"] for answer in refusals)
    gone = schema["paths"][f"{PREFIX}holds/"]["post"]["responses"]["409"]["content"]["application/json"]["schema"]
    nearest = gone["allOf"][1]["properties"]["nearest"]["items"]["$ref"].rpartition("/")[2]
    assert schema["components"]["schemas"][nearest]["required"] == ["end", "service", "start", "therapist", "zone"]


def test_the_fixed_paths_are_there(schema):
    fixed = (
        "exercises",
        "therapists",
        "services",
        "slots",
        "holds",
        "appointments",
        "programmes",
        "logs",
        "assessments",
        "reminders",
        "tokens",
    )
    missing = [name for name in fixed if f"{PREFIX}{name}/" not in schema["paths"]]
    assert missing == []


@pytest.mark.django_db
def test_no_call_that_the_schema_allows_breaks_the_server(schema, client, settings, runner, therapist, staff):
    """Schemathesis makes a handful of calls per operation, as every role; no answer is a 500."""
    loaded = schemathesis.openapi.from_dict(schema)
    client.raise_request_exception = False
    broken, calls = [], 0

    def call(case) -> None:
        nonlocal calls
        calls += 1
        cache.clear()
        url = case.formatted_path
        body = {} if isinstance(case.body, type(schemathesis.core.NOT_SET)) else case.body
        headers = {
            name: str(value)
            for name, value in (case.headers or {}).items()
            if str(value).isascii() and str(value).isprintable()
        }
        answer = client.generic(
            case.method,
            url,
            data=as_json(body),
            content_type="application/json",
            query_params=plain(case.query or {}),
            headers=headers,
        )
        if answer.status_code >= 500:
            broken.append((case.method, url, case.query, body, answer.status_code))

    for user in (runner, therapist, staff):
        client.force_login(user)
        for operation in loaded.get_all_operations():
            case = operation.ok().as_strategy()

            @hypothesis.given(case)
            @hypothesis.settings(
                max_examples=3,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def few(case) -> None:
                call(case)

            few()
    assert broken == []
    assert calls > 200


def as_json(body) -> str:
    return json.dumps(body, default=str)


def plain(query: dict) -> dict:
    return {name: value if isinstance(value, list) else str(value) for name, value in query.items()}


def test_a_version_that_is_none_of_ours_is_not_heard(client):
    answer = client.get("/api/v1/schema/", {"version": "9\r\nX-Added: yes"})
    assert (answer.status_code, "X-Added" in answer, "9" in answer["Content-Disposition"]) == (200, False, False)
