"""Coming sessions that a change of zone rules has shifted against the wall clock they were agreed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from bookings.models import Appointment, Seat
from bookings.models.workshops import SeatState
from bookings.slots import to_instant
from clinic.core.errors import DomainError
from clinic.people.models import User


@dataclass(slots=True)
class Shifted:
    """A session (or a workshop's time) whose agreed wall time is another instant, `meant`, under today's rules.

    `meant` is None where the clocks now skip the agreed time. `in_the_way`: what stands at `meant` already.
    """

    appointment: Appointment
    agreed: datetime
    shown: datetime
    meant: datetime | None
    in_the_way: list[Appointment] = field(default_factory=list)
    people: list[User] = field(default_factory=list)

    @property
    def can_move(self) -> bool:
        return self.meant is not None and not self.in_the_way

    def busy(self) -> tuple[datetime, datetime]:
        """What the therapist's day would give it at `meant` (UTC), buffers included."""
        by = (self.meant or self.appointment.start) - self.appointment.start
        return self.appointment.busy_from + by, self.appointment.busy_until + by


def shifted(now: datetime) -> list[Shifted]:
    """Every coming session and workshop that no longer stands at the wall time agreed, nearest first, with whom to tell."""
    coming = Appointment.objects.with_people().filter(
        state__in=("booked", "arrived"), hold_expires_at__isnull=True, end__gt=now
    )
    found = [one for one in map(compared, coming.order_by("start", "id")) if one is not None]
    for one in found:
        if one.meant is not None:
            one.in_the_way = in_the_way(one, found, now)
    seated = seats_of(one.appointment for one in found)
    for one in found:
        appointment = one.appointment
        runners = [appointment.runner.user] if appointment.runner_id else seated.get(appointment.workshop_id, [])
        one.people = [*runners, appointment.therapist.user]
    return found


def compared(appointment: Appointment) -> Shifted | None:
    """None for a session that stands where it was agreed."""
    zone = ZoneInfo(appointment.zone)
    shown = appointment.start.astimezone(zone)
    if shown.isoformat() == appointment.wall_start:
        return None
    agreed = datetime.fromisoformat(appointment.wall_start)
    wall = agreed.replace(tzinfo=None)
    try:
        both = [to_instant(wall, appointment.zone, fold=fold) for fold in (0, 1)]
    except DomainError:
        return Shifted(appointment, wall, shown, None)
    meant = next((each for each in both if each.astimezone(zone).utcoffset() == agreed.utcoffset()), both[0])
    return None if meant == appointment.start else Shifted(appointment, wall, shown, meant)


def in_the_way(one: Shifted, others: Sequence[Shifted], now: datetime) -> list[Appointment]:
    """What stands where `one` is meant to be; those that are shifted too are judged by where they are meant to be."""
    appointment = one.appointment
    begins, ends = one.busy()
    same = Q(therapist=appointment.therapist_id)
    for name in ("runner_id", "treatment_room_id", "equipment_id"):
        if getattr(appointment, name) is not None:
            same |= Q(**{name: getattr(appointment, name)})
    moving = {each.appointment.pk for each in others if each.meant is not None}
    standing = Appointment.objects.with_people().live(now).filter(same, busy_from__lt=ends, busy_until__gt=begins)
    found = list(standing.exclude(pk__in=moving))
    for other in others:
        if other is one or other.meant is None or other.appointment.therapist_id != appointment.therapist_id:
            continue
        low, high = other.busy()
        if low < ends and begins < high:
            found.append(other.appointment)
    return found


def seats_of(appointments: Iterable[Appointment]) -> dict[object, list[User]]:
    """Who has a seat in the workshops among `appointments`, by workshop."""
    workshops = [each.workshop_id for each in appointments if each.workshop_id is not None]
    found: dict[object, list[User]] = {}
    if workshops:
        seats = Seat.objects.filter(workshop__in=workshops, state__in=(SeatState.TAKEN, SeatState.OFFERED), friend="")
        for seat in seats.select_related("runner__user"):
            found.setdefault(seat.workshop_id, []).append(seat.runner.user)
    return found


def in_moving_order(found: Sequence[Shifted]) -> list[Shifted]:
    """Those that can move, so ordered that none steps onto one that is still to go."""
    movable = [one for one in found if one.can_move and one.appointment.workshop_id is None]
    later = [one for one in movable if one.meant is not None and one.meant > one.appointment.start]
    earlier = [one for one in movable if one not in later]
    return [*reversed(later), *earlier]
