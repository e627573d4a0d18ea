"""Time zones as people pick and read them: names, offsets, and how far two clocks are apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from clinic.core.wording import city

REGIONS = {
    "Africa": "Africa",
    "America": "Americas",
    "Asia": "Asia",
    "Atlantic": "Atlantic",
    "Australia": "Australia",
    "Europe": "Europe",
    "Indian": "Indian Ocean",
    "Pacific": "Pacific",
    "Antarctica": "Antarctica",
    "Arctic": "Arctic",
}


@cache
def known_zones() -> frozenset[str]:
    """Every IANA name the pinned zone rules know."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def is_zone(name: object) -> bool:
    """Whether `name` is an IANA zone we have rules for; safe for anything typed by a stranger."""
    return isinstance(name, str) and name in known_zones()


@cache
def zone_groups() -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """(region, [(IANA name, city)]) for a select, one city per line of the tz project's `zone.tab`, plus UTC."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    groups: dict[str, list[tuple[str, str]]] = {title: [] for title in REGIONS.values()}
    for name in names & known_zones():
        groups[REGIONS[name.split("/", 1)[0]]].append((name, city(name)))
    ordered = [(title, tuple(sorted(rows, key=lambda row: row[1]))) for title, rows in groups.items() if rows]
    return (*ordered, ("Everywhere", (("UTC", "UTC"),)))


def offset_words(zone: str, at: datetime) -> str:
    """The zone's offset at the instant `at`: "UTC+1", "UTC-3:30", "UTC"."""
    offset = at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    if not offset:
        return "UTC"
    sign = "+" if offset > timedelta() else "-"
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def same_clock(zone: str, other: str, at: datetime) -> bool:
    """Whether clocks in both zones show the same time at the instant `at`."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() == at.astimezone(ZoneInfo(other)).utcoffset()


def difference_words(zone: str, other: str, at: datetime) -> str:
    """Where `other`'s clock stands, seen from `zone`, at the instant `at`: "1 hour earlier", or "" when equal."""
    here = at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    there = at.astimezone(ZoneInfo(other)).utcoffset() or timedelta()
    if here == there:
        return ""
    hours, minutes = divmod(abs(int((there - here).total_seconds())) // 60, 60)
    parts = []
    if hours:
        parts.append(f"{hours} hour" + ("" if hours == 1 else "s"))
    if minutes:
        parts.append(f"{minutes} min")
    return " ".join(parts) + (" later" if there > here else " earlier")
