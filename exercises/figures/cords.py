"""Bands, straps and ropes: a line from one part of the body to another, or to a fixed place, that stretches as they move.

A skipping rope seen from the side is a line as well: it swings round the hand, once in a loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from exercises.figures.body import GROUND
from exercises.figures.vectors import Point, add, hanging, minus, turn

KINDS = ("band", "strap", "rope")


@dataclass(frozen=True)
class End:
    """A part of the body by its name among the points of a view, ``x`` and ``up`` from there; or a place above the ground.

    With a ``swing`` it goes round its part at that distance, clockwise from hanging, and is ``ahead`` degrees on when the loop begins.
    """

    part: str = ""
    x: float = 0.0
    up: float = 0.0
    swing: float = 0.0
    ahead: float = 0.0

    def at(self, points: Mapping[str, Point], share: float) -> Point:
        start = add(points[self.part] if self.part else (0.0, GROUND), (self.x, -self.up))
        return add(start, turn((0, self.swing), self.ahead + 360 * share))


@dataclass(frozen=True)
class Cord:
    """One line; it is drawn a unit long and stretched."""

    kind: str
    start: End
    finish: End

    def drawn(self, name: str, points: Mapping[str, Point], share: float) -> dict[str, float]:
        """Its place, turn (degrees) and length (figure units) as tracks of ``name``."""
        start = self.start.at(points, share)
        way = minus(self.finish.at(points, share), start)
        length = hypot(*way)
        return {
            f"{name}.x": start[0],
            f"{name}.y": start[1],
            f"{name}.turn": hanging(way) if length > 1e-6 else 0.0,
            f"{name}.len": length,
        }


def drawn_cords(cords: Sequence[Cord], points: Mapping[str, Point], share: float = 0.0) -> dict[str, float]:
    """The tracks of all cords, named cord0, cord1, …, when ``share`` of the loop (0 to 1) has passed."""
    return {
        key: value
        for index, cord in enumerate(cords)
        for key, value in cord.drawn(f"cord{index}", points, share).items()
    }
