"""What runners are told about their sessions: letters now, reminders before. Rows of the outbox, never a mail sent here."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from bookings import ics, video
from bookings.models import Appointment
from bookings.models.appointments import State
from bookings.zones import city
from clinic.people.models import User
from clinic.reminders.kinds import Attachment, Kind, register
from clinic.reminders.models import Reminder
from clinic.reminders.services import schedule, withdraw

LETTERS = ("booked", "moved", "cancelled")
VISITS = {"visit_24h": timedelta(hours=24), "visit_1h": timedelta(hours=1)}
"""Kind -> real time before the start."""

USEFUL_UNTIL = {"visit_24h": timedelta(hours=2), "visit_1h": timedelta(0)}
"""Kind -> how long before the start it comes too late."""

NEWS = timedelta(days=2)
"""A letter about a change is of use this long, or until the session if that is later."""


def register_kinds() -> None:
    """Make this app's kinds of message known to the outbox."""
    for name in LETTERS:
        register(Kind(name, template=name, still_true=still_news, extra=facts, attachments=calendar, capped=False))
    for name, label, summary in (
        ("visit_24h", "The day before a session", "One e-mail 24 hours before."),
        ("visit_1h", "Just before a session", "One e-mail an hour before, with the link."),
    ):
        register(
            Kind(name, template=name, still_true=still_coming, extra=facts, transactional=False, capped=False, label=label, summary=summary)
        )


def plan_booked(appointment: Appointment, *, now: datetime) -> None:
    """The confirmation now, and both reminders; in the booking's transaction."""
    plan_letter(appointment, "booked", now=now)
    plan_visits(appointment, now=now)


def plan_moved(appointment: Appointment, *, was: datetime, now: datetime) -> None:
    """Withdraw what was planned for the old time, tell the change, remind of the new time."""
    withdraw(subject=appointment.subject, reason="The session was moved.")
    plan_letter(appointment, "moved", now=now, was=was)
    plan_visits(appointment, now=now)


def plan_cancelled(appointment: Appointment, *, now: datetime) -> None:
    """Withdraw everything planned and tell the cancellation."""
    withdraw(subject=appointment.subject, reason="The session was cancelled.")
    plan_letter(appointment, "cancelled", now=now)


def plan_letter(appointment: Appointment, kind: str, *, now: datetime, was: datetime | None = None) -> None:
    schedule(
        person=appointment.runner.user,
        kind=kind,
        subject=appointment.subject,
        occasion=f"change {appointment.sequence}",
        due_at=now,
        expires_at=max(appointment.start, now + NEWS),
        context={"sequence": appointment.sequence, "was": was},
    )


def plan_visits(appointment: Appointment, *, now: datetime) -> None:
    """A reminder whose time has passed already is not planned: the letter has just told it all."""
    for kind, before in VISITS.items():
        due_at = appointment.start - before
        if due_at > now:
            schedule(
                person=appointment.runner.user,
                kind=kind,
                subject=appointment.subject,
                occasion=appointment.start.isoformat(),
                due_at=due_at,
                expires_at=appointment.start - USEFUL_UNTIL[kind],
                context={"start": appointment.start},
            )


def appointment_of(reminder: Reminder) -> Appointment | None:
    """The session a message is about, with its people."""
    _, _, key = reminder.subject.partition(":")
    return Appointment.objects.with_people().filter(pk=key).first()


def still_coming(reminder: Reminder, now: datetime) -> str:
    """A reminder holds while its session is booked for the time it tells."""
    appointment = appointment_of(reminder)
    if appointment is None or appointment.state == State.CANCELLED:
        return "The session was cancelled."
    if appointment.start.isoformat() != reminder.occasion:
        return "The session was moved."
    if appointment.state != State.BOOKED:
        return f"The session is {appointment.get_state_display().lower()} already."
    return "" if now < appointment.start else "The session has begun."


def still_news(reminder: Reminder, now: datetime) -> str:
    """A letter holds while the change it tells is the last one."""
    appointment = appointment_of(reminder)
    if appointment is None:
        return "The session does not exist any more."
    if appointment.sequence != reminder.context.get("sequence"):
        return "The session was changed again before this went out."
    return ""


def calendar(reminder: Reminder) -> list[Attachment]:
    """The calendar file that adds, moves or removes the event."""
    appointment = appointment_of(reminder)
    if appointment is None:
        return []
    content = ics.calendar_file(appointment, reader=reminder.person, now=reminder.created_at)
    return [(ics.file_name(appointment), content, f"text/calendar; method={ics.method(appointment)}")]


def facts(reminder: Reminder) -> dict[str, Any]:
    """What, when and the links; local times in the reader's zone, the clinic's beside them when the clocks differ."""
    appointment = appointment_of(reminder)
    if appointment is None:
        return {}
    return appointment_facts(appointment, reminder.person) | {"was": moment(reminder.context.get("was"), reminder.person)}


def appointment_facts(appointment: Appointment, reader: User) -> dict[str, Any]:
    """The facts of a letter about `appointment`, for `reader`."""
    here = appointment.start.astimezone(ZoneInfo(reader.zone))
    clinic = appointment.start.astimezone(ZoneInfo(settings.CLINIC_ZONE))
    page = settings.SITE_URL + reverse("bookings:appointment", args=[appointment.pk])
    change_until = appointment.start - timedelta(hours=appointment.service.change_notice_h)
    return {
        "appointment": appointment,
        "therapist": appointment.therapist.user.name,
        "minutes": int((appointment.end - appointment.start).total_seconds() // 60),
        "here": here,
        "clinic_time": clinic if clinic.utcoffset() != here.utcoffset() else None,
        "here_city": city(reader.zone),
        "clinic_city": city(settings.CLINIC_ZONE),
        "room_opens": video.opens_at(appointment).astimezone(here.tzinfo),
        "change_until": change_until.astimezone(here.tzinfo),
        "where": "online" if appointment.is_online else f"at the clinic, {settings.CLINIC_ADDRESS}",
        "page_url": page,
        "room_url": f"{page}room/",
        "move_url": settings.SITE_URL + reverse("bookings:move", args=[appointment.pk]),
        "calendar_url": settings.SITE_URL + reverse("bookings:calendar", args=[appointment.pk]),
        "book_url": settings.SITE_URL + reverse("bookings:book"),
    }


def moment(text: str | None, reader: User) -> datetime | None:
    """An instant kept as text, in the reader's zone."""
    return datetime.fromisoformat(text).astimezone(ZoneInfo(reader.zone)) if text else None
