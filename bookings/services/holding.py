"""Keeping a time for five minutes while the runner looks it over."""

from datetime import datetime, timedelta

from bookings.availability import explained
from bookings.models import Appointment, Offer, Service
from bookings.models.appointments import State
from bookings.services.booking import FOREIGN, attempt, checked_start, enter, require_booker, told
from bookings.services.paying import pay_by
from bookings.services.transactions import current, hold_ended, let_go, lock, require, whole
from bookings.slots import Refusal
from bookings.workshops.seating import seated_between
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import RunnerProfile, TherapistProfile, User

HOLD = timedelta(minutes=5)
OVER = "Your five minutes are over, and the time is open to others again. Choose it once more."
GRACE = timedelta(seconds=60)
"""A confirmation this late still counts if nobody has taken the time meanwhile: the countdown on the page never loses."""


def hold_slot(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    start: datetime,
    by: User,
    now: datetime,
) -> Appointment:
    """Keep `start` for the runner until five minutes after `now`; `therapist` None is anyone who is free.

    A runner holds one time: an earlier hold is let go. Raises what `book_slot` raises.
    """
    require_booker(by, runner, therapist)
    start = checked_start(start, now)

    @whole
    def keep(chosen: TherapistProfile) -> Appointment:
        return enter(
            service=service, therapist=chosen, runner=runner, start=start, by=by, now=now, hold_expires_at=now + HOLD
        )

    return attempt(keep, service=service, therapist=therapist, runner=runner, start=start, now=now)


@whole
def confirm_hold(
    *, appointment: Appointment, by: User, now: datetime, payer: str = "", insurer: str = ""
) -> Appointment:
    """Turn a hold into a booking that `payer` pays ("": the runner). Confirming what is booked already changes nothing.

    For its runner and whoever held it: nobody books what a runner is still looking over. Raises Conflict `hold_ended` when
    the hold has lapsed or the therapist's hours changed, `answer_the_offer` for the hold of an offer, `runner_busy`;
    DomainError `in_the_past`; Forbidden `not_yours`.
    """
    lock(therapists=[appointment.therapist], runner=appointment.runner, service=appointment.service)
    held = current(appointment)
    if held.runner_id is None:
        raise Forbidden("This time is kept for a visitor, who books it with their code.", code="not_yours")
    require_holder(by, held)
    require_own_choice(held)
    if held.state in (State.BOOKED, State.ARRIVED, State.COMPLETED) and held.hold_expires_at is None:
        return held
    if held.state != State.HELD or held.hold_expires_at is None or held.hold_expires_at + GRACE <= now:
        raise hold_ended(held, OVER)
    if held.start <= now:
        raise DomainError("That time is over. Choose one that is still to come.", code="in_the_past")
    if not held.is_live_hold(now):
        require_no_seat(held, held.runner)
    held.state, held.hold_expires_at, held.booked_at, held.booked_by = State.BOOKED, None, now, by
    held.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    held.save(update_fields=["state", "hold_expires_at", "booked_at", "booked_by"])
    pay_by(held, payer, insurer)
    return told(held, by=by, now=now)


def require_no_seat(held: Appointment, runner: RunnerProfile) -> None:
    """Raises Conflict `runner_busy` where the runner, who is locked, has a seat in a workshop at the held time.

    For holds that did not keep the runner from taking one: a visitor's, and one that has lapsed.
    """
    if seated_between(runner, held.start, held.end).exists():
        raise explained(Refusal.RUNNER_BUSY, held.service)


@whole
def release_hold(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Let a hold go at once; for its runner and whoever held it. Letting go of what is no hold any more changes nothing.

    Raises Conflict `answer_the_offer` for the hold of an open offer; Forbidden `not_yours`.
    """
    require_holder(by, appointment)
    require_own_choice(appointment)
    let_go(Appointment.objects.filter(pk=appointment.pk), by=by, now=now)


def require_holder(by: User, held: Appointment) -> None:
    """Raises Forbidden `not_yours` unless `by` is the runner or held it; what the desk held is any of the staff's."""
    holder = held.booked_by
    is_ours = by.is_clinic_staff and holder is not None and holder.is_clinic_staff
    is_runner = held.runner_id is not None and by.pk == held.runner.user_id
    require(is_runner or is_ours or by.pk == held.booked_by_id)


def require_own_choice(held: Appointment) -> None:
    """Raises Conflict `answer_the_offer` for the hold of an open offer, kept for the runner without their doing."""
    if Offer.objects.filter(hold=held, state=Offer.State.OPEN).exists():
        raise Conflict("This time is an offer. Answer it on its own page.", code="answer_the_offer")
