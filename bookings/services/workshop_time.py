"""The time a workshop takes in the book: asked of the one function that decides, as every session's is."""

from datetime import datetime

from bookings import slots, video
from bookings.availability import decide
from bookings.models import Appointment, Place, Service
from bookings.models.catalogue import LONGEST_SESSION_MIN
from bookings.services.transactions import drop_lapsed_holds, lock
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import TherapistProfile


def take_time(
    booking: Appointment,
    *,
    therapist: TherapistProfile,
    start: datetime,
    minutes: int,
    place: str,
    now: datetime,
    beyond_hours: bool,
) -> None:
    """Give the workshop's row its time, therapist and room, if they are free; locks the therapist. Raises the refusal."""
    rules = rules_of(minutes, place)
    lock(therapists=[therapist], runner=None, service=None)
    end = start + rules.length
    drop_lapsed_holds(
        therapist=therapist,
        runner=None,
        needs_room=not rules.is_online,
        keeps_holds=False,
        start=start,
        end=end,
        now=now,
    )
    try:
        verdict = decide(
            service=rules,
            therapist=therapist,
            runner=None,
            start=start,
            now=now,
            moving=booking if not booking._state.adding else None,
            beyond_rules=beyond_hours,
            length=rules.length,
            offered_by={therapist.pk: therapist.user.zone},
        )
    except DomainError as refused:
        raise in_desk_words(refused, therapist) from refused
    booking.therapist, booking.start, booking.end, booking.busy_from, booking.busy_until = (
        therapist,
        start,
        end,
        start,
        end,
    )
    booking.place, booking.treatment_room_id = place, verdict.room_id
    booking.zone = verdict.zone
    booking.wall_start = start.astimezone(slots.zone_of(verdict.zone)).isoformat()
    if place == Place.ONLINE and not booking.video_key:
        booking.video_key = video.new_key()
    booking.full_clean(validate_unique=False, validate_constraints=False, exclude=WITHOUT)


def rules_of(minutes: int, place: str) -> Service:
    """The rules of a service that is never stored, for the one function that decides. Raises DomainError `bad_length`."""
    if not 15 <= minutes <= LONGEST_SESSION_MIN:
        sentence = "A workshop lasts between 15 minutes and 8 hours."
        raise DomainError(sentence, code="bad_length", fields={"minutes": sentence})
    return Service(pk=0, minutes=minutes, place=place, slot_step_min=5, min_notice_min=0, horizon_days=365)


WITHOUT = ("service", "therapist", "runner", "workshop", "booked_by", "treatment_room", "equipment", "series")


def in_desk_words(refused: DomainError, therapist: TherapistProfile) -> DomainError:
    """The refusal for the person who plans."""
    name = therapist.user.first_name
    match refused.code:
        case "slot_taken":
            sentence = f"{name} has something else then, or no room is free. Choose another time."
            return Conflict(sentence, code=refused.code, fields={"at": sentence})
        case "outside_hours" | "not_a_start" | "too_far":
            sentence = f"{name} does not work then. Choose another time, or say why it is so."
            return DomainError(sentence, code="outside_hours", fields={"at": sentence})
    return DomainError(refused.message, code=refused.code, fields={"at": refused.message})
