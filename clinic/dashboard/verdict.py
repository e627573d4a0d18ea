"""Can I run today? The pain traffic light, answered from what the runner has logged and nothing else."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from exercises.pain import light

NOISE = 1.77
FRESH = timedelta(days=7)


class Pain(NamedTuple):
    """The highest pain of a day, 0 to 10."""

    on: date
    pain: int


class Verdict(NamedTuple):
    light: str  # "green", "amber", "red", "unknown"
    headline: str
    reason: str
    reds_in_a_row: int = 0


def rises(pains: Iterable[Pain], today: date) -> bool:
    """Whether mean pain of the last seven days is above that of the seven before, by more than the error of the scale.

    At least two days in each week, else False. Error 1.77 points: minimal detectable change of the 0-10 rating.
    """
    week_start = today - timedelta(days=6)
    this = [each.pain for each in pains if week_start <= each.on <= today]
    last = [each.pain for each in pains if week_start - timedelta(days=7) <= each.on < week_start]
    if len(this) < 2 or len(last) < 2:
        return False
    return sum(this) / len(this) - sum(last) / len(last) > NOISE


def can_i_run(*, pains: Iterable[Pain], today: date, red_flags: bool = False) -> Verdict:
    """The answer for `today` from the pain of each logged day (any order) and whether a red flag stands open.

    Red: a red flag, pain above 5, or pain rising from week to week. Amber: above 2. Green: else. Unknown: nothing logged
    for seven days. Morning pain and limping are asked nowhere yet and count for nothing here.
    Source: pain-monitoring model, Thomeé 1997, Silbernagel 2007 (Am J Sports Med).
    """
    days = sorted((each for each in pains if each.on <= today), reverse=True)
    if red_flags:
        return Verdict(
            "red", "Not today", "Something you told us needs a look before any running. Your therapist has been told."
        )
    if not days or today - days[0].on >= FRESH:
        since = "You have not logged any pain yet." if not days else "You have logged no pain for a week."
        return Verdict(
            "unknown",
            "We cannot tell yet",
            f"{since} Log today’s exercises and how much it hurt, and the answer stands here.",
        )
    reds = 0
    for each in days:
        if light(each.pain) != "red":
            break
        reds += 1
    latest = days[0]
    said = f"Pain was {latest.pain} {day_words(latest.on, today)}."
    if reds >= 2:
        return Verdict(
            "red", "Not today", f"{said} That is {reds} red days in a row, so your therapist looks at your plan.", reds
        )
    if reds:
        return Verdict(
            "red", "Not today", f"{said} That is too much for now: rest a day or two, then go one step back.", reds
        )
    if rises(days, today):
        return Verdict(
            "red",
            "Not today",
            f"{said} Your pain is higher this week than last. Rest a day or two, then go one step back.",
        )
    if light(latest.pain) == "amber":
        return Verdict(
            "amber",
            "Same as last time, no more",
            f"{said} That is allowed, as long as it has settled by the next morning.",
        )
    greens = 0
    for each in days:
        if light(each.pain) != "green":
            break
        greens += 1
    run = f" {greens} green days in a row." if greens > 1 else ""
    return Verdict("green", "Yes, as your plan says", f"{said}{run}")


def day_words(on: date, today: date) -> str:
    """ "today", "yesterday", "on Sunday"."""
    apart = (today - on).days
    return {0: "today", 1: "yesterday"}.get(apart, f"on {on:%A}")
