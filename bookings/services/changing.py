"""Moving and cancelling a session: one act each, inside the service's rules, or past them with a reason."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from bookings import messages, video
from bookings.access import may_change_freely
from bookings.availability import decide
from bookings.models import Appointment, Change, Offer, WaitlistEntry
from bookings.models.appointments import State
from bookings.prices import cost_of_cancelling
from bookings.services.booking import FOREIGN, checked_start, place
from bookings.services.changes import remember, standing
from bookings.services.transactions import current, lock_session, require, whole
from clinic.audit.services import record
from clinic.core.errors import DomainError, Forbidden
from clinic.core.etags import Changed
from clinic.core.wording import pounds
from clinic.people.models import TherapistProfile, User
from clinic.people.services import begin_care


def may_change(appointment: Appointment, by: User, now: datetime) -> bool:
    """Whether `by` may move the session at `now`, and cancel it for nothing (the team may need to give a reason)."""
    if appointment.state != State.BOOKED:
        return False
    if may_change_freely(by, appointment):
        return by.is_clinic_staff or appointment.start > now
    return by.pk == appointment.runner.user_id and now <= appointment.change_until and now < appointment.start


def may_cancel(appointment: Appointment, by: User, now: datetime) -> bool:
    """Whether `by` may cancel the session at `now`: the runner until it begins, though it may cost something by then."""
    if by.pk == appointment.runner.user_id and not may_change_freely(by, appointment):
        return appointment.is_coming(now)
    return may_change(appointment, by, now)


def foresee_move(*, appointment: Appointment, start: datetime, now: datetime) -> None:
    """Look, without a lock, whether the session could have the time `start`; the move itself looks again.

    Raises what refuses it: `same_time`, or what `book_slot` raises of a time.
    """
    start = checked_start(start, now)
    if start == appointment.start:
        raise same_time()
    decide(
        service=appointment.service,
        therapist=appointment.therapist,
        runner=appointment.runner,
        start=start,
        now=now,
        moving=appointment,
    )


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
    versions: Collection[str] = (),
) -> Appointment:
    """Give the session a new time, and another therapist if one is named; the old time is freed in the same act.

    It keeps its own length. `versions` are those the caller has read (`Appointment.version`); none: whatever stands.
    Runners move within the service's notice. Staff and the session's therapist may do so later, with a reason; with
    `override` and a reason staff also pass notice, horizon and hours of the new time. What is taken is taken for all.

    Raises what `book_slot` raises, and `changed_meanwhile`, `too_late_to_change`, `reason_needed`, `not_booked`, `same_time`; Changed (412).
    """
    reason = reason.strip()[:200]
    start = checked_start(start, now)
    target = therapist or appointment.therapist
    before, zones = lock_session(appointment, therapists=[target])
    require_version(before, versions)
    require_change(before, by, now, reason, verb="move")
    if override:
        if not by.is_clinic_staff:
            raise Forbidden(
                "Only the clinic can move a session outside the rules. Choose one of the times shown.", code="not_yours"
            )
        if not reason:
            raise reason_needed()
    if start == before.start and target.pk == before.therapist_id:
        raise same_time()
    after = current(appointment)
    after.therapist = target
    length = before.length if before.length != before.service.length else None
    place(after, start=start, now=now, offered_by=zones, moving=before, beyond_rules=override, length=length)
    return write_move(after, stood=standing(before), by=by, now=now, reason=reason)


def write_move(
    session: Appointment,
    *,
    stood: Mapping[str, Any],
    by: User,
    now: datetime,
    reason: str = "",
    offer: Offer | None = None,
) -> Appointment:
    """Store a session that has its new time, room and therapist, and everything that goes with a move.

    `stood` is how it was (`changes.standing`); `offer` the one that was taken by moving. Free minutes to give it up begin
    anew where the old time was free to give up, or the clinic could not keep it.
    """
    session.sequence += 1
    was_free = now + timedelta(hours=session.service.change_notice_h) <= stood["start"]
    if was_free or (offer is not None and offer.moves_id is not None):
        session.moved_at = now
    if session.is_online and not session.video_key:
        session.video_key = video.new_key()
    session.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    session.save()
    if session.therapist_id != stood["therapist_id"]:
        begin_care(runner=session.runner, therapist=session.therapist, by=by, now=now)
    record(
        by=by,
        action="appointment.moved",
        subject=session,
        runner=session.runner,
        reason=reason,
        changes={"start": [stood["start"], session.start], "therapist": [stood["therapist_id"], session.therapist_id]},
    )
    remember(appointment=session, kind=Change.Kind.MOVED, before=stood, by=by, now=now, offer=offer)
    messages.plan_moved(session, was=stood["start"], now=now)
    return session


@whole
def cancel_appointment(
    *,
    appointment: Appointment,
    by: User,
    now: datetime,
    reason: str = "",
    accept_fee: bool = False,
    versions: Collection[str] = (),
) -> Appointment:
    """Cancel a booked session and free its time. Cancelling a cancelled one changes nothing.

    Within the service's notice it is free. After it a runner may still cancel until the start, for the late fee, and only
    with `accept_fee`: they were told. Staff and the session's therapist cancel at any time with a reason; the fee is
    waived unless they say `accept_fee` for the runner. `versions` are those the caller has read; none: whatever stands.
    Raises Conflict `changed_meanwhile`; DomainError `late_fee` (names the cost), `too_late_to_change`, `reason_needed`,
    `not_booked`; Forbidden `not_yours`; Changed (412).
    """
    reason = reason.strip()[:200]
    found, _ = lock_session(appointment)
    require(may_change_freely(by, found) or by.pk == found.runner.user_id)
    require_version(found, versions)
    if found.state == State.CANCELLED and found.hold_expires_at is None:
        return found
    require_change(found, by, now, reason, verb="cancel")
    cost = cost_of_cancelling(found, now)
    if cost and not accept_fee and not may_change_freely(by, found):
        raise DomainError(
            f"Cancelling this session now costs {pounds(cost)}. Say that you accept it, or keep the session.",
            code="late_fee",
            fields={"accept_fee": f"It costs {pounds(cost)}."},
            late_fee_pence=cost,
        )
    return end_session(found, by=by, now=now, reason=reason, cost=cost, charged=accept_fee)


def end_session(
    session: Appointment,
    *,
    by: User,
    now: datetime,
    reason: str,
    cost: int = 0,
    charged: bool = False,
    wish: WaitlistEntry | None = None,
) -> Appointment:
    """Cancel the locked, booked `session` with everything that goes with it: audit, the way back, the letter.

    `cost` (pence) is charged or waived; `wish` is the one that waits in its place.
    """
    stood = standing(session)
    session.state, session.cancel_reason, session.cancelled_at = State.CANCELLED, reason, now
    session.late_fee_pence = cost if cost and charged else None
    session.sequence += 1
    session.save(update_fields=["state", "cancel_reason", "cancelled_at", "late_fee_pence", "sequence"])
    fees = {"late_fee_pence": [cost, session.late_fee_pence]} if cost else {}
    record(
        by=by,
        action="appointment.cancelled",
        subject=session,
        runner=session.runner,
        reason=reason,
        changes={"state": [State.BOOKED, State.CANCELLED], **fees},
    )
    remember(appointment=session, kind=Change.Kind.CANCELLED, before=stood, by=by, now=now, wish=wish)
    messages.plan_cancelled(session, now=now)
    return session


@whole
def waive_late_fee(*, appointment: Appointment, by: User, reason: str) -> Appointment:
    """Staff let a late fee go, with a reason. Where there is none, nothing changes.

    Raises Conflict `changed_meanwhile`; DomainError `reason_needed`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError(
            "Say why in a few words: the fee is let go.", code="reason_needed", fields={"reason": "A reason is needed."}
        )
    found, _ = lock_session(appointment)
    if found.late_fee_pence is None:
        return found
    fee, found.late_fee_pence = found.late_fee_pence, None
    found.save(update_fields=["late_fee_pence"])
    changes = {"late_fee_pence": [fee, None]}
    record(by=by, action="appointment.fee_waived", subject=found, runner=found.runner, reason=reason, changes=changes)
    return found


def require_version(appointment: Appointment, versions: Collection[str]) -> None:
    """Raises Changed `changed_meanwhile` (412) unless the locked `appointment` stands in one of `versions`; none: any."""
    if versions and appointment.version not in versions:
        raise Changed(
            "This was changed meanwhile. Read it again, then send your change with the new ETag.",
            code="changed_meanwhile",
        )


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
    elif verb == "move" and now > appointment.change_until:
        hours, cost = appointment.service.change_notice_h, cost_of_cancelling(appointment, now)
        raise DomainError(
            f"Online you can move this session up to {hours} hours before it. Call us, or cancel it for {pounds(cost)}.",
            code="too_late_to_change",
        )


def same_time() -> DomainError:
    return DomainError(
        "The session is at that time already. Choose another.",
        code="same_time",
        fields={"start": "Already at that time."},
    )


def reason_needed() -> DomainError:
    return DomainError(
        "Say why in a few words: the runner's notice has passed.",
        code="reason_needed",
        fields={"reason": "A reason is needed."},
    )
