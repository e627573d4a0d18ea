"""What a session costs, and what its cancellation. Pure."""

from datetime import datetime

from bookings.models import Appointment, Service
from clinic.people.models import TherapistProfile


def price_of(service: Service, therapist: TherapistProfile | None = None) -> int:
    """Pence for one session: for a first visit online the therapist's own rate where they have one, else the service's price."""
    if service.is_first_visit and service.is_online and therapist is not None and therapist.rate_pence:
        return therapist.rate_pence
    return service.price_pence


def late_fee_of(service: Service, therapist: TherapistProfile | None = None) -> int:
    """Pence for a cancellation after the notice: the service's part of the price, half a penny rounded up."""
    return (price_of(service, therapist) * service.late_fee_percent + 50) // 100


def cost_of_cancelling(appointment: Appointment, now: datetime) -> int:
    """Pence the runner pays for cancelling at `now`: nothing up to and with the last second of the notice."""
    if now <= appointment.change_until:
        return 0
    return late_fee_of(appointment.service, appointment.therapist)


def part_words(percent: int) -> str:
    """What part of the price a late cancellation costs: "half of the price"."""
    words = {25: "a quarter of the price", 50: "half of the price", 100: "the full price"}
    return words.get(percent, f"{percent} % of the price")
