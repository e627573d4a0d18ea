"""One door to the database for everything that takes a time: lock, decide, write, or nothing at all."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from bookings.engine.diaries import offering
from bookings.engine.starts import read_holds
from bookings.models import Appointment, Service
from bookings.models.appointments import State
from clinic.audit.services import noted, record_all
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import RunnerProfile, TherapistProfile, User

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
LAPSED = "The hold ended."
NOT_KEPT = "The therapist does not work then any more."
DEADLOCK_OR_STALE = {"40P01", "40001"}


def whole(verb: Callable[P, R]) -> Callable[P, R]:
    """Run `verb` in one transaction; run it again from the start after a deadlock or a serialisation failure.

    A no-overlap constraint that refuses becomes the Conflict a person can read: `slot_taken` or `runner_busy`. Where two
    took the same room or piece of equipment in the same moment, the second tries again: another may be free. After TRIES
    deadlocks it is Conflict `busy`. Inside a caller's transaction there is no second try: only the whole may be repeated.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else TRIES
        for number in range(1, tries + 1):
            try:
                with transaction.atomic():
                    return verb(*args, **kwargs)
            except IntegrityError as refused:
                error = translated(refused)
                if number == tries or not isinstance(error, Outrun):
                    raise error from refused
            except Outrun:
                if number == tries:
                    raise
            except OperationalError as failed:
                if not can_heal(failed):
                    raise
                if number == tries:
                    raise Conflict("Many people are booking just now. Please try once more.", code="busy") from failed
                time.sleep(random.uniform(0.01, 0.05) * number)  # noqa: S311 (spreads the tries, guards nothing)
        raise AssertionError("unreachable")

    return run


def can_heal(failed: OperationalError) -> bool:
    """Whether running the whole transaction again may succeed: a deadlock, a serialisation failure, SQLite still locked."""
    cause = failed.__cause__
    return getattr(cause, "pgcode", None) in DEADLOCK_OR_STALE or "database is locked" in str(failed)


class Outrun(Conflict):
    """What was just read changed in the same moment, before it was locked; a second try reads it anew.

    As a room found free and then taken: another may be free.
    """


def translated(refused: IntegrityError) -> Exception:
    """The database's refusal as a sentence, or the error itself where it is no matter of overlap."""
    text = str(refused)
    if "workshop_not_oversold" in text:
        return Conflict("Every seat is taken. Join the waitlist: the next free seat is offered in turn.", code="full")
    for constraint in Appointment._meta.constraints:
        if constraint.name in text and constraint.name.endswith("_no_overlap"):
            sentence = str(constraint.violation_error_message)
            if constraint.name in ("room_no_overlap", "equipment_no_overlap"):
                return Outrun(sentence, code="slot_taken")
            return Conflict(sentence, code="runner_busy" if constraint.name == "runner_no_overlap" else "slot_taken")
    return refused


def lock(
    *, therapists: Iterable[TherapistProfile], runner: RunnerProfile | None, service: Service | None
) -> dict[int, str]:
    """Take the therapists' rows, then the runner's, each in primary-key order, until the transaction ends.

    Whoever wants the same time waits here, so that the check that follows sees what the one before has written. SQLite
    has one writer at a time and needs no rows locked. `runner` None is a visitor, or a workshop; `service` None a workshop.
    Returns the zones of those therapists who offer `service`.
    """
    offers: Any = Exists(offering(service).filter(pk=OuterRef("pk"))) if service is not None else Value(False)
    rows = TherapistProfile.objects.filter(pk__in={each.pk for each in therapists}).annotate(offers=offers)
    rows = rows.select_related("user").order_by("pk")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",), no_key=True)
    zones = {each.pk: each.user.zone for each in rows if each.offers}
    if runner is not None:
        lock_runner(runner)
    return zones


def lock_runner(runner: RunnerProfile) -> None:
    """Take the runner's row: all that takes a time for them waits for it. Never a therapist's row after it."""
    if connection.features.has_select_for_update:
        list(RunnerProfile.objects.select_for_update(no_key=True).filter(pk=runner.pk).values_list("pk"))


def lock_session(
    session: Appointment, *, therapists: Iterable[TherapistProfile] = ()
) -> tuple[Appointment, dict[int, str]]:
    """Take the rows of the session's therapist, of `therapists` and of its runner; the session as it stands then.

    Beside it what `lock` returns. Raises Conflict `changed_meanwhile` where it went to a therapist who is not locked by
    it; DomainError `gone`.
    """
    taken = [session.therapist, *therapists]
    zones = lock(therapists=taken, runner=session.runner, service=session.service)
    found = current(session)
    require_among(found, taken)
    return found, zones


