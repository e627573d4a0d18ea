"""Links that open one session without a log-in, for those who booked it without an account."""

from datetime import timedelta
from uuid import UUID

from django.core import signing

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
