"""Calendar files of a session: one stable event whose sequence rises with every change. Nothing clinical in them."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from bookings.letters import links
from bookings.models import Appointment
from bookings.models.appointments import State
from clinic.people.models import User

PRODUCT = "-//Stridewell//Bookings//EN"
MIME_TYPE = "text/calendar; charset=utf-8"


def uid(appointment: Appointment) -> str:
    """The event's name, the same for the life of the appointment."""
    return name_of(appointment)


def name_of(record: Model) -> str:
    """A record's key under our host: no other program gives this name, and ours is known when it comes back."""
    return f"{record.pk}@{own_host()}"


def own_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "stridewell"


def method(appointment: Appointment) -> str:
    """CANCEL for a cancelled session, else REQUEST."""
    return "CANCEL" if appointment.state == State.CANCELLED else "REQUEST"


def page_address(appointment: Appointment) -> str:
    """The session's page, with the clinic's host."""
    return settings.SITE_URL + reverse("bookings:appointment", args=[appointment.pk])


def calendar_file(appointment: Appointment, *, reader: User, now: datetime, as_method: str | None = None) -> bytes:
    """The session as an RFC 5545 calendar of one event, times in UTC, from the side of `reader` (runner or therapist).

    `as_method` PUBLISH is for files somebody downloads; letters carry `method(appointment)`.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", as_method or method(appointment))
    event = Event()
    event.add("uid", uid(appointment))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", appointment.start.astimezone(UTC))
    event.add("dtend", appointment.end.astimezone(UTC))
    event.add("summary", summary(appointment, reader))
    event.add("location", where(appointment))
    if reader.pk == appointment.runner.user_id and links.is_needed(appointment):
        # The link is a key, and calendars are shown to others: it stays in the letter.
        event.add("description", "Open, move or cancel it by the link in our e-mail.")
    else:
        event.add("url", page_address(appointment))
        event.add("description", f"Open, move or cancel: {page_address(appointment)}")
    event.add("status", "CANCELLED" if appointment.state == State.CANCELLED else "CONFIRMED")
    event.add("class", "PRIVATE")
    invite(event, reader)
    if appointment.state != State.CANCELLED:
        event.add_component(alarm())
    calendar.add_component(event)
    return calendar.to_ical()


def invite(event: Event, reader: User) -> None:
    """The clinic asks `reader`, who has said yes."""
    organiser = vCalAddress(f"MAILTO:{address_only(settings.DEFAULT_FROM_EMAIL)}")
    organiser.params["CN"] = vText(settings.CLINIC_NAME)
    event.add("organizer", organiser)
    attendee = vCalAddress(f"MAILTO:{reader.email}")
    attendee.params["CN"] = vText(reader.name)
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    event.add("attendee", attendee)


def summary(appointment: Appointment, reader: User) -> str:
    """What a passer-by may read: neither the service or workshop, whose name may tell of an injury, nor who the runner is."""
    if reader.pk == appointment.therapist.user_id:
        return f"{settings.CLINIC_NAME} session"
    return f"{settings.CLINIC_NAME} with {appointment.therapist.user.name}"


def file_name(appointment: Appointment) -> str:
    """A name that tells the day and no more."""
    return f"stridewell-{appointment.start:%Y-%m-%d}.ics"


def where(appointment: Appointment) -> str:
    """The room's page online (it lets in the two people concerned), else the clinic's address."""
    if appointment.is_online:
        return page_address(appointment)
    return f"{settings.CLINIC_NAME}, {settings.CLINIC_ADDRESS}"


def alarm() -> Alarm:
    bell = Alarm()
    bell.add("action", "DISPLAY")
    bell.add("description", "Your session begins soon.")
    bell.add("trigger", timedelta(minutes=-30))
    return bell


def address_only(sender: str) -> str:
    """The bare address of "Name <address>"."""
    return parseaddr(sender)[1]
