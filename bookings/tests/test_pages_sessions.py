"""One's own sessions: the list, the page, moving, cancelling, the room; for runner, therapist and staff."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import Appointment, Service, WeeklyHours
from bookings.tests.workshop_world import planned
from clinic.people.models import User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


def url(session: Appointment, page: str = "") -> str:
    return f"/appointments/{session.pk}/{page}"


@pytest.mark.parametrize("page", ["", "move/", "cancel/", "calendar.ics", "room/"])
def test_a_session_is_for_its_people_alone(
    client: Client, client_of: ClientOf, session: Appointment, other_runner: User, other_therapist: User, page: str
) -> None:
    assert client.get(url(session, page)).status_code == 302
    assert client_of(other_runner).get(url(session, page)).status_code == 404
    assert client_of(other_therapist).get(url(session, page)).status_code == 404


@pytest.mark.parametrize("page", ["move/", "cancel/", "mark/"])
def test_a_stranger_changes_nothing(
    client_of: ClientOf, session: Appointment, other_runner: User, other_therapist: User, page: str
) -> None:
    typed = {"to": "2026-11-26T09:45Z", "reason": "x", "state": "arrived"}
    assert client_of(other_runner).post(url(session, page), typed).status_code in (403, 404)
    assert client_of(other_therapist).post(url(session, page), typed).status_code == 404
    session.refresh_from_db()
    assert (session.start, session.state, session.sequence) == (NINE, "booked", 0)


def test_the_lists_hold_ones_own(
    client_of: ClientOf, session: Appointment, runner: User, other_runner: User, therapist: User, staff: User
) -> None:
    mine = client_of(runner).get("/appointments/").content.decode()
    assert "Thu 26 Nov, 10:00" in mine
    assert "09:00 at the clinic" in mine
    assert "Nothing booked" in client_of(other_runner).get("/appointments/").content.decode()
    assert "Maya Lindqvist" in client_of(therapist).get("/appointments/").content.decode()
    assert client_of(staff).get("/appointments/")["Location"] == "/board/"


def test_a_therapists_calendar_goes_day_by_day(client_of: ClientOf, session: Appointment, therapist: User) -> None:
    out = client_of(therapist).get("/appointments/").content.decode()
    assert "Thursday 26 November</h2>" in out
    assert "<time>09:00<small>09:45</small></time>" in out
    assert 'href="/appointments/" aria-current="page"' in out


def test_a_therapists_calendar_has_workshops_in_their_days_and_goes_on_by_two_weeks(
    client_of: ClientOf, session: Appointment, therapist: User, staff: User, now: datetime
) -> None:
    planned(therapist, staff, NINE + timedelta(hours=4), now, title="Running form")
    planned(therapist, staff, NINE + timedelta(days=20), now, title="After the race")
    out = client_of(therapist).get("/appointments/").content.decode()
    assert out.index("Maya Lindqvist") < out.index("Running form")
    assert 'href="?from=2026-12-16">Later' in out
    assert "2 booked" in out
    assert "After the race" not in out
    later = client_of(therapist).get("/appointments/?from=2026-12-16").content.decode()
    assert "After the race" in later
    assert 'href="?from=2026-12-02">Earlier' in later
    between = client_of(therapist).get("/appointments/?from=2026-11-30").content.decode()
    assert "The next is on Wednesday 16 December." in between


def test_the_list_asks_the_database_as_often_for_three_as_for_one(
    client_of: ClientOf,
    session: Appointment,
    runner: User,
    visit: Service,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser = client_of(runner)
    browser.get("/appointments/")
    with django_assert_num_queries(8):
        browser.get("/appointments/")
    for minutes in (45, 90):
        services.book_slot(
            service=visit,
            therapist=session.therapist,
            runner=runner.runner,
            start=NINE + timedelta(minutes=minutes),
            by=runner,
            now=now,
        )
    with django_assert_num_queries(8):
        browser.get("/appointments/")


def test_the_runners_page_says_when_where_how_much_and_until_when(
    client_of: ClientOf, session: Appointment, runner: User
) -> None:
    page = client_of(runner).get(url(session)).content.decode()
    for words in (
        "Thursday 26 November, 10:00",
        "Stockholm time, 09:00 at the clinic",
        "£68, paid after the visit",
        "Free until tomorrow 10:00",
        "Move it",
        "Cancel it",
        "calendar.ics",
    ):
        assert words in page


def test_the_calendar_file_names_the_instant(client_of: ClientOf, session: Appointment, runner: User) -> None:
    answer = client_of(runner).get(url(session, "calendar.ics"))
    assert answer["Content-Type"].startswith("text/calendar")
    assert b"DTSTART:20261126T090000Z" in answer.content


@pytest.mark.parametrize(("to", "told"), [("2026-11-24T11:15Z", True), ("2026-11-27T09:00Z", False)])
def test_a_move_that_cannot_be_taken_back_says_so_before(
    client_of: ClientOf, session: Appointment, runner: User, to: str, told: bool
) -> None:
    page = client_of(runner).get(url(session, f"move/?to={to}")).content.decode()
    assert ("it cannot be moved online" in page) is told


def test_moving_asks_once_and_moves(client_of: ClientOf, session: Appointment, runner: User) -> None:
    browser = client_of(runner)
    assert 'name="to" value="2026-11-27T09:00Z"' in browser.get(url(session, "move/")).content.decode()
    asked = browser.get(url(session, "move/?to=2026-11-27T09:00Z")).content.decode()
    assert "Friday 27 November, 10:00" in asked
    assert "It costs nothing" in asked
    answer = browser.post(url(session, "move/"), {"to": "2026-11-27T09:00Z"})
    assert answer["Location"] == url(session)
    session.refresh_from_db()
    moved = browser.get(url(session)).content.decode()
    assert moved.count("Moved to Friday 27 November, 10:00. No message sent yet.") == 1
    assert (session.start, session.sequence) == (datetime(2026, 11, 27, 9, tzinfo=UTC), 1)


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("2026-11-26T10:37Z", "Choose one of the times shown"),
        ("2026-11-23T09:00Z", "That time is over"),
        ("junk", "could not read"),
        ("2026-11-26T09:45Z", "has just gone"),
    ],
)
def test_a_move_to_a_time_that_cannot_be_had_leaves_the_session(
    client_of: ClientOf,
    session: Appointment,
    runner: User,
    other_runner: User,
    visit: Service,
    now: datetime,
    to: str,
    sentence: str,
) -> None:
    services.book_slot(
        service=visit,
        therapist=session.therapist,
        runner=other_runner.runner,
        start=NINE + timedelta(minutes=45),
        by=other_runner,
        now=now,
    )
    browser = client_of(runner)
    for answer in (browser.get(url(session, "move/"), {"to": to}), browser.post(url(session, "move/"), {"to": to})):
        assert answer.status_code == 409
        assert sentence in answer.content.decode()
        assert "Your session stays where it was." in answer.content.decode()
    session.refresh_from_db()
    assert session.start == NINE


def test_cancelling_says_what_it_costs_before_it_happens(
    client_of: ClientOf, session: Appointment, runner: User
) -> None:
    browser = client_of(runner)
    asked = browser.get(url(session, "cancel/")).content.decode()
    assert "Cancel Thu 10:00?" in asked
    assert (
        "It costs nothing. It is free until tomorrow 10:00; after that it would cost £34, half of the price." in asked
    )
    session.refresh_from_db()
    assert session.state == "booked"
    assert browser.post(url(session, "cancel/"))["Location"] == url(session)
    session.refresh_from_db()
    assert session.state == "cancelled"
    cancelled = browser.get(url(session)).content.decode()
    assert "No message sent yet." in cancelled
    assert "Nothing to pay" in cancelled
    assert "paid after the visit" not in cancelled
    assert "Past and cancelled" in browser.get("/appointments/").content.decode()
    assert browser.post(url(session, "cancel/")).status_code == 302
    assert "already" not in browser.get(url(session)).content.decode()


def test_a_late_cancellation_shows_what_it_cost(
    client_of: ClientOf, session: Appointment, runner: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE - timedelta(hours=2))
    browser = client_of(runner)
    browser.post(url(session, "cancel/"), {"fee": "3400"})
    assert "£34, because it was cancelled late" in browser.get(url(session)).content.decode()


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), 200), (timedelta(seconds=1), 409)])
def test_the_cut_off_holds_to_the_second(
    client_of: ClientOf, session: Appointment, runner: User, clock: time_machine.Traveller, late: timedelta, status: int
) -> None:
    clock.move_to(NINE - timedelta(hours=24) + late)
    assert client_of(runner).get(url(session, "move/")).status_code == status
    if status == 409:
        page = client_of(runner).get(url(session, "move/")).content.decode()
        assert "ended today at 10:00" in page
        assert "cancel it for £34" in page
        page = client_of(runner).post(url(session, "cancel/"), {"fee": "0"}).content.decode()
        assert "It was free until today 10:00." in page
        assert "Now it costs £34, half of the price." in page
        session.refresh_from_db()
        assert session.state == "booked"


@pytest.mark.parametrize(
    ("before", "words", "link"),
    [
        (timedelta(minutes=10, seconds=1), "Your room opens today at 09:50", False),
        (timedelta(minutes=10), "Your room is open", True),
        (timedelta(minutes=-74), "Your room is open", True),
        (timedelta(minutes=-75), "This session is over", False),
    ],
)
def test_the_room_opens_ten_minutes_before_and_closes_thirty_after(
    client_of: ClientOf,
    session: Appointment,
    runner: User,
    therapist: User,
    staff: User,
    clock: time_machine.Traveller,
    before: timedelta,
    words: str,
    link: bool,
) -> None:
    clock.move_to(NINE - before)
    page = client_of(runner).get(url(session, "room/")).content.decode()
    assert words in page
    assert (session.video_key in page) is link
    assert (session.video_key in client_of(therapist).get(url(session, "room/")).content.decode()) is link
    assert client_of(staff).get(url(session, "room/")).status_code == 404
    assert session.video_key not in client_of(staff).get(url(session)).content.decode()


def test_the_therapist_marks_their_own_sessions(
    client_of: ClientOf, session: Appointment, therapist: User, runner: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE)
    assert "Arrived" in client_of(therapist).get(url(session)).content.decode()
    for state in ("arrived", "completed"):
        assert client_of(therapist).post(url(session, "mark/"), {"state": state}).status_code == 302
        session.refresh_from_db()
        assert session.state == state
    assert client_of(runner).post(url(session, "mark/"), {"state": "booked"}).status_code == 403
    assert client_of(therapist).post(url(session, "mark/"), {"state": "bogus"}).status_code == 422
    session.refresh_from_db()
    assert session.state == "completed"


def test_staff_move_with_anybody_and_past_the_rules_with_a_reason(
    client_of: ClientOf, session: Appointment, staff: User, runner: User
) -> None:
    desk = client_of(staff)
    typed = {"on": "2026-11-26", "at": "18:10", "therapist": session.therapist_id}
    refused = desk.post(url(session, "move/"), typed)
    assert refused.status_code == 422
    assert "does not work at that time" in refused.content.decode()
    refused = desk.post(url(session, "move/"), typed | {"override": "on"})
    assert refused.status_code == 422
    assert "Say why in a few words" in refused.content.decode()
    assert desk.post(url(session, "move/"), typed | {"override": "on", "reason": "Train was late"})["Location"] == url(
        session
    )
    session.refresh_from_db()
    assert session.start == datetime(2026, 11, 26, 18, 10, tzinfo=UTC)
    page = desk.get(url(session)).content.decode()
    assert "Train was late" in page
    assert "Moved" in page
    assert "Train was late" not in client_of(runner).get(url(session)).content.decode()


def test_staff_give_a_reason_when_the_notice_has_passed(
    client_of: ClientOf, session: Appointment, staff: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE - timedelta(hours=3))
    desk = client_of(staff)
    assert desk.post(url(session, "cancel/"), {"reason": " "}).status_code == 422
    session.refresh_from_db()
    assert session.state == "booked"
    assert desk.post(url(session, "cancel/"), {"reason": "Therapist is ill"}).status_code == 302
    session.refresh_from_db()
    assert (session.state, session.cancel_reason) == ("cancelled", "Therapist is ill")


@pytest.mark.parametrize("reason", ["x" * 10_000, "🏃" * 50, "\u202egnihton", "<script>alert(1)</script>"])
def test_any_reason_gives_an_answer(client_of: ClientOf, session: Appointment, staff: User, reason: str) -> None:
    answer = client_of(staff).post(url(session, "cancel/"), {"reason": reason}, follow=True)
    assert answer.status_code == (422 if len(reason) > 200 else 200)
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("state", ["booked", "arrived", "completed", "no_show"])
@pytest.mark.parametrize("before", [timedelta(minutes=61), timedelta(minutes=60), timedelta()])
def test_the_marks_on_the_page_are_those_that_can_be_set(
    client_of: ClientOf,
    session: Appointment,
    therapist: User,
    clock: time_machine.Traveller,
    state: str,
    before: timedelta,
) -> None:
    Appointment.objects.update(state=state)
    clock.move_to(NINE - before)
    page = client_of(therapist).get(url(session)).content.decode()
    for mark in ("booked", "arrived", "completed", "no_show"):
        offered = f'name="state" value="{mark}"' in page
        sent = client_of(therapist).post(url(session, "mark/"), {"state": mark})
        session.refresh_from_db()
        assert (sent.status_code == 302 and session.state != state) is offered, mark
        Appointment.objects.update(state=state)


@pytest.mark.parametrize("deed", ["move", "cancel"])
def test_the_desks_older_page_changes_nothing_and_says_what_stands(session, staff, desk, now, clock, deed) -> None:
    page = desk.get(f"/appointments/{session.pk}/{deed}/").content.decode()
    assert f'name="version" value="{session.version}"' in page
    sent = {"on": "2026-11-27", "at": "09:00", "therapist": session.therapist_id, "version": session.version}
    services.move_appointment(appointment=session, start=session.start + timedelta(minutes=45), by=staff, now=now)
    answer = desk.post(f"/appointments/{session.pk}/{deed}/", sent)
    page = answer.content.decode()
    stood = Appointment.objects.get(pk=session.pk)
    assert (answer.status_code, stood.version) == (409, "1-booked")
    assert "09:45" in page
    if deed == "move":
        assert "the session is now Thursday 26 November, 09:45 to 10:30 with Nadia Okello, booked." in page
        assert 'value="2026-11-27"' in page
        assert 'name="version" value="1-booked"' in page


def test_the_desks_older_page_marks_nothing(session, staff, client_of, now, clock) -> None:
    was = session.version
    services.move_appointment(appointment=session, start=session.start + timedelta(minutes=45), by=staff, now=now)
    clock.move_to(session.start)
    answer = client_of(staff).post(
        f"/appointments/{session.pk}/mark/", {"state": "arrived", "version": was}, follow=True
    )
    assert "It was not marked." in answer.content.decode()
    assert Appointment.objects.get(pk=session.pk).state == "booked"
