"""Figure files: what is refused, and how clearly."""

import pytest

from exercises.figures.entry import read
from exercises.figures.errors import FigureError
from exercises.figures.source import load, load_all, parse, shipped

GOOD = """\
slug: nod
alt: The knees bend.
side:
  plant: {near ball: 87.4}
  frames:
    - {name: Tall, hold: 0.5}
    - name: Low
      move: 1
      hip: 60
      knee: 60
  back: 1
"""


def refusal(text: str) -> str:
    with pytest.raises(FigureError) as caught:
        parse(text, source="nod.yaml")
    return str(caught.value)


def test_every_shipped_file_can_be_drawn():
    entries = load_all()
    assert len(entries) >= 12
    assert all(entry["slug"] == slug for slug, entry in entries.items())


def test_a_good_entry_is_plain_data():
    assert parse(GOOD, source="nod.yaml")["side"]["frames"][1]["knee"] == 60


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("knee: 60", "kne: 60", "nod.yaml:10: side.frames[1].kne: unknown key; use one of"),
        ("knee: 60", "knee: sixty", "nod.yaml:10: side.frames[1].knee: expected a number, found 'sixty'"),
        ("knee: 60", "knee: true", "nod.yaml:10: side.frames[1].knee: expected a number, found True"),
        ("      move: 1\n", "", "nod.yaml:7: side.frames[1].move: say how many seconds it takes to get here"),
        ("move: 1", "move: -1", "nod.yaml:8: side.frames[1].move: expected 0 to 30 seconds, found -1"),
        ("  back: 1\n", "", "nod.yaml:3: side.back: give the way back to the first frame some seconds"),
        ("near ball: 87.4", "near bal: 87.4", "nod.yaml:4: side.plant.near bal: no such contact; use one of"),
        ("slug: nod", "slug: 7", "nod.yaml:1: slug: name the exercise this figure belongs to"),
        ("alt: The knees bend.", "alt: ''", "nod.yaml:2: alt: say in one sentence what moves"),
        ("side:", "sides:", "nod.yaml:3: sides: unknown key"),
        ("knee: 60", "knee: 60\n      neck: -90", "nod.yaml:6: side.frames[0]: neck is -6"),
        ("  back: 1", "  back: 1\n  end: Lowest", "nod.yaml:12: side.end: no frame is named 'Lowest'"),
        ("  back: 1", "  back: 1\n  strip: [{at: Low, name: Low}]", "nod.yaml:12: side.strip: a strip has four moments"),
        ("  back: 1", "  back: 1\n  props: [{kind: sofa}]", "nod.yaml:12: side.props[0].kind: no such prop 'sofa'; use one of"),
        ("  back: 1", "  back: 1\n  turns: both", "nod.yaml:12: side.turns: turns is the arm the chest opens with, near or far"),
        ("alt: The", "alt: [The", "this is not valid YAML"),
    ],
)  # fmt: skip
def test_a_bad_entry_names_file_line_and_key(was: str, becomes: str, said: str):
    assert was in GOOD
    assert said in refusal(GOOD.replace(was, becomes, 1))


def test_a_key_that_stands_twice_is_refused():
    assert refusal(GOOD.replace("      knee: 60\n", "      knee: 60\n      knee: 70\n")) == (
        "nod.yaml:11: side.frames[1].knee: this key stands twice"
    )


def test_a_limb_that_cannot_reach_says_by_how_much():
    text = GOOD.replace("      hip: 60\n", "      hips: [120, 50]\n").replace("      knee: 60\n", "")
    assert "the near ball misses its place (x 87.4, up 0) by" in refusal(text)


def test_a_foot_that_would_slide_is_refused():
    text = GOOD.replace("      move: 1\n", "      move: 1\n      plant: {near ball: 95}\n")
    assert refusal(text).startswith("nod.yaml:4: side.frames[0].plant.near ball: ") or "must not slide" in refusal(text)


def test_a_body_that_sinks_into_the_ground_is_refused():
    text = GOOD.replace("  plant: {near ball: 87.4}\n", "").replace("hip: 60", "hips: [80, 20]")
    assert "under the ground" in refusal(text)


def test_a_file_is_named_after_its_exercise(tmp_path):
    path = tmp_path / "bow.yaml"
    path.write_text(GOOD)
    with pytest.raises(FigureError, match=r"bow.yaml:1: slug: slug 'nod' belongs in a file nod.yaml"):
        load(path)


def test_a_frame_without_contacts_flies():
    figure = read({"slug": "hop", "alt": "A hop.", "side": {"frames": [{"hips": [80, 70]}]}})
    assert figure.view("front").kind == "side"
    assert figure.view("side").frames[0].pose["y"] == 80


def test_a_body_on_a_mat_seen_from_above_is_seen_from_there():
    assert shipped("fire-hydrant").views[0].seen == "above"
    assert shipped("bridge").views[0].seen == "side"
