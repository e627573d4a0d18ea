"""Free time left in a therapist's day, what fits into it and who waits for such a time."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bookings.models import Service, WaitlistEntry
from clinic.core.periods import Period, without

SHORTEST = timedelta(minutes=15)
STEP = timedelta(minutes=15)


class Gap(NamedTuple):
    """Free from `start` to `end` (UTC); `fits` are the services that have room, the longest first, `waiting` the wishes."""

    start: datetime
    end: datetime
    fits: tuple[Service, ...] = ()
    waiting: int = 0

    @property
    def words(self) -> str:
        """ "35 min free, fits a follow-up. 2 on the waitlist", in hours from 90 minutes on."""
        minutes = int((self.end - self.start).total_seconds() // 60)
        hours, rest = divmod(minutes, 60)
        said = f"{minutes} min free" if minutes < 90 else f"{hours} h" + (f" {rest} min" if rest else "") + " free"
        if self.fits:
            name = self.fits[0].name[:1].lower() + self.fits[0].name[1:]
            said += f", fits {'an' if name[:1] in 'aeiou' else 'a'} {name}"
        return f"{said}. {self.waiting} on the waitlist" if self.waiting else said


def gaps_left(*, work: Iterable[Period], taken: Iterable[Period], now: datetime) -> list[Gap]:
    """What is left of `work` from `now` on when `taken` (sessions with their buffers, absences) is removed; 15 minutes or more."""
    coming = [Period(max(each.start, now), each.end) for each in work if each.end > now]
    return [Gap(each.start, each.end) for each in without(coming, taken) if each.end - each.start >= SHORTEST]


def filled(gap: Gap, services: Collection[Service], wishes: Iterable[WaitlistEntry], now: datetime) -> Gap:
    """`gap` with what fits by its length and notice, and how many of `wishes` it would suit; rooms are not looked at.

    The wishes are for the therapist or for anyone, and come with their runner's user.
    """
    fits = sorted((each for each in services if starts_in(gap, each, now)), key=lambda each: -each.minutes)
    keys = {each.pk for each in fits}
    suited = sum(
        any(wish.suits(start.astimezone(wish.runner.user.tz)) for start in starts_in(gap, wish.service, now))
        for wish in wishes
        if wish.service_id in keys
    )
    return gap._replace(fits=tuple(fits), waiting=suited)


def starts_in(gap: Gap, service: Service, now: datetime) -> list[datetime]:
    """Every quarter of an hour at which the service, its buffers included, has room in the gap and its notice is kept."""
    before, after = (timedelta(minutes=each) for each in (service.buffer_before_min, service.buffer_after_min))
    first = quarter_from(max(gap.start + before, now + timedelta(minutes=service.min_notice_min)))
    latest = gap.end - after - timedelta(minutes=service.minutes)
    return [first + n * STEP for n in range(max(0, (latest - first) // STEP + 1))]


def quarter_from(at: datetime) -> datetime:
    """`at`, or the next full quarter of an hour after it."""
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at + (STEP - over if over else timedelta())
