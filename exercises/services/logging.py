"""Writing down what a runner did. Every verb may be called twice: the second call changes nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from clinic.audit.services import record
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import User
from exercises import doses
from exercises.models import Prescription, Programme, SessionLog, SetLog
from exercises.models.logs import MOST_SETS, NOTE_LENGTH

BACK_DAYS = 7
"""So many days back a runner may still write down what they did; memory is no better than that."""


@dataclass(frozen=True, kw_only=True)
class DoneSet:
    """One set as it was done. `reps`, or `hold_s` in seconds; `load_kg` in kilograms. None: as prescribed."""

    number: int
    reps: int | None = None
    hold_s: int | None = None
    load_kg: Decimal | None = None


@transaction.atomic
def log_as_planned(*, prescription: Prescription, by: User, on: date, now: datetime) -> SessionLog:
    """All sets of `prescription` done as planned on the day `on` of the runner's calendar.

    Sets that are written down already stay as they are. Raises what `log_sets` raises.
    """
    whole = [DoneSet(number=number) for number in range(1, prescription.sets + 1)]
    return log_sets(prescription=prescription, sets=whole, by=by, on=on, now=now, keep=True)


@transaction.atomic
def log_sets(
    *,
    prescription: Prescription,
    sets: Sequence[DoneSet],
    by: User,
    on: date,
    now: datetime,
    pain: int | None = None,
    keep: bool = False,
) -> SessionLog:
    """The `sets` of one exercise, with the pain during them (0-10, None: not asked); a set written down before is replaced,
    or left alone with `keep`.

    Raises Forbidden `not_yours`; DomainError `in_the_future`, `too_long_ago`, `before_start`, `after_end`, `not_due`,
    `no_sets`, `bad_set` or `bad_pain`, its fields named as in "sets.0.reps".
    """
    programme = prescription.phase.programme
    check_day(programme, on=on, by=by, now=now)
    if not doses.falls_on(prescription.days, on) or programme.phase_on(on) != prescription.phase:
        raise DomainError(
            "This exercise is not planned for that day. Open today's list and choose from there.",
            code="not_due",
            fields={"on": "Not planned."},
        )
    check_score(pain, "pain")
    check_sets(sets)
    session = session_of(programme, on=on, now=now)
    rows = [as_done(session, prescription, done, pain) for done in sets]
    if keep:
        SetLog.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        SetLog.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["session_log", "prescription", "number"],
            update_fields=["reps", "hold_s", "load_kg", "pain", "as_planned"],
        )
    worst = [value for value in (session.pain, pain) if value is not None]
    if worst and max(worst) != session.pain:
        session.pain = max(worst)
        session.save(update_fields=["pain"])
    record(
        by=by,
        action="exercise.logged",
        subject=session,
        runner=programme.runner,
        changes={"exercise": [None, prescription.exercise_id], "sets": [None, [row.number for row in rows]]},
    )
    return session


@transaction.atomic
def undo_log(
    *, prescription: Prescription, by: User, on: date, now: datetime, numbers: Collection[int] | None = None
) -> bool:
    """Take back what was logged of `prescription` on the day `on`; of some sets alone with `numbers`.

    A day that holds nothing any more is taken back whole. True if there was something. Raises what `log_sets` raises.
    """
    programme = prescription.phase.programme
    check_day(programme, on=on, by=by, now=now)
    session = SessionLog.objects.select_for_update(of=("self",)).filter(programme=programme, on=on).first()
    if session is None:
        return False
    rows = session.sets.filter(prescription=prescription)
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    undone = list(rows.values_list("number", "pain"))
    if not undone:
        return False
    rows.delete()
    left = list(session.sets.values_list("pain", flat=True))
    record(
        by=by,
        action="exercise.undone",
        subject=session,
        runner=programme.runner,
        changes={"exercise": [prescription.exercise_id, None], "sets": [[number for number, _ in undone], None]},
    )
    if not left and session.effort is None and not session.note:
        session.delete()
    elif any(pain is not None for _, pain in undone):
        session.pain = max((pain for pain in left if pain is not None), default=None)
        session.save(update_fields=["pain"])
    return True


@transaction.atomic
def rate_session(
    *,
    programme: Programme,
    by: User,
    on: date,
    now: datetime,
    pain: int | None = None,
    effort: int | None = None,
    note: str = "",
) -> SessionLog:
    """How the whole session of the day `on` was: worst pain and effort, 0 to 10, and a note. What is left out stays.

    Raises what `log_sets` raises, and DomainError `long_note`.
    """
    check_day(programme, on=on, by=by, now=now)
    check_score(pain, "pain")
    check_score(effort, "effort")
    note = note.strip().replace("\0", "")
    if len(note) > NOTE_LENGTH:
        raise DomainError(
            f"The note is longer than {NOTE_LENGTH:,} characters. Keep the part that matters today.",
            code="long_note",
            fields={"note": f"Up to {NOTE_LENGTH:,} characters."},
        )
    session = session_of(programme, on=on, now=now)
    before = {"pain": session.pain, "effort": session.effort, "note": bool(session.note)}
    session.pain = session.pain if pain is None else pain
    session.effort = session.effort if effort is None else effort
    session.note = note or session.note
    session.save(update_fields=["pain", "effort", "note"])
    after = {"pain": session.pain, "effort": session.effort, "note": bool(session.note)}
    record(
        by=by,
        action="session.rated",
        subject=session,
        runner=programme.runner,
        changes={name: [before[name], after[name]] for name in before if before[name] != after[name]},
    )
    return session


@transaction.atomic
def log_day(
    *,
    programme: Programme,
    by: User,
    on: date,
    now: datetime,
    done: Mapping[Prescription, Sequence[DoneSet] | None],
    pain: int | None = None,
    effort: int | None = None,
    note: str = "",
) -> SessionLog:
    """A whole day at once: each prescription with its sets, None for as planned; all of it or nothing.

    Raises what `log_sets` and `rate_session` raise, and DomainError `nothing_done`.
    """
    if not done and pain is None and effort is None and not note.strip():
        raise DomainError("Nothing to write down. Name what was done, or how it felt.", code="nothing_done")
    for prescription, sets in done.items():
        if sets is None:
            log_as_planned(prescription=prescription, by=by, on=on, now=now)
        else:
            log_sets(prescription=prescription, sets=sets, by=by, on=on, now=now)
    return rate_session(programme=programme, by=by, on=on, now=now, pain=pain, effort=effort, note=note)


def check_day(programme: Programme, *, on: date, by: User, now: datetime) -> None:
    """Raises the refusal unless `by` is the programme's runner and may still write to the day `on`."""
    if by.pk != programme.runner.user_id:
        raise Forbidden("Only the runner writes down what the runner did.", code="not_yours")
    today = now.astimezone(by.tz).date()
    if on > today:
        raise DomainError(
            "That day is still to come. Write it down when it is done.",
            code="in_the_future",
            fields={"on": "Still to come."},
        )
    if on < today - timedelta(days=BACK_DAYS):
        raise DomainError(
            f"That is more than {BACK_DAYS} days ago. Tell your therapist at the next session instead.",
            code="too_long_ago",
            fields={"on": "Too long ago."},
        )
    if on < programme.starts_on:
        raise DomainError(
            "The programme had not started on that day.", code="before_start", fields={"on": "Before the start."}
        )
    if programme.ended_on is not None and on >= programme.ended_on:
        raise DomainError(
            "This programme has ended. Open the one you follow now.", code="after_end", fields={"on": "After the end."}
        )


