"""A runner without a log-in moves, cancels and joins by the signed link of their letters, under the rules of any runner."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from bookings.letters import links
from bookings.models import Appointment, Change, WaitlistEntry
from bookings.services import (
    book_for_caller,
    book_slot,
    join_waitlist,
    mark_completed,
    move_appointment,
    offer_free_times,
)
from bookings.services.series import Pick, book_series
from bookings.services.transactions import current
from clinic.audit.models import Event
from clinic.people.models import User
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours", "clock")]
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
LATER = "2026-11-26T09:45Z"
SECOND = timedelta(seconds=1)


@pytest.fixture
def booked(visit, therapist: User, staff: User, now: datetime) -> Appointment:
    """The desk has booked for Ava, who called and has no log-in; ten minutes ago."""
    return book_for_caller(
        service=visit,
        therapist=therapist.therapist,
        start=NINE,
        name="Ava Novak",
        email="ava@mail.example",
        phone="",
        by=staff,
        now=now - timedelta(minutes=10),
    )


@pytest.fixture
def link(booked: Appointment) -> str:
    return f"/visit/{links.sign(booked)}/"


def version(page) -> str:
    return re.search(r'name="version" value="([\w-]+)"', page.content.decode()).group(1)


def event(action: str) -> tuple[str, bool]:
    return Event.objects.values_list("actor_id", "by_link").get(action=f"appointment.{action}")


def test_the_link_moves_to_a_free_time_and_back(client: Client, booked, link) -> None:
    times = client.get(f"{link}move/").content.decode()
    assert (f'value="{LATER}"' in times, 'value="2026-11-26T08:00Z"' in times) == (True, False)
    asked = client.get(f"{link}move/?to={LATER}")
    assert "It costs nothing." in asked.content.decode()
    assert current(booked).start == NINE
    done = client.post(f"{link}move/", {"to": LATER, "version": version(asked)})
    assert (done.status_code, done["Location"]) == (302, link)
    assert current(booked).start == NINE + timedelta(minutes=45)
    assert event("moved") == (str(booked.runner.user_id), True)
    assert Reminder.objects.get(kind="moved").due_at == datetime(2026, 11, 24, 9, 3, tzinfo=UTC)
    undo = re.search(r'action="(\S+/undo/\S+)"', client.get(link).content.decode()).group(1)
    client.post(undo)
    assert (current(booked).start, Reminder.objects.get(kind="moved").state) == (NINE, "withdrawn")


def test_the_link_cancels_and_takes_back(client: Client, booked, link) -> None:
    asked = client.get(f"{link}cancel/")
    assert "It costs nothing." in asked.content.decode()
    client.post(f"{link}cancel/", {"fee": "0", "version": version(asked)})
    assert (current(booked).state, event("cancelled")) == ("cancelled", (str(booked.runner.user_id), True))
    page = client.get(link).content.decode()
    assert "Find another time" in page
    client.post(re.search(r'action="(\S+/undo/\S+)"', page).group(1))
    assert current(booked).state == "booked"


@pytest.mark.parametrize(("late", "free"), [(timedelta(0), True), (SECOND, False)], ids=["at", "after"])
def test_the_cut_off_is_exact_by_the_link_too(client: Client, booked, link, clock, late, free) -> None:
    clock.move_to(NINE - timedelta(hours=24) + late)
    assert client.get(f"{link}move/").status_code == (200 if free else 409)
    page = client.get(f"{link}cancel/").content.decode()
    assert ("and pay £34" in page) is not free
    assert client.post(f"{link}cancel/", {"fee": "0"}).status_code == (302 if free else 422)
    assert current(booked).state == ("cancelled" if free else "booked")
    if not free:
        client.post(f"{link}cancel/", {"fee": "3400"})
        assert (current(booked).state, current(booked).late_fee_pence) == ("cancelled", 3400)


@pytest.mark.parametrize("page", ["", "move/", f"move/?to={LATER}", "cancel/", "earlier/", "room/", "calendar.ics"])
def test_reading_a_link_changes_nothing(client: Client, booked, link, page) -> None:
    before = Appointment.objects.values().get(), Event.objects.count(), Reminder.objects.count()
    answer = client.get(link + page)
    assert (answer.status_code, answer["Referrer-Policy"]) == (200, "same-origin")
    assert (Appointment.objects.values().get(), Event.objects.count(), Reminder.objects.count()) == before


@pytest.mark.parametrize(("page", "sent"), [("move/", {"to": "2026-11-26T10:30Z"}), ("cancel/", {"fee": "0"})])
def test_an_old_page_changes_nothing_and_shows_what_stands(
    client: Client, booked, link, staff: User, now: datetime, page, sent
) -> None:
    old = version(client.get(f"{link}cancel/"))
    moved = move_appointment(appointment=booked, start=NINE + timedelta(minutes=45), by=staff, now=now, reason="Ill")
    answer = client.post(link + page, sent | {"version": old})
    assert answer.status_code == 409
    assert "Thursday 26 November, 09:45" in answer.content.decode()
    assert (current(booked).start, current(booked).sequence) == (moved.start, moved.sequence)


def test_a_button_pressed_twice_moves_once(client: Client, booked, link) -> None:
    sent = {"to": LATER, "version": version(client.get(f"{link}move/?to={LATER}"))}
    assert [client.post(f"{link}move/", sent)["Location"] for _ in range(2)] == [link, link]
    assert Change.objects.filter(kind="moved").count() == 1


def test_a_link_opens_its_own_session_alone(
    client: Client, booked, link, visit, therapist: User, staff: User, now: datetime
) -> None:
    other = book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=booked.runner,
        start=NINE + timedelta(days=1),
        by=booked.runner.user,
        now=now,
    )
    change = Change.objects.get(appointment=other)
    assert client.post(f"{link}undo/{change.pk}/").status_code == 404
    assert client.post(f"{link}undo/{Change.objects.get(appointment=booked).pk}/").status_code == 404
    assert client.get(f"/appointments/{booked.pk}/").status_code == 302
    assert client.get(f"{link[:-2]}/move/").status_code == 404
    assert Change.objects.filter(undone_at=None).count() == 2


def test_a_taken_time_leaves_the_session_and_shows_others(
    client: Client, booked, link, visit, therapist: User, runner: User, now: datetime
) -> None:
    taken = NINE + timedelta(minutes=45)
    book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=taken, by=runner, now=now)
    answer = client.post(f"{link}move/", {"to": LATER})
    assert (answer.status_code, "09:45 has just gone" in answer.content.decode()) == (409, True)
    assert current(booked).start == NINE


@pytest.mark.parametrize("page", ["move/", "cancel/"])
def test_after_the_session_the_link_is_calm_and_acts_no_more(client: Client, booked, link, clock, page) -> None:
    clock.move_to(NINE + timedelta(hours=1))
    seen = client.get(link).content.decode()
    assert ("Book the next one" in seen, "Move it" in seen) == (True, False)
    answer = client.post(link + page, {"to": LATER, "fee": "6800"})
    assert (answer.status_code, "Find a new time" in answer.content.decode()) == (409, True)
    assert current(booked).state == "booked"


def test_the_link_leads_into_the_room_and_to_the_receipt(client: Client, booked, link, staff: User, clock) -> None:
    assert booked.video_key not in client.get(f"{link}room/").content.decode()
    clock.move_to(NINE)
    assert booked.video_key in client.get(f"{link}room/").content.decode()
    assert f"{link}room/" in client.get(link).content.decode()
    assert client.get(f"{link}receipt/").status_code == 404
    mark_completed(appointment=booked, by=staff, now=NINE)
    assert "£68" in client.get(f"{link}receipt/").content.decode()


@pytest.mark.parametrize("kind", ["booked", "moved", "visit_24h", "visit_1h"])
def test_every_address_in_a_letter_opens_without_a_log_in(client: Client, booked, staff: User, now, kind) -> None:
    if kind == "moved":
        move_appointment(appointment=booked, start=NINE + timedelta(minutes=45), by=staff, now=now, reason="Ill")
    reminder = Reminder.objects.exclude(state="withdrawn").get(kind=kind)
    letter = write_letter(reminder, reminder.due_at)
    places = {
        urlsplit(each).path for each in re.findall(r"http://[^\s\"<>]+", letter.body + letter.alternatives[0].content)
    }
    assert places
    assert {place: client.get(place).status_code for place in places} == dict.fromkeys(places, 200)


def test_a_runner_with_a_log_in_gets_the_page_they_know(client_of, client: Client, booked, link) -> None:
    booked.runner.user.set_password("three hills before tea")
    booked.runner.user.save()
    letter = write_letter(Reminder.objects.get(kind="booked"), NINE)
    assert f"/appointments/{booked.pk}/" in letter.body
    assert client_of(booked.runner.user).get(link)["Location"] == f"/appointments/{booked.pk}/"


def test_an_offer_taken_by_its_link_leads_on_to_the_session(
    client: Client, booked, staff: User, now: datetime, visit
) -> None:
    join_waitlist(
        service=visit, therapist=None, runner=booked.runner, first=NINE.date(), last=NINE.date(), by=staff, now=now
    )
    offer_free_times(now=now)
    letter = write_letter(Reminder.objects.get(kind="waitlist_offer"), now)
    place = urlsplit(re.search(r"http://\S+/offers/\S+", letter.body).group()).path
    assert "/waitlist/" not in letter.alternatives[0].content
    taken = client.get(client.post(place, {"do": "take"})["Location"]).content.decode()
    onwards = re.search(r'href="\S*(/visit/[^"]+)"', taken).group(1)
    assert client.get(onwards).status_code == 200
    assert Event.objects.get(action="offer.accepted").by_link is True


def test_a_series_booked_for_a_caller_has_a_link_for_each(client: Client, booked, staff: User, now: datetime) -> None:
    picks = [Pick(booked.therapist, NINE + timedelta(days=days)) for days in (4, 5)]
    book_series(service=booked.service, runner=booked.runner, picks=picks, by=staff, now=now)
    letter = write_letter(Reminder.objects.get(kind="series_booked"), now)
    places = {urlsplit(each).path for each in re.findall(r"http://\S+", letter.body)}
    assert [client.get(place).status_code for place in places] == [200, 200]


def test_an_earlier_time_is_wished_for_by_the_link(client: Client, booked, link) -> None:
    assert "You keep" in client.get(f"{link}earlier/").content.decode()
    sent = {"days": ["1", "2"], "parts": ["1"], "first": "2026-11-24", "last": "2026-11-26"}
    assert client.post(f"{link}earlier/", sent)["Location"] == link
    wish = WaitlistEntry.objects.get()
    assert (wish.runner, wish.exchange_for, wish.made_by) == (booked.runner, booked, booked.runner.user)


@pytest.mark.parametrize("page", ["", "move/", f"move/?to={LATER}", "cancel/", "earlier/", "room/"])
def test_a_page_of_a_link_reads_little(client: Client, booked, link, page, django_assert_max_num_queries) -> None:
    client.get(link)
    with django_assert_max_num_queries(12):
        assert client.get(link + page).status_code == 200


@pytest.mark.parametrize(("hours_ahead", "offers"), [(25, True), (23, False)])
def test_a_letter_offers_to_move_only_what_can_be_moved(booked, hours_ahead, offers) -> None:
    letter = write_letter(Reminder.objects.get(kind="booked"), NINE - timedelta(hours=hours_ahead))
    assert ("/move/" in letter.alternatives[0].content, "call us on" not in letter.body) == (offers, offers)
