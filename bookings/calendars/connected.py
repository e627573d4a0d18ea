"""How a therapist's calendars elsewhere are: read when, stale or not, and which sessions they clash with."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import Appointment, OutsideBusy, OutsideCalendar
from bookings.models.appointments import State
from clinic.people.models import TherapistProfile

STALE = timedelta(hours=24)


def overview(
    person: TherapistProfile, now: datetime, *, clashing: Sequence[Appointment] | None = None
) -> dict[str, Any]:
    """What `_outside.html` shows: `outside` (calendar, host, stale), and `clashes`, the booked times it calls busy.

    `clashing` are these, where the page has read them already.
    """
    connected = list(OutsideCalendar.objects.filter(therapist=person))
    if clashing is None:
        clashing = list(clashes(person, now=now)) if connected else []
    return {"outside": list(each_state(connected, now)), "clashes": clashing}


def busy_elsewhere() -> Exists:
    """Whether a connected calendar calls the time of an appointment busy; for use inside a query of appointments."""
    return Exists(
        OutsideBusy.objects.filter(
            therapist=OuterRef("therapist"), start__lt=OuterRef("end"), end__gt=OuterRef("start")
        )
    )


def clashes(therapist: TherapistProfile, *, now: datetime) -> QuerySet[Appointment]:
    """Booked sessions and workshops that a connected calendar calls busy: they stay until somebody moves or cancels them."""
    coming = Appointment.objects.with_people().filter(
        busy_elsewhere(), therapist=therapist, state__in=(State.BOOKED, State.ARRIVED), end__gt=now
    )
    return coming.order_by("start", "id")


def stale_calendars(now: datetime) -> QuerySet[OutsideCalendar]:
    """Calendars whose last good copy is older than a day: what they block may be out of date."""
    long_ago = now - STALE
    return OutsideCalendar.objects.select_related("therapist__user").filter(
        Q(good_at__lt=long_ago) | Q(good_at__isnull=True, made_at__lt=long_ago), therapist__user__is_active=True
    )


def each_state(calendars: Collection[OutsideCalendar], now: datetime) -> Iterator[tuple[OutsideCalendar, str, bool]]:
    """(calendar, its host, whether its copy is stale): all that a page shows of an address."""
    for calendar in calendars:
        yield calendar, urlsplit(calendar.address).hostname or "", now - (calendar.good_at or calendar.made_at) > STALE
