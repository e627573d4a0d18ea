"""The figure of an exercise as a file."""

import re
from base64 import b64encode
from hashlib import sha256
from xml.etree import ElementTree

import pytest
from django.test import Client

from exercises.figures.source import FOLDER, load
from exercises.models import Exercise

pytestmark = pytest.mark.django_db


@pytest.fixture
def squat() -> Exercise:
    return Exercise.objects.create(
        slug="squat", name="Squat & sit", category="strength", purpose="Sit and stand.", difficulty=1, sets=3, reps=12, rest_s=60,
        cues=["Sit back.", "Stand tall."], figure=load(FOLDER / "squat.yaml"),
    )  # fmt: skip


@pytest.fixture
def goblet(squat: Exercise) -> Exercise:
    return Exercise.objects.create(
        slug="goblet-squat",
        name="Goblet squat",
        category="strength",
        purpose="With a weight.",
        difficulty=2,
        sets=3,
        reps=10,
        rest_s=90,
        parent=squat,
    )


def test_anybody_gets_the_drawing_with_its_words(client: Client, squat: Exercise):
    response = client.get("/exercises/squat/figure.svg")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    root = ElementTree.fromstring(response.content)  # noqa: S314 (our own drawing)
    assert root.find("{*}title").text == "Squat & sit"
    assert root.find("{*}desc").text == "Squat & sit, seen from the side. Sit back. Stand tall."


def test_its_policy_allows_its_own_style_and_nothing_else(client: Client, squat: Exercise):
    response = client.get("/exercises/squat/figure.svg")
    style = re.search(r"<style>(.*)</style>", response.content.decode(), re.DOTALL)[1]
    fingerprint = b64encode(sha256(style.encode()).digest()).decode()
    assert response["Content-Security-Policy"] == f"default-src 'none'; style-src 'sha256-{fingerprint}'"


def test_the_same_drawing_is_not_sent_twice(client: Client, squat: Exercise):
    etag = client.get("/exercises/squat/figure.svg")["ETag"]
    assert client.get("/exercises/squat/figure.svg", headers={"If-None-Match": etag}).status_code == 304
    squat.figure["side"]["back"] = 3
    squat.save()
    assert client.get("/exercises/squat/figure.svg", headers={"If-None-Match": etag}).status_code == 200


def test_each_view_has_its_own_etag(client: Client, squat: Exercise):
    side, front = (client.get(f"/exercises/squat/figure.svg?view={view}") for view in ("side", "front"))
    assert side["ETag"] != front["ETag"]
    assert side.content != front.content


def test_a_versioned_sheet_is_kept_for_good(client: Client, squat: Exercise):
    response = client.get("/exercises/squat/figure.css?v=abc")
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response["Cache-Control"]
    assert "immutable" not in client.get("/exercises/squat/figure.css")["Cache-Control"]
    assert b".move-squat .figure" in response.content
    assert b".move-squat-front .figure" in response.content


def test_a_variation_is_drawn_as_its_parent_and_says_so(client: Client, goblet: Exercise):
    text = client.get("/exercises/goblet-squat/figure.svg").content.decode()
    assert "Goblet squat: the drawing shows Squat &amp; sit, which it builds on." in text


def test_an_unknown_exercise_is_not_found(client: Client):
    assert client.get("/exercises/flying/figure.svg").status_code == 404
    assert client.get("/exercises/flying/figure.css").status_code == 404


def test_figures_are_only_read(client: Client, squat: Exercise):
    assert client.post("/exercises/squat/figure.svg").status_code == 405


def test_a_figure_can_be_asked_to_hold_still(client: Client, squat: Exercise):
    moving, still = (client.get(f"/exercises/squat/figure.svg{query}") for query in ("", "?still=1"))
    assert b"@keyframes" in moving.content
    assert b"@keyframes" not in still.content
    assert moving["ETag"] != still["ETag"]


def test_the_contact_sheet_shows_every_figure_and_names_those_without(client: Client, goblet: Exercise):
    page = client.get("/exercises/figures/").content.decode()
    assert page.count('<img src="/exercises/squat/figure.svg"') == 1
    assert 'loading="lazy"' in page
    assert "<span>Squat &amp; sit</span>" in page
    assert page.index("No figure yet") < page.index("Goblet squat")


def test_the_names_can_be_hidden_so_that_a_physio_can_be_tested(client: Client, squat: Exercise):
    page = client.get("/exercises/figures/?names=off").content.decode()
    assert "Squat &amp; sit" not in page
    assert "<span>1</span>" in page
    assert 'href="?"' in page


def test_one_switch_keeps_the_other(client: Client, squat: Exercise):
    page = client.get("/exercises/figures/?names=off&still=1").content.decode()
    assert 'src="/exercises/squat/figure.svg?still=1"' in page
    assert 'href="?still=1"' in page
    assert 'href="?names=off"' in page


def test_the_contact_sheet_costs_one_query(client: Client, goblet: Exercise, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/exercises/figures/")


def test_a_retired_exercise_is_not_on_the_sheet(client: Client, squat: Exercise):
    Exercise.objects.update(is_active=False)
    assert "Squat" not in client.get("/exercises/figures/").content.decode()
