"""Clinical arithmetic: pure functions over Decimals. They compare unrounded and never fill in what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from exercises.pain import AMBER_TO, GREEN_TO

Strike = Literal["rearfoot", "midfoot", "forefoot"]
Number = Decimal | int

D = Decimal
FSA_REAR, FSA_FORE, FSA_BORDER = D("8.0"), D("-1.6"), D("1.5")
STRIKE_REAR, STRIKE_MID = D("33.3"), D("66.6")
LSI_PASS, LSI_MILD, LSI_RECHECK = D(90), D(80), D(110)
HIP_INTERCEPT, HIP_AGE, HIP_MALE, HIP_SD = D("1.600"), D("0.005"), D("0.215"), D("0.354")
AKE_SHORT = {"male": D("33.0"), "female": D("23.4"), "": D("20")}
AHI_HIGH, AHI_LOW = D("0.356"), D("0.275")
CADENCE_RISE, CADENCE_LEAST, CADENCE_MOST = D("0.075"), D("0.05"), D("0.10")
SAME_SPEED = D("0.3")


def half_up(value: Decimal, places: int = 0) -> Decimal:
    """`value` rounded half up to `places` decimals."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def symmetry_index(involved: Number | None, uninvolved: Number | None) -> Decimal | None:
    """Limb symmetry in %: involved / uninvolved * 100; None when a side is missing or the other is not above zero."""
    if involved is None or uninvolved is None or uninvolved <= 0:
        return None
    return Decimal(involved) / Decimal(uninvolved) * 100


def symmetry_band(index: Decimal | None) -> str:
    """`pass` from 90, `mild` from 80, `marked` below; `recheck` above 110 (proposed); empty without an index."""
    if index is None:
        return ""
    if index > LSI_RECHECK:
        return "recheck"
    if index >= LSI_PASS:
        return "pass"
    return "mild" if index >= LSI_MILD else "marked"


def symmetry(left: Number | None, right: Number | None, involved: str) -> Decimal | None:
    """Symmetry in % of two sides where more is better; without an involved side the weaker over the stronger."""
    if left is None or right is None:
        return None
    if involved == "left":
        return symmetry_index(left, right)
    if involved == "right":
        return symmetry_index(right, left)
    return symmetry_index(min(left, right), max(left, right))


def foot_posture(items: Sequence[int | None]) -> tuple[int | None, str]:
    """Total and band of the Foot Posture Index-6 of one foot (six items, -2 to +2, + pronated).

    An item that could not be seen is None: then there is no total and no band. Raises ValueError for anything that is
    not six items in range.
    """
    if len(items) != 6 or any(item is not None and not -2 <= item <= 2 for item in items):
        raise ValueError("The index has six items from -2 to +2.")
    seen = [item for item in items if item is not None]
    if len(seen) < 6:
        return None, ""
    total = sum(seen)
    if total <= -5:
        return total, "highly supinated"
    if total <= -1:
        return total, "supinated"
    if total <= 5:
        return total, "normal"
    return total, "pronated" if total <= 9 else "highly pronated"


def foot_strike_angle(contact: Decimal | None, standing: Decimal | None) -> Decimal | None:
    """Sole to ground at contact less the same angle standing still, degrees (Altman & Davis 2012)."""
    return None if contact is None or standing is None else contact - standing


def strike_of_angle(angle: Decimal) -> Strike:
    """Rearfoot above 8.0°, forefoot below -1.6°, midfoot between, both ends included (Altman & Davis 2012)."""
    if angle > FSA_REAR:
        return "rearfoot"
    return "forefoot" if angle < FSA_FORE else "midfoot"


def strike_is_borderline(angle: Decimal) -> bool:
    """Within 1.5° of a limit (proposed after Mo 2021, whose best limits were -0.8 and 7.4)."""
    return any(abs(angle - limit) <= FSA_BORDER for limit in (FSA_REAR, FSA_FORE))


def strike_of_index(index: Decimal) -> Strike:
    """Class of the strike index, centre of pressure from the heel in % of shoe length (Cavanagh & Lafortune)."""
    if index <= STRIKE_REAR:
        return "rearfoot"
    return "midfoot" if index <= STRIKE_MID else "forefoot"


def cadence_target(baseline: Decimal, rise: Decimal = CADENCE_RISE) -> int:
    """Steps a minute to aim for: baseline * (1 + rise), half up. Raises ValueError unless 5 to 10 % (Heiderscheit 2011)."""
    if not CADENCE_LEAST <= rise <= CADENCE_MOST:
        raise ValueError("A cycle raises cadence by 5 to 10 per cent.")
    return int(half_up(baseline * (1 + rise)))


