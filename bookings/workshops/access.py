"""Who may open which workshop. A stranger to a list or a room gets 404."""

from datetime import datetime

from django.http import Http404

from bookings.models import Seat, Workshop
from bookings.workshops.seating import with_counts
from clinic.people.models import User


def get_workshop(slug: str, now: datetime) -> Workshop:
    """The workshop with its time, therapist and counts, planned, past or cancelled; open to all. Raises Http404."""
    workshop = with_counts(Workshop.objects.all(), now).filter(slug=slug, booking__isnull=False).first()
    if workshop is None:
        raise Http404("No such workshop.")
    return workshop


def get_led_workshop(user: User, slug: str, now: datetime) -> Workshop:
    """The workshop whose list of people `user` may see: staff any, its therapist theirs. Raises Http404 otherwise."""
    workshop = get_workshop(slug, now)
    if not (user.is_clinic_staff or workshop.booking.therapist.user_id == user.pk):
        raise Http404("No such workshop.")
    return workshop


def get_workshop_room(user: User, slug: str, now: datetime) -> Workshop:
    """The online workshop whose room `user` may enter: its therapist and whoever has a seat. Raises Http404 otherwise."""
    workshop = get_workshop(slug, now)
    seated = Seat.objects.filter(workshop=workshop, runner__user=user, state=Seat.State.TAKEN)
    if not workshop.booking.video_key or not (workshop.booking.therapist.user_id == user.pk or seated.exists()):
        raise Http404("No such room.")
    return workshop
