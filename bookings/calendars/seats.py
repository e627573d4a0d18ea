"""Calendar files of a seat in a workshop: one stable event per seat, whose sequence rises with every change."""

from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event

from bookings.calendars.ics import PRODUCT, alarm, invite, name_of, summary
from bookings.models import Seat
from bookings.models.workshops import SeatState
from clinic.people.models import User


def uid(seat: Seat) -> str:
    """The event's name, the same for the life of the seat."""
    return name_of(seat)


def method(seat: Seat) -> str:
    """CANCEL for a seat that was given back or whose workshop is cancelled, else REQUEST."""
    return "CANCEL" if seat.state == SeatState.CANCELLED else "REQUEST"


def page_address(seat: Seat) -> str:
    """The workshop's page, with the clinic's host."""
    return settings.SITE_URL + reverse("bookings:workshop", args=[seat.workshop.slug])


def seat_event(seat: Seat, *, reader: User, now: datetime) -> Event:
    """The workshop as an event of the runner's day, in UTC; the seat comes with its workshop and that one's booking."""
    booking = seat.workshop.booking
    cancelled = seat.state == SeatState.CANCELLED
    event = Event()
    event.add("uid", uid(seat))
    event.add("sequence", seat.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", booking.start.astimezone(UTC))
    event.add("dtend", booking.end.astimezone(UTC))
    event.add("summary", summary(booking, reader))
    event.add(
        "location",
        page_address(seat) if booking.is_online else f"{settings.CLINIC_NAME}, {settings.CLINIC_ADDRESS}",
    )
    event.add("url", page_address(seat))
    event.add("description", f"Open it, or give the seat back: {page_address(seat)}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    invite(event, reader)
    if not cancelled:
        event.add_component(alarm())
    return event


def seat_file(seat: Seat, *, reader: User, now: datetime, as_method: str | None = None) -> bytes:
    """The seat as an RFC 5545 calendar of one event; `as_method` PUBLISH is for files somebody downloads."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", as_method or method(seat))
    calendar.add_component(seat_event(seat, reader=reader, now=now))
    return calendar.to_ical()


def file_name(seat: Seat) -> str:
    """A name that tells the day and no more."""
    return f"stridewell-{seat.workshop.booking.start:%Y-%m-%d}.ics"
