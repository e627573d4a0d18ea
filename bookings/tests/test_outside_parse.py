"""Other people's calendar files as busy times: repeats, exceptions, zones of every kind, and files made to hurt."""

import time
from datetime import UTC, datetime

import pytest

from bookings.outside.limits import Limits, Unreadable
from bookings.outside.parse import Question, busy_times
from bookings.outside.text import take_apart
from bookings.tests.ics_texts import calendar, event

SPRING = Question(
    datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 15, tzinfo=UTC), zone="Europe/London", own_host="clinic.example"
)
LIMITS = Limits(entry_s=0.15)


def busy(*lines, question=SPRING, limits=LIMITS) -> list[str]:
    """Each busy time as "03-01 09:00-10:00" (UTC); the end with its day where that is another."""
    read = busy_times(calendar(*lines), question, limits=limits)
    return [
        f"{each.start:%m-%d %H:%M}-{each.end.strftime('%H:%M' if each.start.date() == each.end.date() else '%m-%d %H:%M')}"
        for each in read.busy
    ]


def unread(*lines, limits=LIMITS) -> int:
    return busy_times(calendar(*lines), SPRING, limits=limits).unread


HOUR = ("DTSTART:20270301T100000Z", "DTEND:20270301T110000Z")


def test_a_weekly_entry_keeps_its_wall_time_across_the_clock_change():
    weekly = event(
        "choir@x",
        "DTSTART;TZID=Europe/London:20270315T180000",
        "DTEND;TZID=Europe/London:20270315T193000",
        "RRULE:FREQ=WEEKLY;COUNT=4",
    )
    assert busy(weekly) == ["03-15 18:00-19:30", "03-22 18:00-19:30", "03-29 17:00-18:30", "04-05 17:00-18:30"]


def test_exceptions_of_a_series_are_left_out_moved_and_cancelled():
    series = event(
        "a@x",
        "DTSTART;TZID=W. Europe Standard Time:20270301T100000",
        "DTEND;TZID=W. Europe Standard Time:20270301T110000",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "EXDATE;TZID=W. Europe Standard Time:20270308T100000",
        "RDATE;TZID=W. Europe Standard Time:20270310T080000",
    )
    moved = event(
        "a@x",
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20270315T100000",
        "DTSTART;TZID=GMT Standard Time:20270316T150000",
        "DTEND;TZID=GMT Standard Time:20270316T160000",
    )
    cancelled = event(
        "a@x",
        "RECURRENCE-ID;TZID=Europe/Berlin:20270322T100000",
        "DTSTART;TZID=Europe/Berlin:20270322T100000",
        "DTEND;TZID=Europe/Berlin:20270322T110000",
        "STATUS:CANCELLED",
    )
    assert busy(series, moved, cancelled) == [
        "03-01 09:00-10:00",
        "03-10 07:00-08:00",
        "03-16 15:00-16:00",
        "03-29 08:00-09:00",
    ]


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("W. Europe Standard Time", "08:00"),
        ("Romance Standard Time", "08:00"),
        ("Eastern Standard Time", "14:00"),
        ("GMT Standard Time", "09:00"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "08:00"),
        ("Australia/Lord_Howe", "23:00"),
        ('"Asia/Kolkata"', "04:30"),
        ("tzone://Microsoft/Utc", "10:00"),
        ("Nowhere we know", "09:00"),
    ],
)
def test_zones_by_every_name(zone, utc):
    lines = (f"DTSTART;TZID={zone}:20270330T100000", "DURATION:PT30M")
    [found] = busy(event("a@x", *lines))
    assert found.split()[1].startswith(utc)


def test_a_zone_that_only_the_file_describes():
    zone = [
        *("BEGIN:VTIMEZONE", "TZID:Head office"),
        *("BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0600", "TZOFFSETTO:+0500", "END:STANDARD"),
        "END:VTIMEZONE",
    ]
    assert busy(zone, event("a@x", "DTSTART;TZID=Head office:20270330T100000", "DURATION:PT1H")) == [
        "03-30 05:00-06:00"
    ]


def test_days_and_times_without_a_zone_are_the_therapists_own():
    lines = (
        event("day@x", "DTSTART;VALUE=DATE:20270328"),
        event("two@x", "DTSTART;VALUE=DATE:20270403", "DTEND;VALUE=DATE:20270405"),
        event("floating@x", "DTSTART:20270330T100000", "DTEND:20270330T110000"),
    )
    assert busy(*lines) == ["03-28 00:00-23:00", "03-30 09:00-10:00", "04-02 23:00-04-04 23:00"]
    berlin = Question(SPRING.first, SPRING.until, "Europe/Berlin", "clinic.example")
    assert busy(*lines, question=berlin) == ["03-27 23:00-03-28 22:00", "03-30 08:00-09:00", "04-02 22:00-04-04 22:00"]


def test_a_repeat_in_utc_follows_the_zone_of_its_calendar():
    weekly = event("a@x", "DTSTART:20270308T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2")
    assert busy("X-WR-TIMEZONE:America/New_York", weekly) == ["03-08 15:00-16:00", "03-15 14:00-15:00"]


