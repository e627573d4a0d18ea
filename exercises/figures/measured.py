"""A runner drawn as measured: contact, mid-stance, toe-off, and from behind.

Pure: measurements in, drawn frames out. A measurement is a number, or {"value", "low", "high"} where either limit may be missing;
one that is None or absent leaves the usual pose and says so. Degrees; sides and signs as in the measure catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from exercises.figures import front, marks
from exercises.figures import side as profile
from exercises.figures.body import GROUND
from exercises.figures.draw import front_figure, ground, side_figure
from exercises.figures.motion import front_drawn, side_drawn
from exercises.figures.side import Contact
from exercises.figures.vectors import Point

# The pose that is drawn where nothing was measured: middle of the usual range.
USUAL = {
    "trunk_lean": 7.0,
    "knee_contact": 16.0,
    "foot_inclination": 10.0,
    "tibia_angle": 4.0,
    "knee_midstance": 44.0,
    "hip_extension": 12.0,
    "pelvic_drop": 4.0,
}
# The widest angles the drawing follows; the number beside it is always the true one.
DRAWABLE = {
    "trunk_lean": (-20, 40), "knee_contact": (0, 60), "foot_inclination": (-30, 35), "tibia_angle": (-15, 25),
    "knee_midstance": (10, 75), "hip_extension": (-15, 35), "pelvic_drop": (-15, 20),
}  # fmt: skip
ALSO_CALLED = {
    "knee_flexion_contact": "knee_contact",
    "knee_flexion_midstance": "knee_midstance",
    "overstride": "tibia_angle",
    "foot_strike_angle": "foot_inclination",
}
BOX = "22 22 110 134"


@dataclass(frozen=True)
class Angle:
    """One measured angle, and the band it is read against."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def outside(self) -> bool | None:
        """None without a value or a band. Compared unrounded."""
        if self.value is None or (self.low is None and self.high is None):
            return None
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)

    @property
    def band(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g}–{self.high:g}°"
        if self.low is not None:
            return f"{self.low:g}° and more"
        return f"up to {self.high:g}°" if self.high is not None else ""

    @property
    def shown(self) -> str:
        """The number as printed: one decimal, half up, none where it is whole."""
        value = Decimal(str(self.value)).quantize(Decimal("0.1"), ROUND_HALF_UP).normalize()
        return f"{value:f}°".replace("-", "−")


@dataclass(frozen=True)
class Frame:
    """One drawn moment. ``content`` is SVG for ``box``; ``note`` names the bands; ``label`` says the picture in words."""

    key: str
    name: str
    note: str
    label: str
    content: str
    box: str = BOX
    outside: bool = False
    measured: bool = True


def measured_frames(values: Mapping[str, Any], side: str) -> list[Frame]:
    """The four frames of the leg ``side`` ("left" or "right"); the measured leg is drawn dark.

    Raises ValueError for another side.
    """
    if side not in ("left", "right"):
        raise ValueError(f"side is left or right, not {side!r}")
    angles = {key: _angle(values, key) for key in USUAL}
    return [_contact(angles, side), _midstance(angles, side), _toe_off(angles, side), _behind(angles, side)]


def landing(values: Mapping[str, Any], leg: str) -> Frame:
    """The first frame alone, its numbers with their names."""
    return _contact({key: _angle(values, key) for key in USUAL}, leg, named=True)


def _angle(values: Mapping[str, Any], key: str) -> Angle:
    names = [key, *(other for other, own in ALSO_CALLED.items() if own == key)]
    found = next((values[name] for name in names if values.get(name) is not None), None)
    if isinstance(found, Mapping):
        value, low, high = (found.get(part) for part in ("value", "low", "high"))
        return Angle(*(None if part is None else float(part) for part in (value, low, high)))
    return Angle(None if found is None else float(found))


def _drawn(angles: Mapping[str, Angle], key: str) -> float:
    value = angles[key].value
    low, high = DRAWABLE[key]
    return min(max(USUAL[key] if value is None else value, low), high)


def _standing_on(pose: dict[str, float], contact: Contact) -> dict[str, float]:
    return profile.keep_contacts({**profile.standing(), **pose}, (contact,), hips_given=False)


