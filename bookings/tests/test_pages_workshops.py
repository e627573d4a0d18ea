"""The pages and the API of workshops: what each person sees, and what a tap does."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils.html import strip_tags

from bookings.models import Seat, Workshop
from bookings.services.seats import give_back_seats, join_waitlist
from bookings.tests.workshop_world import counted, people, planned, seat_for
from clinic.audit.models import Event
from clinic.reminders.dispatch import dispatch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours", "clock")]


@pytest.fixture
def workshop(therapist, staff, thursday, now) -> Workshop:
    return planned(therapist, staff, thursday, now, title="Quiet feet")


def words(response) -> str:
    """What the page says, without its tags."""
    return re.sub(r"\s+", " ", strip_tags(response.content.decode().split("<main", 1)[1]))


def test_standing_in_line_is_among_the_wishes(client_of, runner, other_runner, workshop) -> None:
    Workshop.objects.update(capacity=1)
    client_of(other_runner).post(f"/workshops/{workshop.slug}/seats/")
    browser = client_of(runner)
    assert "Quiet feet" not in words(browser.get("/waitlist/"))
    browser.post(f"/workshops/{workshop.slug}/line/", {"do": "join"})
    assert "Quiet feet" in words(browser.get("/waitlist/"))
    assert "Quiet feet" not in words(client_of(other_runner).get("/waitlist/"))


@pytest.mark.parametrize(("capacity", "friends"), [(1, 0), (2, 1), (3, 2)])
def test_no_more_friends_are_asked_for_than_there_are_seats(client_of, runner, workshop, capacity, friends) -> None:
    Workshop.objects.update(capacity=capacity)
    browser, address = client_of(runner), f"/workshops/{workshop.slug}/"
    assert browser.get(address).content.decode().count('name="friend"') == friends
    browser.post(f"{address}seats/")
    assert browser.get(address).content.decode().count('name="friend"') == friends


def test_a_visitor_sees_what_is_coming_and_is_led_to_the_log_in(client, workshop) -> None:
    listing = words(client.get("/workshops/"))
    assert "Quiet feet" in listing
    assert "£25 3 seats left" in listing
    page = client.get(f"/workshops/{workshop.slug}/")
    assert "3 of 3 seats left" in words(page)
    assert f"/accounts/login/?next=/workshops/{workshop.slug}/" in page.content.decode()
    assert client.post(f"/workshops/{workshop.slug}/seats/").status_code == 302
    assert counted(workshop) == (0, 0, 0, 0)


def test_without_workshops_the_page_says_what_to_do(client, runner, client_of, db) -> None:
    assert "No workshop planned just now" in words(client.get("/workshops/"))


def test_a_runner_takes_seats_gives_one_back_and_undoes_it(client_of, runner, workshop, clock) -> None:
    browser, address = client_of(runner), f"/workshops/{workshop.slug}/"
    assert "10:00Stockholm time, 09:00 at the clinic" in words(browser.get(address))
    taken = browser.post(f"{address}seats/", {"friend": ["Ana Silva", ""]}, follow=True)
    assert "2 seats are yours" in words(taken)
    assert "Quiet feet, 2 seats, online" in words(browser.get("/appointments/"))
    back = words(browser.get(f"{address}back/"))
    assert "It costs nothing. It is free until tomorrow 10:00; after that it would cost £25 a seat." in back
    assert browser.post(f"{address}back/").status_code == 422
    ana = Seat.objects.get(friend="Ana Silva")
    given = browser.post(f"{address}back/", {"seat": str(ana.pk)}, follow=True)
    assert "Given back. Nobody has been told yet." in words(given)
    assert counted(workshop) == (1, 1, 0, 0)
    assert "Undone" in words(browser.post(f"{address}undo/", follow=True))
    assert counted(workshop) == (2, 2, 0, 0)
    clock.move_to(workshop.booking.start - timedelta(hours=23))
    browser = client_of(runner)
    assert "It costs £25 a seat all the same." in words(browser.get(f"{address}back/"))
    file = browser.get(f"{address}calendar.ics").content.decode()
    assert "SUMMARY:Stridewell with Nadia Okello" in file
    assert "Quiet feet" not in file


def test_what_was_typed_stays_when_it_is_full(client_of, runner, other_runner, workshop, now) -> None:
    seat_for(workshop, other_runner, now, "Ben", "Cleo")
    workshop.refresh_from_db()
    Workshop.objects.update(capacity=4)
    refused = client_of(runner).post(f"/workshops/{workshop.slug}/seats/", {"friend": "Ana Silva"})
    assert refused.status_code == 409
    assert 'value="Ana Silva"' in refused.content.decode()
    assert "1 seat is left, and you asked for 2. Nothing was taken." in words(refused)
    assert counted(workshop) == (3, 3, 0, 0)


def test_the_offers_link_needs_no_log_in_and_looking_changes_nothing(
    client, client_of, therapist, staff, thursday, now, clock
) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second = people(2)
    seat = seat_for(workshop, first, now)[0]
    page = words(client_of(second).get(f"/workshops/{workshop.slug}/"))
    assert "Join the waitlist" in page
    client_of(second).post(f"/workshops/{workshop.slug}/line/", {"do": "join"})
    assert "You are number 1 on the waitlist" in words(client_of(second).get(f"/workshops/{workshop.slug}/"))
    give_back_seats(seats=[seat], by=first, now=now + timedelta(minutes=9))
    clock.move_to(now + timedelta(minutes=12))
    dispatch(now=now + timedelta(minutes=12))
    letter = next(each for each in mail.outbox if each.to == [second.email])
    assert letter.subject == "A seat is free: Running form, Thursday 26 November, 09:00"
    link = re.search(r"http://[^/]+(/workshops/offers/\S+)", letter.body)[1]
    assert "Take the seat, £25" in words(client.get(link))
    assert counted(workshop) == (1, 0, 1, 0)
    assert client.get(link[:-3] + "x/").status_code == 404
    assert "The seat is yours" in words(client.post(link, {"do": "accept"}))
    assert "The seat is yours" in words(client.post(link, {"do": "accept"}))
    assert counted(workshop) == (1, 1, 0, 0)
    assert Event.objects.get(action="workshop.seats_taken", actor_id=str(second.pk)).by_link
    clock.move_to(now + timedelta(days=3, minutes=13))
    for answer in (client.get(link), client.post(link, {"do": "decline"})):
        assert (answer.status_code, "This link has ended" in words(answer)) == (410, True)
        assert "Running form" not in words(answer)
    assert counted(workshop) == (1, 1, 0, 0)


def test_the_room_lets_in_who_has_a_seat(
    client_of, runner, other_runner, therapist, staff, workshop, now, clock
) -> None:
    seat_for(workshop, runner, now)
    address = f"/workshops/{workshop.slug}/room/"
    assert "The room opens" in words(client_of(runner).get(address))
    assert client_of(other_runner).get(address).status_code == 404
    assert client_of(staff).get(address).status_code == 404
    clock.move_to(workshop.booking.start - timedelta(minutes=10))
    for user in (runner, therapist):
        assert workshop.booking.video_key in client_of(user).get(address).content.decode()


def test_staff_plan_move_and_cancel(client_of, staff, therapist, runner, now) -> None:
    desk = client_of(staff)
    sent = {
        "title": "Six exercises", "capacity": 6, "price": "20", "change_notice_h": 24, "on": "2026-11-26", "at": "20:00",
        "minutes": 60, "therapist": therapist.therapist.pk, "place": "online",
    }  # fmt: skip
    refused = desk.post("/workshops/new/", sent)
    assert refused.status_code == 422
    assert "Nadia does not work then. Choose another time, or say why it is so." in words(refused)
    assert 'value="Six exercises"' in refused.content.decode()
    assert not Workshop.objects.exists()
    desk.post("/workshops/new/", {**sent, "reason": "Evening class"})
    made = Workshop.objects.get()
    seat_for(made, runner, now)
    address = f"/workshops/{made.slug}/"
    assert "1 person gets one e-mail with the new time" in words(desk.get(f"{address}move/"))
    moved = desk.post(f"{address}move/", {**sent, "at": "10:00"}, follow=True)
    assert "Moved to Thursday 26 November, 10:00. 1 person is told by e-mail." in words(moved)
    assert "maya@mail.example" in words(moved)
    assert "1 person gets one e-mail each" in words(desk.get(f"{address}cancel/"))
    assert desk.post(f"{address}cancel/").status_code == 422
    assert "Cancelled. 1 person is told by e-mail." in words(
        desk.post(f"{address}cancel/", {"reason": "Nadia is ill"}, follow=True)
    )


def test_staff_seat_a_caller_and_its_therapist_sees_names_alone(
    client_of, staff, therapist, runner, workshop, clock
) -> None:
    desk, address = client_of(staff), f"/workshops/{workshop.slug}/"
    assert "maya@mail.example" in words(desk.get(f"{address}?q=lindq"))
    desk.post(f"{address}add/", {"runner": str(runner.runner.pk)})
    seat = Seat.objects.get()
    theirs = words(client_of(therapist).get(address))
    assert "Maya Lindqvist" in theirs
    assert "maya@mail.example" not in theirs
    clock.move_to(workshop.booking.start)
    client_of(therapist).post(f"{address}mark/", {"seat": str(seat.pk), "state": "came"})
    seat.refresh_from_db()
    assert seat.attended is True
    assert "Quiet feet" in words(client_of(therapist).get("/today/"))


def test_lists_take_the_same_statements_for_one_and_for_three(
    client_of, runner, staff, therapist, thursday, now, django_assert_num_queries, workshop
) -> None:
    seat_for(workshop, runner, now)
    pages = [
        (client_of(runner), "/workshops/"),
        (client_of(runner), "/appointments/"),
        (client_of(staff), "/workshops/"),
        (client_of(staff), f"/workshops/{workshop.slug}/"),
        (client_of(runner), "/api/v1/workshops/"),
    ]
    counts = [statements(browser, page) for browser, page in pages]
    others = people(2)
    for number, each in enumerate(others, 1):
        other = planned(therapist, staff, thursday + timedelta(hours=2 + 2 * number), now)
        seat_for(other, runner, now)
        seat_for(workshop, each, now)
    assert [statements(browser, page) for browser, page in pages] == counts
    assert max(counts) <= 12


def statements(browser: Client, page: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser.get(page)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert browser.get(page).status_code == 200
    return len(caught)


def test_the_api_takes_and_gives_back_seats(client_of, runner, other_runner, workshop, now) -> None:
    browser, address = client_of(runner), f"/api/v1/workshops/{workshop.pk}/"
    shown = browser.get("/api/v1/workshops/").json()["results"][0]
    assert (shown["seats_left"], shown["start"], shown["zone"], shown["your_seats"]) == (
        3,
        "2026-11-26T09:00:00Z",
        "Europe/Stockholm",
        [],
    )
    made = browser.post(f"{address}seats/", {"friends": ["Ana"]}, content_type="application/json")
    assert (made.status_code, [seat["friend"] for seat in made.json()["seats"]]) == (201, ["", "Ana"])
    full = client_of(other_runner).post(f"{address}seats/", {"friends": ["Ben"]}, content_type="application/json")
    assert (full.status_code, full.json()["code"]) == (409, "full")
    bad = browser.post(f"{address}seats/", {"friends": ["Ana"]}, content_type="application/json")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_friend")
    own = made.json()["seats"][0]["id"]
    assert client_of(other_runner).delete(f"{address}seats/{own}/").status_code == 404
    gone = browser.delete(f"{address}seats/{own}/")
    assert (gone.status_code, gone.json()["fee_pence"], gone.json()["seat"]["state"]) == (200, 0, "cancelled")
    early = client_of(other_runner).post(f"{address}waitlist/", {}, content_type="application/json")
    assert (early.status_code, early.json()["code"]) == (422, "not_full")
    seat_for(workshop, other_runner, now, "Ben")
    third = people(1)[0]
    waiting = client_of(third).post(f"{address}waitlist/", {}, content_type="application/json")
    assert (waiting.status_code, waiting.json()["state"]) == (201, "waiting")
    assert counted(workshop) == (3, 3, 0, 1)


def test_a_late_seat_costs_what_was_said_and_nothing_unsaid(client_of, runner, workshop, now, clock) -> None:
    own, guest = seat_for(workshop, runner, now, "Ana")
    page, address = f"/workshops/{workshop.slug}/back/", f"/api/v1/workshops/{workshop.pk}/seats/"
    assert "accept_fee" not in client_of(runner).get(page).content.decode()
    clock.move_to(workshop.booking.start - timedelta(hours=24) + timedelta(seconds=1))
    browser = client_of(runner)
    overtaken = browser.post(page, {"seat": str(own.pk)})
    assert (overtaken.status_code, counted(workshop)) == (422, (2, 2, 0, 0))
    assert "Giving it back now costs £25" in words(overtaken)
    assert 'name="accept_fee"' in overtaken.content.decode()
    refused = browser.delete(f"{address}{guest.pk}/")
    assert (refused.status_code, refused.json()["code"], refused.json()["late_fee_pence"]) == (422, "late_fee", 2500)
    assert browser.delete(f"{address}{guest.pk}/?accept_fee=true").json()["fee_pence"] == 2500
    assert browser.post(page, {"accept_fee": "yes"}).status_code == 302
    assert counted(workshop) == (0, 0, 0, 0)


def test_waiting_in_line_is_left_from_the_page(client_of, runner, other_runner, workshop, now) -> None:
    seat_for(workshop, other_runner, now, "Ben", "Cleo")
    join_waitlist(workshop=workshop, runner=runner.runner, by=runner, now=now)
    client_of(runner).post(f"/workshops/{workshop.slug}/line/", {"do": "leave"})
    assert counted(workshop) == (3, 3, 0, 0)
