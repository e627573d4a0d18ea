"""runner@'s own story with therapist@: twelve weeks of sessions, the next one today or tomorrow."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.models import Appointment
from bookings.models.appointments import State
from clinic.demo.agenda import Book, open_ranges, starts_in

VISITS = (
    (-84, "first-visit"),
    (-70, "follow-up"),
    (-56, "follow-up"),
    (-35, "follow-up"),
    (-28, "follow-up"),
    (-14, "follow-up"),
)
"""Days from today, and what they were for."""

CANCELLED_DAY, AFTER_NEXT = -42, 14
HEAD_START = timedelta(minutes=100)


def write_story(book: Book) -> list[Appointment]:
    """Her sessions, oldest first; the last but one is the next to come."""
    therapist, runner = book.people.therapists[0], book.people.runners[0]
    sessions = []
    for offset, slug in VISITS:
        sessions.append(on_day(book, offset, slug, State.COMPLETED))
    on_day(book, CANCELLED_DAY, "follow-up", State.CANCELLED)
    follow_up = book.services["follow-up"]
    for start in coming_starts(book):
        row = book.enter(follow_up, therapist, runner, start, State.BOOKED)
        if row is not None:
            sessions.append(row)
            break
    sessions.append(on_day(book, AFTER_NEXT, "follow-up", State.BOOKED))
    return sessions


def coming_starts(book: Book) -> list[datetime]:
    """What therapist@ could still do today, then tomorrow and after: afternoons first, for people have jobs."""
    therapist = book.people.therapists[0]
    today = book.now.astimezone(ZoneInfo(therapist.user.zone)).date()
    starts = []
    for ahead in range(5):
        day = [
            start
            for period in open_ranges(therapist, today + timedelta(days=ahead))
            for start in starts_in(period)
            if start >= book.now + HEAD_START and start + timedelta(minutes=30) <= period.end
        ]
        starts += sorted(day, key=lambda start: (start.hour < 15, start)) if ahead else day
    return starts


def on_day(book: Book, offset: int, slug: str, state: str) -> Appointment:
    """A late-afternoon session on the first working day from `offset` days on."""
    therapist, runner, service = book.people.therapists[0], book.people.runners[0], book.services[slug]
    today = book.now.astimezone(ZoneInfo(therapist.user.zone)).date()
    for later in range(7):
        for period in reversed(open_ranges(therapist, today + timedelta(days=offset + later))):
            start = period.end - timedelta(minutes=105)
            row = book.enter(service, therapist, runner, start, state)
            if row is not None:
                return row
    raise LookupError("No working day in a whole week.")
