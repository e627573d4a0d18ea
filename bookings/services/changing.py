"""Moving and cancelling a session: one act each, inside the service's rules, or past them with a reason."""

from datetime import datetime

from bookings import messages, video
from bookings.access import may_change_freely
from bookings.models import Appointment
from bookings.models.appointments import State
from bookings.services.booking import FOREIGN, checked_start, place
from bookings.services.transactions import current, lock, require, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import TherapistProfile, User
from clinic.people.services import begin_care


def may_change(appointment: Appointment, by: User, now: datetime) -> bool:
    """Whether `by` may move or cancel the session at `now` (staff and the therapist may need to give a reason)."""
    if appointment.state != State.BOOKED:
        return False
    if may_change_freely(by, appointment):
        return by.is_clinic_staff or appointment.start > now
    return by.pk == appointment.runner.user_id and now <= appointment.change_until and now < appointment.start


@whole
def move_appointment(
    *,
    appointment: Appointment,
    start: datetime,
    by: User,
    now: datetime,
    therapist: TherapistProfile | None = None,
    reason: str = "",
    override: bool = False,
) -> Appointment:
    """Give the session a new time, and another therapist if one is named; the old time is freed in the same act.

    Runners move within the service's notice. Staff and the session's therapist may do so later, with a reason; with
    `override` and a reason staff also pass notice, horizon and hours of the new time. What is taken is taken for all.

    Raises what `book_slot` raises, and `too_late_to_change`, `reason_needed`, `not_booked`, `same_time`.
    """
    reason = reason.strip()[:200]
    start = checked_start(start, now)
    target = therapist or appointment.therapist
    zones = lock(therapists=[appointment.therapist, target], runner=appointment.runner, service=appointment.service)
    before = current(appointment)
    require_change(before, by, now, reason, verb="move")
    if override:
        if not by.is_clinic_staff:
            raise Forbidden(
                "Only the clinic can move a session outside the rules. Choose one of the times shown.", code="not_yours"
            )
        if not reason:
            raise reason_needed()
    if before.therapist_id not in (appointment.therapist_id, target.pk):
        raise Conflict("This session was changed meanwhile. Look at it again.", code="changed_meanwhile")
    if start == before.start and target.pk == before.therapist_id:
        raise DomainError(
            "The session is at that time already. Choose another.",
            code="same_time",
            fields={"start": "Already at that time."},
        )
    after = current(appointment)
    after.therapist = target
    place(after, start=start, now=now, offered_by=zones, moving=before, beyond_rules=override)
    after.sequence += 1
    if after.is_online and not after.video_key:
        after.video_key = video.new_key()
    after.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    after.save()
    if target.pk != before.therapist_id:
        begin_care(runner=after.runner, therapist=target, by=by, now=now)
    record(
        by=by,
        action="appointment.moved",
        subject=after,
        runner=after.runner,
        reason=reason,
        changes={"start": [before.start, after.start], "therapist": [before.therapist_id, after.therapist_id]},
    )
    messages.plan_moved(after, was=before.start, now=now)
    return after


@whole
def cancel_appointment(*, appointment: Appointment, by: User, now: datetime, reason: str = "") -> Appointment:
    """Cancel a booked session and free its time. Cancelling a cancelled one changes nothing.

    Runners cancel within the service's notice; staff and the session's therapist at any time, with a reason.
    Raises DomainError `too_late_to_change`, `reason_needed`, `not_booked`; Forbidden `not_yours`.
    """
    reason = reason.strip()[:200]
    lock(therapists=[appointment.therapist], runner=appointment.runner, service=appointment.service)
    found = current(appointment)
    require(may_change_freely(by, found) or by.pk == found.runner.user_id)
    if found.state == State.CANCELLED and found.hold_expires_at is None:
        return found
    require_change(found, by, now, reason, verb="cancel")
    found.state, found.cancel_reason, found.cancelled_at = State.CANCELLED, reason, now
    found.sequence += 1
    found.save(update_fields=["state", "cancel_reason", "cancelled_at", "sequence"])
    record(
        by=by,
        action="appointment.cancelled",
        subject=found,
        runner=found.runner,
        reason=reason,
        changes={"state": [State.BOOKED, State.CANCELLED]},
    )
    messages.plan_cancelled(found, now=now)
    return found


def require_change(appointment: Appointment, by: User, now: datetime, reason: str, *, verb: str) -> None:
    """Raises the reason why `by` may not change the time of `appointment` at `now`."""
    freely = may_change_freely(by, appointment)
    require(freely or by.pk == appointment.runner.user_id)
    if appointment.state != State.BOOKED:
        raise DomainError(
            f"Only a booked session can be {verb}d. This one is {appointment.get_state_display().lower()}.".replace(
                "canceld", "cancelled"
            ),
            code="not_booked",
        )
    if appointment.start <= now and not by.is_clinic_staff:
        raise DomainError(
            f"This session has begun: it is too late to {verb} it. Call us if something went wrong.",
            code="too_late_to_change",
        )
    if freely:
        if not reason and now > appointment.change_until:
            raise reason_needed()
    elif now > appointment.change_until:
        hours = appointment.service.change_notice_h
        raise DomainError(
            f"Online you can {verb} this session up to {hours} hours before it. Please call us, we will find a way.",
            code="too_late_to_change",
        )


def reason_needed() -> DomainError:
    return DomainError(
        "Say why in a few words: the runner's notice has passed.",
        code="reason_needed",
        fields={"reason": "A reason is needed."},
    )