def require_among(session: Appointment, locked: Iterable[TherapistProfile]) -> None:
    """Raises Conflict `changed_meanwhile` where the session, read under the lock, is with none of the `locked`."""
    if session.therapist_id not in {each.pk for each in locked}:
        raise Conflict("This session was changed meanwhile. Look at it again.", code="changed_meanwhile")


def lock_therapist(therapist: TherapistProfile) -> None:
    """Take the therapist's row alone: for changes of hours, which bookings must see or be seen by."""
    if connection.features.has_select_for_update:
        list(
            TherapistProfile.objects.select_for_update(no_key=True).filter(pk=therapist.pk).order_by().values_list("pk")
        )


def drop_lapsed_holds(
    *,
    therapist: TherapistProfile,
    runner: RunnerProfile | None,
    needs_room: bool,
    start: datetime,
    end: datetime,
    now: datetime,
    needs_equipment: bool = False,
    keeps_holds: bool = False,
) -> None:
    """Cancel lapsed holds in the way of busy time `start`..`end`, and what else `runner` holds (None: a visitor).

    With `keeps_holds` that stays; and so does, in any case, a hold that stands for an open offer and has not lapsed.
    The constraint cannot read a clock, so the taker clears the way inside their own transaction: no job has to run.
    """
    found = read_holds(
        therapist_id=therapist.pk,
        runner=runner,
        needs_room=needs_room,
        needs_equipment=needs_equipment,
        start=start,
        end=end,
        now=now,
        keeps_holds=keeps_holds,
    )
    end_holds(found, runner=runner, now=now)


def drop_lapsed_of(runner: RunnerProfile, *, now: datetime) -> None:
    """Cancel the holds of the runner that have ended, wherever they lie: they keep them from no other time."""
    lapsed = Appointment.objects.filter(state=State.HELD, runner=runner, hold_expires_at__lte=now)
    end_holds(list(lapsed.values_list("pk", flat=True)), runner=None, now=now)


def end_holds(holds: Sequence[UUID], *, runner: RunnerProfile | None, now: datetime) -> None:
    """Cancel these holds, each with its event; in the transaction of what takes their place.

    Their therapists need not be locked. So what was kept longer in the same moment, and is not the `runner`'s own, stays.
    """
    if not holds:
        return
    in_the_way = Q(hold_expires_at__lte=now) | (Q(runner=runner) if runner is not None else Q())
    let_go(Appointment.objects.filter(in_the_way, pk__in=holds), by=None, now=now)


def let_go(holds: QuerySet[Appointment], *, by: User | None, now: datetime, why: str = "") -> list[Appointment]:
    """Cancel those of `holds` that are still held, each with its event; returns them. Letting go of none is fine.

    The rows are locked first, and read as they stand then: what was confirmed in the same moment stays.
    """
    found = holds.filter(state=State.HELD).select_related("runner")
    ended = list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))
    Appointment.objects.filter(pk__in=[each.pk for each in ended]).update(
        state=State.CANCELLED, cancel_reason=why or LAPSED, cancelled_at=now
    )
    record_all(
        noted(
            by=by,
            action="hold.released" if each.is_live_hold(now) else "hold.lapsed",
            subject=each,
            runner=each.runner,
            reason=why,
        )
        for each in ended
    )
    return ended


def hold_ended(held: Appointment, lapsed: str) -> Conflict:
    """The refusal of a hold that is over: `lapsed` says how its time ran out, unless the therapist's hours changed."""
    if held.cancel_reason == NOT_KEPT:
        lapsed = (
            "The therapist’s hours have changed, and this time cannot be kept. Nothing was booked. Choose another one."
        )
    return Conflict(lapsed, code="hold_ended")


def require(allowed: bool) -> None:
    """Raises Forbidden `not_yours` unless `allowed`."""
    if not allowed:
        raise Forbidden("This session is not yours to change. Ask the clinic to do it for you.", code="not_yours")


def current(appointment: Appointment) -> Appointment:
    """The appointment as the database has it now, with its people; raises DomainError `gone` when there is none."""
    found = Appointment.objects.with_people().filter(pk=appointment.pk).first()
    if found is None:
        raise DomainError("This session does not exist any more. Look at your sessions.", code="gone")
    return found
