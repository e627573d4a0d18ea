"""What every letter about a time says, and the addresses it carries. Nothing about anybody's health."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from bookings import video
from bookings.models import Appointment


def page(name: str, *args: object) -> str:
    """The address of one of our pages, with the clinic's host."""
    return settings.SITE_URL + reverse(f"bookings:{name}", args=args)


def time_facts(booking: Appointment) -> dict[str, Any]:
    """When it is (UTC), how long, with whom and where: of a session, a hold or a workshop's time."""
    return {
        "start": booking.start,
        "end": booking.end,
        "minutes": booking.minutes,
        "therapist": booking.therapist.user.name,
        "online": booking.is_online,
        "room_opens": video.opens_at(booking),
    }
