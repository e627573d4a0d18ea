"""Until when somebody who is offered a time may answer. Pure: instants in, instants out; nights by the person's own clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.reminders.quiet import quiet_until

ANSWER = timedelta(hours=2)
"""So much waking time everybody has to answer who waits: others wait behind them."""

UNASKED = timedelta(hours=12)
"""So much waking time somebody has to whom the clinic writes of its own accord."""

LEAST = timedelta(minutes=15)
"""With less waking time than this an offer would only keep the time from others."""

NIGHT, MORNING = time(21), time(8)


def answer_until(*, now: datetime, latest: datetime, zone: str, length: timedelta = ANSWER) -> datetime | None:
    """The deadline of an offer made at `now`: `length` of waking time on, from 08:00 to 21:00 in `zone`, never past `latest`.

    None where less than a quarter of a waking hour is left: then the time is not offered.
    """
    if waking_end(now, LEAST, zone) > latest:
        return None
    return min(waking_end(now, length, zone), latest)


def waking_end(begin: datetime, length: timedelta, zone: str) -> datetime:
    """The instant (UTC) at which `length` of waking time has passed since `begin`."""
    at, left = begin.astimezone(UTC), length
    while True:
        at = quiet_until(at, zone=zone, quiet_from=NIGHT, quiet_to=MORNING) or at
        evening = datetime.combine(at.astimezone(ZoneInfo(zone)).date(), NIGHT, ZoneInfo(zone)).astimezone(UTC)
        if at + left <= evening:
            return at + left
        left -= evening - at
        at = evening
