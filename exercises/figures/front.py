"""The body seen from the front or from behind: a bone that turns to or from the viewer is drawn shorter, its true length stays.

``right`` and ``left`` are the runner's own. Seen from the front the runner's right lies on the left of the picture.
``shin`` leans the shank outward against its thigh, as a leg turned in the hip shows it.
``foot`` tilts the sole, inner edge up.
"""

from math import asin, cos, degrees, hypot, radians, sin, sqrt

from exercises.figures import body
from exercises.figures.errors import FigureError
from exercises.figures.side import Contact
from exercises.figures.vectors import Point, add, hanging, minus, turn

Pose = dict[str, float]
LIMBS = ("right", "left")
PER_LIMB = ("hip", "abduct", "knee", "shin", "foot", "shoulder", "out", "elbow", "fore")
SPINE = ("roll", "side", "neck")
JOINTS = (*SPINE, *(f"{limb}.{joint}" for limb in LIMBS for joint in PER_LIMB))
LENGTHS = {"thigh": body.THIGH, "shank": body.SHANK, "upper": body.UPPER_ARM, "fore": body.FOREARM}
THICKNESS = {"foot": body.SOLE, "edge": 4.6, "elbow": body.ELBOW_RADIUS, "seat": 11.0}
TOLERANCE = 0.4


def standing() -> Pose:
    """Upright, feet under the hips, arms hanging a little away from the body."""
    pose = {"x": 80.0, "y": body.GROUND - body.THIGH - body.SHANK - body.SOLE, **dict.fromkeys(JOINTS, 0.0)}
    for limb in LIMBS:
        pose |= {f"{limb}.out": 9.0, f"{limb}.fore": 5.0, f"{limb}.abduct": 1.0}
    return pose


def outward(limb: str, *, behind: bool) -> int:
    """+1 when the limb's own outside points to the right of the picture."""
    return (1 if limb == "left" else -1) * (-1 if behind else 1)


def hip_joint(limb: str, *, behind: bool) -> Point:
    return outward(limb, behind=behind) * body.HIP_HALF, 0.0


def shoulder_joint(limb: str, *, behind: bool) -> Point:
    return outward(limb, behind=behind) * body.SHOULDER_HALF, -body.FRONT_CHEST


def _spread(out: float, forward: float, length: float, sign: int) -> Point:
    """A bone leaning ``out`` of the middle plane and swung ``forward`` in it, as it appears in the picture."""
    return sign * length * sin(radians(out)), length * cos(radians(out)) * cos(radians(forward))


def bones(
    pose: Pose, contacts: tuple[Contact, ...], *, behind: bool = False, hips_given: bool = False
) -> tuple[Point, dict[str, Point]]:
    """(place of the pelvis, picture vector of every bone), contacts kept. Raises FigureError when a limb is too short."""
    own: dict[str, Point] = {}
    planted = {contact.limb: contact for contact in contacts if contact.part in ("foot", "edge")}
    roll, chest = pose["roll"], pose["roll"] + pose["side"]
    for limb in LIMBS:
        sign = outward(limb, behind=behind)
        thigh = turn(_spread(pose[f"{limb}.abduct"], pose[f"{limb}.hip"], body.THIGH, sign), roll)
        swing = pose[f"{limb}.hip"] - pose[f"{limb}.knee"]
        own[f"{limb}.thigh"] = thigh
        lean = pose[f"{limb}.abduct"] + pose[f"{limb}.shin"]
        own[f"{limb}.shank"] = turn(_spread(lean, swing, body.SHANK, sign), roll)
        own[f"{limb}.upper"] = turn(_spread(pose[f"{limb}.out"], pose[f"{limb}.shoulder"], body.UPPER_ARM, sign), chest)
        swing = pose[f"{limb}.shoulder"] + pose[f"{limb}.elbow"]
        own[f"{limb}.fore"] = turn(_spread(pose[f"{limb}.fore"], swing, body.FOREARM, sign), chest)
        own[f"{limb}.hip"] = turn(hip_joint(limb, behind=behind), roll)
        own[f"{limb}.shoulder"] = turn(shoulder_joint(limb, behind=behind), chest)
    root = (pose["x"], pose["y"])
    carrier = None
    if planted and not hips_given:
        carrier = next(iter(planted.values()))
        root = (root[0], _carry(own, pose, carrier, root[0]))
    for limb, contact in planted.items():
        if contact is carrier:
            continue
        ankle = contact_centre(contact)
        hip = add(root, own[f"{limb}.hip"])
        if hips_given and not pose[f"{limb}.knee"]:
            whole = minus(ankle, hip)
            own[f"{limb}.thigh"] = (whole[0] / 2, whole[1] / 2)
        own[f"{limb}.shank"] = minus(ankle, add(hip, own[f"{limb}.thigh"]))
        _short_enough(contact, own[f"{limb}.shank"], body.SHANK)
    for contact in contacts:
        if contact.part == "elbow":
            shoulder = add(root, own[f"{contact.limb}.shoulder"])
            own[f"{contact.limb}.upper"] = minus(contact_centre(contact), shoulder)
            _short_enough(contact, own[f"{contact.limb}.upper"], body.UPPER_ARM)
            headward = 1 if chest >= 0 else -1
            own[f"{contact.limb}.fore"] = (headward * body.FOREARM * 0.9, 0.6)
    return root, own