def cadence_range(baseline: Decimal) -> tuple[int, int]:
    """The steps a minute that 5 and 10 % more would be."""
    return cadence_target(baseline, CADENCE_LEAST), cadence_target(baseline, CADENCE_MOST)


def same_speed(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two runs may be compared: both speeds known and at most 0.3 km/h apart."""
    return one is not None and other is not None and abs(one - other) <= SAME_SPEED


def hip_abduction_norm(age: int, sex: str) -> Decimal:
    """Predicted eccentric hip abduction strength, Nm/kg, side-lying, age in years (Ramskov 2014, novice runners)."""
    return HIP_INTERCEPT - HIP_AGE * age + (HIP_MALE if sex == "male" else 0)


def hip_abduction_z(value: Decimal, age: int, sex: str) -> Decimal:
    """Distance of `value` (Nm/kg) from the prediction in standard deviations."""
    return (value - hip_abduction_norm(age, sex)) / HIP_SD


def hip_abduction_band(z: Decimal) -> str:
    """`normal`, `low` more than 1 SD under the prediction, `very low` more than 2 (proposed)."""
    if z < -2:
        return "very low"
    return "low" if z < -1 else "normal"


def hamstrings_are_short(degrees_short: Decimal, sex: str = "") -> bool:
    """Active knee extension above 33.0 (men), 23.4 (women), Yildirim 2018; above 20 where the group is not known."""
    return degrees_short > AKE_SHORT[sex]


def arch_height(dorsum: Decimal | None, truncated: Decimal | None) -> Decimal | None:
    """Arch height index: instep height over foot length to the first metatarsal head, same unit."""
    return None if dorsum is None or truncated is None or truncated <= 0 else dorsum / truncated


def arch_band(index: Decimal) -> str:
    """`high` from 0.356, `low` up to 0.275, else `normal`."""
    if index >= AHI_HIGH:
        return "high"
    return "low" if index <= AHI_LOW else "normal"


def navicular_band(drop: Decimal) -> str:
    """Navicular drop in mm: under 5 supinated, 5 to 9 neutral, from 10 pronated, between 9 and 10 borderline (proposed)."""
    if drop < 5:
        return "supinated"
    if drop <= 9:
        return "neutral"
    return "neutral, borderline" if drop < 10 else "pronated"


def heel_whip_band(angle: Decimal) -> str:
    """Heel whip in degrees, unsigned: under 5 none, 5 to 10 moderate, above 10 marked (Souza 2015)."""
    if angle < 5:
        return "none"
    return "moderate" if angle <= 10 else "marked"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two readings of one measure, `by` in its unit; `kind` says what it is worth."""

    by: Decimal
    kind: Literal["within noise", "real change", "important change", "error not known"]

    @property
    def is_real(self) -> bool:
        return self.kind in ("real change", "important change")


def change(
    before: Decimal | None, after: Decimal | None, error: Decimal | None, important: Decimal | None = None
) -> Change | None:
    """`after` less `before` against the measurement error: at the error itself it is still noise; None without both."""
    if before is None or after is None:
        return None
    by = after - before
    if error is None:
        return Change(by, "error not known")
    if abs(by) <= error:
        return Change(by, "within noise")
    return Change(by, "important change" if important is not None and abs(by) >= important else "real change")


def pain_light(
    during: Number | None,
    after: Number | None,
    morning: Number | None,
    usual_morning: Number | None,
    *,
    limp: bool = False,
    rising: bool = False,
    bone: bool = False,
) -> Literal["green", "amber", "red"] | None:
    """The traffic light of pain, 0 to 10 (pain-monitoring model, bands 0-2, 3-5, above 5).

    `limp`: the run was done limping; `rising`: pain grew from week to week; `bone`: a bone stress injury is suspected,
    then any pain of 1 and more is red. Red needs one reason alone; green and amber need every answer, else None.
    """
    levels = [level for level in (during, after) if level is not None]
    worse_morning = morning is not None and usual_morning is not None and morning > usual_morning
    if limp or rising or worse_morning or any(level > AMBER_TO for level in levels):
        return "red"
    if bone and any(level >= 1 for level in (*levels, *([morning] if morning is not None else []))):
        return "red"
    if during is None or after is None or morning is None or usual_morning is None:
        return None
    return "amber" if max(levels) > GREEN_TO else "green"


def shoe_left(used_km: Decimal, limit_km: Decimal = Decimal(800)) -> tuple[Decimal, Decimal]:
    """What is left of a pair in km, never under 0, and the part used in % (800 km is convention, not proof)."""
    return max(Decimal(0), limit_km - used_km), used_km / limit_km * 100
