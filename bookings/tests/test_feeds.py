"""The private feed: what it tells, to whom, for how long; and that its address is a key and nothing but a key."""

import logging
from datetime import UTC, timedelta
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from bookings.calendars import ics
from bookings.calendars import seats as seat_calendar
from bookings.calendars.feeds import feed_file
from bookings.models import Appointment, CalendarFeed, Change, Place, Seat, Service, Workshop
from bookings.services import book_slot, cancel_appointment, hold_slot, last_undoable, move_appointment, undo
from bookings.services.feeds import make_feed, reader_of, revoke_feed
from clinic.audit.models import Event
from clinic.core.errors import Forbidden
from clinic.core.logs import strip_secret_address, strip_secret_paths
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours")


def events(user, now) -> list[dict[str, str]]:
    """The events of a feed with the times as aware instants."""
    return list(Calendar.from_ical(feed_file(user, now=now)).walk("VEVENT"))


@pytest.fixture
def book(visit, therapist, runner, now):
    def booked(start, by=runner):
        return book_slot(service=visit, therapist=therapist.therapist, runner=by.runner, start=start, by=by, now=now)

    return booked


@pytest.fixture
def workshop(therapist, staff, thursday, now) -> Workshop:
    made = Workshop.objects.create(
        slug="running-form", title="Running form", capacity=8, made_at=now, made_by=staff, price_pence=2500
    )
    start = thursday + timedelta(hours=4)
    Appointment.objects.create(
        workshop=made,
        therapist=therapist.therapist,
        start=start,
        end=start + timedelta(hours=1),
        busy_from=start,
        busy_until=start + timedelta(hours=1),
        zone="Europe/London",
        wall_start=start.isoformat(),
        place=Place.CLINIC,
        booked_by=staff,
        booked_at=now,
    )
    return made


def seat(workshop, runner, now, **fields) -> Seat:
    return Seat.objects.create(workshop=workshop, runner=runner.runner, made_at=now, **fields)


def test_one_event_through_its_life_with_a_rising_sequence(book, runner, thursday, now):
    booked = book(thursday)
    seen = [events(runner, now)]
    move_appointment(appointment=booked, start=thursday + timedelta(minutes=45), by=runner, now=now)
    seen.append(events(runner, now))
    move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now)
    seen.append(events(runner, now))
    cancel_appointment(appointment=booked, by=runner, now=now)
    seen.append(events(runner, now))
    assert [len(each) for each in seen] == [1, 1, 1, 1]
    assert {str(each[0]["UID"]) for each in seen} == {f"{booked.pk}@127.0.0.1"}
    assert [int(each[0]["SEQUENCE"]) for each in seen] == [0, 1, 2, 3]
    assert [str(each[0]["STATUS"]) for each in seen] == ["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    for zone in ("Asia/Tokyo", "America/New_York", "Europe/London"):
        assert seen[1][0]["DTSTART"].dt.astimezone(ZoneInfo(zone)) == thursday + timedelta(minutes=45)
    assert events(runner, now + timedelta(days=30)) == []


def test_the_file_is_as_the_standard_wants_it(book, runner, thursday, now, settings):
    settings.CLINIC_NAME = "Stridewell, the clinic for runners; and for those who mean to be runners again, some day"
    book(thursday)
    content = feed_file(runner, now=now)
    lines = content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert b"METHOD:PUBLISH" in lines
    assert b"DTSTART:20261126T090000Z" in lines
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert not {b"ATTENDEE", b"ORGANIZER", b"BEGIN:VALARM"} & {line.partition(b":")[0] for line in lines}
    assert feed_file(runner, now=now + timedelta(minutes=5)) == content, "the same book gives the same bytes"


def test_who_reads_what(book, runner, other_runner, therapist, other_therapist, visit, thursday, now):
    Service.objects.update(name="Achilles pain clinic")
    book(thursday)
    book(thursday + timedelta(minutes=45), by=other_runner)
    hold_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=thursday + timedelta(days=1),
        by=runner,
        now=now,
    )
    told = feed_file(runner, now=now).decode()
    assert "Stridewell with Nadia Okello" in told
    assert "Achilles" not in told
    assert [str(each["SUMMARY"]) for each in events(therapist, now)] == ["Stridewell session"] * 2
    single = ics.calendar_file(
        Appointment.objects.with_people().get(runner=runner.runner, state="booked"), reader=therapist, now=now
    )
    for own in (feed_file(therapist, now=now).decode(), single.decode()):
        assert not [word for word in ("Maya", "Lindqvist", "Achilles", runner.email) if word in own]
    assert len(events(other_runner, now)) == 1
    assert events(other_therapist, now) == []