def contact_centre(contact: Contact) -> Point:
    return contact.x, body.GROUND - contact.up - THICKNESS[contact.part]


def _carry(own: dict[str, Point], pose: Pose, contact: Contact, x: float) -> float:
    """Lean the shank of the carrying leg so that the foot keeps its place; the height of the pelvis follows."""
    limb = contact.limb
    ankle = contact_centre(contact)
    sideways = ankle[0] - x - own[f"{limb}.hip"][0] - own[f"{limb}.thigh"][0]
    if abs(sideways) > body.SHANK * 0.7:
        raise FigureError(
            f"the {limb} foot lies {abs(sideways):.0f} beside its knee; move the foot or the pelvis",
            path=("plant", contact.name),
        )
    lean = degrees(asin(sideways / body.SHANK))
    down = body.SHANK * cos(radians(lean)) * cos(radians(pose[f"{limb}.hip"] - pose[f"{limb}.knee"]))
    own[f"{limb}.shank"] = (sideways, down)
    return ankle[1] - down - own[f"{limb}.thigh"][1] - own[f"{limb}.hip"][1]


def _short_enough(contact: Contact, vector: Point, length: float) -> None:
    miss = hypot(*vector) - length
    if miss > TOLERANCE:
        raise FigureError(
            f"the {contact.name} misses its place (x {contact.x:g}) by {miss:.1f}; move the hips or the contact",
            path=("plant", contact.name),
        )


def depth(vector: Point, length: float) -> float:
    """How far the bone points to or from the viewer: the part of its true length that the picture hides."""
    return sqrt(max(length**2 - vector[0] ** 2 - vector[1] ** 2, 0.0))


def points(
    pose: Pose, contacts: tuple[Contact, ...] = (), *, behind: bool = False, hips_given: bool = False
) -> dict[str, Point]:
    """Centres of the joints in figure units."""
    root, own = bones(pose, contacts, behind=behind, hips_given=hips_given)
    chest = pose["roll"] + pose["side"]
    found = {"seat": root, "head": add(root, turn((0, -body.FRONT_HEAD), chest))}
    for limb in LIMBS:
        hip, shoulder = add(root, own[f"{limb}.hip"]), add(root, own[f"{limb}.shoulder"])
        knee, elbow = add(hip, own[f"{limb}.thigh"]), add(shoulder, own[f"{limb}.upper"])
        ankle = add(knee, own[f"{limb}.shank"])
        found |= {
            f"{limb} hip": hip, f"{limb} knee": knee, f"{limb} foot": ankle, f"{limb} edge": ankle,
            f"{limb} shoulder": shoulder, f"{limb} elbow": elbow, f"{limb} palm": add(elbow, own[f"{limb}.fore"]),
        }  # fmt: skip
    return found


def turns(pose: Pose, own: dict[str, Point]) -> dict[str, float]:
    """Turn of every bone on the page, degrees."""
    found = {
        "pelvis": pose["roll"],
        "chest": pose["roll"] + pose["side"],
        "head": pose["roll"] + pose["side"] + pose["neck"],
    }
    for limb in LIMBS:
        for bone in LENGTHS:
            vector = own[f"{limb}.{bone}"]
            found[f"{limb}.{bone}"] = hanging(vector) if hypot(*vector) > 1e-6 else 0.0
    return found
