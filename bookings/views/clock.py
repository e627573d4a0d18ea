"""The reader's clock: which zone a page shows times in, and how far the clinic's clock is from it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from bookings.zones import difference_words, is_zone, offset_words, same_clock
from clinic.core.viewer import CHOSEN_ZONE, ZONE_COOKIE, zone_of


@dataclass(frozen=True, slots=True)
class Clock:
    """`zone` is the reader's; `guess` says that nobody chose it; `unknown` is what was asked for and is no zone."""

    zone: str
    now: datetime
    guess: bool = False
    unknown: str = ""

    @property
    def clinic_zone(self) -> str:
        return settings.CLINIC_ZONE

    @property
    def differs(self) -> bool:
        return not same_clock(self.zone, self.clinic_zone, self.now)

    @property
    def offset(self) -> str:
        return offset_words(self.zone, self.now)

    @property
    def offset_minutes(self) -> int:
        return int((self.now.astimezone(ZoneInfo(self.zone)).utcoffset() or timedelta()).total_seconds() // 60)

    @property
    def clinic_stands(self) -> str:
        """ "1 hour earlier", or "" when both clocks agree."""
        return difference_words(self.zone, self.clinic_zone, self.now)

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))


def clock_of(request: HttpRequest) -> Clock:
    """The zone asked for with `?zone=` (remembered for this visit), else the one chosen before, else what we know of the reader."""
    now = timezone.now()
    asked = request.GET.get("zone") or request.POST.get("zone") or ""
    if is_zone(asked):
        if request.session.get(CHOSEN_ZONE) != asked:
            request.session[CHOSEN_ZONE] = asked
        return Clock(asked, now)
    chosen = request.session.get(CHOSEN_ZONE)
    known = str(chosen) if is_zone(chosen) else zone_of(request)
    told = request.user.is_authenticated or is_zone(request.COOKIES.get(ZONE_COOKIE))
    return Clock(known, now, guess=not chosen and not told, unknown=asked[:40])
