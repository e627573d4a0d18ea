"""What was done to a session, in words for the front desk."""

from dataclasses import dataclass
from datetime import datetime

from bookings.models import Appointment
from clinic.audit.models import Event
from clinic.people.models import User

WORDS = {
    "appointment.held": "Held for five minutes",
    "appointment.booked": "Booked",
    "hold.released": "Let go",
    "appointment.moved": "Moved",
    "appointment.undone": "Undone",
    "appointment.fee_waived": "Late fee let go",
    "hold.lapsed": "The hold ended",
    "appointment.cancelled": "Cancelled",
    "appointment.arrived": "Marked as arrived",
    "appointment.completed": "Marked as completed",
    "appointment.no_show": "Marked as did not come",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One act: when (UTC), what in words, by whom, why, and for a move the time it stood at before."""

    at: datetime
    what: str
    by: str
    reason: str
    was: datetime | None


def history_of(appointment: Appointment) -> list[Step]:
    """Every change of the session, latest first; two queries."""
    events = list(
        Event.objects.filter(subject_type=appointment._meta.label_lower, subject_id=str(appointment.pk)).order_by(
            "-at", "-id"
        )
    )
    names = dict(
        User.objects.filter(pk__in={int(event.actor_id) for event in events if event.actor_id.isdigit()}).values_list(
            "pk", "name"
        )
    )
    return [
        Step(
            at=event.at,
            what=words_for(event),
            by=who(event, names),
            reason=event.reason,
            was=before(event),
        )
        for event in events
    ]


def who(event: Event, names: dict[int, str]) -> str:
    if not event.actor_id.isdigit():
        return "the system"
    name = names.get(int(event.actor_id), "somebody")
    return f"{name}, by the link of a letter" if event.by_link else name


def words_for(event: Event) -> str:
    if event.action == "appointment.booked" and event.changes.get("state"):
        return "Put back to booked"
    return WORDS.get(event.action, event.action.replace(".", " ").replace("_", " ").capitalize())


def before(event: Event) -> datetime | None:
    if event.action != "appointment.moved":
        return None
    was = (event.changes.get("start") or [None])[0]
    return datetime.fromisoformat(was) if was else None
