"""From the directory to the confirmation, as a browser without script does it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import Appointment, Service, WeeklyHours
from clinic.people.models import User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
TIMES = "/book/follow-up/?therapist=nadia-okello"


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


def slots_on(page: str) -> list[str]:
    return sorted(set(re.findall(r'name="(?:slot|to)" value="([^"]+)"', page)))


def hold(client: Client, at: str = "2026-11-26T09:00Z") -> Appointment:
    answer = client.post(TIMES, {"slot": at})
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Appointment.objects.get(state="held")


def test_who_has_been_here_finds_the_follow_up_first(
    client: Client, client_of: ClientOf, visit: Service, runner: User, therapist: User, clock: time_machine.Traveller
) -> None:
    first = Service.objects.create(
        slug="first", name="A first visit", minutes=45, price_pence=6800, is_first_visit=True
    )
    first.therapists.add(therapist.therapist)

    def first_is_a_first_visit(browser: Client, page: str) -> bool:
        said = browser.get(page).content.decode()
        return said.index("A first visit") < said.index(visit.name)

    assert first_is_a_first_visit(client, "/book/")
    session = services.book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=datetime(2026, 11, 26, 9, tzinfo=UTC),
        by=runner,
        now=datetime(2026, 11, 24, 9, tzinfo=UTC),
    )
    assert first_is_a_first_visit(client_of(runner), "/book/")
    clock.move_to(session.end)
    for page in ("/book/", "/waitlist/new/", "/therapists/nadia-okello/"):
        assert not first_is_a_first_visit(client_of(runner), page)


def test_a_therapists_page_and_the_prices_are_open_to_everybody(client: Client) -> None:
    assert "All times with Nadia" in client.get("/therapists/nadia-okello/").content.decode()
    assert "£68" in client.get("/prices/").content.decode()
    assert client.get("/therapists/nobody/").status_code == 404
    assert client.get("/book/nothing/").status_code == 404
    assert client.get("/book/?therapist=nobody").status_code == 404


def test_two_weeks_of_times_nearest_first(client: Client) -> None:
    page = client.get(TIMES).content.decode()
    found = re.findall(r'name="slot" value="([^"]+)"', page)
    assert found == sorted(found)
    assert found[0] == "2026-11-24T11:15Z"
    assert found[-1] == "2026-12-07T16:00Z"
    assert "Pick a time with Nadia" in page
    assert len(page.encode()) < 150_000


@pytest.mark.parametrize(
    ("zone", "first", "clinic", "day"),
    [
        ("Asia/Tokyo", "20:15", "11:15 clinic", "Tuesday 24 November"),
        ("Pacific/Kiritimati", "01:15", "Tue 11:15 clinic", "Wednesday 25 November"),
        ("America/Los_Angeles", "03:15", "11:15 clinic", "Tuesday 24 November"),
    ],
)
def test_times_stand_in_the_readers_zone_under_the_readers_date(
    client: Client, zone: str, first: str, clinic: str, day: str
) -> None:
    page = client.get(f"{TIMES}&zone={zone}").content.decode()
    section = page[page.index(f'aria-label="{day}"') :]
    assert section.index(f'value="2026-11-24T11:15Z">{first}<small>{clinic}') < section.index("</section>")


def test_the_same_instants_are_offered_in_every_zone(client: Client) -> None:
    instants = [
        slots_on(client.get(f"{TIMES}&zone={zone}").content.decode())
        for zone in ("Europe/London", "Europe/Lisbon", "Asia/Tokyo", "America/Los_Angeles")
    ]
    shared = [[each for each in found if each < "2026-12-07"] for found in instants]  # a fortnight of every zone
    assert all(found == shared[0] for found in shared)


def test_a_zone_once_chosen_stays(client: Client) -> None:
    client.get(f"{TIMES}&zone=Asia/Tokyo")
    assert "Your time: <b>Tokyo</b>" in client.get("/book/follow-up/").content.decode()


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "x" * 10_000, "<script>alert(1)</script>", "🏃", "\u202eEurope/London"]
)
def test_an_unknown_zone_is_told_and_never_breaks(client: Client, zone: str) -> None:
    answer = client.get("/book/follow-up/", {"zone": zone})
    assert answer.status_code == 200
    assert "We do not know the zone" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("first", ["2026-13-45", "yesterday", "0001-01-01", "9999-12-31", "", "2099-12-31"])
def test_any_date_in_the_address_gives_a_page(client: Client, first: str) -> None:
    assert client.get("/book/follow-up/", {"from": first}).status_code == 200


def test_later_and_earlier_lead_through_the_horizon(client: Client) -> None:
    page = client.get(TIMES).content.decode()
    assert 'aria-label="Earlier two weeks" disabled' in page
    later = client.get("/book/follow-up/?from=2026-12-09").content.decode()
    assert "from=2026-11-24" in later
    assert "8 Dec – 21 Dec" in later


def test_six_taps_from_the_directory_to_done(client_of: ClientOf, runner: User) -> None:
    browser = client_of(runner)
    browser.get("/therapists/")
    held = hold(browser)
    check = browser.get(f"/book/check/{held.pk}/").content.decode()
    assert "Thursday 26 November, 10:00" in check
    assert "09:00 at the clinic" in check
    assert "£68, paid after the visit" in check
    assert "Free until tomorrow 10:00" in check
    assert "5:00" in check
    answer = browser.post(f"/book/check/{held.pk}/", {"do": "book"})
    assert answer["Location"] == f"/appointments/{held.pk}/?booked=1"
    page = browser.get(answer["Location"]).content.decode()
    assert "Thursday 26 November, 10:00" in page
    assert "calendar.ics" in page
    assert Appointment.objects.get().state == "booked"


def test_only_reminders_that_will_come_are_promised(
    client_of: ClientOf, runner: User, clock: time_machine.Traveller
) -> None:
    browser = client_of(runner)
    held = hold(browser)
    assert "a reminder the day before and the hour before" in browser.get(f"/book/check/{held.pk}/").content.decode()
    browser.post(f"/book/check/{held.pk}/", {"do": "release"})
    clock.move_to(datetime(2026, 11, 25, 10, tzinfo=UTC))
    browser = client_of(runner)
    held = hold(browser)
    page = browser.get(f"/book/check/{held.pk}/").content.decode()
    assert "a reminder the hour before" in page
    assert "the day before" not in page


def test_the_ring_goes_on_after_a_reload(client_of: ClientOf, runner: User, clock: time_machine.Traveller) -> None:
    browser = client_of(runner)
    held = hold(browser)
    clock.shift(timedelta(seconds=72))
    page = browser.get(f"/book/check/{held.pk}/").content.decode()
    assert 'data-left="228"' in page
    assert ">3:48<" in page


def test_a_picked_time_that_went_meanwhile_is_answered_by_the_nearest(
    client: Client,
    runner: User,
    other_runner: User,
    visit: Service,
    now: datetime,
    clock: time_machine.Traveller,
) -> None:
    client.post(TIMES, {"slot": "2026-11-26T09:00Z"})
    clock.shift(timedelta(minutes=6))
    services.book_slot(
        service=visit,
        therapist=visit.therapists.get(),
        runner=other_runner.runner,
        start=datetime(2026, 11, 26, 9, tzinfo=UTC),
        by=other_runner,
        now=now + timedelta(minutes=6),
    )
    client.force_login(runner)
    assert "See if it is still free" in client.get("/book/resume/").content.decode()
    answer = client.post("/book/resume/")
    assert answer.status_code == 409
    assert "10:00 has just gone." in answer.content.decode()
    assert "2026-11-26T09:45Z" in answer.content.decode()
    assert Appointment.objects.filter(runner=runner.runner).count() == 0


@pytest.mark.parametrize(
    ("slot", "sentence"),
    [
        ("2026-11-23T09:00Z", "That time is over."),
        ("2026-11-24T10:00Z", "at least 2 hours ahead"),
        ("2027-11-24T10:00Z", "at most 60 days ahead"),
        ("2026-11-26T09:07Z", "Choose one of the times shown"),
        ("2026-11-29T09:00Z", "does not work at that time"),
        ("nonsense", "We could not read that time."),
        ("", "We could not read that time."),
        ("2026-11-26T09:00", "We could not read that time."),
        ("99999-01-01T00:00Z", "We could not read that time."),
        ("9999-12-31T23:59Z", "We could not read that time."),
        ("0001-01-01T00:00Z", "We could not read that time."),
        ("x" * 100_000, "We could not read that time."),
    ],
)
def test_a_time_that_cannot_be_had_gives_409_and_the_nearest(
    client_of: ClientOf, runner: User, slot: str, sentence: str
) -> None:
    answer = client_of(runner).post(TIMES, {"slot": slot})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert sentence in page
    assert "Nothing was booked." in page
    assert "nearest free times" in page
    assert Appointment.objects.count() == 0


def test_a_taken_time_gives_409_and_the_nearest(client_of: ClientOf, runner: User, other_runner: User) -> None:
    hold(client_of(other_runner))
    answer = client_of(runner).post(TIMES, {"slot": "2026-11-26T09:00Z"})
    assert answer.status_code == 409
    assert "10:00 has just gone." in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_posting_twice_books_once(client_of: ClientOf, runner: User) -> None:
    browser = client_of(runner)
    held = hold(browser)
    first = browser.post(f"/book/check/{held.pk}/", {"do": "book"})
    second = browser.post(f"/book/check/{held.pk}/", {"do": "book"})
    assert first["Location"].startswith(second["Location"].split("?")[0])
    assert Appointment.objects.filter(state="booked").count() == 1


def test_picking_twice_keeps_one_hold(client_of: ClientOf, runner: User) -> None:
    browser = client_of(runner)
    browser.post(TIMES, {"slot": "2026-11-26T09:00Z"})
    browser.post(TIMES, {"slot": "2026-11-26T09:00Z"})
    browser.post(TIMES, {"slot": "2026-11-26T09:45Z"})
    assert [held.start.minute for held in Appointment.objects.filter(state="held")] == [45]


def test_an_ended_hold_gives_409_on_looking_and_on_booking(
    client_of: ClientOf, runner: User, clock: time_machine.Traveller
) -> None:
    browser = client_of(runner)
    held = hold(browser)
    clock.shift(timedelta(minutes=7))
    for answer in (browser.get(f"/book/check/{held.pk}/"), browser.post(f"/book/check/{held.pk}/", {"do": "book"})):
        assert answer.status_code == 409
        assert "five minutes are over" in answer.content.decode()
        assert "2026-11-26T09:00Z" in answer.content.decode()
    assert Appointment.objects.filter(state="booked").count() == 0


def test_a_time_can_be_let_go(client_of: ClientOf, runner: User) -> None:
    browser = client_of(runner)
    held = hold(browser)
    assert browser.post(f"/book/check/{held.pk}/", {"do": "release"})["Location"] == TIMES
    assert Appointment.objects.get().state == "cancelled"


def test_anyone_is_whoever_is_free(
    client_of: ClientOf, runner: User, other_therapist: User, visit: Service, hours: list[WeeklyHours]
) -> None:
    visit.therapists.add(other_therapist.therapist)
    for row in hours:
        WeeklyHours.objects.create(
            therapist=other_therapist.therapist, weekday=row.weekday, starts=row.starts, ends=row.ends
        )
    page = client_of(runner).get("/book/follow-up/").content.decode()
    assert page.count('value="2026-11-25T09:00Z"') == 1
    answer = client_of(runner).post("/book/follow-up/", {"slot": "2026-11-25T09:00Z"})
    assert answer.status_code == 302
    assert Appointment.objects.count() == 1


def test_nobody_holds_or_sees_what_another_runner_holds(
    client_of: ClientOf, runner: User, other_runner: User, therapist: User, staff: User
) -> None:
    held = hold(client_of(runner))
    assert client_of(other_runner).get(f"/book/check/{held.pk}/").status_code == 404
    assert client_of(other_runner).post(f"/book/check/{held.pk}/", {"do": "book"}).status_code == 404
    assert client_of(therapist).get(f"/book/check/{held.pk}/").status_code == 403
    assert client_of(staff).get(f"/book/check/{held.pk}/").status_code == 403
    assert Appointment.objects.get().state == "held"


def test_a_therapist_does_not_book_for_themself_and_staff_go_to_their_own_page(
    client_of: ClientOf, therapist: User, staff: User
) -> None:
    assert client_of(therapist).post(TIMES, {"slot": "2026-11-26T09:00Z"}).status_code == 403
    answer = client_of(staff).post(TIMES, {"slot": "2026-11-26T09:00Z"})
    assert answer["Location"].startswith(reverse("bookings:book_for"))
    assert Appointment.objects.count() == 0


def test_the_times_page_asks_the_database_as_often_however_full_it_is(
    client_of: ClientOf,
    runner: User,
    visit: Service,
    other_runner: User,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser = client_of(runner)
    browser.get("/book/follow-up/")
    with django_assert_num_queries(9):
        browser.get("/book/follow-up/")
    for minute in (0, 45):
        services.book_slot(
            service=visit,
            therapist=visit.therapists.get(),
            runner=other_runner.runner,
            start=datetime(2026, 11, 26, 9, minute, tzinfo=UTC),
            by=other_runner,
            now=now,
        )
    with django_assert_num_queries(9):
        browser.get("/book/follow-up/")


def test_a_new_runner_signs_up_and_finds_the_picked_time_held(client: Client, mailoutbox: list[EmailMessage]) -> None:
    client.post(TIMES, {"slot": "2026-11-26T09:00Z"})
    typed = {
        "name": "Rosa Milani",
        "email": "rosa@mail.example",
        "password1": "seven quiet hills",
        "zone": "Europe/Rome",
        "consent": "on",
        "next": "/book/resume/",
    }
    client.post("/accounts/signup/", typed)
    client.get(reverse("account_email_verification_sent"))
    code = re.search(r"^([A-Z0-9-]{6,10})$", mailoutbox[-1].body, re.MULTILINE)
    assert code is not None
    back = client.post(reverse("account_email_verification_sent"), {"code": code[1]}, follow=True)
    assert back.redirect_chain[-1][0] == "/book/resume/"
    assert "Still yours" in back.content.decode()
    answer = client.post("/book/resume/")
    held = Appointment.objects.get()
    assert answer["Location"] == f"/book/check/{held.pk}/"
    assert (held.runner.user.name, held.start) == ("Rosa Milani", datetime(2026, 11, 26, 9, tzinfo=UTC))