def test_workshops_of_the_runner_and_of_the_therapist(workshop, runner, other_runner, therapist, staff, now):
    mine = seat(workshop, runner, now)
    seat(workshop, runner, now, friend="Aled")
    seat(workshop, other_runner, now, state=Seat.State.WAITING)
    [event] = events(runner, now)
    assert (str(event["UID"]), str(event["SUMMARY"])) == (seat_calendar.uid(mine), "Stridewell with Nadia Okello")
    assert event["LOCATION"].startswith("Stridewell, 14 Quayside Row")
    assert [str(each["SUMMARY"]) for each in events(therapist, now)] == ["Workshop: Running form"]
    assert events(other_runner, now) == []
    Seat.objects.filter(pk=mine.pk).update(state=Seat.State.CANCELLED, cancelled_at=now, sequence=1)
    [event] = events(runner, now)
    assert str(event["STATUS"]) == "CONFIRMED", "the friend’s place stands"
    Seat.objects.filter(friend="Aled").update(state=Seat.State.CANCELLED, cancelled_at=now)
    assert [str(each["STATUS"]) for each in events(runner, now)] == ["CANCELLED"]


def test_the_same_few_queries_however_much_is_booked(book, workshop, runner, therapist, thursday, now):
    token = make_feed(by=runner, now=now)[1]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert Client().get(f"/calendar/{token}.ics").status_code == 200
        return len(captured)

    book(thursday)
    queries()
    one = queries()
    for days in (1, 4, 5):
        book(thursday + timedelta(days=days))
    seat(workshop, runner, now)
    assert queries() == one <= 4


