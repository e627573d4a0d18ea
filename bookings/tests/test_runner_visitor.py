"""Booking without an account: held at once, proven by a code, and no page tells whether an address is known."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from bookings.models import Appointment, Change, Visitor
from bookings.services import book_slot
from bookings.services.visitors import CODES_TO_ONE, LONGEST_HOLD, forget_visitors
from clinic.people.models import Consent, RunnerProfile, User
from clinic.people.services import register_runner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours", "clock", "visit")]
TIMES = "/book/follow-up/?therapist=nadia-okello"
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
AVA = {"name": "Ava Novak", "email": "Ava@mail.example ", "phone": "0117 496 0123", "consent": "on"}


def pick(browser: Client, slot: str = "2026-11-26T09:00Z"):
    return browser.post(TIMES, {"slot": slot})


def code_of(letter: mail.EmailMessage) -> str:
    return re.search(r"^\d{6}$", letter.body, re.MULTILINE).group()


def details(browser: Client, **more: str):
    pick(browser)
    return browser.post("/book/you/", AVA | more)


def test_from_the_home_page_to_booked_in_at_most_six_taps(client: Client) -> None:
    taps = 0

    def tap(answer, address: str):
        nonlocal taps
        taps += 1
        assert address in answer.content.decode(), address
        return client.get(address)

    page = tap(client.get("/"), "/book/")
    page = tap(page, "/book/follow-up/")
    assert 'value="2026-11-26T09:00Z"' in page.content.decode()
    forms = [("/book/follow-up/", {"slot": "2026-11-26T09:00Z"}), ("/book/you/", AVA)]
    for address, sent in forms:
        taps += 1
        answer = client.post(address, sent)
        assert answer.status_code == 302
        page = client.get(answer["Location"])
        assert 'form="book-it"' in page.content.decode()
    taps += 1
    answer = client.post("/book/code/", {"code": code_of(mail.outbox[0])})
    assert answer["Location"].startswith("/visit/")
    assert "Booked" in client.get(answer["Location"]).content.decode()
    assert taps == 5


def test_a_new_runner_is_made_by_the_code_alone(client: Client, now: datetime) -> None:
    assert pick(client)["Location"] == "/book/you/"
    held = Appointment.objects.get()
    assert (held.runner, held.state, held.hold_expires_at) == (None, "held", now + timedelta(minutes=5))
    assert 'data-left="300"' in client.get("/book/you/").content.decode()
    assert client.post("/book/you/", AVA)["Location"] == "/book/code/"
    held.refresh_from_db()
    assert held.hold_expires_at == now + LONGEST_HOLD
    assert not User.objects.filter(email="ava@mail.example").exists()
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["ava@mail.example"], "Your booking at Stridewell")
    answer = client.post("/book/code/", {"code": f" {code_of(letter)[:3]} {code_of(letter)[3:]}"})
    held.refresh_from_db()
    runner = RunnerProfile.objects.get(user__email="ava@mail.example")
    assert (held.state, held.start, held.runner, held.booked_by) == ("booked", NINE, runner, None)
    assert (runner.user.name, runner.phone, runner.user.has_usable_password()) == ("Ava Novak", AVA["phone"], False)
    assert Consent.objects.filter(user=runner.user).count() == 1
    page = client.get(answer["Location"]).content.decode()
    assert "Choose a password" in page
    assert client.get("/appointments/").status_code == 302, "the code logs nobody in"
    assert client.post("/book/password/", {"password": "short"}).status_code == 422
    done = client.post("/book/password/", {"password": "three hills before tea"})
    assert done["Location"] == f"/appointments/{held.pk}/?booked=1"
    assert "Thu 26 Nov, 09:00" in client.get("/appointments/").content.decode()


def test_a_known_runner_is_matched_and_stays_locked(client: Client, runner: User, now: datetime) -> None:
    details(client, email=runner.email, name="Somebody Else")
    answer = client.post("/book/code/", {"code": code_of(mail.outbox[0])})
    assert Appointment.objects.get(state="booked").runner == runner.runner
    page = client.get(answer["Location"]).content.decode()
    assert "Choose a password" not in page
    assert "Log in" in page
    assert client.get("/appointments/").status_code == 302
    assert client.post("/book/password/", {"password": "three hills before tea"})["Location"] == "/accounts/login/"
    runner.refresh_from_db()
    assert (runner.name, runner.check_password("three hills before tea")) == ("Maya Lindqvist", False)


def test_known_unknown_and_team_addresses_get_the_same_pages(runner: User, staff: User) -> None:
    seen = []
    slots = ("2026-11-26T09:00Z", "2026-11-26T09:45Z", "2026-11-26T10:30Z")
    for slot, email in zip(slots, (runner.email, staff.email, "new@mail.example"), strict=True):
        browser = Client()
        pick(browser, slot)
        answer = browser.post("/book/you/", AVA | {"email": email})
        page = browser.get("/book/code/").content.decode().replace(email, "")
        wrong = browser.post("/book/code/", {"code": "1"}).content.decode()
        strip = re.compile(r'csrf.*?>|\d\d:\d\d|\d:\d\d|data-\w+="\d+"')
        seen.append((answer.status_code, answer["Location"], strip.sub("", page), "does not fit" in wrong))
    assert seen[0] == seen[1] == seen[2]
    assert {letter.subject for letter in mail.outbox} == {"Your booking at Stridewell"}
    assert re.search(r"\d{6}", mail.outbox[1].body) is None
    assert "cannot be used for that" in mail.outbox[1].body


def test_five_tries_void_the_code_and_a_new_one_fits(client: Client) -> None:
    details(client)
    right = code_of(mail.outbox[0])
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert client.post("/book/code/", {"code": wrong}).status_code == 422
    assert "used up" in client.post("/book/code/", {"code": right}).content.decode()
    assert not Appointment.objects.filter(state="booked").exists()
    client.post("/book/code/", {"do": "resend"})
    assert client.post("/book/code/", {"code": code_of(mail.outbox[1])}).status_code == 302


def test_codes_to_one_address_are_counted(client: Client) -> None:
    details(client)
    for _ in range(CODES_TO_ONE):
        client.post("/book/code/", {"do": "resend"})
    assert len(mail.outbox) == CODES_TO_ONE
    assert "a little often" in client.get("/book/code/").content.decode()


def test_what_was_typed_survives_mistakes_and_the_end_of_the_hold(client: Client, clock) -> None:
    page = details(client, email="ava@mail").content.decode()
    assert 'value="Ava Novak"' in page
    assert "needs a dot" in page
    assert "with its area code" in details(client, phone="call me").content.decode()
    clock.shift(timedelta(minutes=6))
    over = client.post("/book/you/", AVA)
    assert over.status_code == 409
    assert "2026-11-26T09:00Z" in over.content.decode()
    pick(client, "2026-11-26T09:45Z")
    again = client.get("/book/you/").content.decode()
    assert 'value="Ava Novak"' in again
    assert 'value="Ava@mail.example ' in again


def test_one_browser_holds_one_time_and_taps_twice_in_peace(client: Client) -> None:
    for slot in ("2026-11-26T09:00Z", "2026-11-26T09:00Z", "2026-11-26T09:45Z"):
        assert pick(client, slot)["Location"] == "/book/you/"
    assert [held.start.minute for held in Appointment.objects.filter(state="held")] == [45]
    other = Client()
    assert pick(other, "2026-11-26T09:45Z").status_code == 409
    assert Visitor.objects.count() == 2


def test_a_code_that_comes_after_the_hold_takes_nothing(client: Client, clock) -> None:
    details(client)
    clock.shift(LONGEST_HOLD + timedelta(minutes=1))
    late = client.post("/book/code/", {"code": code_of(mail.outbox[0])})
    assert late.status_code == 409
    assert not User.objects.filter(email="ava@mail.example").exists()
    assert not Appointment.objects.filter(state="booked").exists()


def test_a_runner_who_is_busy_then_is_told_and_nothing_is_lost(
    client: Client, runner: User, other_therapist: User, visit, hours, now: datetime
) -> None:
    visit.therapists.add(other_therapist.therapist)
    for row in hours:
        row.pk, row.therapist = None, other_therapist.therapist
        row.save()
    booked = book_slot(
        service=visit, therapist=other_therapist.therapist, runner=runner.runner, start=NINE, by=runner, now=now
    )
    details(client, email=runner.email)
    answer = client.post("/book/code/", {"code": code_of(mail.outbox[0])})
    assert answer.status_code == 409
    assert "already a session at that time" in answer.content.decode()
    assert list(Appointment.objects.filter(state="booked")) == [booked]


def test_undo_by_the_link_tells_nobody(client: Client) -> None:
    details(client)
    place = client.post("/book/code/", {"code": code_of(mail.outbox[0])})["Location"].split("?")[0]
    assert "data-undo-strict" in client.get(place).content.decode()
    assert client.post(f"{place}undo/{Change.objects.get().pk}/").status_code == 302
    assert Change.objects.get().undone_at is not None
    assert client.get(place).status_code == 404
    assert client.get("/visit/anything/").status_code == 404


def test_logging_in_keeps_the_time_and_takes_nothing_on_a_get(client: Client, runner: User, now: datetime) -> None:
    pick(client)
    client.force_login(runner)
    assert "Still yours" in client.get("/book/resume/").content.decode()
    held = Appointment.objects.get()
    assert (held.runner, held.state) == (None, "held")
    assert client.post("/book/resume/")["Location"] == f"/book/check/{held.pk}/"
    held.refresh_from_db()
    assert (held.runner, held.booked_by) == (runner.runner, runner)
    client.post(f"/book/check/{held.pk}/", {"do": "book"})
    assert Appointment.objects.get().state == "booked"


def test_a_caller_the_desk_has_registered_gets_their_own_record(client: Client, staff: User, now: datetime) -> None:
    known = register_runner(name="Ava Novak", email="ava@mail.example", phone="", by=staff)
    details(client)
    client.post("/book/code/", {"code": code_of(mail.outbox[0])})
    assert Appointment.objects.get().runner == known
    assert RunnerProfile.objects.filter(user__email="ava@mail.example").count() == 1


def test_what_strangers_typed_is_forgotten(client: Client, now: datetime) -> None:
    details(client)
    assert forget_visitors(now=now + timedelta(hours=25)) == 1
    assert Visitor.objects.values_list("name", "email", "phone", "code_hash").get() == ("", "", "", "")


def test_nobody_books_a_visitors_hold_over_the_api(
    client: Client, therapist: User, staff: User, runner: User, client_of
) -> None:
    pick(client)
    held = Appointment.objects.get()
    for user, status in ((staff, 403), (therapist, 403), (runner, 404)):
        answer = client_of(user).post("/api/v1/appointments/", {"hold": str(held.pk)}, content_type="application/json")
        assert answer.status_code == status
    held.refresh_from_db()
    assert held.state == "held"


def test_one_source_holds_only_so_many_times(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookings.services.visitors.HOLDS_AN_HOUR", 1)
    assert pick(client).status_code == 302
    often = pick(Client(), "2026-11-26T09:45Z")
    assert (often.status_code, "a little often" in often.content.decode()) == (429, True)
    assert Appointment.objects.count() == 1
