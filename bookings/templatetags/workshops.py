"""How the pages of workshops write days and lengths."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template

from bookings.models import Appointment
from clinic.core import wording

register = template.Library()


@register.filter
def week_day(at: datetime, zone: str) -> str:
    """Thu, by the clock of `zone`."""
    return wording.short_day(at.astimezone(ZoneInfo(zone)).date()).split()[0]


@register.filter
def month_day(at: datetime, zone: str) -> str:
    """26 Nov, by the clock of `zone`."""
    return " ".join(wording.short_day(at.astimezone(ZoneInfo(zone)).date()).split()[1:])


@register.filter
def length_words(booking: Appointment) -> str:
    """ "45 min", "1 h 30 min", "2 h"."""
    hours, minutes = divmod(int(booking.length / timedelta(minutes=1)), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
