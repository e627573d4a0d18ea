"""What a runner is told about a series: one letter for all its sessions, with one calendar file."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar

from bookings.calendars import ics
from bookings.letters import links
from bookings.letters.facts import page, time_facts
from bookings.messages import NEWS
from bookings.models import Appointment, Change, Series
from bookings.models.appointments import UNDO, State
from clinic.core.errors import Conflict
from clinic.people.models import RunnerProfile
from clinic.reminders.kinds import Attachment, Kind, register
from clinic.reminders.models import Reminder
from clinic.reminders.models import State as Gone
from clinic.reminders.services import schedule, withdraw

BOOKED = "booked"


def register_kinds() -> None:
    """Make the kinds of message about series known to the outbox."""
    register(
        Kind("series_booked", "series_booked", still_true=still_booked, extra=facts, attachments=calendar, capped=False)
    )
    register(
        Kind(
            "series_cancelled",
            "series_cancelled",
            still_true=still_cancelled,
            extra=facts,
            attachments=calendar,
            capped=False,
        )
    )


def subject_of(series: Series) -> str:
    return f"series:{series.pk}"


def plan_booked(
    series: Series, *, runner: RunnerProfile, until: datetime, now: datetime, occasion: str = BOOKED
) -> None:
    """The confirmation of them all, due when the act cannot be undone any more."""
    schedule(
        person=runner.user,
        kind="series_booked",
        subject=subject_of(series),
        occasion=occasion,
        due_at=now + UNDO,
        expires_at=max(until, now + NEWS),
    )


def plan_cancelled(series: Series, *, runner: RunnerProfile, keys: list[str], now: datetime) -> None:
    """One letter that the sessions with these `keys` are off."""
    schedule(
        person=runner.user,
        kind="series_cancelled",
        subject=subject_of(series),
        occasion=cancelled_at(now),
        due_at=now + UNDO,
        expires_at=now + UNDO + NEWS,
        context={"keys": keys},
    )


def cancelled_at(at: datetime) -> str:
    """By which name the letter goes that sessions were cancelled at that instant."""
    return f"cancelled {at.astimezone(UTC).isoformat()}"


def plan_undone(series: Series, change: Change, *, now: datetime) -> None:
    """Take the letter of an undone act back; its sessions stand again as they did.

    Where they were cancelled before the letter of their booking left, that one was skipped, and is planned anew.
    Raises Conflict `too_late_to_undo` when a dispatcher was faster.
    """
    session = change.appointment
    about = Reminder.objects.filter(subject=subject_of(series))
    occasion = BOOKED if change.kind == Change.Kind.BOOKED else cancelled_at(change.at)
    withdraw(subject=subject_of(series), occasions=[occasion], reason="It was undone.")
    if about.filter(occasion=occasion).exclude(state__in=(Gone.WITHDRAWN, Gone.SKIPPED)).exists():
        raise Conflict("The letter about it has just left. Change the sessions instead.", code="too_late_to_undo")
    if change.kind == Change.Kind.CANCELLED and about.filter(occasion=BOOKED, state=Gone.SKIPPED).exists():
        plan_booked(series, runner=session.runner, until=session.start, now=now, occasion=f"{BOOKED} {now.isoformat()}")


def sessions_of(reminder: Reminder) -> list[Appointment]:
    """The sessions a letter tells of, as they stand: what is booked, or what of its `keys` is cancelled."""
    _, _, key = reminder.subject.partition(":")
    found = Appointment.objects.with_people().filter(series=key).order_by("start")
    if reminder.kind == "series_cancelled":
        return list(found.filter(state=State.CANCELLED, pk__in=reminder.context.get("keys", [])))
    return list(found.filter(state=State.BOOKED))


def still_booked(reminder: Reminder, now: datetime) -> str:
    return "" if sessions_of(reminder) else "The whole series was cancelled before this went out."


def still_cancelled(reminder: Reminder, now: datetime) -> str:
    """Nothing is told of a series that was booked and cancelled before its letter left."""
    told = Reminder.objects.filter(subject=reminder.subject, kind="series_booked", state="sent").exists()
    return "" if sessions_of(reminder) and told else "Nobody was told of these sessions, or they were put back."


def calendar(reminder: Reminder) -> list[Attachment]:
    """Every session under its own name, as calendars know it from single letters too.

    What is booked is published in one file. What is cancelled comes in a file each: a CANCEL may speak of one event alone
    (RFC 5546, 3.2.5), and programs take no event out for less.
    """
    sessions = sessions_of(reminder)
    if not sessions:
        return []
    if reminder.kind == "series_cancelled":
        return [cancelled_file(each, reminder) for each in sessions]
    content = one_file(sessions, reminder)
    return [(f"stridewell-{sessions[0].start:%Y-%m-%d}-series.ics", content, "text/calendar; method=PUBLISH")]


def cancelled_file(session: Appointment, reminder: Reminder) -> Attachment:
    content = ics.calendar_file(session, reader=reminder.person, now=reminder.created_at)
    return (f"stridewell-{session.start:%Y-%m-%d-%H%M}-cancelled.ics", content, "text/calendar; method=CANCEL")


def one_file(sessions: Iterable[Appointment], reminder: Reminder) -> bytes:
    whole: Calendar | None = None
    for session in sessions:
        content = ics.calendar_file(session, reader=reminder.person, now=reminder.created_at, as_method="PUBLISH")
        read = Calendar.from_ical(content)
        if whole is None:
            whole = read
        else:
            for event in read.walk("VEVENT"):
                whole.add_component(event)
    return whole.to_ical() if whole is not None else b""


def facts(reminder: Reminder) -> dict[str, Any]:
    """When each session is, with whom, and the links; nothing about the runner's health."""
    sessions = sessions_of(reminder)
    if not sessions:
        return {}
    first = sessions[0]
    return time_facts(first) | {
        "starts": [each.start for each in sessions],
        "notice_h": first.service.change_notice_h,
        "sessions_url": "" if links.is_needed(first) else page("appointments"),
        "sessions": [(each.start, links.address(each)) for each in sessions],
        "book_url": page("book"),
    }
