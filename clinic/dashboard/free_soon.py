"""The nearest free first visits, for the home page."""

from datetime import datetime
from typing import NamedTuple

from bookings.availability import next_slots
from bookings.models import Service
from clinic.people.models import TherapistProfile

SHOWN = 3


class Soon(NamedTuple):
    therapist: TherapistProfile
    service: Service
    start: datetime  # UTC


class FreeSoon(NamedTuple):
    """`rows` nearest first, one a therapist; `service` the first visit they are for, None where the clinic offers none yet."""

    rows: list[Soon]
    service: Service | None


def free_soon(*, zone: str, now: datetime) -> FreeSoon:
    """The nearest free start of each of the three soonest therapists, for the clinic's first visit (online before clinic)."""
    service = Service.objects.active().filter(is_first_visit=True).order_by("position", "name").first()
    if service is None:
        return FreeSoon([], None)
    nearest = sorted(next_slots(service=service, zone=zone, now=now).values(), key=lambda slot: slot.start)[:SHOWN]
    people = TherapistProfile.objects.listed().select_related("user").in_bulk([slot.therapist_id for slot in nearest])
    rows = [Soon(people[slot.therapist_id], service, slot.start) for slot in nearest if slot.therapist_id in people]
    return FreeSoon(rows, service)
