"""Times and dates as addresses and forms send them; safe for anything typed by a stranger."""

from datetime import UTC, date, datetime


def parse_instant(text: str | None) -> datetime | None:
    """An aware instant of this century sent by a form as ISO 8601 (`2026-11-26T16:30Z`), in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat((text or "")[:40])
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 2000 < found.year < 2099 else None


def parse_day(text: str | None) -> date | None:
    """A date of an address, `2026-11-23`, between 2000 and 2100; None for anything else."""
    try:
        found = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None
