"""How the desk's pages write weeks, days that are different, and time off: in plain days where it is whole days."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template

from bookings.models import Override, TimeOff
from bookings.weeks import HoursRange, Stretch, range_words
from clinic.core.wording import clock, short_day
from clinic.people.models import TherapistProfile

register = template.Library()


@register.filter
def in_days(absence: TimeOff, zone: str) -> str:
    """ "Thu 26 Nov", "Thu 26 Nov to Fri 4 Dec", or with times "Thu 26 Nov, 09:00 to 12:00", by the clock of `zone`."""
    return stretch_words(absence.start, absence.end, zone)


@register.filter
def range_in_words(hours: HoursRange) -> str:
    """ "09:00–12:00 online"."""
    return range_words(hours.starts, hours.ends, hours.place)


@register.filter
def week_days(week: Stretch, today: date) -> str:
    """ "Until Sun 20 Dec", "Mon 21 Dec to Sun 3 Jan", "From Mon 4 Jan 2027", "Now"; a year where it is another."""
    if week.last is None:
        return "Now" if week.first <= today else f"From {day_of(week.first, today)}"
    last = day_of(week.last, today)
    if week.first <= today:
        return f"Until {last}"
    same_year = week.first.year == week.last.year
    return last if week.first == week.last else f"{day_of(week.first, week.last if same_year else today)} to {last}"


def day_of(on: date, today: date) -> str:
    return short_day(on, year=on.year != today.year)


@register.filter
def day_change(rows: Sequence[Override]) -> str:
    """ "Closed", "Only 10:00–12:00 online", "Also 18:00–20:00, closed 09:00–11:00": the exceptions of one day."""
    opened = [override_range(each) for each in rows if each.starts is not None and not each.closed]
    shut = [override_range(each) for each in rows if each.starts is not None and each.closed]
    if len(opened) + len(shut) < len(rows):
        return f"Only {', '.join(opened)}" if opened else "Closed"
    said = [f"also {', '.join(opened)}"] if opened else []
    said += [f"closed {', '.join(shut)}"] if shut else []
    words = "; ".join(said)
    return words[:1].upper() + words[1:]


def override_range(row: Override) -> str:
    return range_words(row.starts or time(0), row.ends or time(0), row.place)


def stretch_words(start: datetime, end: datetime, zone: str) -> str:
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    if first.time() == last.time() == time(0):
        ends = (last - timedelta(days=1)).date()
        return short_day(first.date()) if ends <= first.date() else f"{short_day(first.date())} to {short_day(ends)}"
    if first.date() == last.date():
        return f"{short_day(first.date())}, {clock(start, zone)} to {clock(end, zone)}"
    return f"{short_day(first.date())} {clock(start, zone)} to {short_day(last.date())} {clock(end, zone)}"


@register.simple_tag
def absence_asks(person: TherapistProfile, start: datetime, end: datetime) -> str:
    """An absence as the words of the address that finds new places for its sessions, at most fifteen days of it."""
    zone = ZoneInfo(person.user.zone)
    first, last = start.astimezone(zone), min(end, start + timedelta(days=15)).astimezone(zone)
    asks = {"therapist": person.slug, "day": first.date().isoformat()}
    if first.time() != time(0):
        asks["starts"] = f"{first:%H:%M}"
    if last.time() != time(0):
        asks["ends"] = f"{last:%H:%M}"
    until = last.date() if last.time() != time(0) else (last - timedelta(days=1)).date()
    if until > first.date():
        asks["until"] = until.isoformat()
    return urlencode(asks)
