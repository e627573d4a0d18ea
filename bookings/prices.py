"""What a session costs, and what its cancellation. Pure."""

from datetime import datetime

from bookings.models import Appointment, Service
from clinic.people.models import TherapistProfile


def price_of(service: Service, therapist: TherapistProfile | None = None) -> int:
    """Pence for one session: for a first visit online the therapist's own rate where they have one, else the service's price."""
    if service.is_first_visit and service.is_online and therapist is not None and therapist.rate_pence:
        return therapist.rate_pence
    return service.price_pence


def agreed_price(appointment: Appointment) -> int:
    """Pence the session costs: what was agreed when its time was taken, else today's price."""
    if appointment.price_pence is not None:
        return appointment.price_pence
    return price_of(appointment.service, appointment.therapist)


def agreed_late_fee(appointment: Appointment) -> int:
    """Pence for cancelling this session after its notice."""
    return part_of(agreed_price(appointment), appointment.service.late_fee_percent)


def late_fee_of(service: Service, therapist: TherapistProfile | None = None) -> int:
    """Pence for a cancellation after the notice: the service's part of the price."""
    return part_of(price_of(service, therapist), service.late_fee_percent)


def part_of(pence: int, percent: int) -> int:
    """That many percent of an amount, half a penny rounded up."""
    return (pence * percent + 50) // 100


def cost_of_cancelling(appointment: Appointment, now: datetime) -> int:
    """Pence the runner pays for cancelling at `now`: nothing up to and with the last second of the notice."""
    if now <= appointment.change_until:
        return 0
    return agreed_late_fee(appointment)


def part_words(percent: int) -> str:
    """What part of the price a late cancellation costs: "half of the price"."""
    words = {25: "a quarter of the price", 50: "half of the price", 100: "the full price"}
    return words.get(percent, f"{percent} % of the price")
