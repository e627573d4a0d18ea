"""Who waits for a time in the demonstration: a few wishes nothing free suits just now, and one time kept for somebody."""

from datetime import timedelta

from bookings.models import WaitlistEntry
from bookings.models.waitlist import EVERY_DAY, EVERY_PART, PartOfDay
from bookings.services import join_waitlist, offer_free_times
from clinic.demo.agenda import Book

WAITING = (
    ("Karin Holmsund", "follow-up", "Tomas Reinholt", 0b0010000, PartOfDay.EVENING, 12),
    ("Dele Adeyemi", "run-lab", "Priya Raman", EVERY_DAY, PartOfDay.EVENING, 9),
    ("Rosa Milanesi", "follow-up", "Ines Carvalho", 0b0000010, EVERY_PART, 7),
    ("Leila Farouqi", "follow-up-clinic", "Aled Prosser", 0b0000001, EVERY_PART, 4),
    ("Maya Lindqvist", "follow-up", "Nadia Okello", 0b1100000, PartOfDay.MORNING, 2),
)
"""Runner, service, therapist, weekdays, parts of the day, and how many days ago they asked."""

OFFERED = ("Yusuf Demirel", "first-visit", 15)
"""Any time with anyone; whose time is kept just now."""


def write_waitlist(book: Book) -> None:
    """The wishes, asked through the same service as everybody's; the one that can be fulfilled gets its offer."""
    runners = {each.user.name: each for each in book.people.runners}
    therapists = {each.user.name: each for each in book.people.therapists}
    name, slug, days = OFFERED
    asked = [(name, slug, "", EVERY_DAY, EVERY_PART, days), *WAITING]
    for name, slug, therapist, weekdays, parts, days in asked:
        at = book.now - timedelta(days=days)
        entry = join_waitlist(
            service=book.services[slug],
            therapist=therapists.get(therapist),
            runner=runners[name],
            first=book.now.date(),
            last=None,
            weekdays=weekdays,
            parts=parts,
            by=runners[name].user,
            now=at,
        )
        WaitlistEntry.objects.filter(pk=entry.pk).update(first=at.date())
    offer_free_times(now=book.now)
