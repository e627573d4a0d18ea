"""Giving a runner a programme, and ending one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from clinic.audit.services import record
from clinic.core.errors import DomainError, Forbidden
from clinic.people.access import may_read_chart
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.reminders.services import withdraw
from exercises import doses as amounts
from exercises.blocks import refuse_if_blocked
from exercises.doses import Dose
from exercises.models import Phase, Prescription, Programme, State
from exercises.services.reminders import plan_days_of

MOST_EXERCISES = 20
EARLIEST_START = timedelta(days=180)
LATEST_START = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class PlannedPhase:
    """An ordered part of a programme, before it is one."""

    title: str
    weeks: int
    doses: Sequence[Dose]


@transaction.atomic
def create_programme(
    *,
    runner: RunnerProfile,
    therapist: TherapistProfile,
    by: User,
    title: str,
    doses: Sequence[Dose] = (),
    weeks: int = 4,
    starts_on: date,
    now: datetime,
    phases: Sequence[PlannedPhase] = (),
    key: UUID | None = None,
    visits_planned: int | None = None,
) -> Programme:
    """Give `runner` a programme from the day `starts_on`; the one followed until then ends that day.

    One phase of `doses` for `weeks`, or `phases`. `visits_planned` are the sessions wanted within its weeks. With a `key` a second call with the same key returns the programme the
    first one made. Raises Forbidden `not_in_care`, Conflict with the code of what stands against it (as `red_flag`, see
    `exercises.blocks`), and DomainError `no_exercises`, `too_many_exercises`, `bad_dose`,
    `bad_start`, `bad_programme` or `bad_key` (it is another runner's), its fields named as in "doses.2.sets".
    """
    require_care(by, runner)
    RunnerProfile.objects.select_for_update(of=("self",)).get(pk=runner.pk)
    if key is not None:
        made = Programme.objects.filter(pk=key).first()
        if made is not None and made.runner_id == runner.pk:
            return made
        if made is not None:
            raise DomainError("This page is too old to be sent. Open it again.", code="bad_key")
    refuse_if_blocked(runner)
    plan = list(phases) or [PlannedPhase(title="Start", weeks=weeks, doses=list(doses))]
    check_plan(plan, starts_on=starts_on, today=now.astimezone(runner.user.tz).date())
    programme = Programme(
        runner=runner,
        therapist=therapist,
        title=title.strip(),
        starts_on=starts_on,
        visits_planned=visits_planned,
        created_at=now,
    )
    if key is not None:
        programme.pk = key
    cleaned(programme, exclude=("runner", "therapist"))
    for previous in Programme.objects.of(runner).active():
        close(previous, on=max(starts_on, previous.starts_on), by=by, reason="A new programme follows.")
    programme.save(force_insert=True)
    write_plan(programme, plan)
    record(
        by=by, action="programme.created", subject=programme, runner=runner, changes={"starts_on": [None, starts_on]}
    )
    plan_days_of(programme, now=now)
    return programme


@transaction.atomic
def end_programme(*, programme: Programme, by: User, on: date, reason: str = "") -> Programme:
    """From the day `on` the runner follows it no more. Ending it twice changes nothing.

    Raises Forbidden `not_in_care`.
    """
    require_care(by, programme.runner)
    programme = Programme.objects.select_for_update(of=("self",)).get(pk=programme.pk)
    if programme.state == State.ACTIVE:
        close(programme, on=max(on, programme.starts_on), by=by, reason=reason)
    return programme


def close(programme: Programme, *, on: date, by: User, reason: str) -> None:
    programme.state, programme.ended_on = State.ENDED, on
    programme.save(update_fields=["state", "ended_on"])
    withdraw(subject=programme.subject, reason="The programme ended.")
    record(
        by=by,
        action="programme.ended",
        subject=programme,
        runner=programme.runner,
        reason=reason,
        changes={"ended_on": [None, on]},
    )


def require_care(by: User, runner: RunnerProfile) -> None:
    """Raises Forbidden `not_in_care` unless `by` is a therapist who has `runner` in care."""
    if not by.is_therapist or not may_read_chart(by, runner):
        raise Forbidden("Only a therapist who has this runner in care sets the programme.", code="not_in_care")


def check_plan(plan: Sequence[PlannedPhase], *, starts_on: date, today: date) -> None:
    """Raises DomainError for a plan that cannot be meant."""
    every = [dose for phase in plan for dose in phase.doses]
    if not every or not all(phase.doses for phase in plan):
        raise DomainError(
            "Choose at least one exercise. The library on this page has them all.",
            code="no_exercises",
            fields={"doses": "None chosen."},
        )
    if any(len(phase.doses) > MOST_EXERCISES for phase in plan):
        raise DomainError(
            f"That is more than {MOST_EXERCISES} exercises. Nobody does that many: leave some out.",
            code="too_many_exercises",
            fields={"doses": "Too many."},
        )
    if not all(1 <= phase.weeks <= 52 for phase in plan):
        raise DomainError("A phase takes 1 to 52 weeks.", code="bad_programme", fields={"weeks": "From 1 to 52."})
    if not today - EARLIEST_START <= starts_on <= today + LATEST_START:
        raise DomainError(
            "The start is too far away. Choose a day of the coming weeks.",
            code="bad_start",
            fields={"starts_on": "Choose a day of the coming weeks."},
        )
    wrong = {f"doses.{index}.{name}": why for index, dose in enumerate(every) for name, why in faults_of(dose).items()}
    if wrong:
        raise DomainError(next(iter(wrong.values())), code="bad_dose", fields=wrong)


def faults_of(dose: Dose) -> dict[str, str]:
    """Field -> sentence for everything in `dose` that cannot be meant; empty when it can be done."""
    name = dose.exercise.name
    wrong: dict[str, str] = {}

    def within(field: str, value: Any, limits: tuple[Any, Any], unit: str) -> None:
        if value is None or isinstance(value, bool) or not limits[0] <= value <= limits[1]:
            wrong[field] = f"{name}: {unit} from {limits[0]} to {limits[1]}, please."

    within("sets", dose.sets, amounts.SETS, "sets")
    within("rest_s", dose.rest_s, amounts.REST_S, "seconds of rest")
    if (dose.reps is None) == (dose.hold_s is None):
        wrong["reps"] = f"{name}: give repetitions or seconds, one of them."
    elif dose.reps is not None:
        within("reps", dose.reps, amounts.REPS, "repetitions")
    else:
        within("hold_s", dose.hold_s, amounts.HOLD_S, "seconds")
    if dose.load_kg is not None and (
        not Decimal(dose.load_kg).is_finite() or not amounts.LOAD_KG[0] <= dose.load_kg <= amounts.LOAD_KG[1]
    ):
        wrong["load_kg"] = f"{name}: a load from 0 to 300 kg, please."
    if not dose.days or len(set(dose.days)) != len(dose.days) or not set(dose.days) <= set(range(7)):
        wrong["days"] = f"{name}: choose at least one day of the week."
    if not dose.exercise.is_active:
        wrong["exercise"] = f"{name} is no longer in the library. Choose another exercise."
    return wrong


def write_plan(programme: Programme, plan: Sequence[PlannedPhase]) -> None:
    for position, planned in enumerate(plan, start=1):
        phase = Phase(programme=programme, position=position, title=planned.title.strip(), weeks=planned.weeks)
        cleaned(phase, exclude=("programme",))
        phase.save(force_insert=True)
        prescribed = [prescription(phase, place, dose) for place, dose in enumerate(planned.doses, start=1)]
        Prescription.objects.bulk_create(prescribed)


def prescription(phase: Phase, position: int, dose: Dose) -> Prescription:
    """`dose` at its place of `phase`, checked, not yet stored."""
    made = Prescription(
        phase=phase,
        exercise=dose.exercise,
        position=position,
        sets=dose.sets,
        reps=dose.reps,
        hold_s=dose.hold_s,
        rest_s=dose.rest_s,
        load_kg=dose.load_kg or None,
        per_side=dose.per_side,
        days=sorted(dose.days),
        note=dose.note.strip(),
        reason=dose.reason.strip()[:300],
    )
    cleaned(made, exclude=("phase", "exercise"))
    return made


def cleaned(record_of: Any, *, exclude: Sequence[str]) -> None:
    """Raises DomainError `bad_programme` with the sentence of the first field that is wrong."""
    try:
        record_of.clean_fields(exclude=list(exclude))
        for field in record_of._meta.local_fields:
            if "\0" in str(getattr(record_of, field.attname)):
                raise ValidationError({field.name: "No text may hold a null byte. Type it again by hand."})
    except ValidationError as refused:
        fields = {name: " ".join(sentences) for name, sentences in refused.message_dict.items()}
        raise DomainError(next(iter(fields.values())), code="bad_programme", fields=fields) from refused
