"""What was measured on one day, with the values that follow from it; no ORM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from assessments import engine
from assessments.catalogue import LEFT, RIGHT, WHOLE, Catalogue, Measure, Side, catalogue

FPI_ITEMS = ("fpi_talus", "fpi_curves", "fpi_heel", "fpi_bulge", "fpi_arch", "fpi_forefoot")
Value = Decimal | str
Key = tuple[str, Side]


def age_on(birth: date | None, on: date | datetime) -> int | None:
    """Whole years from `birth` to `on`; None without a birth date."""
    if birth is None:
        return None
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


@dataclass(frozen=True)
class Readings:
    """The values of one assessment by (measure key, side). Numbers are Decimals in the measure's unit, choices are words.

    `involved` is left, right or empty; `speed` in km/h; `age` in years; `before` is the assessment to compare with.
    """

    measured: Mapping[Key, Value]
    involved: str = ""
    speed: Decimal | None = None
    age: int | None = None
    taken: Any = None
    before: "Readings | None" = None
    book: Catalogue = field(default_factory=catalogue)

    @cached_property
    def values(self) -> dict[Key, Value]:
        """Everything measured, and what can be worked out from it."""
        found: dict[Key, Value] = dict(self.measured)
        for side in (LEFT, RIGHT):
            angle = engine.foot_strike_angle(self.number("foot_inclination", side), self.number("foot_standing", side))
            total, _ = engine.foot_posture([self.item(key, side) for key in FPI_ITEMS])
            height = engine.arch_height(self.number("dorsum_height", side), self.number("truncated_length", side))
            for key, value in (("foot_strike_angle", angle), ("fpi_total", total), ("arch_height_index", height)):
                if value is not None:
                    found[key, side] = Decimal(value)
        return found

    def number(self, key: str, side: Side = WHOLE) -> Decimal | None:
        """The measured number, None where there is none."""
        value = self.measured.get((key, side))
        return value if isinstance(value, Decimal) else None

    def item(self, key: str, side: Side) -> int | None:
        value = self.number(key, side)
        return None if value is None else int(value)

    def get(self, key: str, side: Side = WHOLE) -> Decimal | None:
        """The number measured or worked out, None where there is none."""
        value = self.values.get((key, side))
        return value if isinstance(value, Decimal) else None

    def word(self, key: str, side: Side = WHOLE) -> str:
        """The choice made, empty where there is none."""
        value = self.values.get((key, side))
        return value if isinstance(value, str) else ""

    def sides(self, key: str) -> tuple[Decimal | None, Decimal | None]:
        return self.get(key, LEFT), self.get(key, RIGHT)

    @property
    def sex(self) -> str:
        return self.word("norm_sex")

    def symmetry(self, key: str) -> Decimal | None:
        """Symmetry of `key` in %, involved over uninvolved; None unless both sides stand."""
        return engine.symmetry(*self.sides(key), self.involved)

    def apart(self, key: str) -> Decimal | None:
        """Difference between the sides of `key` in its unit; None unless both sides stand."""
        left, right = self.sides(key)
        return None if left is None or right is None else abs(left - right)

    def change(self, key: str, side: Side) -> engine.Change | None:
        """Change since the assessment before, against the error of `key`; None without both values."""
        if self.before is None:
            return None
        measure = self.book[key]
        return engine.change(self.before.get(key, side), self.get(key, side), measure.error, measure.important)

    def flagged(self, measure: Measure, side: Side) -> bool:
        """Whether a limit of the catalogue or of a norm is passed; never for what is missing."""
        value = self.get(measure.key, side)
        if value is None:
            return False
        if measure.norm == "hip_abduction":
            return self.hip_band(side) in ("low", "very low")
        if measure.norm == "active_knee_extension":
            return engine.hamstrings_are_short(value, self.sex)
        return measure.flag is not None and measure.flag.raised_by(value)

    def hip_band(self, side: Side) -> str:
        """Band of hip abduction against the norm; empty without age, group or value."""
        value = self.get("hip_abduction", side)
        if value is None or self.age is None or not self.sex:
            return ""
        return engine.hip_abduction_band(engine.hip_abduction_z(value, self.age, self.sex))

    def low_end(self, measure: Measure) -> Decimal | None:
        """The lower end of the usual range, of the band or of the norm that fits this person."""
        if measure.norm == "hip_abduction" and self.age is not None and self.sex:
            return engine.hip_abduction_norm(self.age, self.sex) - engine.HIP_SD
        return measure.band.low if measure.band else None

    def high_end(self, measure: Measure) -> Decimal | None:
        if measure.norm == "active_knee_extension":
            return engine.AKE_SHORT[self.sex]
        return measure.band.high if measure.band else None

    def status(self, measure: Measure, side: Side) -> str:
        """`within`, `beside` (outside the usual range, not flagged), `outside` (flagged); empty where nothing is said."""
        value = self.get(measure.key, side)
        if value is None:
            return ""
        if self.flagged(measure, side):
            return "outside"
        if measure.norm:
            return "within" if (self.low_end(measure), self.high_end(measure)) != (None, None) else ""
        if measure.band is None:
            return ""
        return "within" if measure.band.holds(value) else "beside"
