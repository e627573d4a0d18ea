"""What we know of the person at the screen before any page is made: their zone and their theme."""

from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest

ZONE_COOKIE = "zone"
CHOSEN_ZONE = "chosen_zone"
"""In the session: the zone in which this visit's times are shown, until the account is given another."""

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def zone_of(request: HttpRequest) -> str:
    """The IANA zone to show times in: the account's, else what the browser told, else the clinic's."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user.zone
    told = request.COOKIES.get(ZONE_COOKIE, "")
    return told if told in available_timezones() else settings.CLINIC_ZONE


def theme_of(request: HttpRequest) -> str:
    """ "light", "dark", or "" for as the device has it: the account's choice, else this browser's."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user.theme
    told = request.COOKIES.get(THEME_COOKIE, "")
    return told if told in THEMES else ""
