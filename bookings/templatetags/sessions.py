"""How the booking pages write the time of a session."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings

from bookings.fortnight import clinic_words
from bookings.messages import VISITS
from bookings.models import Service
from bookings.prices import part_words
from clinic.core import wording

register = template.Library()


@register.filter
def session_day(at: datetime, zone: str) -> str:
    """Thursday 26 November, by the clock of `zone`."""
    return wording.long_day(at.astimezone(ZoneInfo(zone)).date())


@register.filter
def reminded(start: datetime, now: datetime) -> str:
    """Which reminders a session booked `now` still gets: "the day before and the hour before"; "" for none."""
    words = {"visit_24h": "the day before", "visit_1h": "the hour before"}
    return " and ".join(words[kind] for kind, before in VISITS.items() if start - before > now)


@register.filter
def whose_clock(at: datetime, zone: str) -> str:
    """Stockholm time, 16:30 at the clinic."""
    there = clinic_words(at, zone=zone, clinic_zone=settings.CLINIC_ZONE)
    return f"{wording.city(zone)} time" + (f", {there} at the clinic" if there else "")


@register.filter
def in_short(service: Service) -> str:
    """ "Follow-up, 30 min, online"; the place only where the name does not tell it."""
    place = str(service.get_place_display()).lower()
    return f"{service.name}, {service.minutes} min" + ("" if place in service.name.lower() else f", {place}")


@register.filter
def late_part(service: Service) -> str:
    """What a late cancellation costs of the price: "half of the price"."""
    return part_words(service.late_fee_percent)
