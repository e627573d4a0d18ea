"""The first therapist's calendar elsewhere, as if it had been read a few minutes ago. Its address leads nowhere."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bookings.models import OutsideBusy, OutsideCalendar
from clinic.core.periods import Period
from clinic.demo.agenda import Book

NEVER = timedelta(days=365)
ADDRESS = "https://calendar.example/private-4f1c9a/school.ics"
WEEKDAY, STARTS, ENDS = 1, time(8), time(9)
"""Tuesdays from eight to nine, by the therapist's clock: the walk to school."""


def connect_elsewhere(book: Book) -> None:
    """The calendar and what it calls busy: of its hours those in which nothing is booked."""
    therapist, now = book.people.therapists[0], book.now
    calendar = OutsideCalendar.objects.create(
        therapist=therapist,
        name="School run",
        address=ADDRESS,
        made_at=now - timedelta(days=40),
        next_at=now + NEVER,
        read_at=now - timedelta(minutes=6),
        good_at=now - timedelta(minutes=6),
    )
    zone = ZoneInfo(therapist.user.zone)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(1, 90)]
    walks = [
        Period(datetime.combine(day, STARTS, zone).astimezone(UTC), datetime.combine(day, ENDS, zone).astimezone(UTC))
        for day in days
        if day.weekday() == WEEKDAY
    ]
    OutsideBusy.objects.bulk_create(
        OutsideBusy(calendar=calendar, therapist=therapist, start=walk.start, end=walk.end)
        for walk in walks
        if book.free(("therapist", therapist.pk), walk)
    )
