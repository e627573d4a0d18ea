"""Pictures of the public pages: the stride, the three steps of a first visit, the pelvis that drops."""

import re
from functools import cache

from exercises.figures import marks, side
from exercises.figures.draw import ground, moved, side_figure
from exercises.figures.measured import landing, measured_frames
from exercises.figures.motion import Drawn, side_drawn
from exercises.figures.picture import Picture
from exercises.figures.side import Contact
from exercises.figures.source import shipped
from exercises.figures.vectors import Point

RUN = {"trunk": 8.0, "neck": -4.0}
STRIDE: list[tuple[dict[str, float], Contact | tuple[float, float]]] = [
    ({**RUN, "near.hip": 30, "near.knee": 42, "near.shoulder": 4, "near.elbow": 84, "far.shoulder": 12, "far.elbow": 88, "far.hip": 20, "far.knee": 102, "far.ankle": -8},
     Contact("near", "ball", 88.0)),
    ({**RUN, "near.hip": -8, "near.knee": 18, "near.shoulder": 48, "near.elbow": 90, "far.shoulder": -40, "far.elbow": 84, "far.hip": 64, "far.knee": 78, "far.ankle": 4},
     Contact("near", "ball", 68.0, lift=52)),
    ({**RUN, "near.hip": -16, "near.knee": 50, "near.ankle": -22, "near.shoulder": 54, "near.elbow": 88, "far.shoulder": -40, "far.elbow": 84, "far.hip": 56, "far.knee": 42,
      "far.ankle": 6}, (80.0, 88.5)),
    ({**RUN, "near.hip": 34, "near.knee": 108, "near.ankle": -10, "near.shoulder": 10, "near.elbow": 86, "far.shoulder": 18, "far.elbow": 88, "far.hip": -4, "far.knee": 18},
     Contact("far", "ball", 74.0, lift=34)),
]  # fmt: skip
STEP = 108.0
NUMBER = re.compile(r'<text x="([\d.]+)" y="([\d.]+)">')
FADES = ("fade-1", "fade-2", "fade-3", "fade-4")


def _posed(pose: dict[str, float], place: Contact | tuple[float, float]) -> dict[str, float]:
    whole = {**side.standing(), **pose}
    if isinstance(place, Contact):
        return side.keep_contacts(whole, (place,), hips_given=False)
    return {**whole, "x": place[0], "y": place[1]}


def running(moment: int) -> Drawn:
    """One of the four moments of the stride, as it is drawn."""
    return side_drawn(_posed(*STRIDE[moment]))


@cache
def stride() -> tuple[str, str]:
    """(view box, content): five runners across one stride, the last one measured."""
    poses = [_posed(*entry) for entry in STRIDE]
    runners = "".join(
        f'<g class="{fade}">{moved(18 + i * STEP, 0, side_figure(side_drawn(pose)))}</g>'
        for i, (fade, pose) in enumerate(zip(FADES, poses, strict=True))
    )
    lanes = "".join(f'<path class="fig-lane" d="M{x} 157v4"/>' for x in range(-400, 1020, 20))
    landed = landing(
        {"trunk_lean": {"value": 7, "low": 3, "high": 15}, "knee_contact": {"value": 17, "low": 10, "high": 20}},
        "right",
    )
    hips: list[Point] = [(18 + i * STEP + pose["x"], pose["y"]) for i, pose in enumerate(poses)]
    measured = landed.content.partition("/>")[2]
    hips.append((18 + 4 * STEP + 84, poses[0]["y"] - 1))
    content = ground(-400, 1000) + lanes + runners + _path(hips) + moved(18 + 4 * STEP, 0, measured)
    spots = [(float(x) + 18 + 4 * STEP, float(y) + 7.4) for x, y in NUMBER.findall(landed.content)]
    notes = "".join(
        marks.words(at, text, cls="t-sub") for at, text in zip(spots, ("soft landing", "from the ankles"), strict=True)
    )
    return "0 24 630 142", content + notes


def _path(points: list[Point]) -> str:
    """The way of the hips, a soft line (Catmull-Rom)."""
    points = [(points[0][0] - 90, points[0][1] - 3), *points]
    steps = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(len(points) - 1):
        a, b, c, d = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, len(points) - 1)]
        first = (b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6)
        second = (c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6)
        steps.append(f"C{first[0]:.1f} {first[1]:.1f} {second[0]:.1f} {second[1]:.1f} {c[0]:.1f} {c[1]:.1f}")
    return f'<path class="fig-path" d="{"".join(steps)}"/>'


@cache
def filmed() -> tuple[str, str]:
    """A phone that films a runner from the side."""
    inside = ground(0, 170) + side_figure(running(1))
    phone = '<rect class="fig-prop" x="26" y="42" width="108" height="102" rx="9"/>'
    screen = f'<svg x="32" y="47" width="96" height="92" viewBox="14 26 132 130">{inside}</svg>'
    return "6 22 148 134", phone + screen + '<circle class="c-dot" cx="119" cy="56" r="4"/>'


@cache
def explained() -> tuple[str, str]:
    """The runner at mid-stance, the knee angle drawn in."""
    frame = measured_frames({"knee_midstance": {"value": 42, "low": 40, "high": 55}}, "right")[1]
    return "6 22 148 134", frame.content


@cache
def dropped() -> tuple[str, str]:
    """From behind: the belt line 8 degrees lower on the free side."""
    frame = measured_frames({"pelvic_drop": {"value": 8, "low": 3, "high": 6}}, "left")[3]
    return "22 28 120 128", frame.content


@cache
def planned() -> tuple[str, str]:
    """One of the exercises of a plan."""
    return _still("forward-lunge")


@cache
def waiting() -> tuple[str, str]:
    """Somebody leaning on a wall: for pages that have nothing to show."""
    return _still("calf-stretch")


@cache
def flying() -> tuple[str, str]:
    """A runner in the air: for pages that have nothing to show yet."""
    return "6 22 148 134", ground(14, 146) + side_figure(running(2))


def _still(slug: str) -> tuple[str, str]:
    figure = shipped(slug)
    return Picture(figure, figure.views[0]).still()
