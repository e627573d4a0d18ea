"""What runners are told about their sessions: letters now, reminders before. Rows of the outbox, never a mail sent here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from bookings.calendars import ics
from bookings.letters import links
from bookings.letters.facts import page, time_facts
from bookings.models import Appointment, Change
from bookings.models.appointments import LOST, UNDO, State
from clinic.core.errors import Conflict
from clinic.core.wording import pounds
from clinic.reminders.kinds import Attachment, Kind, register
from clinic.reminders.models import Reminder
from clinic.reminders.models import State as Gone
from clinic.reminders.services import Planned, schedule, schedule_new, withdraw

LETTERS = ("booked", "moved", "resized", "cancelled")
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
            Kind(
                name,
                template=name,
                still_true=still_coming,
                extra=facts,
                transactional=False,
                capped=False,
                label=label,
                summary=summary,
            )
        )


def plan_booked(appointment: Appointment, *, now: datetime) -> None:
    """The confirmation when it cannot be undone any more, and both reminders; in the booking's transaction, in one statement."""
    schedule_new(
        person=appointment.runner.user,
        subject=appointment.subject,
        messages=[letter(appointment, "booked", now=now), *visits(appointment, now=now)],
    )


def plan_moved(appointment: Appointment, *, was: datetime, now: datetime) -> None:
    """Withdraw what was planned for the old time, tell the move, and remind of the new time."""
    withdraw(subject=appointment.subject, reason="The session was moved.")
    for message in (letter(appointment, "moved", now=now, was=was), *visits(appointment, now=now)):
        schedule(person=appointment.runner.user, subject=appointment.subject, **message._asdict())


def plan_resized(appointment: Appointment, *, now: datetime) -> None:
    """Tell the new length instead of what was not told yet; the reminders stay, for the start does."""
    withdraw(subject=appointment.subject, kinds=LETTERS, reason="The length of the session was changed.")
    news = letter(appointment, "resized", now=now)
    schedule(person=appointment.runner.user, subject=appointment.subject, **news._asdict())


def tell_as_it_is(appointment: Appointment) -> None:
    """A change nobody is told of leaves the letter that waits: it tells the session as it is by then."""
    for waiting in Reminder.objects.waiting().filter(subject=appointment.subject, kind__in=LETTERS):
        waiting.context["sequence"] = appointment.sequence
        waiting.save(update_fields=["context"])


def plan_cancelled(appointment: Appointment, *, now: datetime) -> None:
    """Withdraw everything planned and tell the cancellation."""
    withdraw(subject=appointment.subject, reason="The session was cancelled.")
    schedule_new(
        person=appointment.runner.user,
        subject=appointment.subject,
        messages=[letter(appointment, "cancelled", now=now)],
    )


def plan_undone(appointment: Appointment, *, act: Change, earlier: Sequence[Change], now: datetime) -> None:
    """Take back what the undone act had planned, and plan again what it had taken back. `earlier` acts: the latest first.

    Raises Conflict `too_late_to_undo` when its letter has left: a dispatcher was faster.
    """
    withdraw(subject=appointment.subject, reason="It was undone.")
    told = Reminder.objects.filter(subject=appointment.subject, kind__in=LETTERS)
    if told.filter(occasion=occasion_of(act.sequence)).exclude(state__in=(Gone.WITHDRAWN, Gone.SKIPPED)).exists():
        raise Conflict(
            "The letter about it has just left. Move or cancel the session instead.", code="too_late_to_undo"
        )
    if appointment.state != State.BOOKED:
        return
    again = visits(appointment, now=now)
    untold = last_letter(told, earlier)
    if untold is not None and untold.state == Gone.WITHDRAWN:
        context = {**untold.context, "sequence": appointment.sequence}
        occasion = occasion_of(appointment.sequence)
        again.append(Planned(untold.kind, occasion, max(untold.due_at, now), untold.expires_at, context))
    for message in again:
        schedule(person=appointment.runner.user, subject=appointment.subject, **message._asdict())


def last_letter(told: QuerySet[Reminder], acts: Sequence[Change]) -> Reminder | None:
    """The letter about the last of `acts` (the latest first) that has one: a change of room is told to nobody."""
    occasions = [occasion_of(each.sequence) for each in acts]
    letters = {each.occasion: each for each in told.filter(occasion__in=occasions)} if occasions else {}
    return next((letters[each] for each in occasions if each in letters), None)


def occasion_of(sequence: int) -> str:
    """By which name the letter about the change with this number goes."""
    return f"change {sequence}"


def letter(appointment: Appointment, kind: str, *, now: datetime, was: datetime | None = None) -> Planned:
    """The letter about the last change, due when that cannot be undone any more."""
    return Planned(
        kind,
        occasion_of(appointment.sequence),
        now + UNDO,
        max(appointment.start, now + NEWS),
        {"sequence": appointment.sequence, "was": was},
    )


def visits(appointment: Appointment, *, now: datetime) -> list[Planned]:
    """The reminders before the start; one whose time has passed is left out: the letter has just told it all."""
    start = appointment.start
    return [
        Planned(kind, start.isoformat(), start - before, start - USEFUL_UNTIL[kind], {"start": start})
        for kind, before in VISITS.items()
        if start - before > now
    ]


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
    """What, when and the links of the session; nothing about the runner's health."""
    appointment = appointment_of(reminder)
    return appointment_facts(appointment) if appointment is not None else {}


def appointment_facts(appointment: Appointment) -> dict[str, Any]:
    """The facts every letter about `appointment` may use; instants are UTC, addresses carry the clinic's host and open for the runner."""
    return time_facts(appointment) | {
        "by_clinic": appointment.cancel_reason == LOST,
        "change_until": appointment.change_until,
        "late_fee": pounds(appointment.late_fee_pence) if appointment.late_fee_pence else "",
        "page_url": links.address(appointment),
        "room_url": links.address(appointment, "room"),
        "move_url": links.address(appointment, "move"),
        "calendar_url": links.address(appointment, "calendar"),
        "book_url": page("book"),
    }
