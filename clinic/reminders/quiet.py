"""Quiet hours and days in a person's own zone. No ORM: wall-clock times and instants alone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.core.periods import Period


def quiet_until(instant: datetime, *, zone: str, quiet_from: time, quiet_to: time) -> datetime | None:
    """The instant (UTC) at which the quiet hours that hold `instant` end; None outside them.

    `quiet_from` and `quiet_to` are wall-clock times in `zone`; the range may cross midnight, and equal times mean that
    there are none. On a day on which the clocks skip `quiet_to`, the quiet ends as much later as they were put forward.
    """
    tz = ZoneInfo(zone)
    local = instant.astimezone(tz)
    clock = local.time()
    if quiet_from == quiet_to:
        return None
    if quiet_from < quiet_to:
        quiet, last_day = quiet_from <= clock < quiet_to, local.date()
    else:
        quiet = clock >= quiet_from or clock < quiet_to
        last_day = local.date() + timedelta(days=1) if clock >= quiet_from else local.date()
    if not quiet:
        return None
    end = datetime.combine(last_day, quiet_to, tz).astimezone(UTC)
    if end <= instant:
        end = datetime.combine(last_day, quiet_to, tz).replace(fold=1).astimezone(UTC)
    return end


def day_of(instant: datetime, *, zone: str) -> Period:
    """The day of `zone` that holds `instant`, as instants: 23 or 25 hours long when the clocks change."""
    tz = ZoneInfo(zone)
    day: date = instant.astimezone(tz).date()
    return Period(datetime.combine(day, time(), tz), datetime.combine(day + timedelta(days=1), time(), tz))
