"""What became of a session on its day."""

from datetime import datetime, timedelta

from bookings.models import Appointment, Change
from bookings.models.appointments import State
from bookings.services.changes import remember, standing
from bookings.services.transactions import current, lock, require, whole
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import User

EARLIEST = timedelta(hours=1)
"""A runner may be marked as arrived this long before the start."""


def mark_arrived(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The runner is here. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`."""
    return turn(appointment, State.ARRIVED, (State.BOOKED, State.NO_SHOW), by=by, now=now, earliest=EARLIEST)


def mark_completed(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The session was held. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`."""
    return turn(
        appointment, State.COMPLETED, (State.BOOKED, State.ARRIVED, State.NO_SHOW), by=by, now=now, earliest=timedelta()
    )


def mark_no_show(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """The runner did not come. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`."""
    return turn(appointment, State.NO_SHOW, (State.BOOKED, State.ARRIVED), by=by, now=now, earliest=timedelta())


def mark_booked(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """Undo a mark that was a slip. Raises DomainError `wrong_state`; Forbidden `not_yours`."""
    return turn(
        appointment, State.BOOKED, (State.ARRIVED, State.COMPLETED, State.NO_SHOW), by=by, now=now, earliest=None
    )


@whole
def turn(
    appointment: Appointment,
    state: State,
    allowed: tuple[State, ...],
    *,
    by: User,
    now: datetime,
    earliest: timedelta | None,
) -> Appointment:
    """Set `state` on a session that stands in one of `allowed`; setting it again changes nothing."""
    require(by.is_clinic_staff or by.pk == appointment.therapist.user_id)
    lock(therapists=[appointment.therapist], runner=appointment.runner, service=appointment.service)
    found = current(appointment)
    if found.state == state:
        return found
    if found.state not in allowed:
        raise DomainError(
            f"This session is {found.get_state_display().lower()}: it cannot be marked so. Look at it again.",
            code="wrong_state",
        )
    if earliest is not None and now < found.start - earliest:
        raise DomainError("This session has not begun yet. Mark it when its time has come.", code="too_early")
    stood = standing(found)
    found.state = state
    if state in (State.ARRIVED, State.BOOKED):
        found.arrived_at = now if state == State.ARRIVED else None
    found.save(update_fields=["state", "arrived_at"])
    changes = {"state": [stood["state"], state]}
    record(by=by, action=f"appointment.{state}", subject=found, runner=found.runner, changes=changes)
    remember(appointment=found, kind=Change.Kind.MARKED, before=stood, by=by, now=now)
    return found