@pytest.mark.parametrize("path", ["/calendar/{}.ics", "/api/v1/calendar/{}.ics"])
def test_the_address_is_the_key(path, book, runner, thursday, now, clock):
    book(thursday)
    _, token = make_feed(by=runner, now=now)
    url = path.format(token)
    answer = Client().get(url, HTTP_ACCEPT="text/x-vcalendar")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "private" in answer["Cache-Control"]
    assert "Set-Cookie" not in answer
    assert not answer.cookies
    assert answer.content == feed_file(runner, now=now)
    again = Client().get(url, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert Client().head(url).status_code == 200
    assert CalendarFeed.objects.get().read_at == now
    missing = Client().get(path.format("a" * 43))
    _, newer = make_feed(by=runner, now=now)
    replaced = Client().get(url)
    assert Client().get(path.format(newer)).status_code == 200
    revoke_feed(by=runner, now=now)
    revoked = Client().get(path.format(newer))
    assert [each.status_code for each in (missing, replaced, revoked)] == [404, 404, 404]
    bodies = [{key: value for key, value in each.json().items() if key != "request_id"} for each in (missing, revoked)]
    assert bodies[0] == bodies[1]


def test_a_closed_account_opens_nothing(runner, now):
    _, token = make_feed(by=runner, now=now)
    assert reader_of(token=token, now=now) == runner
    runner.is_active = False
    runner.save()
    assert reader_of(token=token, now=now) is None


def test_only_a_hash_is_kept_and_one_address_stands(runner, staff, now):
    tokens = [make_feed(by=runner, now=now)[1] for _ in range(3)]
    kept = str([list(CalendarFeed.objects.values()), list(Event.objects.values())])
    assert all(token not in kept for token in tokens)
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 1
    assert revoke_feed(by=runner, now=now) is True
    assert revoke_feed(by=runner, now=now) is False
    assert list(
        Event.objects.filter(action__startswith="calendar_feed").order_by("pk").values_list("action", flat=True)
    ) == [
        *["calendar_feed.made"] * 3,
        "calendar_feed.revoked",
    ]
    with pytest.raises(Forbidden):
        make_feed(by=staff, now=now)


def test_it_is_throttled(runner, now, monkeypatch):
    from bookings.api.feed import FeedView

    monkeypatch.setattr(FeedView.throttle_classes[0], "THROTTLE_RATES", {"anon": "2/min"})
    cache.clear()
    assert [Client().get(f"/calendar/{'x' * 43}.ics").status_code for _ in range(3)] == [404, 404, 429]


def test_no_log_and_no_error_report_holds_an_address(runner, now, monkeypatch, caplog):
    _, token = make_feed(by=runner, now=now)
    event = {"event": f"Internal Server Error: /api/v1/calendar/{token}.ics", "status": 500}
    assert strip_secret_paths(None, "", event) == {
        "event": "Internal Server Error: /api/v1/calendar/…",
        "status": 500,
    }
    report = {"request": {"url": f"https://clinic.example/calendar/{token}.ics"}}
    assert strip_secret_address(report, None)["request"]["url"] == "https://clinic.example/calendar/…"
    assert strip_secret_paths(None, "", {"event": "GET /calendar/ and /appointments/"})["event"].endswith("ments/")
    with caplog.at_level(logging.DEBUG):
        assert Client().get(f"/calendar/{token}.ics").status_code == 200
    assert token not in caplog.text


def test_the_page_shows_the_address_once(client_of, runner, staff, therapist, now, clock):
    page = client_of(runner)
    assert "Make my address" in page.get("/calendar/").text
    assert 'href="/calendar/"' in page.get("/you/").text
    assert 'href="/calendar/"' in page.get("/appointments/").text
    made = page.post("/calendar/", {"do": "make"})
    address = made.context["address"]
    assert address in made.text
    assert address.replace("http://", "webcal://") in made.text
    assert "no-store" in made["Cache-Control"]
    assert Client().get(address.removeprefix("http://127.0.0.1:8000")).status_code == 200
    after = page.get("/calendar/").text
    assert address not in after
    assert "last read today at 10:00" in after
    assert page.post("/calendar/", {"do": "revoke"}).status_code == 302
    assert Client().get(address.removeprefix("http://127.0.0.1:8000")).status_code == 404
    assert client_of(staff).get("/calendar/").status_code == 403
    assert client_of(therapist).get("/calendar/").status_code == 200
    assert now.tzinfo is UTC


def test_an_invitation_arrives_as_it_was_written(book, thursday, now):
    """On the wire the file keeps its line ends, its method and its letters, whatever the mail program reads first."""
    book(thursday)
    letter = write_letter(Reminder.objects.get(kind="booked"), now)
    wire = message_from_bytes(letter.message().as_bytes(linesep="\r\n"))
    [part] = [each for each in wire.walk() if each.get_content_type() == "text/calendar"]
    assert (part.get_param("method"), part.get_param("charset")) == ("REQUEST", "utf-8")
    content = part.get_payload(decode=True)
    assert b"METHOD:REQUEST\r\n" in content
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert Calendar.from_ical(content).walk("VEVENT")[0]["DTSTART"].dt == thursday


def test_the_sequence_rises_when_a_move_is_undone_too(book, runner, thursday, now):
    booked = book(thursday)
    soon = now + timedelta(minutes=1)
    move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=soon)
    undo(change=last_undoable(booked, runner, soon), by=runner, now=soon)
    [event] = events(runner, now)
    assert (event["DTSTART"].dt, int(event["SEQUENCE"])) == (thursday, 2)
    undo(change=Change.objects.get(kind="booked"), by=runner, now=now)
    assert events(runner, now) == [], "a booking taken back was never a session"
