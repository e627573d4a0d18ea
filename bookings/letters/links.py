"""Links that open one session without a log-in, for runners who have none or booked without it."""

from datetime import timedelta
from uuid import UUID

from django.core import signing

from bookings.letters import facts
from bookings.models import Appointment

SALT = "bookings.letters.links"
VALID_FOR = timedelta(days=180)


def sign(appointment: Appointment) -> str:
    """The signed text of the session's link."""
    return signing.dumps(appointment.pk.hex, salt=SALT)


def read(token: str) -> UUID | None:
    """Which session the link opens; None for anything that we did not sign, and for a link older than VALID_FOR."""
    try:
        return UUID(hex=signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def is_needed(appointment: Appointment) -> bool:
    """Whether the runner's letters carry the link: they have no log-in, or did not use it to book."""
    return appointment.booked_by_id is None or not appointment.runner.user.has_usable_password()


def page_name(page: str) -> str:
    """What the URL is called that opens the session's `page` ("move", "room", …) by the link."""
    return "visit" if page == "appointment" else f"visit_{page}"


def address(appointment: Appointment, page: str = "appointment") -> str:
    """Where the runner opens that page of the session, by link or log-in; carries the clinic's host."""
    if is_needed(appointment):
        return facts.page(page_name(page), sign(appointment))
    return facts.page(page, appointment.pk)
