"""What must hold of every figure that is shipped, at every moment the browser shows."""

from functools import cache
from math import hypot
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises.figures import body, front, side
from exercises.figures.curve import LoopCurve
from exercises.figures.entry import STANDING, read
from exercises.figures.keyframes import Tracks, tracks_of
from exercises.figures.motion import Motion
from exercises.figures.picture import Picture, svg
from exercises.figures.source import FOLDER, shipped
from exercises.figures.standalone import document
from exercises.figures.vectors import add, turn

SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
TWELVE = {
    "squat", "forward-lunge", "deadlift", "bridge", "plank", "side-plank", "standing-hamstring-stretch", "calf-stretch",
    "single-leg-stand", "box-jump", "mountain-climber", "high-knees",
}  # fmt: skip
VIEWS = [(slug, view.kind) for slug in SLUGS for view in shipped(slug).views]
SLIDE = 0.5  # of a body that is 106 high: half a per cent
MOMENTS = 61


@cache
def motion(slug: str, kind: str) -> Motion:
    return Motion(shipped(slug).view(kind))


@cache
def tracks(slug: str, kind: str) -> Tracks:
    return tracks_of(motion(slug, kind))


def played_points(played: Tracks, time: float, is_side: bool, behind: bool) -> dict[str, tuple[float, float]]:
    """Where the browser puts the feet and hands: nested turns, worked out without the body's own geometry."""
    value = {name: played.at(name, time) for name in played.tracks}
    root = (value["root.x"], value["root.y"])
    found = {}
    chest = value["pelvis.turn"] + value["chest.turn"]
    for limb in side.LIMBS if is_side else front.LIMBS:
        if is_side:
            shoulder = add(add(root, turn((0, -body.PELVIS), value["pelvis.turn"])), turn((0, -body.CHEST), chest))
            hip, base, size = root, 0.0, {"thigh": body.THIGH, "shank": body.SHANK, "upper": body.UPPER_ARM}
        else:
            shoulder = add(root, turn(front.shoulder_joint(limb, behind=behind), chest))
            hip, base = (
                add(root, turn(front.hip_joint(limb, behind=behind), value["pelvis.turn"])),
                value["pelvis.turn"],
            )
            size = {bone: value[f"{limb}.{bone}.len"] for bone in ("thigh", "shank", "upper")}
        thigh = base + value[f"{limb}.thigh.turn"]
        shank = thigh + value[f"{limb}.shank.turn"]
        knee = add(hip, turn((0, size["thigh"]), thigh))
        ankle = add(knee, turn((0, size["shank"]), shank))
        upper = chest + value[f"{limb}.upper.turn"]
        elbow = add(shoulder, turn((0, size["upper"]), upper))
        found |= {f"{limb} foot": ankle, f"{limb} edge": ankle, f"{limb} elbow": elbow, f"{limb} knee": knee}
        if is_side:
            foot = shank + value[f"{limb}.foot.turn"]
            palm = add(elbow, turn((0, body.FOREARM), upper + value[f"{limb}.fore.turn"]))
            found |= {
                f"{limb} ball": add(ankle, turn(body.BALL, foot)),
                f"{limb} heel": add(ankle, turn(body.HEEL, foot)),
                f"{limb} palm": palm,
            }
    return found


def test_the_twelve_are_there():
    assert set(SLUGS) >= TWELVE
    assert all(any(len(view.frames) > 1 for view in shipped(slug).views) for slug in TWELVE)


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_what_stands_does_not_slide(slug: str, kind: str):
    moving = motion(slug, kind)
    played = tracks(slug, kind)
    kept = 0
    for i in range(MOMENTS):
        time = moving.view.period * i / MOMENTS
        at = played_points(played, time, moving.is_side, moving.behind)
        for contact in moving.contacts(time):
            if contact.part not in STANDING or contact.name not in at:
                continue
            centre = contact.centre if moving.is_side else front.contact_centre(contact)
            assert hypot(at[contact.name][0] - centre[0], at[contact.name][1] - centre[1]) < SLIDE, (
                f"{contact.name} at {time:.2f} s"
            )
            kept += 1
    stands = any(contact.part in STANDING for frame in moving.view.frames for contact in frame.contacts)
    assert bool(kept) == stands


