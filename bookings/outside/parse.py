"""A calendar file as the times at which its owner is busy: the entries, their repeats and exceptions, in UTC."""

import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event, vDuration
from icalendar.timezone import tzp

from bookings.outside.limits import Limits, Unreadable
from bookings.outside.text import Entry, Parts, take_apart, value_of
from clinic.core.periods import Period, merged

DAY = timedelta(days=1)
MOST_A_DAY = 48
"""A series that happens more often than every half hour is a mistake, or made to keep us busy."""
TOO_MANY = "This calendar has more entries than we can read. Choose a smaller one."


class TooLong(BaseException):
    """An entry takes longer to unfold than it may. No `except Exception` of a library holds it up."""


@dataclass(frozen=True)
class Read:
    """Busy times in order, none touching another; and how many entries could not be read and block nothing."""

    busy: list[Period]
    unread: int


@dataclass(frozen=True)
class Question:
    """Busy between which instants; in whose zone whole days and times without a zone are meant; whose own entries
    (their UID ends with our host) do not count."""

    first: datetime
    until: datetime
    zone: str
    own_host: str


def busy_times(data: bytes, question: Question, *, limits: Limits) -> Read:
    """The times this calendar calls busy. Raises Unreadable when it holds too much, or nothing but what cannot be read.

    An entry that cannot be read is left out and counted, the others still hold. Cancelled and free ones are left out.
    """
    parts = take_apart(data)
    if not parts.whole:
        raise Unreadable("This calendar breaks off in the middle. We try again.")
    recent = [entry for entry in parts.entries if not entry.ends_before(question.first.date() - 2 * DAY)]
    if len(recent) > limits.most_entries:
        raise Unreadable(TOO_MANY)
    found: list[Period] = []
    unread = 0
    with warnings.catch_warnings(action="ignore"):
        know_zones(parts, limits)
        for group in groups_of(recent, question.own_host):
            try:
                with at_most(limits.entry_s):
                    found += clipped(unfolded(group, parts.own_zone, question), question)
            except (Exception, TooLong):
                unread += 1
            if len(found) > limits.most_entries:
                raise Unreadable(TOO_MANY)
    for line in parts.free_busy:
        try:
            found += clipped(periods_of(line, ZoneInfo(question.zone)), question)
        except Exception:
            unread += 1
    if unread and not found and unread == len(recent) + len(parts.free_busy):
        raise Unreadable("We cannot make out a single entry of this calendar. Copy its address again.")
    return Read(merged(found), unread)


def know_zones(parts: Parts, limits: Limits) -> None:
    """Zones that the file itself describes, for names that nobody else knows. A broken description is no description."""
    tzp.use_default()
    for lines in parts.zones:
        text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])
        try:
            with at_most(limits.entry_s):
                Calendar.from_ical(text)
        except (Exception, TooLong):  # noqa: S112 (what uses the zone is then read by the therapist's own)
            continue


def groups_of(entries: Iterable[Entry], own_host: str) -> list[list[Entry]]:
    """Entries by UID: a series with its exceptions. Ours, that came back by way of another calendar, are left out."""
    groups: dict[str, list[Entry]] = {}
    for number, entry in enumerate(entries):
        name = entry.value("UID")
        if not name.lower().endswith(f"@{own_host.lower()}"):
            groups.setdefault(name or f"unnamed {number}", []).append(entry)
    return list(groups.values())


def unfolded(group: list[Entry], own_zone: str, question: Question) -> Iterator[Period]:
    """Every occurrence of one entry or series that makes busy."""
    head = ["BEGIN:VCALENDAR", *([f"X-WR-TIMEZONE:{own_zone}"] if own_zone else []), ""]
    calendar = Calendar.from_ical("\r\n".join(head) + "".join(entry.text() for entry in group) + "END:VCALENDAR\r\n")
    events: list[Any] = calendar.walk("VEVENT")
    if any(entry.repeats for entry in group):
        for event in events:
            refuse_what_never_rests(event)
        events = recurring_ical_events.of(calendar).between(question.first - DAY, question.until + DAY)
    elif len(group) > 1:
        events = latest_of_each(events)
    for event in events:
        if makes_busy(event):
            yield from whole_period(event, ZoneInfo(question.zone))


def latest_of_each(events: list[Any]) -> list[Any]:
    """Of single entries with one UID the one with the highest SEQUENCE; different occurrences stand beside each other."""
    latest: dict[str, Any] = {}
    for event in events:
        key = event["RECURRENCE-ID"].to_ical().decode() if "RECURRENCE-ID" in event else ""
        if key not in latest or int(event.get("SEQUENCE", 0)) >= int(latest[key].get("SEQUENCE", 0)):
            latest[key] = event
    return list(latest.values())


def refuse_what_never_rests(event: Event) -> None:
    """Raises ValueError for a rule that gives more than MOST_A_DAY occurrences a day."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        often = str(rule.get("FREQ", [""])[0]).upper()
        a_day = 24 if often == "HOURLY" else 1
        for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            a_day *= max(1, len(rule.get(part, [])))
        if often in ("SECONDLY", "MINUTELY") or a_day > MOST_A_DAY:
            raise ValueError("Too often.")


def makes_busy(event: Event) -> bool:
    return (
        str(event.get("STATUS", "")).strip().upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).strip().upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).strip().upper() != "FREE"
    )


def whole_period(event: Event, zone: ZoneInfo) -> Iterator[Period]:
    """From start to end, in UTC; nothing for an entry without a length. Raises for one that ends before it starts."""
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = later(start, event["DURATION"].dt, zone)
    else:
        end = start if isinstance(start, datetime) else start + DAY
    if not isinstance(start, datetime) and end == start:
        end = start + DAY
    begins, ends = instant(start, zone), instant(end, zone)
    if ends < begins:
        raise ValueError("It ends before it starts.")
    if ends > begins:
        yield Period(begins, ends)


def later(start: date, length: timedelta, zone: ZoneInfo) -> date:
    """`length` after `start`: whole days by the calendar, hours by the clock of real time."""
    if not isinstance(start, datetime) or not length % DAY:
        return start + length
    return instant(start, zone) + length


def instant(at: date, zone: ZoneInfo) -> datetime:
    """A date is its midnight, a time without a zone is meant, in `zone`; the first of two where the clock goes back."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(0))
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def periods_of(line: str, zone: ZoneInfo) -> Iterator[Period]:
    """The periods of a FREEBUSY line, unless it tells of free ones."""
    if "FBTYPE=FREE" in line.upper().partition(":")[0].split(";"):
        return
    for text in value_of(line).split(","):
        begins, _, ends = text.partition("/")
        start = moment(begins, zone)
        end = start + vDuration.from_ical(ends) if ends[:1] in "+-P" else moment(ends, zone)
        if end > start:
            yield Period(start, end)


def moment(text: str, zone: ZoneInfo) -> datetime:
    at = datetime.strptime(text.strip().removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    return at.replace(tzinfo=UTC if text.strip().endswith("Z") else zone).astimezone(UTC)


def clipped(periods: Iterable[Period], question: Question) -> Iterator[Period]:
    """What of the periods lies between the instants asked for, to the second."""
    for period in periods:
        start = max(period.start.replace(microsecond=0), question.first)
        end = min(period.end.replace(microsecond=0), question.until)
        if start < end:
            yield Period(start, end)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TooLong inside after so many seconds of work (not of waiting for a busy machine).

    In a thread there is no such alarm: the process has its own end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
