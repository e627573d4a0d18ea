"""Figures on pages, as files, and on the body map."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import yaml
from django.template import engines

from exercises.figures import bodymap
from exercises.figures.choice import CALM, shown
from exercises.figures.entry import read
from exercises.figures.measured import measured_frames
from exercises.figures.motion import check
from exercises.figures.source import FOLDER, load
from exercises.figures.standalone import document, palette

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {slug: load(FOLDER / f"{slug}.yaml") for slug in ("squat", "plank")}


def exercise(slug: str = "squat", **fields: object) -> SimpleNamespace:
    known = {
        "slug": slug,
        "name": slug.capitalize(),
        "cues": ["Sit back.", "Stand tall."],
        "figure": FIGURES.get(slug),
        "category": "strength",
        "parent": None,
    }
    return SimpleNamespace(**{**known, **fields})


def page(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load figures %}" + source).render(context)


def test_a_still_says_what_it_shows():
    assert 'aria-label="Squat, seen from the side. The hips go back and down' in page("{% figure e %}", e=exercise())


def test_beside_its_name_a_figure_is_decoration():
    html = page("{% figure e decorative=True %}", e=exercise())
    assert 'aria-hidden="true"' in html
    assert "aria-label" not in html


def test_the_stage_plays_by_a_sheet_and_stops_by_a_box():
    html = page("{% figure e animated=True %}", e=exercise())
    assert re.search(r'<link rel="stylesheet" href="/exercises/squat/figure.css\?v=[0-9a-f]{12}">', html)
    assert 'type="checkbox" id="fig-squat-stop"' in html
    assert 'aria-label="Stop the figure"' in html
    assert "Sit back. Stand tall." in html
    assert re.findall(r'type="radio"[^>]* aria-label="(\w+)"', html) == ["Side", "Front"]
    assert "style=" not in html
    assert "<style" not in html
    assert "<script" not in html


def test_words_are_escaped():
    html = page(
        "{% figure e animated=True %}{% figure_strip e %}", e=exercise(name='"><script>alert(1)</script>', cues=["<b>"])
    )
    assert "<script" not in html
    assert "<b>" not in html


def test_a_strip_is_a_list_of_four():
    html = page("{% figure_strip e %}", e=exercise())
    assert len(re.findall(r"<li[ >]", html)) == 4
    assert html.count('aria-current="true"') == 1


def test_a_variation_without_a_figure_shows_its_parents():
    parent = SimpleNamespace(name="Squat", figure=FIGURES["squat"])
    html = page("{% figure e %}", e=exercise("goblet-squat", parent=parent))
    assert 'aria-label="Goblet-squat: the drawing shows Squat, which it builds on."' in html


@pytest.mark.parametrize("kind", [*CALM, "unheard-of"])
def test_without_any_figure_a_calm_pose_of_the_kind_stands_in(kind: str):
    html = page("{% figure e animated=True %}{% figure_strip e %}", e=exercise("handstand", category=kind))
    assert "no drawing yet" in html
    assert "<link" not in html
    assert 'class="strip"' not in html


@pytest.mark.parametrize("kind", CALM)
def test_calm_poses_are_possible(kind: str):
    check(read({"slug": kind, "alt": "Calm.", **json.loads(json.dumps(CALM[kind]))}))


def test_the_version_follows_the_data():
    changed = json.loads(json.dumps(FIGURES["squat"]))
    changed["side"]["frames"][1]["move"] = 4
    assert shown(exercise()).version == shown(exercise()).version
    assert shown(exercise()).version != shown(exercise(figure=changed)).version


def test_measured_frames_name_what_is_outside():
    frames = measured_frames({"pelvic_drop": {"value": 8.1, "low": 3, "high": 6}}, "left")
    html = page("{% measured_figure frames %}", frames=frames)
    assert html.count("<figure") == 4
    assert html.count("outside</span>") == 1
    assert html.count("is-unmeasured") == 3


@pytest.mark.parametrize("name", ["filmed", "measured", "plan", "hip_drop", "run", "wait"])
def test_every_scene_is_drawn(name: str):
    ElementTree.fromstring(page("{% scene name %}", name=name))  # noqa: S314 (our own drawing)


def test_the_hero_shows_five_runners():
    root = ElementTree.fromstring(page("{% stride_hero %}"))  # noqa: S314 (our own drawing)
    assert sum(node.get("class") == "figure" for node in root.iter()) == 5


def test_the_file_brings_both_themes_and_allows_nothing_else():
    picture = shown(exercise()).pictures[0]
    text, policy = document(picture, title="Squat & <co>", description="Sit.")
    root = ElementTree.fromstring(text)  # noqa: S314 (our own drawing)
    assert root.find("{http://www.w3.org/2000/svg}title").text == "Squat & <co>"
    assert "prefers-color-scheme: dark" in text
    assert "prefers-reduced-motion" in text
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_colours_come_from_the_tokens_alone():
    colours = palette((ROOT / "static/css/tokens.css").read_text())
    assert colours["fig-shoe"] == colours["track"]
    for path in (ROOT / "exercises/figures").glob("*.py"):
        assert not re.search(r'"#[0-9A-Fa-f]{3,6}"', path.read_text()), path.name


def test_the_body_map_has_every_region_of_the_intake_and_a_rule_for_each():
    groups = yaml.safe_load((ROOT / "assessments/data/body.yaml").read_text())["groups"]
    sides = {True: ("_left", "_right"), False: ("",)}
    asked = {
        f"{region['key']}{end}"
        for group in groups
        for region in group["regions"]
        for end in sides[region.get("sided", False)]
    }
    assert bodymap.keys() == asked
    assert (ROOT / "static/css/body_map.css").read_text().endswith(bodymap.rules())
    html = page("{% body_map %}")
    assert set(re.findall(r'data-region="(\w+)"', html)) == asked
    assert html.count('for="region-knee_left"') == 2


def test_left_is_the_runners_own_on_both_views():
    outlines = {}
    for view in ("front", "back"):
        spots = dict(re.findall(r'data-region="(\w+)"><path d="([^"]+)"', bodymap._body(view, "")))
        outlines[view] = bodymap._box(spots["knee_left"])[0]
    assert outlines["front"] > 0 > outlines["back"]
