"""The runner as measured: the drawing follows the numbers, and nothing measured is ever hidden or invented."""

import re
from decimal import Decimal
from math import atan2, degrees
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises.figures.measured import Angle, Frame, measured_frames
from exercises.figures.picture import svg

FULL = {
    "trunk_lean": {"value": 7, "low": 3, "high": 15},
    "knee_contact": {"value": 17.25, "low": 10, "high": 20},
    "knee_midstance": {"value": Decimal("42"), "low": 40, "high": 55},
    "hip_extension": {"value": 15, "low": 10, "high": None},
    "pelvic_drop": {"value": 8.1, "low": 3, "high": 6},
}


def drawn(frame: Frame) -> ElementTree.Element:
    return ElementTree.fromstring(svg(frame.box, frame.content, label=frame.label))  # noqa: S314 (our own drawing)


def texts(frame: Frame) -> list[str]:
    return [node.text for node in drawn(frame).iter("text")]


def test_four_frames_with_their_numbers_and_bands():
    frames = measured_frames(FULL, "left")
    assert [frame.name for frame in frames] == ["Contact", "Mid-stance", "Toe-off", "From behind"]
    assert [texts(frame) for frame in frames] == [["17.3°", "7°"], ["42°"], ["15°"], ["8.1°"]]
    assert [frame.note for frame in frames] == [
        "knee 10–20°, lean 3–15°",
        "knee 40–55°",
        "hip ext. 10° and more",
        "drop 3–6°",
    ]
    assert [frame.outside for frame in frames] == [False, False, False, True]
    assert (
        frames[3].label
        == "From behind, standing on the left leg: the right side of the pelvis 8.1 degrees lower (outside 3–6°)"
    )


def test_green_within_amber_outside_grey_without_a_band():
    contact, midstance, _, behind = measured_frames({**FULL, "knee_midstance": 42}, "left")
    assert 'class="fig-wedge"' in contact.content
    assert "fig-wedge-plain" in midstance.content
    assert "fig-wedge-amber" in behind.content


def test_nothing_measured_draws_no_wedge_and_says_so():
    for values in ({}, dict.fromkeys(FULL), {key: {"value": None, "low": 3, "high": 6} for key in FULL}):
        frames = measured_frames(values, "right")
        assert all("fig-wedge" not in frame.content and not texts(frame) for frame in frames)
        assert [frame.note for frame in frames] == ["not measured"] * 4
        assert [(frame.measured, frame.outside) for frame in frames] == [(False, False)] * 4


@pytest.mark.parametrize(("leg", "turned"), [("left", 1), ("right", -1)])
def test_the_free_side_drops_on_the_side_it_is_seen(leg: str, turned: int):
    behind = measured_frames(FULL, leg)[3]
    pelvis = re.search(r'class="b-pelvis" transform="rotate\(([-\d.]+)\)', behind.content)
    assert float(pelvis[1]) == pytest.approx(turned * 8.1)


def test_a_pelvis_that_hitches_is_said_as_higher():
    assert "2 degrees higher" in measured_frames({"pelvic_drop": -2}, "left")[3].label


def test_the_band_is_compared_unrounded():
    assert Angle(6.04, 3, 6).outside is True
    assert Angle(6.04, 3, 6).shown == "6°"
    assert Angle(6.0, 3, 6).outside is False
    assert Angle(None, 3, 6).outside is None


def test_another_side_is_refused():
    with pytest.raises(ValueError, match="left or right"):
        measured_frames({}, "both")


angles = st.floats(-45, 100, allow_nan=False)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*FULL, "tibia_angle", "foot_inclination"], angles)),
    st.sampled_from(["left", "right"]),
)
@settings(max_examples=60, deadline=None)
def test_any_value_that_can_be_stored_can_be_drawn(values: dict[str, float], leg: str):
    for frame in measured_frames(values, leg):
        drawn(frame)


@given(st.floats(0, 60))
@settings(max_examples=40, deadline=None)
def test_the_knee_wedge_is_as_wide_as_the_angle(bent: float):
    midstance = measured_frames({"knee_midstance": max(bent, 10)}, "left")[1]
    wedge = re.search(
        r'class="fig-wedge-plain" d="M([-\d.]+) ([-\d.]+)L([-\d.]+) ([-\d.]+)A25 25 0 0 1 ([-\d.]+) ([-\d.]+)',
        midstance.content,
    )
    x, y, ax, ay, bx, by = (float(number) for number in wedge.groups())
    assert degrees(atan2(by - y, bx - x) - atan2(ay - y, ax - x)) == pytest.approx(max(bent, 10), abs=0.2)


@pytest.mark.parametrize("leg", ["left", "right"])
@pytest.mark.parametrize("size", [0.0, 0.5, 1.0])
def test_numbers_stand_inside_the_picture_and_beside_the_head(leg: str, size: float):
    values = {key: low + (high - low) * size for key, (low, high) in
              {"trunk_lean": (-5, 25), "knee_contact": (0, 35), "knee_midstance": (25, 70), "hip_extension": (-5, 30), "pelvic_drop": (-2, 15)}.items()}  # fmt: skip
    for frame in measured_frames(values, leg):
        left, top, width, height = (float(part) for part in frame.box.split())
        for node in drawn(frame).iter("text"):
            assert left + 4 <= float(node.get("x")) <= left + width - 4, frame.name
            assert top + 5 <= float(node.get("y")) <= top + height - 6, frame.name
