"""The body seen from the side, facing right: where its points are for given joint angles, and how it keeps its contacts."""

from dataclasses import dataclass

from exercises.figures import body
from exercises.figures.errors import FigureError
from exercises.figures.vectors import Point, add, bend, distance, hanging, minus, shortest, turn

Pose = dict[str, float]
LIMBS = ("near", "far")
LEG = ("hip", "knee", "ankle", "toes")
ARM = ("shoulder", "elbow", "wrist")
SPINE = ("trunk", "waist", "neck")
JOINTS = (*SPINE, *(f"{limb}.{joint}" for limb in LIMBS for joint in (*LEG, *ARM)))

# How far the centre of a part lies above what carries it.
THICKNESS = {
    "ball": body.BALL_RADIUS, "heel": body.HEEL_RADIUS, "knee": body.KNEE_RADIUS, "elbow": body.ELBOW_RADIUS,
    "palm": body.HAND_RADIUS, "grip": 0.0, "shoulders": body.SHOULDER_RADIUS, "seat": body.HIP_RADIUS,
}  # fmt: skip
TOLERANCE = 0.4


@dataclass(frozen=True)
class Contact:
    """One part of the body that stays on its place: ``x`` along the ground, ``up`` above it; ``lift`` is the pitch of the foot, heel up
    (beyond 90 it lies on its laces), and ``toes`` how far the toes bend up from where they would rest, or curl down where it is negative."""

    limb: str
    part: str
    x: float
    up: float = 0.0
    lift: float = 0.0
    toes: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.limb} {self.part}".strip()

    @property
    def centre(self) -> Point:
        return self.x, body.GROUND - self.up - THICKNESS[self.part]


def standing() -> Pose:
    """All joints at nought: upright, arms hanging."""
    return {"x": 80.0, "y": body.GROUND - body.THIGH - body.SHANK - body.SOLE, **dict.fromkeys(JOINTS, 0.0)}


def directions(pose: Pose) -> dict[str, float]:
    """Turn of every bone on the page, degrees, 0 hanging (the trunk: standing), clockwise positive."""
    chest = pose["trunk"] + pose["waist"]
    found = {"pelvis": pose["trunk"], "chest": chest, "head": chest + pose["neck"]}
    for limb in LIMBS:
        thigh = pose["trunk"] - pose[f"{limb}.hip"]
        shank = thigh + pose[f"{limb}.knee"]
        foot = shank - pose[f"{limb}.ankle"]
        upper = chest - pose[f"{limb}.shoulder"]
        fore = upper - pose[f"{limb}.elbow"]
        found |= {
            f"{limb}.thigh": thigh, f"{limb}.shank": shank, f"{limb}.foot": foot, f"{limb}.toes": foot - pose[f"{limb}.toes"],
            f"{limb}.upper": upper, f"{limb}.fore": fore, f"{limb}.hand": fore - pose[f"{limb}.wrist"],
        }  # fmt: skip
    return found


def points(pose: Pose) -> dict[str, Point]:
    """Centres of joints and of what can touch the ground, in figure units."""
    facing = directions(pose)
    root = (pose["x"], pose["y"])
    waist = add(root, turn((0, -body.PELVIS), facing["pelvis"]))
    shoulders = add(waist, turn((0, -body.CHEST), facing["chest"]))
    neck = add(shoulders, turn((0, -body.NECK), facing["chest"]))
    found = {
        "seat": root,
        "waist": waist,
        "shoulders": shoulders,
        "head": add(neck, turn(body.HEAD_AT, facing["head"])),
    }
    for limb in LIMBS:
        knee = add(root, turn((0, body.THIGH), facing[f"{limb}.thigh"]))
        ankle = add(knee, turn((0, body.SHANK), facing[f"{limb}.shank"]))
        ball = add(ankle, turn(body.BALL, facing[f"{limb}.foot"]))
        elbow = add(shoulders, turn((0, body.UPPER_ARM), facing[f"{limb}.upper"]))
        palm = add(elbow, turn((0, body.FOREARM), facing[f"{limb}.fore"]))
        found |= {
            f"{limb} knee": knee, f"{limb} ankle": ankle, f"{limb} ball": ball,
            f"{limb} heel": add(ankle, turn(body.HEEL, facing[f"{limb}.foot"])),
            f"{limb} toe": add(ball, turn(body.TOE_TIP, facing[f"{limb}.toes"])),
            f"{limb} elbow": elbow, f"{limb} palm": palm,
            f"{limb} grip": add(palm, turn((0, body.HAND * 0.6), facing[f"{limb}.hand"])),
        }  # fmt: skip
    return found


