"""Calendar files, the video room and the letters: the same instant everywhere, nothing clinical anywhere."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from bookings import video
from bookings.calendars import ics
from bookings.messages import calendar, still_news
from bookings.models import Appointment, Place, Service, TreatmentRoom
from bookings.models.appointments import UNDO
from bookings.services import book_slot, cancel_appointment, mark_arrived, move_appointment, undo
from bookings.services.resizing import resize_appointment
from bookings.services.rooming import change_room
from clinic.core.errors import DomainError
from clinic.reminders import kinds
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours")


@pytest.fixture
def booked(visit, therapist, runner, thursday, now) -> Appointment:
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def event_of(content: bytes):
    calendar = Calendar.from_ical(content)
    [event] = calendar.walk("VEVENT")
    return calendar, event


def test_one_event_through_its_whole_life(booked, runner, thursday, now) -> None:
    versions = [booked]
    versions.append(move_appointment(appointment=booked, start=thursday + timedelta(minutes=45), by=runner, now=now))
    versions.append(move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now))
    versions.append(cancel_appointment(appointment=booked, by=runner, now=now))
    read = [event_of(ics.calendar_file(each, reader=runner, now=now)) for each in versions]
    assert {str(event["UID"]) for _, event in read} == {f"{booked.pk}@127.0.0.1"}
    assert [int(event["SEQUENCE"]) for _, event in read] == [0, 1, 2, 3]
    assert [str(calendar["METHOD"]) for calendar, _ in read] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [str(event["STATUS"]) for _, event in read] == ["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    for version, (_, event) in zip(versions, read, strict=True):
        for zone in ("Asia/Tokyo", "America/New_York", "Europe/London"):
            assert event["DTSTART"].dt.astimezone(ZoneInfo(zone)) == version.start
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=45)
    assert b"DTSTART:20261126T090000Z" in ics.calendar_file(booked, reader=runner, now=now)


def test_the_file_tells_who_when_where_and_no_more(booked, runner, therapist, now) -> None:
    Service.objects.update(name="Achilles pain clinic")
    text = ics.calendar_file(Appointment.objects.with_people().get(), reader=runner, now=now).decode()
    assert "Stridewell with Nadia Okello" in text
    assert "Achilles" not in text
    assert booked.video_key not in text
    own = ics.calendar_file(booked, reader=therapist, now=now).decode()
    assert "SUMMARY:Stridewell session\r\n" in own
    assert "Lindqvist" not in own


def test_room_names_cannot_be_guessed() -> None:
    names = {video.new_key() for _ in range(500)}
    assert len(names) == 500
    assert all(len(name) == 32 and name.isalnum() and name.islower() for name in names)


@pytest.mark.parametrize(
    ("minutes", "door"), [(-11, "not_yet"), (-10, "open"), (0, "open"), (74, "open"), (75, "over")]
)
def test_the_room_is_open_from_ten_before_to_thirty_after(booked, thursday, minutes, door) -> None:
    assert video.door(booked, thursday + timedelta(minutes=minutes)) == door


def test_the_room_address_follows_the_setting(booked, settings) -> None:
    settings.VIDEO_ROOM_URL = "https://meet.clinic.example/{room}?lobby=1"
    assert video.room_address(booked) == f"https://meet.clinic.example/stridewell-{booked.video_key}?lobby=1"


def test_only_the_two_people_are_concerned(booked, runner, therapist, other_runner, other_therapist, staff) -> None:
    assert [video.is_concerned(user, booked) for user in (runner, therapist, other_runner, other_therapist, staff)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_cancelled_session_has_no_room_and_a_clinic_session_none(
    booked, gait, therapist, runner, thursday, now
) -> None:
    cancelled = cancel_appointment(appointment=booked, by=runner, now=now)
    assert video.door(cancelled, thursday) == "none"
    in_clinic = book_slot(
        service=gait, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert in_clinic.video_key is None
    with pytest.raises(ValueError, match="no video room"):
        video.room_address(in_clinic)


def test_the_letter_of_a_booking(booked, now) -> None:
    letter = write_letter(Reminder.objects.get(kind="booked"), now)
    assert letter.subject == "Booked: Thursday 26 November, 10:00, with Nadia Okello"
    assert "Your time, Stockholm. 09:00 at the clinic, London." in letter.body
    [(name, content, mimetype)] = letter.attachments
    assert (name, mimetype) == ("stridewell-2026-11-26.ics", "text/calendar; method=REQUEST")
    _, event = event_of(content if isinstance(content, bytes) else content.encode())
    assert event["DTSTART"].dt == booked.start


def test_the_letter_of_a_new_length_says_what_changed(booked, staff, thursday, now) -> None:
    Reminder.objects.filter(kind="booked").update(state="sent", sent_at=now)
    later = now + timedelta(hours=1)
    resize_appointment(appointment=booked, minutes=90, by=staff, now=later)
    planned = {each.kind: each for each in Reminder.objects.filter(state="due")}
    assert sorted(planned) == ["resized", "visit_1h", "visit_24h"]
    assert planned["resized"].due_at == later + UNDO
    letter = write_letter(planned["resized"], later + UNDO)
    assert letter.subject == "Now 90 minutes: Thursday 26 November, 10:00, with Nadia Okello"
    says = "Your session on Thursday 26 November now lasts 90 minutes, until 11:30. It starts at the same time."
    assert says in letter.body
    assert says in letter.alternatives[0].content
    [(_, content, mimetype)] = letter.attachments
    assert mimetype == "text/calendar; method=REQUEST"
    _, event = event_of(content if isinstance(content, bytes) else content.encode())
    assert (str(event["UID"]), event["SEQUENCE"]) == (f"{booked.pk}@127.0.0.1", 1)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (thursday, thursday + timedelta(minutes=90))


@pytest.mark.parametrize("kind", ["booked", "moved", "resized", "visit_24h"])
@pytest.mark.parametrize("late", [False, True])
def test_a_letter_offers_to_move_only_while_it_can_be_moved(booked, staff, thursday, now, kind, late) -> None:
    if kind == "moved":
        move_appointment(appointment=booked, start=thursday + timedelta(minutes=45), by=staff, now=now)
    if kind == "resized":
        resize_appointment(appointment=booked, minutes=30, by=staff, now=now)
    booked.refresh_from_db()
    letter = write_letter(
        Reminder.objects.get(kind=kind, state="due"), booked.change_until - timedelta(minutes=not late)
    )
    words = letter.body + letter.alternatives[0].content
    assert ("until Wednesday 25 November" in words) is not late
    assert ("move or cancel" in words, "/move/" in words, "move it or" in words) == (
        not late,
        not late,
        not late and kind != "visit_24h",
    )


def test_a_new_length_undone_was_told_to_nobody(booked, staff, now) -> None:
    planned = list(Reminder.objects.order_by("due_at").values_list("kind", "due_at"))
    resize_appointment(appointment=booked, minutes=90, by=staff, now=now)
    undo(change=booked.changes.get(kind="resized"), by=staff, now=now + timedelta(seconds=1))
    assert list(Reminder.objects.filter(state="due").order_by("due_at").values_list("kind", "due_at")) == planned


def test_a_change_of_room_leaves_the_letter_that_waits(gait, therapist, runner, staff, thursday, now) -> None:
    _, other = (TreatmentRoom.objects.create(name=f"Room {number}") for number in (1, 2))
    booked = book_slot(
        service=gait, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    change_room(appointment=booked, to=other, by=staff, now=now)
    letter = Reminder.objects.get(kind="booked")
    assert still_news(letter, now + UNDO) == ""
    _, event = event_of(calendar(letter)[0][1])
    assert event["SEQUENCE"] == 1


@pytest.mark.parametrize("act", ["resized", "moved", "another room"])
def test_an_act_undone_after_a_change_of_room_leaves_the_letter_of_the_booking(
    gait, therapist, runner, staff, thursday, now, act
) -> None:
    _, second, third = (TreatmentRoom.objects.create(name=f"Room {number}") for number in (1, 2, 3))
    booked = book_slot(
        service=gait, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=staff, now=now
    )
    change_room(appointment=booked, to=second, by=staff, now=now)
    then = now + timedelta(seconds=20)
    if act == "resized":
        resize_appointment(appointment=booked, minutes=booked.minutes + 15, by=staff, now=then)
    elif act == "moved":
        move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=staff, now=then)
    else:
        change_room(appointment=booked, to=third, by=staff, now=then)
    undo(change=booked.changes.get(at=then), by=staff, now=then)
    letter = Reminder.objects.exclude(kind__startswith="visit").get(state="due")
    assert (letter.kind, letter.due_at, still_news(letter, now + UNDO)) == ("booked", now + UNDO, "")


@pytest.mark.parametrize("kind", ["booked", "visit_24h", "visit_1h", "moved", "resized", "cancelled"])
@pytest.mark.parametrize("place", Place.values)
def test_every_letter_is_whole(visit, therapist, runner, staff, thursday, now, kind, place) -> None:
    Service.objects.update(place=place, name="Knee pain & “runner's knee”")
    visit.refresh_from_db()
    therapist.name = "Nadia O'Kello"
    therapist.save()
    booked = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    if kind == "moved":
        move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now)
    if kind == "resized":
        resize_appointment(appointment=booked, minutes=30, by=staff, now=now)
    if kind == "cancelled":
        cancel_appointment(appointment=booked, by=runner, now=now)
    reminder = Reminder.objects.get(kind=kind)
    letter = write_letter(reminder, reminder.due_at)
    page = letter.alternatives[0].content
    assert "Nadia O'Kello" in letter.subject
    for text in (letter.subject, letter.body, page):
        assert "{{" not in text
        assert "{%" not in text
        assert "None" not in text
        assert "Knee" not in text
    assert "&#x27;" not in letter.body
    assert "O&#x27;Kello" in page
    assert "http://127.0.0.1:8000/" in letter.body
    assert len(letter.attachments) == (1 if kind in ("booked", "moved", "resized", "cancelled") else 0)


def truth(kind: str, now: datetime) -> list[str]:
    return [kinds.get(kind).still_true(each, now) for each in Reminder.objects.filter(kind=kind).order_by("id")]


def test_reminders_are_checked_again_at_sending(booked, runner, therapist, thursday, now) -> None:
    due = thursday - timedelta(hours=1)
    assert truth("visit_1h", due) == [""]
    assert truth("visit_1h", thursday) == ["The session has begun."]
    mark_arrived(appointment=booked, by=therapist, now=due)
    assert truth("visit_1h", due) == ["The session is arrived already."]
    Appointment.objects.update(state="booked")
    move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now)
    assert truth("visit_1h", due) == ["The session was moved.", ""]
    assert truth("booked", now) == ["The session was changed again before this went out."]
    cancel_appointment(appointment=booked, by=runner, now=now)
    assert truth("visit_1h", due) == ["The session was cancelled."] * 2
    assert truth("cancelled", now) == [""]


def test_a_refused_booking_plans_nothing(visit, therapist, runner, now) -> None:
    with pytest.raises(DomainError):
        book_slot(
            service=visit,
            therapist=therapist.therapist,
            runner=runner.runner,
            start=datetime(2026, 11, 29, 3, tzinfo=UTC),
            by=runner,
            now=now,
        )
    assert Reminder.objects.count() == 0
