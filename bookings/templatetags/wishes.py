"""How pages write what somebody wishes for."""

from django import template

from bookings.models import PartOfDay, WaitlistEntry
from bookings.models.waitlist import EVERY_DAY
from clinic.core import wording

register = template.Library()

WEEKDAYS, WEEKEND = 0b0011111, 0b1100000
PARTS = {
    PartOfDay.MORNING: "before 12:00",
    PartOfDay.AFTERNOON: "12:00 to 17:00",
    PartOfDay.EVENING: "after 17:00",
    PartOfDay.MORNING | PartOfDay.AFTERNOON: "before 17:00",
    PartOfDay.AFTERNOON | PartOfDay.EVENING: "from 12:00",
    PartOfDay.MORNING | PartOfDay.EVENING: "before 12:00 or after 17:00",
}
NAMED = {EVERY_DAY: "Any day", WEEKDAYS: "Monday to Friday", WEEKEND: "At weekends"}


def times_in_words(weekdays: int, parts: int) -> str:
    """ "Mon, Thu, after 17:00"; the bits of a TimeWish."""
    days = NAMED.get(weekdays) or ", ".join(wording.DAYS[day][:3] for day in range(7) if weekdays >> day & 1)
    return f"{days}, {PARTS[parts]}" if parts in PARTS else days


@register.filter
def wished(entry: WaitlistEntry) -> str:
    """ "Any day, after 17:00. From Mon 30 Nov until Fri 4 Dec"; a first day that was the day of asking goes unsaid."""
    times = times_in_words(entry.weekdays, entry.parts)
    at_once = entry.first <= entry.made_at.date()
    if entry.last is None:
        return times if at_once else f"{times}. From {wording.short_day(entry.first)}"
    if entry.first == entry.last:
        return f"{times}. On {wording.short_day(entry.first)}"
    days = f"until {wording.short_day(entry.last)}"
    return f"{times}. U{days[1:]}" if at_once else f"{times}. From {wording.short_day(entry.first)} {days}"
