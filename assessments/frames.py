"""Which measured angles the drawn stride shows, each with the range it is read against."""

from collections.abc import Sequence
from typing import Any

from assessments.catalogue import WHOLE, Side
from assessments.readings import Readings
from exercises.figures.measured import Frame, measured_frames

DRAWN: Sequence[str] = (
    "trunk_lean",
    "knee_contact",
    "foot_inclination",
    "tibia_angle",
    "knee_midstance",
    "hip_extension",
    "pelvic_drop",
)


def stride_frames(readings: Readings, side: str) -> list[Frame]:
    """Contact, mid-stance, toe-off and from behind of the leg `side` (left or right); empty where nothing was measured."""
    angles: dict[str, dict[str, Any]] = {}
    for key in DRAWN:
        measure = readings.book[key]
        where: Side = side if measure.two_sided else WHOLE  # type: ignore[assignment]
        value = readings.get(key, where)
        if value is not None:
            angles[key] = {"value": value, "low": readings.low_end(measure), "high": readings.high_end(measure)}
    return measured_frames(angles, side) if angles else []
