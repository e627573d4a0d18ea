"""Instants, lengths and sums of money in the words of the screen."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def city(zone: str) -> str:
    """The zone as people say it: `America/Argentina/Buenos_Aires` is "Buenos Aires"."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def clock(at: datetime, zone: str) -> str:
    """The time of day in `zone`, 24 hours: "17:30"."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def short_day(on: date, *, year: bool = False) -> str:
    """ "Thu 26 Nov", with the year where asked."""
    return f"{DAYS[on.weekday()][:3]} {on.day} {MONTHS[on.month - 1]}" + (f" {on.year}" if year else "")


def long_day(on: date) -> str:
    """ "Thursday 26 November"."""
    return f"{DAYS[on.weekday()]} {on.day} {on.strftime('%B')}"


def near_day(on: date, today: date) -> str:
    """ "today", "tomorrow", "yesterday", within the week "Thu", else "Thu 26 Nov" (with the year when it is another)."""
    apart = (on - today).days
    if apart in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[apart + 1]
    if 1 < apart < 7:
        return DAYS[on.weekday()][:3]
    return short_day(on, year=on.year != today.year)


def dated_day(on: date, today: date) -> str:
    """As `near_day`, with the date from the day after tomorrow on: for lists, where "Thu" could be any Thursday."""
    return near_day(on, today) if abs((on - today).days) < 2 else short_day(on, year=on.year != today.year)


def until_words(start: datetime, now: datetime) -> str:
    """How long until `start`: "in 12 min", "in 1 h 9 min", "in 8 h", "in 3 days", "now" from the start on."""
    left = start - now
    if left <= timedelta():
        return "now"
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return "in under a minute"
    if minutes < 60:
        return f"in {minutes} min"
    if minutes < 120:
        return f"in 1 h {minutes - 60} min" if minutes > 60 else "in 1 h"
    if minutes < 36 * 60:
        return f"in {round(minutes / 60)} h"
    return f"in {round(minutes / 1440)} days"


def greeting(at: datetime, zone: str) -> str:
    """ "Morning" to noon, "Afternoon" to 18:00, "Evening" to 05:00, by the clock of `zone`."""
    hour = at.astimezone(ZoneInfo(zone)).hour
    if 5 <= hour < 12:
        return "Morning"
    return "Afternoon" if 12 <= hour < 18 else "Evening"


def in_words(names: Sequence[str]) -> str:
    """ "Ana", "Ana and Ben", "Ana, Ben and Cleo"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def pounds(pence: int) -> str:
    """£68, £68.50."""
    whole, rest = divmod(pence, 100)
    return f"£{whole:,}" + (f".{rest:02d}" if rest else "")