def check_score(value: int | None, name: str) -> None:
    if value is not None and (isinstance(value, bool) or not 0 <= value <= 10):
        raise DomainError(
            f"{name.capitalize()} is a number from 0 to 10.", code=f"bad_{name}", fields={name: "From 0 to 10."}
        )


def check_sets(sets: Sequence[DoneSet]) -> None:
    """Raises DomainError `no_sets` or `bad_set` for sets that cannot have been done."""
    if not sets:
        raise DomainError("No set was named. Say at least how one went.", code="no_sets", fields={"sets": "None."})
    wrong: dict[str, str] = {}
    limits: tuple[tuple[str, Any, Any, str], ...] = (
        ("number", 1, MOST_SETS, "Sets are numbered from 1 to 20."),
        ("reps", 0, doses.REPS[1], "From 0 to 100 repetitions."),
        ("hold_s", 0, doses.HOLD_S[1], "From 0 to 600 seconds."),
        ("load_kg", *doses.LOAD_KG, "From 0 to 300 kg."),
    )
    for index, done in enumerate(sets):
        for name, least, most, sentence in limits:
            value = getattr(done, name)
            if value is not None and not least <= value <= most:
                wrong[f"sets.{index}.{name}"] = sentence
    if len({done.number for done in sets}) != len(sets):
        wrong["sets"] = "Each set has a number of its own."
    if wrong:
        raise DomainError(next(iter(wrong.values())), code="bad_set", fields=wrong)


def session_of(programme: Programme, *, on: date, now: datetime) -> SessionLog:
    """The log of that day, made if there is none, locked until the transaction ends."""
    try:
        with transaction.atomic():
            session, _ = SessionLog.objects.get_or_create(
                programme=programme, on=on, defaults={"runner": programme.runner, "logged_at": now}
            )
    except IntegrityError:
        session = SessionLog.objects.get(programme=programme, on=on)
    return SessionLog.objects.select_for_update(of=("self",)).get(pk=session.pk)


def as_done(session: SessionLog, prescription: Prescription, done: DoneSet, pain: int | None) -> SetLog:
    reps = done.reps if done.reps is not None else prescription.reps
    hold_s = done.hold_s if done.hold_s is not None else prescription.hold_s
    load_kg = done.load_kg if done.load_kg is not None else prescription.load_kg
    as_planned = done.number <= prescription.sets and (reps, hold_s, load_kg) == (
        prescription.reps,
        prescription.hold_s,
        prescription.load_kg,
    )
    return SetLog(
        session_log=session,
        prescription=prescription,
        number=done.number,
        reps=reps,
        hold_s=hold_s,
        load_kg=load_kg,
        pain=pain,
        as_planned=as_planned,
    )
