"""Another treatment room, or another piece of equipment, for a session that stays at its time."""

from collections.abc import Collection
from datetime import datetime

from bookings import messages
from bookings.models import Appointment, Change, Equipment, TreatmentRoom
from bookings.models.appointments import State
from bookings.services.changes import remember, standing
from bookings.services.changing import require_version
from bookings.services.transactions import lock_session, require, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User


@whole
def change_room(
    *, appointment: Appointment, to: TreatmentRoom | Equipment, by: User, now: datetime, versions: Collection[str] = ()
) -> Appointment:
    """Give the session the room, or the piece of equipment of the kind it needs; staff alone. The same again changes nothing.

    `versions` are those the caller has read (`Appointment.version`); none: whatever stands.
    Raises Conflict `slot_taken` with who has it, `changed_meanwhile`; DomainError `not_booked`, `wrong_kind`; Forbidden
    `not_yours`; Changed (412).
    """
    require(by.is_clinic_staff)
    found, _ = lock_session(appointment)
    if found.state not in (State.BOOKED, State.ARRIVED):
        raise DomainError("Only a session that is still to be held can change its room.", code="not_booked")
    name = "treatment_room_id" if isinstance(to, TreatmentRoom) else "equipment_id"
    if found.is_online or (isinstance(to, Equipment) and to.kind != found.service.equipment_kind):
        raise DomainError(f"{found.service.name} does not take {to}.", code="wrong_kind")
    if getattr(found, name) == to.pk:
        return found
    require_version(found, versions)
    in_it = Appointment.objects.live(now).with_people().filter(**{name: to.pk})
    other = in_it.filter(busy_from__lt=found.busy_until, busy_until__gt=found.busy_from).exclude(pk=found.pk).first()
    if other is not None:
        raise Conflict(f"{to} is taken then: {other.therapist.user.first_name} is in it.", code="slot_taken")
    stood, was = standing(found), getattr(found, name)
    setattr(found, name, to.pk)
    found.sequence += 1
    found.save(update_fields=[name, "sequence"])
    messages.tell_as_it_is(found)
    remember(appointment=found, kind=Change.Kind.MOVED, before=stood, by=by, now=now)
    record(
        by=by,
        action="appointment.room_changed",
        subject=found,
        runner=found.runner,
        changes={name: [was, to.pk]},
    )
    return found
