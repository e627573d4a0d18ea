"""The front desk: the board as lanes, week and table; booking for a caller; services."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import Appointment, Service, TimeOff, WeeklyHours
from bookings.prices import price_of
from clinic.people.models import RunnerProfile, User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
CALLER = {
    "service": "follow-up",
    "therapist": "nadia-okello",
    "start": "2026-11-26T09:00Z",
    "name": "Rosa Milani",
    "email": "Rosa@Mail.example",
    "phone": "07700 900123",
}


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


@pytest.mark.parametrize("page", ["/board/", "/board/new/", "/services/", "/hours/", "/hours/nadia-okello/"])
def test_the_desks_pages_are_for_the_desk(
    client: Client, client_of: ClientOf, runner: User, other_therapist: User, staff: User, page: str
) -> None:
    assert client.get(page).status_code == 302
    assert client_of(runner).get(page).status_code == 403
    expected = {"/hours/": 302, "/hours/nadia-okello/": 404}.get(page, 403)
    assert client_of(other_therapist).get(page).status_code == expected
    assert client_of(staff).get(page).status_code == 200


@pytest.mark.parametrize(
    "query", ["", "&view=week", "&view=week&therapist=nadia-okello", "&as=table", "&as=table&view=week"]
)
def test_every_form_of_the_board_shows_the_session(desk: Client, session: Appointment, query: str) -> None:
    page = desk.get(f"/board/?day=2026-11-26{query}").content.decode()
    assert "Maya Lindqvist" in page
    assert f'href="/appointments/{session.pk}/"' in page
    assert "booked" in page.lower()


def test_the_day_hatches_what_is_closed_and_offers_the_gaps(
    desk: Client, session: Appointment, therapist: User
) -> None:
    TimeOff.objects.create(
        therapist=therapist.therapist, start=NINE + timedelta(hours=6), end=NINE + timedelta(hours=9), reason="school"
    )
    page = desk.get("/board/?day=2026-11-26").content.decode()
    for words in (
        "From 09:00",
        "Lunch",
        "Time off: school",
        "/board/new/?therapist=nadia-okello&amp;start=2026-11-26T09:45Z",
    ):
        assert words in page
    assert "now-rule" not in page


def test_the_now_line_stands_at_the_clinics_time(desk: Client) -> None:
    assert 'class="now-rule at b13" data-now="09:00"' in desk.get("/board/").content.decode()


def test_a_hold_is_on_the_board_without_a_name(desk: Client, visit: Service, runner: User, now: datetime) -> None:
    services.hold_slot(
        service=visit, therapist=visit.therapists.get(), runner=runner.runner, start=NINE, by=runner, now=now
    )
    page = desk.get("/board/?day=2026-11-26").content.decode()
    assert "Being booked" in page
    assert "Maya Lindqvist" not in page


def test_the_board_asks_the_database_as_often_for_three_sessions_as_for_one(
    desk: Client,
    session: Appointment,
    visit: Service,
    runner: User,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    desk.get("/board/?day=2026-11-26")
    with django_assert_num_queries(12):
        desk.get("/board/?day=2026-11-26")
    for minutes in (45, 90):
        services.book_slot(
            service=visit,
            therapist=session.therapist,
            runner=runner.runner,
            start=NINE + timedelta(minutes=minutes),
            by=runner,
            now=now,
        )
    with django_assert_num_queries(12):
        desk.get("/board/?day=2026-11-26")


@pytest.mark.parametrize(
    "query",
    [
        "day=nonsense",
        "day=0001-01-01",
        "day=9999-12-31",
        "view=%F0%9F%8F%83",
        "therapist=nobody&view=week",
        "day=2026-10-25",
        "day=2026-03-29&view=week",
    ],
)
def test_any_address_of_the_board_gives_a_page(desk: Client, query: str) -> None:
    assert desk.get(f"/board/?{query}").status_code == 200


def test_an_empty_clinic_has_a_board(desk: Client, therapist: User) -> None:
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    assert "No therapists yet" in desk.get("/board/").content.decode()


def test_a_caller_gets_an_account_and_a_session(desk: Client, staff: User) -> None:
    assert 'value="2026-11-26T09:00Z"' in desk.get("/board/new/?service=follow-up&day=2026-11-26").content.decode()
    answer = desk.post("/board/new/", CALLER)
    booked = Appointment.objects.get()
    assert answer["Location"] == f"/appointments/{booked.pk}/"
    assert (booked.start, booked.runner.user.email, booked.runner.phone, booked.booked_by) == (
        NINE,
        "rosa@mail.example",
        "07700 900123",
        staff,
    )


def test_the_fields_of_a_new_caller_stand_before_the_times_and_belong_to_the_booking(desk: Client) -> None:
    page = desk.get("/board/new/").content.decode()
    assert (
        page.index('id="booking"')
        < page.index("1. Who is calling")
        < page.index('name="phone"')
        < page.index("3. When")
    )


def test_a_known_caller_is_found_and_keeps_the_account(desk: Client, runner: User) -> None:
    found = desk.get("/board/new/?q=lindq").content.decode()
    assert f'value="runner:{runner.runner.pk}"' in found
    page = desk.get(f"/board/new/?runner={runner.runner.pk}").content.decode()
    assert "Book for Maya Lindqvist" in page
    answer = desk.post(
        "/board/new/",
        {"service": "follow-up", "therapist": "", "start": "2026-11-26T09:00Z", "runner": str(runner.runner.pk)},
    )
    assert answer.status_code == 302
    assert Appointment.objects.get().runner == runner.runner
    assert RunnerProfile.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Who is calling?"),
        ({"email": "rosa@mail"}, "e-mail"),
        ({"email": ""}, "We need an e-mail address"),
        ({"start": ""}, "Pick a time from the list"),
        ({"start": "nonsense"}, "We could not read that time"),
        ({"start": "other", "on": "2026-11-26", "at": "25:99"}, "valid time"),
        ({"start": "2026-11-26T18:10Z"}, "does not work at that time"),
        ({"name": "x" * 10_000}, "at most 120 characters"),
        ({"service": "nothing"}, "Choose a session first"),
        ({"start": "other", "on": "2026-11-23", "at": "09:00", "reason": "please"}, "That time is over"),
        ({"start": "other", "on": "2027-03-28", "at": "01:30", "reason": "please"}, "does not exist"),
    ],
)
def test_a_booking_that_lacks_something_keeps_what_was_typed(
    desk: Client, changes: dict[str, str], sentence: str
) -> None:
    answer = desk.post("/board/new/", CALLER | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "07700 900123" in page
    assert (Appointment.objects.count(), RunnerProfile.objects.filter(phone="07700 900123").count()) == (0, 0)


def test_a_time_just_gone_is_409_with_the_nearest(desk: Client, session: Appointment) -> None:
    answer = desk.post("/board/new/", CALLER)
    assert answer.status_code == 409
    assert "just gone" in answer.content.decode()
    assert "Near it are free: Thu 09:45" in answer.content.decode()
    assert RunnerProfile.objects.filter(user__email="rosa@mail.example").count() == 0


def test_staff_book_outside_the_hours_with_a_reason_never_over_a_session(desk: Client, session: Appointment) -> None:
    outside = CALLER | {"start": "other", "on": "2026-11-26", "at": "18:10", "reason": "Flies home tomorrow"}
    assert desk.post("/board/new/", outside).status_code == 302
    over = CALLER | {
        "start": "other",
        "on": "2026-11-26",
        "at": "09:10",
        "reason": "Please",
        "email": "else@mail.example",
    }
    assert desk.post("/board/new/", over).status_code == 409
    assert Appointment.objects.count() == 2


def test_the_services_page_lists_the_rules(desk: Client) -> None:
    page = desk.get("/services/").content.decode()
    assert "Follow-up" in page
    assert "£68" in page
    assert "24 h before" in page


def test_a_dropped_session_opens_the_move_form_filled_in(
    desk: Client, session: Appointment, visit: Service, other_therapist: User
) -> None:
    visit.therapists.add(other_therapist.therapist)
    board = desk.get("/board/?day=2026-11-26").content.decode()
    assert 'data-day="2026-11-26" data-lane="tomas-reinholt" data-therapist="tomas-reinholt"' in board
    page = desk.get(
        f"/appointments/{session.pk}/move/?on=2026-11-27&at=10:30&therapist=tomas-reinholt"
    ).content.decode()
    assert 'name="on" value="2026-11-27"' in page
    assert 'value="10:30"' in page
    assert f'<option value="{other_therapist.therapist.pk}" selected>' in page
    for query in ("on=nonsense&at=99:99&therapist=nobody", "at=%3Cscript%3E", "to=nonsense"):
        assert desk.get(f"/appointments/{session.pk}/move/?{query}").status_code == 200
    session.refresh_from_db()
    assert session.start == NINE


def test_a_first_visit_online_costs_the_therapists_own_rate(visit: Service, gait: Service, therapist: User) -> None:
    person = therapist.therapist
    person.rate_pence = 7200
    visit.is_first_visit = gait.is_first_visit = True
    assert (price_of(visit, person), price_of(visit), price_of(gait, person)) == (7200, 6800, 9500)


def test_a_caller_typed_when_the_log_in_ran_out_stands_there_again(desk: Client, staff: User) -> None:
    desk.get("/board/new/")
    desk.session.flush()
    desk.post("/board/new/", CALLER)
    desk.force_login(staff)
    assert 'value="Rosa Milani"' in desk.get("/board/new/").content.decode()
    assert Appointment.objects.count() == 0
