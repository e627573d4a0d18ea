"""How the desk's pages write a stretch of time off: in plain days where it is whole days."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template

from bookings.models import TimeOff
from clinic.core.wording import clock, short_day
from clinic.people.models import TherapistProfile

register = template.Library()


@register.filter
def in_days(absence: TimeOff, zone: str) -> str:
    """ "Thu 26 Nov", "Thu 26 Nov to Fri 4 Dec", or with times "Thu 26 Nov, 09:00 to 12:00", by the clock of `zone`."""
    return stretch_words(absence.start, absence.end, zone)


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
