"""Calendars that agree: one event from booking to cancelling, and outside calendars that block exactly their times.

A session is booked, moved twice and cancelled; its letters' files and the private feed are read by a parser after each
step. Then a therapist's calendar elsewhere, with an all-day and a weekly entry across a clock change, is read over HTTP.
At last that calendar hangs for 30 seconds, while times are listed and booked as before.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist

NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
CHANGE = date(2027, 3, 28)
ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo")
SEARCHES, BOOKINGS = 200, 40
HANGS_S = 30


def run(verdicts: Verdicts) -> None:
    service = make_service(horizon_days=60, slot_step_min=30)
    therapist = make_therapist("nadia", service, opens=9, closes=17)
    one_event(verdicts, service, therapist)
    with elsewhere(therapist) as (server, calendar):
        exact_times(verdicts, service, therapist, server)
        hanging(verdicts, service, therapist, server, calendar)


def one_event(verdicts: Verdicts, service: Any, therapist: Any) -> None:
    from icalendar import Calendar

    from bookings.calendars import ics
    from bookings.calendars.feeds import feed_file
    from bookings.services import book_slot, cancel_appointment, move_appointment

    [runner] = make_runners(1)
    start = NOW + timedelta(days=2)
    steps: list[tuple[Any, datetime]] = []
    session = book_slot(service=service, therapist=therapist, runner=runner.runner, start=start, by=runner, now=NOW)
    files = [(session.start, ics.calendar_file(session, reader=runner, now=NOW), feed_file(runner, now=NOW))]
    for hours in (1, 26):
        session = move_appointment(appointment=session, start=start + timedelta(hours=hours), by=runner, now=NOW)
        files.append((session.start, ics.calendar_file(session, reader=runner, now=NOW), feed_file(runner, now=NOW)))
    session = cancel_appointment(appointment=session, by=runner, now=NOW)
    files.append((session.start, ics.calendar_file(session, reader=runner, now=NOW), feed_file(runner, now=NOW)))
    methods = [str(Calendar.from_ical(each[1])["METHOD"]) for each in files]
    verdicts.say("letters: what a calendar is asked to do", ", ".join(methods), methods == ["REQUEST"] * 3 + ["CANCEL"])
    for place, name in ((1, "letters"), (2, "feed")):
        read = [(each[0], Calendar.from_ical(each[place])) for each in files]
        events = [(at, event) for at, calendar in read for event in calendar.walk("VEVENT")]
        steps = [(event, at) for at, event in events]
        verdicts.say(f"{name}: events in 4 files", len(events), len(events) == 4)
        names = {str(event["UID"]) for event, _ in steps}
        verdicts.say(f"{name}: names of these events", len(names), len(names) == 1)
        numbers = [int(event["SEQUENCE"]) for event, _ in steps]
        verdicts.say(f"{name}: sequence", "-".join(map(str, numbers)), numbers == [0, 1, 2, 3])
        wrong = sum(
            event["DTSTART"].dt.astimezone(ZoneInfo(zone)) != at.astimezone(ZoneInfo(zone))
            for event, at in steps
            for zone in ZONES
        )
        verdicts.say(f"{name}: wrong instants in three zones", wrong, wrong == 0)
        states = [str(event["STATUS"]) for event, _ in steps]
        verdicts.say(f"{name}: state at the end", states[-1], states == ["CONFIRMED"] * 3 + ["CANCELLED"])
    later = feed_file(runner, now=NOW + timedelta(days=31))
    verdicts.say("feed: gone a month later", later.count(b"BEGIN:VEVENT"), b"BEGIN:VEVENT" not in later)


@contextmanager
def elsewhere(therapist: Any) -> Iterator[tuple[Any, Any]]:
    """A calendar of the therapist on a server of this process, connected."""
    from bookings.services.outside import connect_calendar
    from bookings.tests.calendar_server import serving

    with serving() as server:
        address = f"{server.root}/a.ics"
        yield server, connect_calendar(therapist=therapist, name="Home", address=address, by=therapist.user, now=NOW)


def limits() -> Any:
    from bookings.outside.limits import Limits

    return Limits(connect_s=40, fetch_s=40, networks=("127.0.0.1/32",))


def exact_times(verdicts: Verdicts, service: Any, therapist: Any, server: Any) -> None:
    """A weekly hour at 10:00 London time and a whole day on either side of the night in which the clock changes."""
    from bookings.models import OutsideBusy
    from bookings.services.outside import read_due
    from bookings.tests.ics_texts import calendar, event

    server.pages["/a.ics"] = calendar(
        event("weekly", "DTSTART;TZID=GMT Standard Time:20270315T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4"),
        event("day", "DTSTART;VALUE=DATE:20270328"),
        event("free", "DTSTART;VALUE=DATE:20270330", "TRANSP:TRANSPARENT"),
    )
    before = listed(service)
    begun = time.perf_counter()
    read_due(now=NOW, limits=limits())
    verdicts.say("one calendar read over HTTP", f"{(time.perf_counter() - begun) * 1000:.0f} ms", True)
    wanted = {
        *((datetime(2027, 3, day, 10, tzinfo=UTC), datetime(2027, 3, day, 11, tzinfo=UTC)) for day in (15, 22)),
        (datetime(2027, 3, 29, 9, tzinfo=UTC), datetime(2027, 3, 29, 10, tzinfo=UTC)),
        (datetime(2027, 4, 5, 9, tzinfo=UTC), datetime(2027, 4, 5, 10, tzinfo=UTC)),
        (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 3, 28, 23, tzinfo=UTC)),
    }
    found = set(OutsideBusy.objects.values_list("start", "end"))
    verdicts.say("busy times across the change, wrong ones", f"{len(found)}, {len(found ^ wanted)}", found == wanted)
    length = timedelta(minutes=service.minutes + service.buffer_after_min)
    gone = {start for start in before if any(start < high and start + length > low for low, high in wanted)}
    differs = (before - gone) ^ listed(service)
    verdicts.say("times no longer offered, wrong ones", f"{len(gone)}, {len(differs)}", not differs and bool(gone))


def listed(service: Any) -> set[datetime]:
    from bookings.availability import find_slots

    found = find_slots(service=service, first=NOW.date(), last=date(2027, 4, 8), zone="UTC", now=NOW)
    return {slot.start for slot in found}


def hanging(verdicts: Verdicts, service: Any, therapist: Any, server: Any, calendar: Any) -> None:
    from django.db import connections

    from bookings.models import OutsideBusy
    from bookings.services.outside import read_due

    let_go, asked = threading.Event(), threading.Event()

    def hang(handler: Any) -> None:
        asked.set()
        let_go.wait(HANGS_S)

    runners = make_runners(2 * BOOKINGS)
    offered = sorted(listed(service))
    listed(service)
    calm = measured(service, therapist, runners[:BOOKINGS], offered[0::4])
    kept, before = OutsideBusy.objects.count(), listed(service)
    server.pages["/a.ics"] = hang

    def read() -> None:
        try:
            read_due(now=NOW + timedelta(minutes=15), limits=limits())
        finally:
            connections.close_all()

    reading = threading.Thread(target=read)
    reading.start()
    asked.wait(30)
    begun = time.perf_counter()
    verdicts.say("while it hangs: times listed differ", len(before ^ listed(service)), before == listed(service))
    busy = measured(service, therapist, runners[BOOKINGS:], offered[2::4])
    slowest = 0.0
    while (hung := time.perf_counter() - begun) < HANGS_S - 1 and reading.is_alive():
        slowest = max(slowest, median(lambda _: listed(service), 5))
        time.sleep(0.2)
    verdicts.say("it hung all the while", f"{hung:.1f} s", reading.is_alive() and hung > HANGS_S - 2)
    verdicts.timed("list: slowest median of five in these seconds", slowest, calm[0] * 1.5 + 3)
    let_go.set()
    reading.join()
    for name, calmly, hung in zip(("list", "book"), calm, busy, strict=True):
        ratio = hung / calmly
        verdicts.timed(f"{name}: {calmly:.1f} ms before, ratio {ratio:.2f}, while it hangs", hung, calmly * 1.5 + 3)
    calendar.refresh_from_db()
    verdicts.say(
        "afterwards: copy kept, problem told",
        OutsideBusy.objects.count(),
        OutsideBusy.objects.count() == kept and bool(calendar.problem),
    )


def measured(service: Any, therapist: Any, runners: list[Any], starts: list[datetime]) -> tuple[float, float]:
    """Median ms of listing the fortnight, and of booking one of `starts` per runner."""
    from bookings.services import book_slot

    def book(place: int) -> None:
        who = runners[place]
        book_slot(service=service, therapist=therapist, runner=who.runner, start=starts[place], by=who, now=NOW)

    return median(lambda _: listed(service), SEARCHES), median(book, BOOKINGS)


def median(act: Callable[[int], object], times: int) -> float:
    taken = []
    for place in range(times):
        begun = time.perf_counter()
        act(place)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)
