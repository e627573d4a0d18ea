"""The raw text of a calendar file, cut down to what tells when somebody is busy, before any library sees it.

What an entry is about, who comes and where it is never leaves this module.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

KEPT = frozenset(
    {
        *("UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SEQUENCE", "STATUS", "TRANSP"),
        *("RRULE", "RDATE", "EXDATE", "EXRULE", "X-MICROSOFT-CDO-BUSYSTATUS"),
    }
)
NAME = re.compile(r"([A-Za-z0-9-]+)[;:]")
DAY = re.compile(r":(\d{4})(\d{2})(\d{2})")
FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
LINE_END = re.compile(r"\r\n|\n|\r")
DEEPEST = 8
MICROSOFT_UTC = "tzone://Microsoft/Utc"


@dataclass(slots=True)
class Entry:
    """The kept lines of one VEVENT, by name; a name may repeat."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def value(self, name: str) -> str:
        """What stands behind the colon of the first line of that name, or ""."""
        found = next((line for kept, line in self.lines if kept == name), "")
        return value_of(found)

    @property
    def repeats(self) -> bool:
        return any(name in ("RRULE", "RDATE") for name, _ in self.lines)

    @property
    def is_exception(self) -> bool:
        """Whether this is one occurrence of a series that is different."""
        return any(name == "RECURRENCE-ID" for name, _ in self.lines)

    def ends_before(self, day: date) -> bool:
        """Whether this single entry is certainly over before `day`, by the dates alone."""
        if self.repeats or self.is_exception or any(name == "DURATION" for name, _ in self.lines):
            return False
        found = [DAY.search(line) for name, line in self.lines if name in ("DTSTART", "DTEND")]
        days = [match.groups() for match in found if match]
        return len(days) == len(found) > 0 and max(days) < (f"{day:%Y}", f"{day:%m}", f"{day:%d}")

    def text(self) -> str:
        return "\r\n".join(["BEGIN:VEVENT", *(line for _, line in self.lines), "END:VEVENT", ""])


@dataclass(slots=True)
class Parts:
    """A file taken apart: its zones (the lines of each VTIMEZONE), its own zone, its entries, its FREEBUSY lines, and whether it has an end."""

    zones: list[list[str]] = field(default_factory=list)
    own_zone: str = ""
    entries: list[Entry] = field(default_factory=list)
    free_busy: list[str] = field(default_factory=list)
    whole: bool = False


def value_of(line: str) -> str:
    """Behind the colon that ends the name and its parameters; one inside quotation marks does not count."""
    quoted = False
    for place, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return line[place + 1 :].strip()
    return ""


def decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


def take_apart(data: bytes) -> Parts:
    """What of the file matters here. Anything odd is passed over: nothing in a file can make this fail."""
    parts, blocks = Parts(), list[str]()
    for line in lines_of(data):
        word, _, rest = line.partition(":")
        word, block = word.strip().upper(), rest.strip().upper()
        if word == "BEGIN" and len(blocks) < DEEPEST:
            blocks.append(block)
            if block == "VEVENT":
                parts.entries.append(Entry())
            elif block == "VTIMEZONE":
                parts.zones.append([])
        inside = blocks[-1] if blocks else ""
        if "VTIMEZONE" in blocks:
            parts.zones[-1].append(line)
        elif inside == "VEVENT":
            keep(parts.entries[-1], line)
        elif inside == "VFREEBUSY" and word.startswith("FREEBUSY"):
            parts.free_busy.append(line)
        elif word == "X-WR-TIMEZONE":
            parts.own_zone = parts.own_zone or rest.strip()
        if word == "END" and block in blocks:
            del blocks[len(blocks) - 1 - blocks[::-1].index(block) :]
        parts.whole = word == "END" and block == "VCALENDAR"
    return parts


def lines_of(data: bytes) -> Iterator[str]:
    """The logical lines: what was folded is one again."""
    return (line for line in LINE_END.split(FOLD.sub("", decoded(data))) if line.strip())


def keep(entry: Entry, line: str) -> None:
    match = NAME.match(line)
    if match and match[1].upper() in KEPT:
        entry.lines.append((match[1].upper(), line.replace(MICROSOFT_UTC, "UTC")))
