"""What a person's calendar program reads from their private address: their own sessions and workshops, nothing clinical.

Written from the rows alone, so that the same bookings always give the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from icalendar import Calendar, Event

from bookings.calendars import ics
from bookings.calendars import seats as seat_calendar
from bookings.models import Appointment, Seat
from bookings.models.appointments import State
from clinic.people.models import User

BACK, AHEAD = timedelta(days=30), timedelta(days=400)
CANCELLED_SHOWN = timedelta(days=30)
"""So long a cancelled session stays in the feed, struck out, for programs that would otherwise keep it."""

MOST = 2_000
ASK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One event: a name for life, a sequence that rises, when it changed last, and what a passer-by may read."""

    name: str
    sequence: int
    changed_at: datetime
    start: datetime
    end: datetime
    summary: str
    place: str
    url: str
    cancelled: bool


def feed_file(user: User, *, now: datetime) -> bytes:
    """The feed of `user` as seen at `now`: 30 days back, 400 ahead, times in UTC. Two queries at most."""
    calendar = Calendar()
    calendar.add("prodid", ics.PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", settings.CLINIC_NAME)
    calendar.add("x-wr-calname", settings.CLINIC_NAME)
    calendar.add("refresh-interval", ASK_AGAIN, {"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in sorted(entries_of(user, now), key=lambda each: (each.start, each.name)):
        calendar.add_component(as_event(entry))
    return calendar.to_ical()


def entries_of(user: User, now: datetime) -> Iterator[Entry]:
    for appointment in appointments_of(user, now)[:MOST]:
        yield session_entry(appointment, user)
    if user.is_runner:
        shown: set[object] = set()
        for seat in seats_of(user, now)[:MOST]:
            if seat.workshop_id not in shown:
                shown.add(seat.workshop_id)
                yield seat_entry(seat, user)


def appointments_of(user: User, now: datetime) -> QuerySet[Appointment]:
    """The runner's sessions; the therapist's sessions and workshops. No holds, and nothing long cancelled."""
    own = Q(therapist__user=user) if user.is_therapist else Q(runner__user=user)
    found = Appointment.objects.with_people().filter(own, hold_expires_at__isnull=True)
    found = found.filter(start__gte=now - BACK, start__lt=now + AHEAD)
    return found.exclude(state=State.CANCELLED, cancelled_at__lte=now - CANCELLED_SHOWN).order_by("start", "id")


def seats_of(user: User, now: datetime) -> QuerySet[Seat]:
    """The runner's places in workshops, taken or lately given back: of each workshop the one that counts first."""
    lately = Q(state=Seat.State.CANCELLED, cancelled_at__gt=now - CANCELLED_SHOWN)
    found = Seat.objects.filter(Q(state=Seat.State.TAKEN) | lately, runner__user=user)
    found = found.filter(
        workshop__booking__start__gte=now - BACK, workshop__booking__start__lt=now + AHEAD
    ).select_related("workshop__booking__therapist__user")
    return found.order_by("-state", "friend", "made_at", "id")


def session_entry(appointment: Appointment, user: User) -> Entry:
    if appointment.workshop is not None:
        summary = f"Workshop: {appointment.workshop.title}"
        url = settings.SITE_URL + reverse("bookings:workshop", args=[appointment.workshop.slug])
    else:
        summary, url = ics.summary(appointment, user), ics.page_address(appointment)
    return Entry(
        name=ics.uid(appointment),
        sequence=appointment.sequence,
        changed_at=appointment.cancelled_at or appointment.booked_at,
        start=appointment.start,
        end=appointment.end,
        summary=summary,
        place=place_of(appointment, url),
        url=url,
        cancelled=appointment.state == State.CANCELLED,
    )


def seat_entry(seat: Seat, user: User) -> Entry:
    """The same event as in the letters about this seat."""
    booking, url = seat.workshop.booking, seat_calendar.page_address(seat)
    return Entry(
        name=seat_calendar.uid(seat),
        sequence=seat.sequence,
        changed_at=seat.cancelled_at or booking.cancelled_at or seat.made_at,
        start=booking.start,
        end=booking.end,
        summary=ics.summary(booking, user),
        place=place_of(booking, url),
        url=url,
        cancelled=State.CANCELLED in (seat.state, booking.state),
    )


def place_of(appointment: Appointment, url: str) -> str:
    return url if appointment.is_online else f"{settings.CLINIC_NAME}, {settings.CLINIC_ADDRESS}"


def as_event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.name)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", entry.start.astimezone(UTC))
    event.add("dtend", entry.end.astimezone(UTC))
    event.add("summary", entry.summary)
    event.add("location", entry.place)
    event.add("url", entry.url)
    event.add("description", f"Open, move or cancel: {entry.url}")
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    return event
