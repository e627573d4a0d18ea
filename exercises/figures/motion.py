"""The movement between key frames: the pose at any second of the loop, with every contact kept."""

from bisect import bisect_right
from dataclasses import replace
from functools import cached_property

from exercises.figures import body, front, side
from exercises.figures.cords import drawn_cords
from exercises.figures.curve import LoopCurve
from exercises.figures.entry import STANDING, Figure, Frame, View
from exercises.figures.errors import FigureError
from exercises.figures.side import Contact
from exercises.figures.vectors import Point, turn

Drawn = dict[str, float]
SAMPLES_PER_S = 50
COUNTS = (125, 200, 250, 500, 1000, 2000)  # a sample falls on a percentage with few places
LETTING_GO = (0.01, 0.005)  # seconds: an arm or leg that is about to let go straightens fast
CHECKED_EVERY = 3
# Radius of the parts that must stay above the ground, and how far one may press in.
SOLID = {
    "ball": body.BALL_RADIUS,
    "heel": body.HEEL_RADIUS,
    "toe": 1.5,
    "knee": 3.6,
    "elbow": body.ELBOW_RADIUS,
    "palm": 1.6,
    "head": 6.0,
    "shoulders": 5.6,
    "seat": 5.4,
}
SINKING = 1.5


class Motion:
    """One view in motion. ``at(seconds)`` is the drawn state: root.x, root.y, <bone>.turn and, from the front,
    <bone>.len; of a cord all four."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.is_side = view.kind == "side"
        self.behind = view.kind == "behind"
        self.frames = [self._solved(frame, index) for index, frame in enumerate(view.frames)]

    def _solved(self, frame: Frame, index: int) -> Frame:
        try:
            if self.is_side:
                return replace(
                    frame, pose=side.keep_contacts(dict(frame.pose), frame.contacts, hips_given=frame.hips_given)
                )
            root, _ = front.bones(dict(frame.pose), frame.contacts, behind=self.behind, hips_given=frame.hips_given)
            return replace(frame, pose={**frame.pose, "y": root[1]})
        except FigureError as error:
            raise self._placed(error, index) from None

    def _placed(self, error: FigureError, index: int) -> FigureError:
        half = len(self.view.frames)
        return FigureError(error.reason, path=(self.view.kind, "frames", index % half, *error.path))

    @cached_property
    def _knots(self) -> list[tuple[float, Frame]]:
        found = []
        for frame in self.frames:
            found.append((frame.at, frame))
            if frame.hold:
                found.append((frame.at + frame.hold, frame))
        return found

    @cached_property
    def _curves(self) -> dict[str, LoopCurve]:
        times = [time for time, _ in self._knots]
        curves = {
            key: LoopCurve(times, [frame.pose[key] for _, frame in self._knots], self.view.period)
            for key in self.frames[0].pose
        }
        for name in set.intersection(*({contact.name for contact in frame.contacts} for frame in self.frames)):
            for key in ("x", "up", "lift", "toes"):
                values = [
                    next(getattr(contact, key) for contact in frame.contacts if contact.name == name)
                    for _, frame in self._knots
                ]
                curves[f"{name}.{key}"] = LoopCurve(times, values, self.view.period)
        return curves

    def _around(self, time: float) -> tuple[int, int]:
        """Indices of the frames before and after a time of the loop."""
        last = bisect_right([frame.at for frame in self.frames], time % self.view.period) - 1
        return last, (last + 1) % len(self.frames)

    def _held(self, time: float) -> tuple[tuple[Contact, ...], bool]:
        """Contacts kept at this time, and whether the hips are led by the key frames."""
        time %= self.view.period
        index, following = self._around(time)
        before, after = self.frames[index], self.frames[following]
        if time <= before.at + before.hold + 1e-9:
            return before.contacts, before.hips_given
        later = {contact.name: contact for contact in after.contacts}
        held = []
        for contact in before.contacts:
            if (target := later.get(contact.name)) is None:
                continue
            held.append(self._between(contact, target, self._share(index, following, time), time))
        led = (
            before.hips_given
            or after.hips_given
            or not held
            or held[0].name != before.contacts[0].name
            or held[0].name != after.contacts[0].name
        )
        return tuple(held), led

    def _between(self, contact: Contact, target: Contact, share: float, time: float) -> Contact:
        def value(key: str) -> float:
            if (curve := self._curves.get(f"{contact.name}.{key}")) is not None:
                return curve(time)
            start: float = getattr(contact, key)
            return start + share * (getattr(target, key) - start)

        return replace(contact, x=value("x"), up=value("up"), lift=value("lift"), toes=value("toes"))

    def _share(self, index: int, following: int, time: float) -> float:
        before, after = self.frames[index], self.frames[following]
        start = before.at + before.hold
        end = after.at if following > index else self.view.period + after.at
        share = (time - start) / (end - start)
        return share * share * (3 - 2 * share)

    def pose(self, time: float) -> dict[str, float]:
        """Joint angles at a time of the loop (seconds), contacts kept. Raises FigureError where a limb cannot follow."""
        free = (
            {key: self._curves[key](time) for key in self.frames[0].pose}
            if len(self.frames) > 1
            else dict(self.frames[0].pose)
        )
        if not self.is_side:
            return free
        contacts, led = self._held(time)
        try:
            return side.keep_contacts(free, contacts, hips_given=led)
        except FigureError as error:
            raise self._placed(
                FigureError(f"{error.reason} (at {time:.2f} s of the loop)", path=error.path), self._around(time)[0]
            ) from None

    def at(self, time: float) -> Drawn:
        """What is drawn at a time of the loop (seconds)."""
        cords = self.view.cords
        return self._body_at(time) | (drawn_cords(cords, self.points(time), time / self.view.period) if cords else {})

    def _body_at(self, time: float) -> Drawn:
        pose = self.pose(time)
        if self.is_side:
            return side_drawn(pose)
        contacts, _ = self._held(time)
        try:
            root, own = front.bones(pose, contacts, behind=self.behind, hips_given=self.frames[0].hips_given)
        except FigureError as error:
            raise self._placed(
                FigureError(f"{error.reason} (at {time:.2f} s of the loop)", path=error.path), self._around(time)[0]
            ) from None
        lying = any(contact.part == "edge" for contact in contacts)
        return front_drawn(pose, root, own, lying=lying, behind=self.behind)

    def points(self, time: float) -> dict[str, Point]:
        """Centres of joints and contacts at a time of the loop (seconds)."""
        pose = self.pose(time)
        if self.is_side:
            return side.points(pose)
        contacts, _ = self._held(time)
        return front.points(pose, contacts, behind=self.behind, hips_given=self.frames[0].hips_given)

    def times(self) -> list[float]:
        """Times at which the loop is sampled: evenly, every key frame, and just before it."""
        if len(self.frames) == 1:
            return [0.0]
        count = next((each for each in COUNTS if each >= self.view.period * SAMPLES_PER_S), COUNTS[-1])
        even = {round(i * self.view.period / count, 4) for i in range(count)}
        frames = {round(time, 4) for time, _ in self._knots}
        reaching = {round(time - early, 4) for time in frames if time > LETTING_GO[0] for early in LETTING_GO}
        return sorted(even | frames | reaching | {self.view.period})

    def turning_points(self) -> list[float]:
        """Times of the key frames, where contacts begin and end."""
        return [time for time, _ in self._knots]

    def contacts(self, time: float) -> tuple[Contact, ...]:
        return self._held(time)[0]


def side_drawn(pose: dict[str, float]) -> Drawn:
    """Turn of each bone against the one it hangs from; the thigh turns against the page."""
    drawn = {
        "root.x": pose["x"],
        "root.y": pose["y"],
        "pelvis.turn": pose["trunk"],
        "chest.turn": pose["waist"],
        "head.turn": pose["neck"],
    }
    for limb in side.LIMBS:
        drawn |= {
            f"{limb}.thigh.turn": pose["trunk"] - pose[f"{limb}.hip"], f"{limb}.shank.turn": pose[f"{limb}.knee"],
            f"{limb}.foot.turn": -pose[f"{limb}.ankle"], f"{limb}.toes.turn": -pose[f"{limb}.toes"],
            f"{limb}.upper.turn": -pose[f"{limb}.shoulder"], f"{limb}.fore.turn": -pose[f"{limb}.elbow"],
            f"{limb}.hand.turn": -pose[f"{limb}.wrist"],
        }  # fmt: skip
    return drawn


def front_drawn(
    pose: dict[str, float], root: Point, own: dict[str, Point], *, lying: bool = False, behind: bool = False
) -> Drawn:
    """As side_drawn, with the visible length of every limb bone. Shoes stay level but for their tilt; of somebody lying they
    follow the leg."""
    facing = front.turns(pose, own)
    drawn = {
        "root.x": root[0],
        "root.y": root[1],
        "pelvis.turn": pose["roll"],
        "chest.turn": pose["side"],
        "head.turn": pose["neck"],
    }
    for limb in front.LIMBS:
        for bone, parent in (
            ("thigh", "pelvis"),
            ("shank", f"{limb}.thigh"),
            ("upper", "chest"),
            ("fore", f"{limb}.upper"),
        ):
            vector = turn(own[f"{limb}.{bone}"], -facing[f"{limb}.{bone}"])
            drawn[f"{limb}.{bone}.turn"] = (facing[f"{limb}.{bone}"] - facing[parent] + 180) % 360 - 180
            drawn[f"{limb}.{bone}.len"] = max(vector[1], 0.01)
        tilt = front.outward(limb, behind=behind) * pose[f"{limb}.foot"]
        drawn[f"{limb}.foot.turn"] = 0.0 if lying else tilt - facing[f"{limb}.shank"]
    return drawn


def check(figure: Figure) -> None:
    """Every moment of every loop: contacts reached, joint limits kept, what stands does not slide. Raises FigureError."""
    for view in figure.views:
        motion = Motion(view)
        _check_sliding(view)
        for time in motion.times()[::CHECKED_EVERY]:
            motion.at(time)
            index = motion._around(time)[0] % len(view.frames)
            if view.kind == "side":
                for joint, angle in side.beyond_limits(motion.pose(time), turns=view.turns):
                    raise FigureError(
                        f"{joint} is {angle:.0f} degrees at {time:.2f} s, beyond what the joint allows",
                        path=(view.kind, "frames", index),
                    )
            for part, (_, y) in motion.points(time).items():
                sunk = y + SOLID.get(part.rpartition(" ")[2], 0.0) - body.GROUND
                if sunk > SINKING:
                    raise FigureError(
                        f"the {part} is {sunk:.1f} under the ground at {time:.2f} s", path=(view.kind, "frames", index)
                    )


def _check_sliding(view: View) -> None:
    for index, frame in enumerate(view.frames):
        following = view.frames[(index + 1) % len(view.frames)]
        later = {contact.name: contact for contact in following.contacts}
        for contact in frame.contacts:
            if (
                contact.part in STANDING
                and contact.name in later
                and (contact.x, contact.up) != (later[contact.name].x, later[contact.name].up)
            ):
                raise FigureError(f"the {contact.name} stands and must not slide: give it the same x and up in the next frame, or leave it out",
                                  path=(view.kind, "frames", index, "plant", contact.name))  # fmt: skip