@pytest.mark.parametrize(
    "line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "status:cancelled"]
)
def test_cancelled_and_free_entries_block_nothing(line):
    assert busy(event("a@x", *HOUR, line)) == []
    assert busy(event("a@x", *HOUR, line, "RRULE:FREQ=DAILY;COUNT=3")) == []


def test_our_own_sessions_that_come_back_do_not_count():
    assert busy(event("8f14e45f@clinic.example", *HOUR), event("b@Clinic.Example", *HOUR)) == []
    assert busy(event("8f14e45f@clinic.example.org", *HOUR)) == ["03-01 10:00-11:00"]


def test_touching_and_doubled_entries_become_one():
    later = event("b@x", "DTSTART:20270301T103000Z", "DURATION:PT1H")
    assert busy(event("a@x", *HOUR), event("a@x", *HOUR), later) == ["03-01 10:00-11:30"]


def test_the_newer_of_two_copies_holds():
    assert busy(event("a@x", *HOUR, "SEQUENCE:1", "STATUS:CANCELLED"), event("a@x", *HOUR, "SEQUENCE:0")) == []


def test_a_calendar_of_free_busy_alone():
    lines = [
        "BEGIN:VFREEBUSY",
        "FREEBUSY;FBTYPE=BUSY:20270301T100000Z/PT1H,20270302T100000Z/20270302T110000Z",
        "FREEBUSY;FBTYPE=FREE:20270303T100000Z/PT1H",
        "FREEBUSY:20270304T100000Z/PT15M",
        "END:VFREEBUSY",
    ]
    assert busy(lines) == ["03-01 10:00-11:00", "03-02 10:00-11:00", "03-04 10:00-10:15"]


def test_only_the_days_asked_for_are_kept():
    long = event("a@x", "DTSTART:20260101T000000Z", "DTEND:20280101T000000Z")
    assert busy(long) == ["03-01 00:00-04-15 00:00"]
    assert busy(event("old@x", "DTSTART:20250101T000000Z", "DTEND:20250101T010000Z")) == []


def test_what_an_entry_is_about_is_thrown_away_first():
    parts = take_apart(calendar(event("a@x", *HOUR, "SUMMARY:Dr Knee", "DESCRIPTION:very", " private", "LOCATION:x")))
    assert [name for name, _ in parts.entries[0].lines] == ["UID", "DTSTART", "DTEND"]


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:garbage",),
        ("DTSTART:20270230T100000Z",),
        ("SUMMARY:no start",),
        ("DTSTART:20270301T100000Z", "DTEND:20270228T100000Z"),
        ("DTSTART:20270301T100000Z", "DURATION:X"),
        ("DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"),
        ("DTSTART:20270301T100000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"),
        ("DTSTART:20270301T100000Z", "DURATION:PT1S", "RRULE:FREQ=MINUTELY"),
        ("DTSTART:20270301T100000Z", "DURATION:PT1S", "RRULE:FREQ=HOURLY;BYMINUTE=0,10,20"),
        ("DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    ],
)
def test_an_entry_that_cannot_be_read_is_counted_and_the_others_hold(lines):
    """Also one whose rule would keep a computer busy for hours: it has LIMITS.entry_s."""
    started = time.process_time()
    assert busy(event("bad@x", *lines), event("good@x", *HOUR)) == ["03-01 10:00-11:00"]
    assert unread(event("bad@x", *lines), event("good@x", *HOUR)) == 1
    assert time.process_time() - started < 3


def test_a_file_of_nothing_readable_is_no_calendar():
    with pytest.raises(Unreadable, match="not make out a single entry"):
        busy(event("a@x", "DTSTART:garbage"))


def test_too_many_entries_are_too_many():
    few = Limits(most_entries=3)
    daily = event("a@x", "DTSTART:20270301T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    for lines in ([daily], [event(f"{number}@x", *HOUR) for number in range(4)]):
        with pytest.raises(Unreadable, match="more entries than we can read"):
            busy(*lines, limits=few)


@pytest.mark.parametrize(
    "data",
    [
        b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 50_000 + b"END:VCALENDAR",
        b"BEGIN:VCALENDAR\nEND:VTIMEZONE\nEND:X\n:::\n\x00\xff\nEND:VCALENDAR\n\n",
        calendar("BEGIN:VTIMEZONE", "TZID:A", "BEGIN:STANDARD", "RRULE:FREQ=SECONDLY", "END:VTIMEZONE"),
        calendar("BEGIN:VFREEBUSY", "END:VFREEBUSY"),
    ],
)
def test_odd_files_are_empty_ones(data):
    assert busy_times(data, SPRING, limits=LIMITS).busy == []


@pytest.mark.parametrize("data", [b"", calendar(event("a@x", *HOUR))[:-40], calendar(event("a@x", *HOUR))[:-8]])
def test_a_file_that_breaks_off_is_refused_whole(data):
    with pytest.raises(Unreadable, match="breaks off"):
        busy_times(data, SPRING, limits=LIMITS)


def test_utf16_and_folded_lines():
    text = calendar(event("a@x", "DTSTART;TZID=Europe/Lon", " don:20270301T100000", "DURATION:PT1H"))
    assert len(busy_times(text.decode().encode("utf-16"), SPRING, limits=LIMITS).busy) == 1
