"""What a session costs. Pure."""

from bookings.models import Service
from clinic.people.models import TherapistProfile


def price_of(service: Service, therapist: TherapistProfile | None = None) -> int:
    """Pence for one session: for a first visit online the therapist's own rate where they have one, else the service's price."""
    if service.is_first_visit and service.is_online and therapist is not None and therapist.rate_pence:
        return therapist.rate_pence
    return service.price_pence
