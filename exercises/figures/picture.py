"""Whole pictures of one exercise: the still, the stage, the strip of four moments, the standalone file."""

from functools import cache
from hashlib import sha256
from math import ceil, floor

from django.utils.html import escape

from exercises.figures.body import GROUND, HEAD_RADIUS
from exercises.figures.draw import cord, front_figure, ground, side_figure
from exercises.figures.entry import Figure, View
from exercises.figures.keyframes import stylesheet
from exercises.figures.motion import Drawn, Motion

SEEN = {
    "side": "seen from the side",
    "front": "seen from the front",
    "behind": "seen from behind",
    "above": "seen from above",
}
CARD = (6.0, 22.0, 148.0, 134.0)
STAGE = (14.0, 26.0, 132.0, 132.0)
PAD = {"head": HEAD_RADIUS, "seat": 6.5, "shoulders": 7.0, "toe": 2.0, "heel": 3.0, "ball": 2.0, "knee": 4.5}


class Picture:
    """One view of a figure, ready to be drawn; what was drawn once is kept."""

    def __init__(self, figure: Figure, view: View) -> None:
        self.figure = figure
        self.view = view
        self.motion = Motion(view)

    @property
    def name(self) -> str:
        """The class stem of its animation, one per exercise and view."""
        return self.figure.slug if self.view is self.figure.views[0] else f"{self.figure.slug}-{self.view.kind}"

    @property
    def moves(self) -> bool:
        return len(self.view.frames) > 1

    def body_at(self, time: float, cls: str = "figure") -> str:
        return self._body(self.motion.at(time), cls)

    def _body(self, drawn: Drawn, cls: str) -> str:
        if self.view.kind == "side":
            body = side_figure(drawn, self.view.props, cls=cls)
        else:
            behind, stance = self.view.kind == "behind", self.view.stance
            body = front_figure(drawn, self.view.props, cls=cls, behind=behind, stance=stance)
        lines = "".join(cord(drawn, f"cord{index}", each.kind) for index, each in enumerate(self.view.cords))
        return body + (f'<g class="{cls}">{lines}</g>' if lines else "")

    def things(self) -> str:
        return "".join(prop.draw() for prop in self.view.props if prop.box)

    def bounds(self, times: list[float]) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the body and its cords at these times and of the equipment."""
        boxes = [prop.box for prop in self.view.props if prop.box and prop.kind != "mat"]
        for time in times:
            points = self.motion.points(time)
            for part, (x, y) in points.items():
                pad = PAD.get(part.rpartition(" ")[2], 4.0)
                boxes.append((x - pad, y - pad, x + pad, y + pad))
            for each in self.view.cords:
                boxes += [2 * end.at(points, time / self.view.period) for end in (each.start, each.finish)]
        return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

    def _room(self, frame: tuple[float, float, float, float], times: list[float]) -> tuple[float, float, float, float]:
        """The frame, moved to the middle of what it shows and widened where that needs more."""
        left, top, right, _ = self.bounds(times)
        _, _, width, height = frame
        width_needed, height_needed = right - left + 12, GROUND + 6 - top + 6
        scale = max(1.0, width_needed / width, height_needed / height)
        width, height = width * scale, height * scale
        below = 8 + (height - height_needed) * 0.3 if frame is STAGE else 6
        return (left + right) / 2 - width / 2, GROUND + below - height, width, height

    @cache  # noqa: B019
    def still(self, *, close: bool = False) -> tuple[str, str]:
        """(view box, content) of the end pose. ``close`` crops to the body, for a thumbnail."""
        times = [self.view.end]
        if close:
            left, top, right, _ = self.bounds(times)
            side_length = max(right - left + 10, GROUND + 4 - top + 6, 84.0)
            box = ((left + right) / 2 - side_length / 2, GROUND + 6 - side_length, side_length, side_length)
        else:
            box = self._room(CARD, times)
        return self._sheet(box, self.body_at(self.view.end))

    @cache  # noqa: B019
    def stage(self) -> tuple[str, str]:
        """(view box, content): the start pose ghosted behind the end pose, room for the whole movement."""
        times = self.motion.times()[::4] if self.moves else [0.0]
        ghost = self.body_at(0.0, "figure fig-ghost") if self.moves and self.view.ghost else ""
        return self._sheet(self._room(STAGE, [*times, self.view.end]), ghost + self.body_at(self.view.end))

    @cache  # noqa: B019
    def strip(self) -> list[tuple[str, str, str, bool]]:
        """Four moments: (view box, content, word, whether it is the end pose)."""
        moments = self.view.strip or self._even_moments()
        box = self._room((30.0, 22.0, 104.0, 134.0), [time for time, _ in moments])
        return [
            (*self._sheet(box, self.body_at(time)), word, abs(time - self.view.end) < 0.01) for time, word in moments
        ]

    def _even_moments(self) -> tuple[tuple[float, str], ...]:
        """Four moments on the way to the end pose, or round the loop where it starts there."""
        first, end, period = self.view.frames[0], self.view.end, self.view.period
        words = {frame.at: frame.name for frame in self.view.frames}
        if not end:
            words_round = (first.name or "Start", "Change", "Other side", "Change")
            return tuple((period * i / 4, word) for i, word in enumerate(words_round))
        start = first.at + first.hold
        way = end - start
        return (
            (0.0, first.name or "Start"),
            (start + way / 3, "Slowly"),
            (start + way * 2 / 3, "Further"),
            (end, words.get(end) or "End"),
        )

    def _sheet(self, box: tuple[float, float, float, float], bodies: str) -> tuple[str, str]:
        left, _, width, _ = box
        inset = width * 0.055
        floor_line = "" if self.view.seen == "above" else ground(left + inset, left + width - inset)
        content = floor_line + self.things() + bodies
        return f"{floor(box[0])} {floor(box[1])} {ceil(box[2])} {ceil(box[3])}", content

    @cache  # noqa: B019 (pictures live as long as the process)
    def css(self) -> str:
        return stylesheet(self.motion, self.name)


def svg(box: str, content: str, *, label: str = "", cls: str = "fig") -> str:
    """An inline picture; without a label it is decoration."""
    name = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true" focusable="false"'
    return f'<svg class="{cls}" viewBox="{box}" {name}>{content}</svg>'


def digest(text: str) -> str:
    """Short name of a content, for addresses and ETags."""
    return sha256(text.encode()).hexdigest()[:12]
