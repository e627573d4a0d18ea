"""Who may open which appointment. A stranger gets 404."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404

from bookings import video
from bookings.models import Appointment, Change, Offer, OutsideCalendar, Series, Service, WaitlistEntry
from bookings.receipts import receipt_of
from clinic.people.models import TherapistProfile, User


def get_appointment(user: User, appointment_id: UUID | str) -> Appointment:
    """The session (no hold) that `user` may see, with its people. Raises Http404 for everybody else."""
    return found(user, appointment_id, is_hold=False)


def get_hold(user: User, appointment_id: UUID | str) -> Appointment:
    """What `user` holds or held: live, lapsed, or booked meanwhile, so that a page left open can tell what became of it.

    Raises Http404 for anybody else's, and for a time that is offered: that is answered on its own page.
    """
    hold = found(user, appointment_id, is_hold=None)
    if Offer.objects.filter(hold=hold, state=Offer.State.OPEN).exists():
        raise Http404("That time is offered.")
    return hold


def get_receipt(user: User, appointment_id: UUID | str) -> Appointment:
    """The session whose receipt `user` may print: the runner's own, any for staff. Raises Http404 where there is none."""
    appointment = found(user, appointment_id, is_hold=False)
    if user.is_therapist or receipt_of(appointment) is None:
        raise Http404("No such receipt.")
    return appointment


def get_change(user: User, change_id: UUID | str) -> Change:
    """What `user` did to a session, or for staff what anybody did. Raises Http404 for everybody else's."""
    people = ("service", "therapist__user", "runner__user", "treatment_room", "equipment")
    changes = Change.objects.select_related("appointment", *(f"appointment__{name}" for name in people))
    change = changes.filter(pk=change_id).first()
    if change is None or not (user.is_clinic_staff or change.by_id == user.pk):
        raise Http404("No such change.")
    return change


def get_session_room(user: User, appointment_id: UUID | str) -> Appointment:
    """The online session whose video room `user` may enter: one of its two people. Raises Http404 for everybody else."""
    appointment = found(user, appointment_id, is_hold=False)
    if not video.is_concerned(user, appointment) or not appointment.video_key:
        raise Http404("No such room.")
    return appointment


def get_service(slug: str) -> Service:
    """The service that can be booked under this name. Raises Http404."""
    service = Service.objects.active().filter(slug=slug).first()
    if service is None:
        raise Http404("No such service.")
    return service


def get_therapist(slug: str) -> TherapistProfile:
    """The therapist of the public directory with this slug. Raises Http404."""
    therapist = TherapistProfile.objects.listed().select_related("user").filter(slug=slug).first()
    if therapist is None:
        raise Http404("No such therapist.")
    return therapist


def get_outside_calendar(user: User, calendar_id: int) -> OutsideCalendar:
    """The calendar elsewhere, for its therapist and for staff. Raises Http404 for everybody else."""
    found = OutsideCalendar.objects.select_related("therapist__user").filter(pk=calendar_id).first()
    if found is None or not (user.is_clinic_staff or found.therapist.user_id == user.pk):
        raise Http404("No such calendar.")
    return found


def may_change_freely(user: User, appointment: Appointment) -> bool:
    """Whether the runner's notice does not bind `user`: staff, and the therapist of the session."""
    return user.is_clinic_staff or user.pk == appointment.therapist.user_id


def get_wish(user: User, entry_id: UUID | str) -> WaitlistEntry:
    """A wish of the waitlist: the runner's own, any for staff. Raises Http404 for everybody else."""
    wishes = WaitlistEntry.objects.select_related("runner__user", "service", "therapist__user", "exchange_for")
    entry = wishes.filter(pk=entry_id).first()
    if entry is None or not (user.is_clinic_staff or entry.runner.user_id == user.pk):
        raise Http404("No such wish.")
    return entry


def get_offer(user: User, offer_id: UUID | str) -> Offer:
    """A time kept for `user`, or for anybody where staff ask. Raises Http404 for everybody else."""
    offer = offer_by_key(str(offer_id))
    person = offer.entry.runner if offer.entry is not None else offer.moves.runner  # type: ignore[union-attr]
    if not (user.is_clinic_staff or person.user_id == user.pk):
        raise Http404("No such offer.")
    return offer


def offer_by_key(key: str) -> Offer:
    """The offer with this key, for whoever holds the signed link to it. Raises Http404."""
    people = ("hold__service", "hold__therapist__user", "entry__runner__user", "entry__exchange_for__therapist__user")
    offer = (
        Offer.objects.select_related(*people, "moves__runner__user", "moves__therapist__user").filter(pk=key).first()
    )
    if offer is None:
        raise Http404("No such offer.")
    return offer


def get_series(user: User, series_id: UUID | str) -> Series:
    """A series of sessions `user` may see. Raises Http404 for everybody else's."""
    if not Appointment.objects.visible_to(user).filter(series=series_id).exists():
        raise Http404("No such series.")
    return Series.objects.get(pk=series_id)


def found(user: User, appointment_id: UUID | str, *, is_hold: bool | None) -> Appointment:
    seen = Appointment.objects.visible_to(user).with_people()
    if is_hold is False:
        seen = seen.sessions()
    try:
        appointment = seen.filter(pk=appointment_id).first()
    except ValidationError:
        appointment = None
    if appointment is None:
        raise Http404("No such session.")
    return appointment