@pytest.mark.parametrize(("slug", "kind"), [view for view in VIEWS if view[1] == "side"])
def test_joints_stay_within_what_a_body_can_do(slug: str, kind: str):
    moving = motion(slug, kind)
    for i in range(MOMENTS):
        assert side.beyond_limits(moving.pose(moving.view.period * i / MOMENTS), turns=moving.view.turns) == []


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_limbs_keep_their_length(slug: str, kind: str):
    moving = motion(slug, kind)
    for i in range(MOMENTS):
        time = moving.view.period * i / MOMENTS
        at = moving.points(time)
        for limb in side.LIMBS if moving.is_side else front.LIMBS:
            hip, foot = ("seat", f"{limb} ankle") if moving.is_side else (f"{limb} hip", f"{limb} foot")
            shoulder = "shoulders" if moving.is_side else f"{limb} shoulder"
            for a, b, length in (
                (hip, f"{limb} knee", body.THIGH), (f"{limb} knee", foot, body.SHANK),
                (shoulder, f"{limb} elbow", body.UPPER_ARM), (f"{limb} elbow", f"{limb} palm", body.FOREARM),
            ):  # fmt: skip
                seen = hypot(at[a][0] - at[b][0], at[a][1] - at[b][1])
                if moving.is_side:
                    assert seen == pytest.approx(length)
                else:  # a bone that turns to the viewer looks shorter, never longer
                    assert seen <= length + front.TOLERANCE + 1e-6


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_the_browser_plays_what_was_meant(slug: str, kind: str):
    moving = motion(slug, kind)
    played = tracks(slug, kind)
    for i in range(MOMENTS):
        time = moving.view.period * i / MOMENTS
        drawn = moving.at(time)
        for name in drawn:
            gap = abs(played.at(name, time) - drawn[name])
            assert min(gap, abs(gap - 360)) < (1.2 if name.endswith(".turn") else 0.3), f"{name} at {time:.2f} s"


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_the_loop_closes(slug: str, kind: str):
    played = tracks(slug, kind)
    for name, knots in played.tracks.items():
        turned = knots[-1][1] - knots[0][1]
        assert turned % 360 == pytest.approx(0, abs=0.01) or abs(turned % 360 - 360) < 0.01, name


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_pictures_are_clean_svg_that_holds_the_whole_body(slug: str, kind: str):
    picture = Picture(shipped(slug), shipped(slug).view(kind))
    for box, content in (picture.still(), picture.still(close=True), picture.stage()):
        root = ElementTree.fromstring(svg(box, content))  # noqa: S314 (our own drawing)
        assert all("style" not in node.attrib and "fill" not in node.attrib for node in root.iter())
        x, y, width, height = (float(part) for part in box.split())
        left, top, right, bottom = picture.bounds([picture.view.end])
        assert x <= left
        assert right <= x + width + 1
        assert y <= top
        assert bottom <= y + height + 1


@pytest.mark.parametrize(("slug", "kind"), VIEWS)
def test_a_figure_of_its_own_is_a_small_file(slug: str, kind: str):
    picture = Picture(shipped(slug), shipped(slug).view(kind))
    text, _ = document(picture, title="Single-leg something on a box", description=shipped(slug).alt)
    assert len(text.encode()) < 12_000


def test_the_ghost_stands_behind_the_end_pose_and_never_moves():
    picture = Picture(shipped("squat"), shipped("squat").view("side"))
    content = picture.stage()[1]
    assert content.index('class="figure fig-ghost"') < content.index('class="figure"')
    assert ".figure:not(.fig-ghost)" in picture.css()


def test_movement_is_only_for_those_who_want_it():
    css = Picture(shipped("squat"), shipped("squat").view("side")).css()
    assert css.startswith("@media (prefers-reduced-motion: no-preference){")
    assert css.count("{") == css.count("}")


