"""What was done to a session and how it stood before, kept so that it can be undone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from bookings.models import Appointment, Change, Offer, WaitlistEntry
from clinic.audit.services import plain
from clinic.people.models import User

KEPT = (
    "start",
    "end",
    "busy_from",
    "busy_until",
    "state",
    "therapist_id",
    "treatment_room_id",
    "equipment_id",
    "place",
    "zone",
    "wall_start",
    "arrived_at",
    "cancel_reason",
    "cancelled_at",
    "late_fee_pence",
    "price_pence",
    "moved_at",
)
ANSWERED = ("appointment__therapist", "wish__runner", "offer__hold", "offer__entry__runner", "offer__moves__runner")
INSTANTS = ("start", "end", "busy_from", "busy_until", "arrived_at", "cancelled_at", "moved_at")


def standing(appointment: Appointment) -> dict[str, Any]:
    """How the session stands, for `remember`; take it before the change."""
    return {name: getattr(appointment, name) for name in KEPT}


def remember(
    *,
    appointment: Appointment,
    kind: str,
    before: Mapping[str, Any],
    by: User | None,
    now: datetime,
    offer: Offer | None = None,
    wish: WaitlistEntry | None = None,
) -> Change:
    """Keep what was just done (`Change.Kind`) with how it stood `before`; in the transaction of the act itself.

    `offer` and `wish` are what it answered, or the wish that a cancellation began.
    """
    return Change.objects.create(
        appointment=appointment,
        kind=kind,
        before=plain(before),
        sequence=appointment.sequence,
        offer=offer,
        wish=offer.entry if offer is not None else wish,
        by=by,
        at=now,
    )


def act_of(change: Change) -> list[Change]:
    """The change with those of the same act on other sessions of its series, first session first; one query.

    Only booking and cancelling a series touch more than one session.
    """
    alone = Q(pk=change.pk)
    series = change.appointment.series_id
    together = Q(appointment__series=series, kind=change.kind, by=change.by_id, at=change.at) if series else alone
    return list(Change.objects.filter(alone | together).select_related(*ANSWERED).order_by("appointment__start"))


def restored(before: Mapping[str, Any]) -> dict[str, Any]:
    """What `standing` said, out of the database again: instants are aware."""
    return {
        name: datetime.fromisoformat(value) if name in INSTANTS and value else value for name, value in before.items()
    }