def _contact(angles: Mapping[str, Angle], leg: str, *, named: bool = False) -> Frame:
    lean, knee, shin, sole = (
        _drawn(angles, key) for key in ("trunk_lean", "knee_contact", "tibia_angle", "foot_inclination")
    )
    touch = Contact("near", "heel", 99.0, lift=-sole) if sole >= 0 else Contact("near", "ball", 104.0, lift=-sole)
    pose = _standing_on(
        {
            "trunk": lean, "neck": -lean / 2, "near.hip": lean + shin + knee, "near.knee": knee,
            "near.shoulder": -42, "near.elbow": 84, "far.shoulder": 36, "far.elbow": 88,
            "far.hip": lean - 2, "far.knee": 86, "far.ankle": -14,
        },
        touch,
    )  # fmt: skip
    at = profile.points(pose)
    drawing = (
        _body(pose)
        + _knee(at, angles["knee_contact"], shin, knee, named)
        + _bones(at)
        + _lean(at, angles["trunk_lean"], lean, named)
    )
    said = _said(angles, {"knee_contact": "knee {} bent", "trunk_lean": "trunk leaning {} forward"})
    return _frame(
        "contact",
        "Contact",
        opening=f"{leg.capitalize()} foot at first contact",
        content=drawing,
        said=said,
        angles=angles,
        short={"knee_contact": "knee", "trunk_lean": "lean"},
    )


def _midstance(angles: Mapping[str, Angle], leg: str) -> Frame:
    lean, knee = _drawn(angles, "trunk_lean"), _drawn(angles, "knee_midstance")
    thigh = -0.5 * knee
    pose = _standing_on(
        {
            "trunk": lean, "neck": -lean / 2, "near.hip": lean - thigh, "near.knee": knee, "near.shoulder": -4, "near.elbow": 84,
            "far.shoulder": 6, "far.elbow": 88, "far.hip": lean + 10, "far.knee": 98, "far.ankle": -8,
        },
        Contact("near", "ball", 88.0),
    )  # fmt: skip
    at = profile.points(pose)
    drawing = _body(pose) + _knee(at, angles["knee_midstance"], -(thigh + knee), knee) + _bones(at)
    said = _said(angles, {"knee_midstance": "knee {} bent"})
    return _frame(
        "midstance",
        "Mid-stance",
        opening=f"Standing on the {leg} leg",
        content=drawing,
        said=said,
        angles=angles,
        short={"knee_midstance": "knee"},
    )


def _toe_off(angles: Mapping[str, Angle], leg: str) -> Frame:
    lean, behind = _drawn(angles, "trunk_lean"), _drawn(angles, "hip_extension")
    pose = _standing_on(
        {
            "trunk": lean, "neck": -lean / 2, "near.hip": lean - behind, "near.knee": 20, "near.shoulder": 44, "near.elbow": 92,
            "far.shoulder": -44, "far.elbow": 84, "far.hip": lean + 54, "far.knee": 78, "far.ankle": 4,
        },
        Contact("near", "ball", 66.0, lift=50),
    )  # fmt: skip
    at = profile.points(pose)
    hip, knee = at["seat"], at["near knee"]
    angle = angles["hip_extension"]
    drawing = _body(pose)
    if angle.value is not None:
        drawing += marks.dashed(hip, (hip[0], hip[1] + 40)) + marks.wedge(
            hip, 90, 90 + behind, inner=0, outer=31, outside=angle.outside
        )
        drawing += marks.words(
            (min(at["near ankle"][0], knee[0]) - 9, knee[1] + 8), angle.shown, outside=angle.outside, anchor="end"
        )
    said = _said(angles, {"hip_extension": "thigh {} behind the vertical"})
    return _frame(
        "toe_off",
        "Toe-off",
        opening=f"{leg.capitalize()} foot leaving the ground",
        content=drawing + _bones(at),
        said=said,
        angles=angles,
        short={"hip_extension": "hip ext."},
    )


