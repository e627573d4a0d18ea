"""Plane geometry of bones: y down, degrees, positive turns clockwise on the page."""

from math import acos, atan2, cos, degrees, hypot, radians, sin

Point = tuple[float, float]


def turn(point: Point, angle: float) -> Point:
    """``point`` turned about the origin."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return point[0] * c - point[1] * s, point[0] * s + point[1] * c


def add(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def minus(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1]


def distance(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def hanging(vector: Point) -> float:
    """Turn of a bone that hangs straight down at 0 and points along ``vector``."""
    return degrees(atan2(-vector[0], vector[1]))


def bend(upper: float, lower: float, reach: float) -> tuple[float, float]:
    """Two bones whose ends lie ``reach`` apart: (angle of the upper bone off the straight line, bend between the bones)."""
    reach = min(max(reach, abs(upper - lower) + 1e-6), upper + lower - 1e-9)
    inner = degrees(acos((upper**2 + lower**2 - reach**2) / (2 * upper * lower)))
    lead = degrees(acos((upper**2 + reach**2 - lower**2) / (2 * upper * reach)))
    return lead, 180 - inner


def shortest(angle: float) -> float:
    """The same direction between -180 and 180."""
    return (angle + 180) % 360 - 180
