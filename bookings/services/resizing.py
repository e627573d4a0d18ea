"""A session that takes longer or shorter than its service says."""

from collections.abc import Collection
from datetime import datetime, timedelta

from bookings import messages
from bookings.models import Appointment, Change
from bookings.models.appointments import State
from bookings.services.booking import FOREIGN, checked_length, place
from bookings.services.changes import remember, standing
from bookings.services.changing import require_version
from bookings.services.transactions import current, lock_session, require, whole
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import User

RESIZABLE = (State.BOOKED, State.ARRIVED)


@whole
def resize_appointment(
    *,
    appointment: Appointment,
    minutes: int,
    by: User,
    now: datetime,
    reason: str = "",
    override: bool = False,
    versions: Collection[str] = (),
) -> Appointment:
    """Give the session another length (real minutes), from the same start; staff alone. The same length changes nothing.

    With `override` and a reason it may pass the therapist's hours, never what is taken: the next session keeps its time.
    `versions` are those the caller has read (`Appointment.version`); none: whatever stands.
    Raises Conflict `slot_taken`, `runner_busy`, `changed_meanwhile`; DomainError `outside_hours`, `bad_length`,
    `not_booked`, `reason_needed`; Forbidden `not_yours`; Changed (412).
    """
    require(by.is_clinic_staff)
    reason = reason.strip()[:200]
    before, zones = lock_session(appointment)
    after = current(appointment)
    if before.state not in RESIZABLE:
        raise DomainError(
            f"This session is {before.get_state_display().lower()}: its length stays. Look at it again.",
            code="not_booked",
        )
    if override and not reason:
        raise DomainError(
            "Say why in a few words: the session passes the therapist's hours.",
            code="reason_needed",
            fields={"reason": "A reason is needed."},
        )
    length = checked_length(timedelta(minutes=minutes))
    if length == before.length:
        return before
    require_version(before, versions)
    stood = standing(before)
    place(after, start=before.start, now=now, offered_by=zones, moving=before, beyond_rules=override, length=length)
    after.sequence += 1
    after.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    after.save()
    remember(appointment=after, kind=Change.Kind.RESIZED, before=stood, by=by, now=now)
    record(
        by=by,
        action="appointment.resized",
        subject=after,
        runner=after.runner,
        reason=reason,
        changes={"end": [before.end, after.end]},
    )
    if after.is_coming(now):
        messages.plan_resized(after, now=now)
    return after
