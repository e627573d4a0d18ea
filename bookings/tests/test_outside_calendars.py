"""A therapist's calendar elsewhere: what it calls busy is not offered, and whatever becomes of it, bookings go on."""

import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import background
from bookings.availability import find_slots
from bookings.calendars.connected import clashes, stale_calendars
from bookings.models import OutsideBusy, OutsideCalendar
from bookings.outside.limits import Limits
from bookings.services import book_slot, cancel_appointment, confirm_hold, hold_slot
from bookings.services import outside as verbs
from bookings.services.outside import connect_calendar, disconnect_calendar, read_due, read_soon
from bookings.tasks import read_outside_calendars
from bookings.tests.calendar_server import give, serving
from bookings.tests.ics_texts import calendar, event
from clinic.audit.models import Event
from clinic.beat import TIMETABLE
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.reminders.kinds import steps

pytestmark = pytest.mark.usefixtures("hours")
HERE = Limits(networks=("127.0.0.1/32",))
ADDRESS = "https://calendar.example/private-k3y/basic.ics"
NINE = ("DTSTART:20261126T090000Z", "DTEND:20261126T100000Z")


@pytest.fixture
def connected(therapist, now) -> OutsideCalendar:
    return connect_calendar(therapist=therapist.therapist, name="Choir", address=ADDRESS, by=therapist, now=now)


def answering(*periods, changed=True, unread=0, **headers):
    """A reader that always gives this answer."""
    busy = [[start.isoformat(), end.isoformat()] for start, end in periods]
    told = {"etag": "", "last_modified": "", **headers, "changed": changed, "busy": busy, "unread": unread}
    return lambda asked, limits: told


def failing(asked, limits):
    return {"problem": "There is no calendar at this address any more. Copy its address again."}


def starts(visit, therapist, now):
    """Free starts of Thursday 26 November 2026 in London, which is UTC then."""
    day = date(2026, 11, 26)
    found = find_slots(
        service=visit, therapists=[therapist.therapist], first=day, last=day, zone="Europe/London", now=now
    )
    return [f"{each.start:%H:%M}" for each in found]


