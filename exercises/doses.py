"""How much of an exercise: its limits and its words. No ORM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

SETS = (1, 10)
REPS = (1, 100)
HOLD_S = (1, 600)
REST_S = (0, 600)
LOAD_KG = (Decimal(0), Decimal(300))
"""What a prescription can be at all; outside of this it is a slip of the finger. Kilograms, seconds."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
EVERY_OTHER_DAY = (0, 2, 4)
USUAL_DAYS = {
    "strength": EVERY_OTHER_DAY,
    "plyometric": (1, 4),
    "balance": EVERY_OTHER_DAY,
    "core": EVERY_OTHER_DAY,
    "flexibility": EVERY_DAY,
    "drill": (1, 4),
}
"""Weekdays (0 is Monday) a kind of exercise starts with: strength 2-3 days a week and stretching daily (ACSM 2009, 2011);
48-72 h between plyometric sessions (Chmielewski 2006); balance, core and drills 2-3 days, by custom."""


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One exercise with its amount, as a therapist sets it. Exactly one of `reps` and `hold_s` is given.

    `rest_s`, `hold_s` in seconds, `load_kg` in kilograms, `days` are weekdays (0 is Monday).
    """

    exercise: Any
    sets: int
    reps: int | None = None
    hold_s: int | None = None
    rest_s: int = 60
    load_kg: Decimal | None = None
    per_side: bool = False
    days: tuple[int, ...] = field(default=EVERY_OTHER_DAY)
    note: str = ""
    reason: str = ""


def usual_dose(exercise: Any, **changes: Any) -> Dose:
    """The dose the library gives `exercise`, on the days its kind usually has, with `changes`."""
    usual = {
        "exercise": exercise,
        "sets": exercise.sets,
        "reps": exercise.reps,
        "hold_s": exercise.hold_s,
        "rest_s": exercise.rest_s,
        "per_side": exercise.per_side,
        "days": USUAL_DAYS[exercise.category],
    }
    return Dose(**{**usual, **changes})


def in_words(dose: Any) -> str:
    """ "3 × 8 each side", "3 × 30 s", "2 × 12, 8 kg"; of an exercise, a dose or a prescription."""
    amount = f"{dose.reps}" if dose.reps else f"{dose.hold_s} s"
    side = " each side" if dose.per_side else ""
    load = getattr(dose, "load_kg", None)
    weight = f", {load.normalize():f} kg" if load else ""
    return f"{dose.sets} × {amount}{side}{weight}"


def range_in_words(dose_range: Mapping[str, Sequence[int]]) -> str:
    """ "2 to 4 sets of 6 to 15", "1 to 3 sets of 20 to 45 s"; "" where there is none. Holds are in seconds."""

    def span(key: str) -> str:
        least, most = dose_range[key]
        return f"{least}" if least == most else f"{least} to {most}"

    if not dose_range:
        return ""
    amount = span("reps") if "reps" in dose_range else f"{span('hold_s')} s"
    return f"{span('sets')} sets of {amount}"


def days_in_words(days: tuple[int, ...] | list[int]) -> str:
    """ "every day", "Mon, Wed, Fri"."""
    known = sorted(set(days))
    return "every day" if len(known) == 7 else ", ".join(WEEKDAYS[day][:3] for day in known)


SECONDS_A_REP = 4


def seconds(dose: Any) -> int:
    """About how long `dose` takes with its rests, at four seconds a repetition."""
    work = (dose.hold_s or dose.reps * SECONDS_A_REP) * (2 if dose.per_side else 1)
    return dose.sets * (work + dose.rest_s)


def minutes(doses: Any) -> int:
    """About how many minutes all of `doses` take together, at least one if there are any."""
    total = sum(seconds(dose) for dose in doses)
    return max(1, round(total / 60)) if total else 0


def falls_on(days: list[int], on: date) -> bool:
    """Whether a prescription for these weekdays is due on the day `on`."""
    return on.weekday() in days
