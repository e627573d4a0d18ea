"""The tags and filters every page may use: icons, portraits, times with their zone, navigation."""

from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from clinic.core import wording
from clinic.core.icons import icon_paths
from clinic.core.navigation import Step, steps
from clinic.core.portraits import portrait_of
from clinic.core.viewer import theme_of, zone_of

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """`{% icon "check-lg" %}` beside a word; `label` where it stands alone; `css` for more classes."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="bi{}" width="1em" height="1em" fill="currentColor" viewBox="0 0 16 16" {}>{}</svg>',
        f" {css}" if css else "",
        spoken,
        icon_paths(name),
    )


@register.simple_tag
def face(person: Any, size: str = "", label: bool = False) -> SafeString:
    """`{% face user %}` or a profile; `size` s or l; `label=True` where no name stands beside it."""
    user = getattr(person, "user", person)
    spoken = format_html('role="img" aria-label="Portrait of {}"', user) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="face{}" viewBox="0 0 64 64" width="56" height="56" {}>{}</svg>',
        f" face-{size}" if size else "",
        spoken,
        mark_safe(portrait_of(user.pk, user.portrait)),
    )


@register.simple_tag(takes_context=True)
def when(context: Context, at: datetime, zone: str = "", style: str = "full") -> SafeString:
    """`{% when appointment.start %}`: an instant in the reader's zone, named, with the clinic's time when it differs.

    `zone` shows another zone; `style` is "full" (Thu 26 Nov, 17:30), "day" (relative to today) or "time" (17:30 alone).
    """
    zone = zone or viewer_zone(context)
    local = at.astimezone(wording.ZoneInfo(zone))
    own = wording.clock(at, zone)
    if style == "full":
        own = f"{wording.short_day(local.date())}, {own}"
    elif style == "day":
        own = f"{wording.near_day(local.date(), timezone.now().astimezone(local.tzinfo).date())} {own}"
    clinics = at.astimezone(wording.ZoneInfo(settings.CLINIC_ZONE))
    beside = f"{wording.city(zone)} time"
    if clinics.utcoffset() != local.utcoffset():
        day = f"{wording.short_day(clinics.date())} " if clinics.date() != local.date() else ""
        beside += f", {day}{wording.clock(at, settings.CLINIC_ZONE)} at the clinic"
    return format_html(
        '<time class="when" datetime="{}"><b>{}</b> <small>{}</small></time>',
        at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        own,
        beside,
    )


@register.simple_tag(takes_context=True)
def viewer_zone(context: Context) -> str:
    """The IANA zone of the person reading."""
    request = context.get("request")
    return zone_of(request) if request is not None else settings.CLINIC_ZONE


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """ "light", "dark" or "" for as the device has it."""
    request = context.get("request")
    return theme_of(request) if request is not None else ""


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[Step]:
    """`{% navigation as places %}`: where the person reading can go, the current place marked."""
    request = context.get("request")
    return steps(request) if request is not None else []


@register.filter
def clock(at: datetime, zone: str = "") -> str:
    """17:30, by the clock of `zone` (the clinic's if none)."""
    return wording.clock(at, zone or settings.CLINIC_ZONE)


@register.filter
def near_day(at: datetime, zone: str = "") -> str:
    """today, tomorrow, Thu, Thu 26 Nov; seen from `zone`."""
    info = wording.ZoneInfo(zone or settings.CLINIC_ZONE)
    return wording.near_day(at.astimezone(info).date(), timezone.now().astimezone(info).date())


@register.filter
def dated_day(at: datetime, zone: str = "") -> str:
    """today, tomorrow, Thu 26 Nov; seen from `zone`."""
    info = wording.ZoneInfo(zone or settings.CLINIC_ZONE)
    return wording.dated_day(at.astimezone(info).date(), timezone.now().astimezone(info).date())


@register.filter
def short_day(on: date) -> str:
    """Thu 26 Nov."""
    return wording.short_day(on)


@register.filter
def long_day(on: date) -> str:
    """Thursday 26 November."""
    return wording.long_day(on)


@register.filter
def until(at: datetime, now: datetime | None = None) -> str:
    """in 12 min, in 8 h, in 3 days."""
    return wording.until_words(at, now or timezone.now())


@register.filter
def city(zone: str) -> str:
    """Europe/London is London."""
    return wording.city(zone)


@register.filter
def pounds(pence: int) -> str:
    """6800 is £68."""
    return wording.pounds(pence)


@register.filter
def minutes_seconds(seconds: int) -> str:
    """258 is 4:18."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@register.filter
def share(part: float, whole: float) -> int:
    """`part` of `whole` as a whole number of hundredths, 0 to 100."""
    return max(0, min(100, round(100 * part / whole))) if whole else 0


@register.filter(name="steps")
def numbers_to(whole: int) -> range:
    """1 to `whole`."""
    return range(1, int(whole) + 1)