def test_from_the_address_to_the_times_that_are_not_offered(connected, visit, therapist, thursday, now):
    """The whole way once: over the wire, through the process that reads, into the book."""
    with serving() as server:
        weekly = event("a@x", "DTSTART;TZID=GMT Standard Time:20261119T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
        server.pages["/a.ics"] = lambda handler: give(
            handler, calendar(weekly, event("b@127.0.0.1", *NINE)), etag='"v1"'
        )
        OutsideCalendar.objects.update(address=f"{server.root}/a.ics")
        before = starts(visit, therapist, now)
        assert read_due(now=now, limits=HERE) == 1
        assert "k3y" not in str(server.asked)
    connected.refresh_from_db()
    assert (connected.problem, connected.good_at, connected.next_at) == ("", now, now + timedelta(minutes=15))
    assert connected.etag == '"v1"'
    busy = list(OutsideBusy.objects.values_list("start", "end"))
    assert busy[0] == (datetime(2026, 11, 26, 10, tzinfo=UTC), datetime(2026, 11, 26, 11, tzinfo=UTC))
    assert len(busy) == 57
    assert (datetime(2027, 7, 1, 9, tzinfo=UTC), datetime(2027, 7, 1, 10, tzinfo=UTC)) in busy
    assert before[:4] == ["09:00", "09:45", "10:30", "11:15"]
    assert starts(visit, therapist, now)[:2] == ["09:00", "11:15"]


def test_a_busy_time_is_refused_at_booking_too(connected, visit, therapist, runner, thursday, now):
    read_due(now=now, read=answering((thursday, thursday + timedelta(hours=1))))
    with pytest.raises(DomainError) as refused:
        book_slot(
            service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
        )
    assert refused.value.code == "outside_hours"


def test_what_is_held_in_a_time_that_turns_busy_cannot_be_confirmed(connected, visit, therapist, runner, thursday, now):
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    read_due(now=now, read=answering((thursday, thursday + timedelta(hours=1))))
    with pytest.raises(Conflict, match="cannot be kept"):
        confirm_hold(appointment=held, by=runner, now=now)


def test_when_it_breaks_the_last_good_copy_goes_on_counting(connected, thursday, now):
    read_due(now=now, read=answering((thursday, thursday + timedelta(hours=1))))
    waits = []
    for _ in range(7):
        connected.refresh_from_db()
        now = connected.next_at
        read_due(now=now, read=failing)
        connected.refresh_from_db()
        waits.append(int((connected.next_at - now).total_seconds() // 60))
        assert OutsideBusy.objects.count() == 1
    assert waits == [15, 30, 60, 120, 240, 360, 360]
    assert connected.problem.startswith("There is no calendar")
    assert list(stale_calendars(now + timedelta(hours=24))) == [connected]
    now = connected.next_at
    read_due(now=now, read=answering(unread=2))
    connected.refresh_from_db()
    assert (connected.failures, connected.problem) == (0, "2 entries of it could not be read and block no time.")
    assert OutsideBusy.objects.count() == 0
    assert not stale_calendars(now).exists()


def test_only_what_changed_is_written(connected, thursday, now):
    hours = [(thursday + timedelta(hours=each), thursday + timedelta(hours=each, minutes=30)) for each in range(4)]
    read_due(now=now, read=answering(*hours[:3], etag='"v1"'))
    kept = set(OutsideBusy.objects.values_list("pk", flat=True)[1:])
    asked = []

    def changed(question, limits):
        asked.append(question["etag"])
        return answering(*hours[1:], etag='"v2"')(question, limits)

    later = now + timedelta(minutes=15)
    read_due(now=later, read=changed)
    assert kept < set(OutsideBusy.objects.values_list("pk", flat=True))
    assert OutsideBusy.objects.count() == 3
    read_due(now=later + timedelta(minutes=15), read=answering(changed=False))
    connected.refresh_from_db()
    assert (connected.etag, OutsideBusy.objects.count()) == ('"v2"', 3)
    read_due(now=now + timedelta(days=1), read=changed)
    assert asked == ['"v1"', ""], "once a day the whole file is read: its days move on"


def test_only_what_is_due_is_read_and_by_one_alone(connected, now):
    read = []

    def nested(question, limits):
        read.append(question["address"])
        return answering()(question, limits)

    assert [each.pk for each in verbs.claim(now=now, most=4)] == [connected.pk]
    assert verbs.claim(now=now + timedelta(minutes=4), most=4) == []
    assert read_due(now=now + timedelta(minutes=5), read=nested) == 1, "the one who claimed it has died"
    assert read_due(now=now + timedelta(minutes=6), read=nested) == 0
    assert read == [ADDRESS]


def test_what_comes_after_the_calendar_was_removed_or_taken_over_is_dropped(connected, therapist, thursday, now):
    [mine] = verbs.claim(now=now, most=4)
    answer = answering((thursday, thursday + timedelta(hours=1)))(None, None)
    OutsideCalendar.objects.update(next_at=now + timedelta(minutes=9))
    verbs.settle(calendar=mine, answer=answer, now=now)
    assert OutsideBusy.objects.count() == 0
    disconnect_calendar(calendar=connected, by=therapist, now=now)
    verbs.settle(calendar=mine, answer=answer, now=now)
    assert not OutsideBusy.objects.exists()
    assert not OutsideCalendar.objects.exists()


def test_removing_a_calendar_opens_its_times_again(connected, visit, therapist, thursday, now):
    read_due(now=now, read=answering((thursday, thursday + timedelta(hours=1))))
    assert starts(visit, therapist, now)[0] == "10:30"
    disconnect_calendar(calendar=connected, by=therapist, now=now)
    assert starts(visit, therapist, now)[0] == "09:00"


def test_sessions_that_clash_stay_and_are_listed(connected, visit, therapist, runner, thursday, now):
    booked = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    read_due(now=now, read=answering((thursday + timedelta(minutes=45), thursday + timedelta(hours=2))))
    assert not clashes(therapist.therapist, now=now).exists(), "back to back is no clash"
    read_due(now=now + timedelta(minutes=15), read=answering((thursday, thursday + timedelta(minutes=1))))
    assert list(clashes(therapist.therapist, now=now)) == [booked]
    cancel_appointment(appointment=booked, by=runner, now=now)
    assert not clashes(therapist.therapist, now=now).exists()


@pytest.mark.parametrize(
    ("name", "address", "code"),
    [
        ("", ADDRESS, "bad_name"),
        ("x" * 61, ADDRESS, "bad_name"),
        ("Work", "calendar.example/a", "bad_address"),
        ("Work", "https://me:pw@calendar.example/a", "bad_address"),
        ("Work", "https://x.example/" + "a" * 490, "bad_address"),
        ("Work", f" {ADDRESS} ", "connected_already"),
    ],
)
def test_what_cannot_be_connected(connected, therapist, now, name, address, code):
    with pytest.raises(DomainError) as refused:
        connect_calendar(therapist=therapist.therapist, name=name, address=address, by=therapist, now=now)
    assert refused.value.code == code
    assert OutsideCalendar.objects.count() == 1


def test_who_may_connect_and_how_many(therapist, other_therapist, staff, runner, now):
    for number in range(5):
        by = staff if number else therapist
        connect_calendar(therapist=therapist.therapist, name="Work", address=f"{ADDRESS}{number}", by=by, now=now)
    with pytest.raises(DomainError, match="Remove one first"):
        connect_calendar(therapist=therapist.therapist, name="Work", address=ADDRESS, by=therapist, now=now)
    for stranger in (other_therapist, runner):
        with pytest.raises(Forbidden):
            connect_calendar(therapist=therapist.therapist, name="Work", address=ADDRESS, by=stranger, now=now)
        with pytest.raises(Forbidden):
            disconnect_calendar(calendar=OutsideCalendar.objects.first(), by=stranger, now=now)
        with pytest.raises(Forbidden):
            read_soon(calendar=OutsideCalendar.objects.first(), by=stranger, now=now)
    assert OutsideCalendar.objects.count() == 5
    assert "k3y" not in str(list(Event.objects.values()))


def test_a_process_that_does_not_come_back_is_a_problem_and_no_more(connected, therapist, now):
    """A hanging server, a file that never ends: the process has its own end, and another from outside."""
    with serving() as server:
        server.pages["/a.ics"] = lambda handler: time.sleep(3)
        OutsideCalendar.objects.update(address=f"{server.root}/a.ics")
        read_due(now=now, limits=Limits(fetch_s=0.8, networks=HERE.networks))
        connected.refresh_from_db()
        assert connected.problem == "The calendar’s server took too long to answer. We try again."
        assert verbs.ask_process(
            verbs.question(connected, now, HERE) | {"address": f"{server.root}/a.ics"},
            Limits(fetch_s=-5, read_s=0.1, networks=HERE.networks),
        ) == {"problem": verbs.TOO_HEAVY}


def test_a_hanging_calendar_changes_nothing_for_those_who_book(
    connected, visit, therapist, runner, thursday, now, monkeypatch
):
    """While it hangs: the same times from as many queries, and a booking like any other."""
    read_due(now=now, read=answering((thursday, thursday + timedelta(hours=1))))

    def measured():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = starts(visit, therapist, now)
        return found, len(queries)

    before = measured()
    hanging, let_go = threading.Event(), threading.Event()

    def hangs(question, limits):
        hanging.set()
        let_go.wait(10)
        return failing(question, limits)

    [claimed] = verbs.claim(now=now + timedelta(minutes=15), most=1)
    reading = threading.Thread(target=hangs, args=(verbs.question(claimed, now, HERE), HERE))
    reading.start()
    assert hanging.wait(5)
    try:
        assert measured() == before
        book_slot(
            service=visit,
            therapist=therapist.therapist,
            runner=runner.runner,
            start=thursday + timedelta(minutes=90),
            by=runner,
            now=now,
        )
    finally:
        let_go.set()
        reading.join()
    verbs.settle(calendar=claimed, answer=failing(None, None), now=now + timedelta(minutes=15))
    assert OutsideBusy.objects.count() == 1


def test_the_loop_reads_in_a_thread_of_its_own_and_only_when_something_is_due(connected, now, monkeypatch):
    started, let_go = threading.Event(), threading.Event()

    def slow(**_):
        started.set()
        let_go.wait(10)

    monkeypatch.setattr(background, "read_due", slow)
    assert background.start_reading(now=now - timedelta(minutes=1)) is False
    assert background.start_reading(now=now) is True
    assert started.wait(5), "the caller went on meanwhile"
    assert background.start_reading(now=now) is False, "one at a time"
    let_go.set()
    assert background.reading.acquire(timeout=5)
    background.reading.release()
    assert "bookings.read_outside_calendars" in steps()


def test_celery_reads_on_a_queue_of_its_own():
    [entry] = [each for each in TIMETABLE.values() if each["task"] == "bookings.read_outside_calendars"]
    assert entry["options"]["queue"] == "calendars"
    assert read_outside_calendars.name == entry["task"]
    assert "--queues calendars" in (settings.BASE_DIR / "Procfile").read_text()
