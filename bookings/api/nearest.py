"""A refused time comes back with the nearest free ones, so that a program need not ask again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache

from bookings.availability import find_slots
from bookings.fortnight import nearest
from bookings.models import Appointment, Service
from clinic.core.errors import Conflict
from clinic.people.models import RunnerProfile, TherapistProfile

GONE = ("slot_taken", "hold_ended")
SHAPE = {
    "allOf": [
        {"$ref": "#/components/schemas/Error"},
        {
            "type": "object",
            "properties": {
                "nearest": {
                    "type": "array",
                    "maxItems": 6,
                    "items": {"$ref": "#/components/schemas/SlotOut"},
                    "description": "With `slot_taken` and `hold_ended`: free times around the wanted one, soonest first.",
                }
            },
        },
    ]
}
"""What a refusal that `naming_nearest` has seen looks like, for the schema."""

REACHES = (timedelta(days=1), timedelta(days=13))
"""How far around the wanted time is looked, nearest first."""


@contextmanager
def naming_nearest(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    start: datetime,
    now: datetime,
    moving: Appointment | None = None,
) -> Iterator[None]:
    """A Conflict about a time that is gone leaves the block with `nearest` in its `extra`: up to six slots, soonest first.

    With a `therapist` the times are theirs, else anyone's. Instants are ISO 8601 in UTC; `zone` is the runner's.
    """
    try:
        yield
    except Conflict as refused:
        if refused.code in GONE:
            refused.extra["nearest"] = near(
                service=service, therapist=therapist, runner=runner, start=start, now=now, moving=moving
            )
        raise


def near(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    start: datetime,
    now: datetime,
    moving: Appointment | None,
) -> list[dict[str, str]]:
    zone = runner.user.zone
    for reach in REACHES:
        found = find_slots(
            service=service,
            therapists=[therapist] if therapist is not None else None,
            first=(start - reach).date(),
            last=(start + reach).date(),
            zone=zone,
            runner=runner,
            now=now,
            moving=moving,
        )
        if found:
            break
    chosen = nearest(found, start)
    names = (
        {therapist.pk: therapist.slug}
        if therapist is not None
        else dict(
            TherapistProfile.objects.filter(pk__in={each.therapist_id for each in chosen}).values_list("pk", "slug")
        )
    )
    return [
        {
            "therapist": names[each.therapist_id],
            "service": service.slug,
            "start": stamp(each.start),
            "end": stamp(each.end),
            "zone": zone,
        }
        for each in chosen
    ]


@lru_cache(maxsize=8_192)
def stamp(at: datetime) -> str:
    """A whole second of UTC, as in 2026-11-26T16:30:00Z."""
    return at.isoformat()[:19] + "Z"