def test_a_strip_has_four_moments_and_marks_the_end():
    moments = Picture(shipped("squat"), shipped("squat").view("side")).strip()
    assert [(word, is_end) for _, _, word, is_end in moments] == [
        ("Tall", False),
        ("Sit back", False),
        ("Down", False),
        ("Bottom", True),
    ]


values = st.lists(st.floats(-180, 180), min_size=2, max_size=7)


@given(values, st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_a_curve_stays_between_its_neighbours(knots: list[float], share: float):
    times = [float(i) for i in range(len(knots))]
    curve = LoopCurve(times, knots, float(len(knots)))
    time = share * len(knots)
    low, high = knots[int(time) % len(knots)], knots[(int(time) + 1) % len(knots)]
    assert min(low, high) - 1e-6 <= curve(time) <= max(low, high) + 1e-6


@given(st.floats(60, 100), st.floats(20, 54), st.floats(-20, 60), st.floats(78, 100))
@settings(max_examples=80, deadline=None)
def test_a_planted_foot_stays_wherever_the_hips_go(x: float, up: float, trunk: float, ball: float):
    pose = {**side.standing(), "x": x, "y": body.GROUND - up, "trunk": trunk}
    contact = side.Contact("near", "ball", ball)
    try:
        kept = side.keep_contacts(pose, (contact,), hips_given=True)
    except side.FigureError:
        return  # too far for a leg: said, never drawn
    at = side.points(kept)["near ball"]
    assert hypot(at[0] - contact.centre[0], at[1] - contact.centre[1]) < side.TOLERANCE + 0.01
    assert kept["near.knee"] >= 0
    assert (kept["x"], kept["y"]) == (pose["x"], pose["y"])


def test_a_skipping_rope_goes_over_the_head_and_under_the_shoes():
    rope = motion("skipping-rope", "side")
    drawn = [rope.at(rope.view.period * i / MOMENTS) for i in range(MOMENTS)]
    ends = [(at["cord0.y"] + turn((0, at["cord0.len"]), at["cord0.turn"])[1], at["root.y"]) for at in drawn]
    low, hips = max(ends)
    assert body.GROUND - 5 < low < body.GROUND
    assert hips == pytest.approx(min(at["root.y"] for at in drawn), abs=2)
    assert min(end for end, _ in ends) < 45


def test_planted_toes_curl_while_the_ball_of_the_foot_stays():
    flat, curled = (
        side.keep_contacts(side.standing(), (side.Contact("near", "ball", 87.4, up=2.0, toes=toes),), hips_given=False)
        for toes in (0.0, -30.0)
    )
    assert side.points(curled)["near ball"] == pytest.approx(side.points(flat)["near ball"])
    assert curled["near.toes"] == -30
    assert side.points(curled)["near toe"][1] > side.points(flat)["near toe"][1]


@pytest.mark.parametrize(
    ("kind", "turned"), [("front", {"right": -20, "left": 20}), ("behind", {"right": 20, "left": -20})]
)
def test_a_foot_tilts_its_inner_edge_up(kind: str, turned: dict[str, int]):
    figure = read({"slug": "tilt", "alt": "A tilt.", kind: {"frames": [{"abduct": 0, "foot": 20}]}})
    drawn = Motion(figure.view(kind)).at(0)
    assert {limb: drawn[f"{limb}.foot.turn"] for limb in front.LIMBS} == turned


def test_a_foot_beyond_upright_lies_on_its_laces_with_straight_toes():
    contact = side.Contact("far", "ball", 42, up=22, lift=150)
    pose = side.keep_contacts({**side.standing(), "x": 86.0, "y": body.GROUND - 34}, (contact,), hips_given=True)
    assert pose["far.toes"] == 0
    assert side.directions(pose)["far.foot"] == pytest.approx(150)


def test_a_cord_beside_a_part_keeps_its_place_to_it():
    towel = motion("hamstring-slider", "side")
    for i in range(MOMENTS):
        time = towel.view.period * i / MOMENTS
        at, heel = towel.at(time), towel.points(time)["near heel"]
        assert (at["cord0.x"] - heel[0], at["cord0.y"] - heel[1]) == pytest.approx((-6, 3))
        assert body.GROUND - 1.5 < at["cord0.y"] < body.GROUND + 0.5
