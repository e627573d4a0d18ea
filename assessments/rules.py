"""When a rule speaks, and with which numbers. Pure functions over Readings; words and sources stand in data/rules.yaml."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import yaml

from assessments import engine
from assessments.catalogue import DATA, LEFT, RIGHT, WHOLE, CatalogueError, Side, number
from assessments.readings import Readings

KINDS = ("exercise", "cue", "cadence", "shoe", "advice")
BOTH: tuple[Side, ...] = (LEFT, RIGHT)
OTHER = {"left": "right", "right": "left", "none": "other"}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a therapist may accept for a finding. `text` is a slug for exercises, words for the rest."""

    kind: str
    text: str
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: what a rule concludes. `verdict` is `outside`, `mild`, `marked`, `to discuss` or `stop`."""

    rule: str
    side: Side
    title: str
    verdict: str
    reason: str
    lay: str
    source: str
    mark: str
    grade: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    side: Side
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    title: str
    lay: str
    source: str
    mark: str
    grade: str
    offers: tuple[tuple[str, str], ...]


Test = Callable[[Readings], Iterator[Hit]]
TESTS: dict[str, Test] = {}


def rule(test: Test) -> Test:
    TESTS[test.__name__] = test
    return test


@rule
def pain_red(r: Readings) -> Iterator[Hit]:
    during, after, morning, usual = (
        r.get(key) for key in ("pain_during", "pain_after", "pain_morning", "pain_morning_usual")
    )
    if engine.pain_light(during, after, morning, usual) != "red":
        return
    peak = max((level for level in (during, after) if level is not None), default=None)
    parts = [f"Pain of {number(peak)} of 10 on or after a run; more than 5 is too much."] if peak and peak > 5 else []
    if morning is not None and usual is not None and morning > usual:
        parts.append(f"{number(morning)} the next morning where {number(usual)} is usual: it has not settled.")
    yield Hit(WHOLE, "stop", " ".join(parts))


@rule
def pelvic_drop(r: Readings) -> Iterator[Hit]:
    apart, measure = r.apart("pelvic_drop"), r.book["pelvic_drop"]
    for side in BOTH:
        value, other = r.get("pelvic_drop", side), r.get("pelvic_drop", OTHER[side])  # type: ignore[arg-type]
        lopsided = (
            apart is not None and apart >= Decimal(3) and value is not None and other is not None and value > other
        )
        if value is None or not (r.flagged(measure, side) or lopsided):
            continue
        reason = f"{measure.show(value)}° standing on the {side}, where 3 to 6 is usual and 7 is looked at."
        if lopsided:
            reason += f" Side difference {measure.show(apart)}°, more than the error of 2.8°."
        hips = r.symmetry("hip_abduction")
        if hips is not None and hips < engine.LSI_PASS:
            reason += f" Hip abductor symmetry {engine.half_up(hips)} %."
        yield Hit(side, "outside", reason)


def lands_ahead(r: Readings, side: Side) -> bool:
    tibia = r.get("tibia_angle", side)
    return r.word("landing", side) == "ahead" or (tibia is not None and tibia > 5)


@rule
def overstride(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        tibia = r.get("tibia_angle", side)
        reasons = []
        if r.word("landing", side) == "ahead":
            reasons.append("Ankle ahead of the knee's vertical at first contact.")
        if tibia is not None and tibia > 5:
            reasons.append(f"Tibia {r.book['tibia_angle'].show(tibia)}° past the vertical at loading, more than 5.")
        if reasons:
            yield Hit(side, "outside", " ".join(reasons))


@rule
def steep_landing(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        angle = r.get("foot_inclination", side)
        if angle is None:
            continue
        shown = r.book["foot_inclination"].show(angle)
        if angle >= 20:
            yield Hit(
                side, "outside", f"Foot inclination {shown}° at contact, where 5 to 20 is usual in rearfoot strike."
            )
        elif angle >= 10 and lands_ahead(r, side):
            yield Hit(side, "outside", f"Foot inclination {shown}° at contact, 10 or more together with overstride.")


@rule
def stiff_landing(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        knee = r.get("knee_contact", side)
        if knee is not None and knee < 10:
            shown = r.book["knee_contact"].show(knee)
            yield Hit(side, "outside", f"Knee {shown}° bent at contact, where 10 to 20 is usual; error 3.8°.")


@rule
def midstance_knee(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        knee = r.get("knee_midstance", side)
        if knee is None or 40 <= knee <= 55:
            continue
        shown = r.book["knee_midstance"].show(knee)
        words = "less than 40: less shock is taken up" if knee < 40 else "more than 55: consider knee load"
        yield Hit(side, "outside", f"Peak knee flexion {shown}°, about 45 is usual; {words}.")


@rule
def upright_trunk(r: Readings) -> Iterator[Hit]:
    lean = r.get("trunk_lean")
    if lean is not None and lean < 3:
        yield Hit(WHOLE, "outside", f"Trunk leans {r.book['trunk_lean'].show(lean)}° forward, where 3 to 15 is usual.")


@rule
def forward_trunk(r: Readings) -> Iterator[Hit]:
    lean = r.get("trunk_lean")
    if lean is not None and lean > 15:
        yield Hit(WHOLE, "outside", f"Trunk leans {r.book['trunk_lean'].show(lean)}° forward, where 3 to 15 is usual.")


@rule
def hip_extension(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        extension = r.get("hip_extension", side)
        if extension is not None and extension < 10 and lands_ahead(r, side):
            shown = r.book["hip_extension"].show(extension)
            yield Hit(side, "outside", f"Hip extension {shown}° at toe-off, under 10, together with overstride.")


@rule
def narrow_base(r: Readings) -> Iterator[Hit]:
    words = {"touching": "Contacts touch the midline.", "crossing": "Contacts cross the midline."}
    if (base := r.word("base")) in words:
        yield Hit(WHOLE, "outside", f"{words[base]} Usual: left and right do not overlap.")


@rule
def bounce(r: Readings) -> Iterator[Hit]:
    height = r.get("bounce")
    if height is not None and height > 10:
        yield Hit(
            WHOLE, "outside", f"The pelvis rises {r.book['bounce'].show(height)} cm a step, where 6 to 10 is usual."
        )


@rule
def low_cadence(r: Readings) -> Iterator[Hit]:
    cadence = r.get("cadence")
    if cadence is not None and r.speed is not None and cadence < 160:
        shown = r.book["cadence"].show(cadence)
        yield Hit(
            WHOLE, "to discuss", f"{shown} steps a minute at {r.speed:.1f} km/h; under about 160 is talked about."
        )


@rule
def uneven_strike(r: Readings) -> Iterator[Hit]:
    def strike(side: Side) -> str:
        angle = r.get("foot_strike_angle", side)
        return r.word("foot_strike", side) or (engine.strike_of_angle(angle) if angle is not None else "")

    left, right = strike(LEFT), strike(RIGHT)
    if left and right and left != right:
        yield Hit(WHOLE, "to discuss", f"Left lands on the {left}, right on the {right}.")


@rule
def loud_landing(r: Readings) -> Iterator[Hit]:
    if r.word("sound") == "loud":
        yield Hit(WHOLE, "to discuss", "Contacts are loud on the belt.")


def weaker_side(r: Readings, key: str) -> Side:
    """The side a low symmetry speaks of: the involved one, else the lower."""
    if r.involved:
        return LEFT if r.involved == "left" else RIGHT
    left, right = r.sides(key)
    return LEFT if left is not None and right is not None and left < right else RIGHT


def uneven(r: Readings, key: str) -> tuple[Side, str, str] | None:
    """Side, band and sentence where symmetry of `key` is under 90 %; None where it passes or cannot be told."""
    index = r.symmetry(key)
    band = engine.symmetry_band(index)
    if index is None or band not in ("mild", "marked"):
        return None
    return weaker_side(r, key), band, f"Symmetry {engine.half_up(index)} %, under 90: {band}."


@rule
def calf_strength(r: Readings) -> Iterator[Hit]:
    lopsided = uneven(r, "heel_raise")
    for side in BOTH:
        raises = r.get("heel_raise", side)
        if raises is None:
            continue
        reasons = [f"{r.book['heel_raise'].show(raises)} heel raises, under 20."] if raises < 20 else []
        verdict = "outside"
        if lopsided and lopsided[0] == side:
            verdict = lopsided[1]
            reasons.append(lopsided[2])
        if reasons:
            yield Hit(side, verdict, " ".join([*reasons, "Error between days 6."]))


@rule
def hip_strength(r: Readings) -> Iterator[Hit]:
    lopsided = uneven(r, "hip_abduction")
    for side in BOTH:
        value, band = r.get("hip_abduction", side), r.hip_band(side)
        reasons, verdict = [], "outside"
        if value is not None and band in ("low", "very low") and r.age is not None:
            norm = engine.hip_abduction_norm(r.age, r.sex)
            z = engine.half_up(engine.hip_abduction_z(value, r.age, r.sex), 1)
            shown = r.book["hip_abduction"].show(value)
            reasons.append(f"{shown} Nm/kg, {engine.half_up(norm, 2)} predicted (z {z}): {band}.")
        if lopsided and lopsided[0] == side:
            verdict = lopsided[1]
            reasons.append(lopsided[2])
        if reasons:
            yield Hit(side, verdict, " ".join(reasons))


@rule
def trunk_endurance(r: Readings) -> Iterator[Hit]:
    left, right = r.sides("side_plank")
    for side in BOTH:
        held, other = (left, right) if side == LEFT else (right, left)
        if held is None:
            continue
        reasons = [f"{held.normalize():f} s held, under 30."] if held < 30 else []
        if other and held < other and (other - held) / other * 100 > 5:
            part = engine.half_up((other - held) / other * 100)
            reasons.append(f"{part} % shorter than the other side, more than 5.")
        if reasons:
            yield Hit(side, "outside", " ".join(reasons))


@rule
def single_leg_control(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        if r.word("single_leg_squat", side) == "poor":
            yield Hit(
                side, "outside", "Two or more faults of trunk, pelvis, hip, knee and balance in five slow squats."
            )


@rule
def ankle_bend(r: Readings) -> Iterator[Hit]:
    apart, measure = r.apart("lunge_to_wall"), r.book["lunge_to_wall"]
    left, right = r.sides("lunge_to_wall")
    for side in BOTH:
        reach, other = (left, right) if side == LEFT else (right, left)
        if reach is None:
            continue
        lopsided = apart is not None and apart >= 2 and other is not None and reach < other
        if reach >= 9 and not lopsided:
            continue
        reason = f"{measure.show(reach)} cm to the wall where 10 is usual; looked at under 9."
        if lopsided:
            reason += f" Side difference {measure.show(apart)} cm, 2.0 or more."
        yield Hit(side, "outside", reason)


@rule
def short_hamstrings(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        short = r.get("active_knee_extension", side)
        if short is not None and engine.hamstrings_are_short(short, r.sex):
            limit = engine.AKE_SHORT[r.sex]
            shown = r.book["active_knee_extension"].show(short)
            yield Hit(side, "outside", f"{shown}° short of straight, more than {limit:f}.")


@rule
def short_hip_flexors(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        hip, knee = r.get("thomas_hip", side), r.get("thomas_knee", side)
        reasons = []
        if hip is not None and hip > 0:
            reasons.append(f"Thigh {r.book['thomas_hip'].show(hip)}° above the horizontal.")
        if knee is not None and knee < 67:
            reasons.append(f"Knee {r.book['thomas_knee'].show(knee)}°, under 67.")
        if reasons:
            yield Hit(side, "outside", " ".join([*reasons, "The test's own error is large, SEM 7°."]))


@rule
def pronated_foot(r: Readings) -> Iterator[Hit]:
    for side in BOTH:
        total = r.get("fpi_total", side)
        if total is not None and total >= 6:
            band = "highly pronated" if total >= 10 else "pronated"
            yield Hit(side, "outside", f"Foot Posture Index +{int(total)}: {band}. 0 to +5 is normal.")


@rule
def old_shoes(r: Readings) -> Iterator[Hit]:
    used, pairs = r.get("shoe_km"), r.get("shoe_pairs")
    if used is not None and used > 800 and pairs == 1:
        yield Hit(WHOLE, "to discuss", f"{int(used)} km on the only pair; 500 to 800 is the convention.")


@rule
def leg_length(r: Readings) -> Iterator[Hit]:
    difference = r.get("leg_length")
    if difference is not None and abs(difference) >= 20:
        shorter = RIGHT if difference > 0 else LEFT
        yield Hit(shorter, "to discuss", f"{abs(int(difference))} mm shorter, 20 and more.")


def read_rules(text: str) -> tuple[int, dict[str, Rule]]:
    """Version and rules in `text`. Raises CatalogueError naming the first rule that cannot be used."""
    data = yaml.safe_load(text)
    rules = {}
    for entry in data["rules"]:
        key = entry["key"]
        if key not in TESTS:
            raise CatalogueError(f"rules.yaml, {key}: nothing in rules.py says when it speaks.")
        offers = tuple(next(iter(offer.items())) for offer in entry["offers"])
        if wrong := [kind for kind, _ in offers if kind not in KINDS]:
            raise CatalogueError(f"rules.yaml, {key}: unknown offer {wrong[0]}.")
        rules[key] = Rule(**{**entry, "offers": offers})
    if silent := set(TESTS) - set(rules):
        raise CatalogueError(f"rules.yaml: no words for {', '.join(sorted(silent))}.")
    return data["version"], rules


@cache
def rule_book() -> tuple[int, Mapping[str, Rule]]:
    """The rules in force with their version; every stored finding keeps the version it was made with."""
    return read_rules((DATA / "rules.yaml").read_text(encoding="utf-8"))


def offers_of(words: Rule, readings: Readings) -> tuple[Offer, ...]:
    """What is offered: a cadence target only from a measured baseline, and not with an Achilles or calf complaint."""
    offers = []
    for kind, text in words.offers:
        if kind != "cadence":
            offers.append(Offer(kind, text))
            continue
        baseline = readings.get("cadence")
        if baseline is None or readings.word("achilles_history") == "yes":
            continue
        target = engine.cadence_target(baseline, Decimal(text))
        low, high = engine.cadence_range(baseline)
        offers.append(Offer(kind, f"{target} steps a minute at the same speed (range {low} to {high})", target))
    return tuple(offers)


def findings(readings: Readings) -> list[Found]:
    """Every finding of `readings` in the order of the rules, left before right. Pure: stores and decides nothing."""
    _, rules = rule_book()
    return [
        Found(
            rule=key,
            side=hit.side,
            title=f"{words.title}, {hit.side}" if hit.side != WHOLE else words.title,
            verdict=hit.verdict,
            reason=hit.reason,
            lay=words.lay.format(side=hit.side, other=OTHER[hit.side]),
            source=words.source,
            mark=words.mark,
            grade=words.grade,
            offers=offers_of(words, readings),
        )
        for key, words in rules.items()
        for hit in TESTS[key](readings)
    ]
