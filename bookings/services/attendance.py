"""What became of a session on its day."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from bookings.models import Appointment, Change
from bookings.models.appointments import State
from bookings.services.changes import remember, standing
from bookings.services.changing import require_version
from bookings.services.transactions import lock_session, require, whole
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import User

EARLIEST = timedelta(hours=1)
"""A runner may be marked as arrived this long before the start."""


class Mark(NamedTuple):
    """From which states a session can be marked so, and how long before its start (None: always)."""

    after: tuple[State, ...]
    earliest: timedelta | None


MARKS = {
    State.ARRIVED: Mark((State.BOOKED, State.NO_SHOW), EARLIEST),
    State.COMPLETED: Mark((State.BOOKED, State.ARRIVED, State.NO_SHOW), timedelta()),
    State.NO_SHOW: Mark((State.BOOKED, State.ARRIVED), timedelta()),
    State.BOOKED: Mark((State.ARRIVED, State.COMPLETED, State.NO_SHOW), None),
}


def marks_of(appointment: Appointment, now: datetime) -> list[State]:
    """The marks that can be set on the session at `now`, in order."""
    return [
        state for state, mark in MARKS.items() if appointment.state in mark.after and is_time(appointment, mark, now)
    ]


def is_time(appointment: Appointment, mark: Mark, now: datetime) -> bool:
    return mark.earliest is None or now >= appointment.start - mark.earliest


def mark_arrived(*, appointment: Appointment, by: User, now: datetime, versions: Collection[str] = ()) -> Appointment:
    """The runner is here. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`; Changed (412)."""
    return turn(appointment, State.ARRIVED, by=by, now=now, versions=versions)


def mark_completed(*, appointment: Appointment, by: User, now: datetime, versions: Collection[str] = ()) -> Appointment:
    """The session was held. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`; Changed (412)."""
    return turn(appointment, State.COMPLETED, by=by, now=now, versions=versions)


def mark_no_show(*, appointment: Appointment, by: User, now: datetime, versions: Collection[str] = ()) -> Appointment:
    """The runner did not come. Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`; Changed (412)."""
    return turn(appointment, State.NO_SHOW, by=by, now=now, versions=versions)


def mark_booked(*, appointment: Appointment, by: User, now: datetime, versions: Collection[str] = ()) -> Appointment:
    """Undo a mark that was a slip. Raises DomainError `wrong_state`; Forbidden `not_yours`; Changed (412)."""
    return turn(appointment, State.BOOKED, by=by, now=now, versions=versions)


@whole
def turn(appointment: Appointment, state: State, *, by: User, now: datetime, versions: Collection[str]) -> Appointment:
    """Set `state` on a session where MARKS allows it; setting it again changes nothing.

    `versions` are those the caller has read; none: whatever stands. Raises Conflict `changed_meanwhile` besides.
    """
    require(by.is_clinic_staff or by.pk == appointment.therapist.user_id)
    found, _ = lock_session(appointment)
    if found.state == state:
        return found
    require_version(found, versions)
    if found.state not in MARKS[state].after:
        raise DomainError(
            f"This session is {found.get_state_display().lower()}: it cannot be marked so. Look at it again.",
            code="wrong_state",
        )
    if not is_time(found, MARKS[state], now):
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