def _behind(angles: Mapping[str, Angle], leg: str) -> Frame:
    drop, angle = _drawn(angles, "pelvic_drop"), angles["pelvic_drop"]
    free = "right" if leg == "left" else "left"
    sign = front.outward(free, behind=True)
    pose = {
        **front.standing(), "roll": sign * drop, "side": -sign * (drop + 1.5), "x": 77.0,
        f"{leg}.hip": 12, f"{leg}.knee": 26, f"{leg}.abduct": -3 - drop / 2, f"{free}.hip": 20, f"{free}.knee": 78, f"{free}.abduct": 2 + drop / 3,
        f"{leg}.out": 22, f"{leg}.fore": 2, f"{leg}.shoulder": 30, f"{leg}.elbow": 30,
        f"{free}.out": 20, f"{free}.fore": 10, f"{free}.shoulder": -34, f"{free}.elbow": 40,
    }  # fmt: skip
    contact = Contact(leg, "foot", 77.0 - sign * 4.5)
    root, own = front.bones(pose, (contact,), behind=True)
    at = front.points(pose, (contact,), behind=True)
    drawing = ground(28, 126) + front_figure(front_drawn(pose, root, own), behind=True, stance=leg)
    near, far = at[f"{leg} hip"], at[f"{free} hip"]
    line = marks.polar(near, 48, drop if sign > 0 else 180 - drop)
    drawing += marks.dashed((near[0] - sign * 20, near[1]), (near[0] + sign * 50, near[1]))
    if angle.value is not None:
        straight = 0 if sign > 0 else 180
        drawing += marks.wedge(near, straight, straight + sign * drop, inner=24, outer=46, outside=angle.outside)
        drawing += marks.words(
            (near[0] + sign * 49, max(line[1], near[1]) + 11), angle.shown, outside=angle.outside, anchor="middle"
        )
        drawing += f'<path class="fig-skel" d="M{near[0]:.1f} {near[1]:.1f}L{line[0]:.1f} {line[1]:.1f}"/>'
    drawing += marks.skeleton([near, far])
    way = "higher" if (angle.value or 0) < 0 else "lower"
    said = _said({"pelvic_drop": angle}, {"pelvic_drop": f"the {free} side of the pelvis {{}} {way}"}).replace("−", "")
    return _frame(
        "behind",
        "From behind",
        opening=f"From behind, standing on the {leg} leg",
        content=drawing,
        said=said,
        angles=angles,
        short={"pelvic_drop": "drop"},
    )


def _body(pose: dict[str, float]) -> str:
    return ground(28, 126) + side_figure(side_drawn(pose))


def _bones(at: Mapping[str, Point]) -> str:
    return marks.skeleton([at["shoulders"], at["seat"], at["near knee"], at["near ankle"]])


def _knee(at: Mapping[str, Point], angle: Angle, shin: float, bent: float, named: bool = False) -> str:
    """The thigh's line run on past the knee, and how far the shin turns back from it. ``shin``: ankle ahead of the knee, degrees."""
    if angle.value is None:
        return ""
    knee = at["near knee"]
    turned, straight = 90 - shin, 90 - shin - bent
    end = marks.polar(knee, 31, straight)
    text_at = (max(end[0] + 4, at["near ankle"][0] + 8), min(end[1] - 7, GROUND - 16))
    wedge = marks.wedge(knee, straight, turned, inner=0, outer=25, outside=angle.outside)
    return (
        wedge
        + marks.dashed(knee, end)
        + marks.words(text_at, f"Knee {angle.shown}" if named else angle.shown, outside=angle.outside)
    )


def _lean(at: Mapping[str, Point], angle: Angle, lean: float, named: bool) -> str:
    """Above the head, where nothing hides it: the trunk's line against the vertical."""
    if angle.value is None:
        return ""
    hip = at["seat"]
    ring = marks.wedge(hip, -90, -90 + lean, inner=59, outer=66, outside=angle.outside)
    right = max(marks.polar(hip, 63, -90 + lean)[0], hip[0])
    return (
        marks.dashed(hip, (hip[0], hip[1] - 68))
        + ring
        + marks.words((right + 4, hip[1] - 60), f"Lean {angle.shown}" if named else angle.shown, outside=angle.outside)
    )


def _said(angles: Mapping[str, Angle], phrases: Mapping[str, str]) -> str:
    """What the angles of a frame come to, in words, with their bands."""
    found = []
    for key, phrase in phrases.items():
        angle = angles[key]
        if angle.value is None:
            continue
        verdict = {None: "", True: f" (outside {angle.band})", False: f" (within {angle.band})"}[angle.outside]
        found.append(phrase.format(angle.shown.replace("°", " degrees")) + verdict)
    return ", ".join(found) or "not measured"


def _frame(
    key: str,
    name: str,
    *,
    opening: str,
    content: str,
    said: str,
    angles: Mapping[str, Angle],
    short: Mapping[str, str],
) -> Frame:
    known = {measure: angles[measure] for measure in short if angles[measure].value is not None}
    note = ", ".join(f"{short[measure]} {angle.band}" for measure, angle in known.items() if angle.band)
    return Frame(
        key=key, name=name, note=note or ("" if known else "not measured"), label=f"{opening}: {said}", content=content,
        outside=any(angle.outside for angle in known.values()), measured=bool(known),
    )  # fmt: skip