def keep_contacts(pose: Pose, contacts: tuple[Contact, ...], *, hips_given: bool) -> Pose:
    """The pose that touches where it says.

    The first contact carries the body unless the hips were given; every other contact bends its own limb.
    Raises FigureError when a limb is too short for its place.
    """
    pose = dict(pose)
    for contact in contacts:
        if contact.part in ("ball", "heel"):
            _level_foot(pose, contact)
    rest = contacts
    if contacts and not hips_given:
        carrier, rest = contacts[0], contacts[1:]
        gap = minus(carrier.centre, points(pose)[carrier.name])
        pose["x"], pose["y"] = pose["x"] + gap[0], pose["y"] + gap[1]
    for contact in rest:
        _reach(pose, contact)
    return pose


def _level_foot(pose: Pose, contact: Contact) -> None:
    limb = contact.limb
    facing = directions(pose)
    pose[f"{limb}.ankle"] = shortest(facing[f"{limb}.shank"] - contact.lift)
    on_toes = contact.part == "ball" and 0 < contact.lift <= 90
    pose[f"{limb}.toes"] = contact.toes + (contact.lift if on_toes else 0.0)


def _reach(pose: Pose, contact: Contact) -> None:
    limb, part = contact.limb, contact.part
    if part in ("ball", "heel"):
        ankle = minus(contact.centre, turn(body.BALL if part == "ball" else body.HEEL, contact.lift))
        _bend_leg(pose, contact, ankle)
        _level_foot(pose, contact)
    elif part in ("palm", "grip"):
        _bend_arm(pose, contact)
    elif part == "elbow":
        shoulders = points(pose)["shoulders"]
        _within(contact, abs(distance(shoulders, contact.centre) - body.UPPER_ARM), limit=1.5)
        chest = directions(pose)["chest"]
        was = chest - pose[f"{limb}.shoulder"] - pose[f"{limb}.elbow"]
        pose[f"{limb}.shoulder"] = shortest(chest - hanging(minus(contact.centre, shoulders)))
        pose[f"{limb}.elbow"] = shortest(chest - pose[f"{limb}.shoulder"] - was)
    else:
        _within(contact, distance(points(pose)[contact.name], contact.centre), limit=1.5)


def _bend_leg(pose: Pose, contact: Contact, ankle: Point) -> None:
    limb = contact.limb
    hip = (pose["x"], pose["y"])
    reach = distance(hip, ankle)
    _within(contact, reach - body.THIGH - body.SHANK, limit=TOLERANCE)
    lead, knee = bend(body.THIGH, body.SHANK, reach)
    thigh = hanging(minus(ankle, hip)) - lead
    pose[f"{limb}.hip"] = shortest(pose["trunk"] - thigh)
    pose[f"{limb}.knee"] = knee


def _bend_arm(pose: Pose, contact: Contact) -> None:
    limb = contact.limb
    shoulders = points(pose)["shoulders"]
    lower = body.FOREARM + (body.HAND * 0.6 if contact.part == "grip" else 0.0)
    reach = distance(shoulders, contact.centre)
    _within(contact, reach - body.UPPER_ARM - lower, limit=TOLERANCE)
    lead, elbow = bend(body.UPPER_ARM, lower, reach)
    upper = hanging(minus(contact.centre, shoulders)) + lead
    pose[f"{limb}.shoulder"] = _arm_turn(pose["trunk"] + pose["waist"] - upper)
    pose[f"{limb}.elbow"] = elbow
    if contact.part == "palm":
        pose[f"{limb}.wrist"] = shortest(upper - elbow + 90 - contact.lift)
    else:
        pose[f"{limb}.wrist"] = 0.0


def _arm_turn(angle: float) -> float:
    return (angle + 90) % 360 - 90


def _within(contact: Contact, miss: float, *, limit: float) -> None:
    if miss > limit:
        raise FigureError(
            f"the {contact.name} misses its place (x {contact.x:g}, up {contact.up:g}) by {miss:.1f}; move the hips or the contact",
            path=("plant", contact.name),
        )


def beyond_limits(pose: Pose, *, turns: str = "") -> list[tuple[str, float]]:
    """Joints outside the range of body.LIMITS by more than half a degree, with their angle.

    The arm the chest ``turns`` with (near, far) may point anywhere.
    """
    return [
        (joint, pose[joint])
        for joint in JOINTS
        if joint != f"{turns}.shoulder"
        and (limits := body.LIMITS.get(joint.split(".")[-1]))
        and not limits[0] - 0.5 <= pose[joint] <= limits[1] + 0.5
    ]
