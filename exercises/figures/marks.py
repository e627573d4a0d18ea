"""What is drawn on a body that was measured: bone line, dashed reference, wedge, number."""

from math import cos, radians, sin

from exercises.figures.draw import number
from exercises.figures.vectors import Point


def polar(centre: Point, radius: float, angle: float) -> Point:
    """The point ``radius`` away in direction ``angle`` (degrees, 0 to the right, clockwise)."""
    return centre[0] + radius * cos(radians(angle)), centre[1] + radius * sin(radians(angle))


def _at(point: Point) -> str:
    return f"{number(point[0], 2)} {number(point[1], 2)}"


def wedge(apex: Point, start: float, end: float, *, inner: float, outer: float, outside: bool | None) -> str:
    """The sector between two directions (degrees), ringed where its measure ends: green within, amber outside, grey without a band."""
    start, end = sorted((start, end))
    a, b, c, d = polar(apex, inner, start), polar(apex, outer, start), polar(apex, outer, end), polar(apex, inner, end)
    shade = {None: "fig-wedge-plain", False: "fig-wedge", True: "fig-wedge-amber"}[outside]
    back = f"L{_at(d)}A{number(inner)} {number(inner)} 0 0 0 {_at(a)}Z" if inner else f"L{_at(apex)}Z"
    return (
        f'<path class="{shade}" d="M{_at(a)}L{_at(b)}A{number(outer)} {number(outer)} 0 0 1 {_at(c)}{back}"/>'
        f'<path class="{shade}-rim" d="M{_at(b)}A{number(outer)} {number(outer)} 0 0 1 {_at(c)}"/>'
    )


def dashed(a: Point, b: Point) -> str:
    return f'<path class="fig-axis" d="M{_at(a)}L{_at(b)}"/>'


def skeleton(joints: list[Point]) -> str:
    """The white line through the bones, with its joints."""
    line = "L".join(_at(point) for point in joints)
    dots = "".join(f'<circle class="fig-joint" cx="{number(x, 2)}" cy="{number(y, 2)}" r="1.9"/>' for x, y in joints)
    return f'<path class="fig-skel" d="M{line}"/>{dots}'


def words(at: Point, text: str, *, outside: bool | None = None, anchor: str = "start", cls: str = "") -> str:
    classes = " ".join(
        filter(None, [cls, "t-amber" if outside else "", {"end": "t-end", "middle": "t-mid"}.get(anchor, "")])
    )
    return f'<text{f""" class="{classes}" """.rstrip() if classes else ""} x="{number(at[0])}" y="{number(at[1])}">{text}</text>'
