"""Which runners in care a therapist should call, and why; from what they logged and answered, nothing else."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from clinic.dashboard.logged import Fortnight
from clinic.dashboard.verdict import can_i_run, rises
from clinic.people.models import RunnerProfile
from exercises.pain import light

LOW_ADHERENCE = 0.5
ENOUGH_DAYS = 4
URGENCY = ("red flag", "reds", "pain", "days")
SHOWN = 8


class Call(NamedTuple):
    runner: RunnerProfile
    kind: str  # of URGENCY
    meaning: str  # "stop" or "amber"
    word: str
    why: str


def who_to_call(
    *,
    runners: Iterable[RunnerProfile],
    intakes: Mapping[Any, Any],
    logged: Mapping[Any, Fortnight],
    today: date,
) -> list[Call]:
    """The most urgent first, at most eight: an open red flag, red days, rising pain, exercises left undone.

    `intakes` and `logged` are by the runner's primary key.
    """
    found = [
        call for runner in runners if (call := reason_to_call(runner, intakes.get(runner.pk), logged[runner.pk], today))
    ]
    return sorted(found, key=lambda call: (URGENCY.index(call.kind), call.runner.user.name))[:SHOWN]


def reason_to_call(runner: RunnerProfile, intake: Any, logged: Fortnight, today: date) -> Call | None:
    """The strongest reason to call `runner`, or None."""
    if intake is not None and intake.blocks:
        return Call(
            runner,
            "red flag",
            "stop",
            "red flag",
            f"A red flag in the answers of {intake.answered_at:%-d %b}. The programme waits until you decide.",
        )
    pains = logged.pains
    verdict = can_i_run(pains=pains, today=today)
    if verdict.reds_in_a_row >= 2:
        latest = sorted(pains)[-verdict.reds_in_a_row :]
        return Call(
            runner,
            "reds",
            "stop",
            f"{verdict.reds_in_a_row} reds in a row",
            f"Pain {', then '.join(str(each.pain) for each in latest)}.",
        )
    if verdict.reds_in_a_row or (verdict.light == "red" and rises(pains, today)):
        worst = max(pains, key=lambda each: each.on)
        return Call(
            runner,
            "pain",
            "amber",
            "pain up",
            f"Pain {worst.pain} on {worst.on:%-d %b}" + (", above last week’s." if light(worst.pain) != "red" else "."),
        )
    if logged.planned >= ENOUGH_DAYS and logged.done / logged.planned < LOW_ADHERENCE:
        share = round(100 * logged.done / logged.planned)
        return Call(
            runner, "days", "amber", f"{share} % done", f"{logged.done} of {logged.planned} exercise days in two weeks."
        )
    return None
