"""The front desk in a real browser: the board by hand, by keyboard and left alone; a caller booked without a mouse."""

import time as stopwatch
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings.models import Appointment, Service, WeeklyHours
from bookings.services import book_slot, move_appointment
from clinic.people.models import Role, User
from clinic.tests.conftest import DESK, serious_findings
from conftest import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEY_SECONDS = 0.28
"""One key of an average typist (Card, Moran and Newell 1980, keystroke-level model)."""
THINK_SECONDS = 1.35
"""Making up one's mind before a step, from the same model."""
QUARTER = 15
"""Pixels of a quarter of an hour on the board."""


@pytest.fixture
def world(settings: Any) -> SimpleNamespace:
    """Nadia works every day; the day after tomorrow Maya is booked at 10:00 and Omar at 12:00."""
    nadia, joan, ann = (
        person(Role.THERAPIST, "Nadia Okello"),
        person(Role.STAFF, "Joan Tregear"),
        person(Role.STAFF, "Ann Lee"),
    )
    maya, omar = person(Role.RUNNER, "Maya Lindqvist"), person(Role.RUNNER, "Omar Haddad")
    service = Service.objects.create(
        slug="follow-up", name="Follow-up", minutes=45, price_pence=6800, min_notice_min=0, change_notice_h=0
    )
    service.therapists.add(nadia.therapist)
    for weekday in range(7):
        WeeklyHours.objects.create(
            therapist=nadia.therapist, weekday=weekday, starts=time(8), ends=time(19), valid_from=date(2026, 1, 1)
        )
    on = timezone.now().astimezone(ZoneInfo(settings.CLINIC_ZONE)).date() + timedelta(days=2)

    def book(who: User, hour: int) -> Appointment:
        start = datetime.combine(on, time(hour), tzinfo=ZoneInfo(settings.CLINIC_ZONE))
        return book_slot(
            service=service, therapist=nadia.therapist, runner=who.runner, start=start, by=ann, now=timezone.now()
        )

    return SimpleNamespace(joan=joan, ann=ann, on=on, maya=book(maya, 10), omar=book(omar, 12))


def enter(page: Page, user: User, live_server: Any) -> None:
    """Log in by cookie: the log-in page has its own tests."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


def local_start(session: Appointment) -> str:
    session.refresh_from_db()
    return session.start.astimezone(ZoneInfo(settings.CLINIC_ZONE)).strftime("%H:%M")


def test_the_board_by_hand_by_keyboard_and_by_others(
    world: SimpleNamespace, open_browser: Callable[..., Page], live_server: Any
) -> None:
    page = open_browser(DESK)
    enter(page, world.joan, live_server)
    page.goto(f"/board/?day={world.on}")
    assert serious_findings(page) == []
    maya = page.locator(f'[data-visit="{world.maya.pk}"]')
    omar = page.locator(f'[data-visit="{world.omar.pk}"]')

    # Dragged an hour down.
    box = maya.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 40, steps=2)
    page.mouse.move(box["x"] + 40, box["y"] + 10 + 4 * QUARTER, steps=2)
    page.mouse.up()
    expect(page.locator(".undo-line")).to_contain_text("Moved M. Lindqvist to 11:00 with Nadia.")
    assert local_start(world.maya) == "11:00"

    # Its lower edge pulled a quarter further.
    box = maya.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] + 5, steps=2)
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] + QUARTER - 2, steps=2)
    page.mouse.up()
    expect(page.locator(".undo-line")).to_contain_text("M. Lindqvist now ends at 12:00.")

    # Carried by keys onto Omar: refused in words, and nothing has moved.
    maya.locator(".ev-link").focus()
    page.keyboard.press("m")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#board-said")).to_contain_text("11:45, Nadia, taken: Omar Haddad")
    page.keyboard.press("Enter")
    expect(page.locator("#refused")).to_contain_text("11:45 is taken: Nadia has Omar Haddad from 12:00 to 12:45.")
    assert local_start(world.maya) == "11:00"
    assert serious_findings(page) == []

    # Taken back, twice.
    page.get_by_label("Leave it as it was").click()
    for words in ("Undone: length changed Maya Lindqvist.", "Undone: moved Maya Lindqvist."):
        maya.locator(".ev-link").focus()
        page.keyboard.press("u")
        expect(page.locator("#board-said")).to_have_text(words)
    assert local_start(world.maya) == "10:00"

    # A colleague moves Omar: it shows without a reload, the focus stays, and it is said.
    maya.locator(".ev-link").focus()
    move_appointment(
        appointment=world.omar,
        start=world.omar.start + timedelta(hours=2),
        by=world.ann,
        now=timezone.now(),
    )
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(omar).to_contain_text("14:00")
    expect(page.locator("#board-said")).to_have_text("Changed meanwhile: 14:00 Omar Haddad.")
    expect(maya.locator(".ev-link")).to_be_focused()


def test_a_runners_session_is_found_from_the_board_and_a_far_day_reached_by_keys_alone(
    world: SimpleNamespace, open_browser: Callable[..., Page], live_server: Any
) -> None:
    page = open_browser(DESK)
    enter(page, world.joan, live_server)
    page.goto("/board/")

    # A name as it was heard, to the runner, to the session on the board.
    page.keyboard.press("/")
    page.keyboard.type("linkvist")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Maya Lindqvist", exact=True)).to_be_focused()
    assert serious_findings(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Maya Lindqvist")).to_be_visible()
    assert serious_findings(page) == []
    page.get_by_role("link", name="On the board").press("Enter")
    expect(page.locator("#card")).to_contain_text("10:00 to 10:45, booked")

    # Another day, with the session still picked; a month fits every finger.
    page.keyboard.press("g")
    expect(page.locator("#jump")).to_be_focused()
    page.locator("#jump").fill(f"{world.on + timedelta(days=30)}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**day={world.on + timedelta(days=30)}**")
    expect(page.locator("#card")).to_contain_text("Maya Lindqvist")
    page.goto("/board/?view=month")
    assert serious_findings(page) == []


def test_a_caller_is_booked_by_keys_alone_in_under_half_a_minute(
    world: SimpleNamespace, open_browser: Callable[..., Page], live_server: Any
) -> None:
    """Keys at the pace of an average typist, a moment of thought before each of five steps, and what the machine takes."""
    page = open_browser(DESK)
    enter(page, world.joan, live_server)
    page.goto("/board/")
    began, keys, thoughts = stopwatch.monotonic(), 0, 0

    def press(*pressed: str) -> None:
        nonlocal keys
        for key in pressed:
            page.keyboard.press(key)
            keys += 1

    press("n")  # "New booking"
    thoughts += 1
    expect(page.locator("#q")).to_be_focused()
    press(*"linkvist")  # as it was heard
    thoughts += 1
    expect(page.locator("#found button")).to_have_count(1)
    press("Enter")  # takes the best
    thoughts += 1
    expect(page.locator("input[name=start]").first).to_be_focused()
    expect(page.locator("#service")).to_have_value("follow-up")
    press("Space")  # the first free time
    thoughts += 1
    press("Enter")  # books
    thoughts += 1
    expect(page.get_by_text("Booked: Maya Lindqvist")).to_be_visible()
    machine = stopwatch.monotonic() - began
    assert keys <= 12
    assert keys * KEY_SECONDS + thoughts * THINK_SECONDS + machine < 30
    assert Appointment.objects.filter(runner=world.maya.runner, booked_by=world.joan).count() == 1


def test_somebody_new_is_not_entered_twice_and_nothing_typed_is_lost(
    world: SimpleNamespace, open_browser: Callable[..., Page], live_server: Any
) -> None:
    page = open_browser(DESK, scripts=False)
    enter(page, world.joan, live_server)
    page.goto("/board/new/")
    page.locator("#q").fill("nobody at all")
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).fill("Maja Lindqvist")
    page.get_by_label("E-mail").fill("maya@mail.exampel")
    page.get_by_role("button", name="Show the free times").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Maja Lindqvist")
    page.locator("label.time").first.click()
    page.get_by_role("button", name="Book, £68").click()
    expect(page.get_by_role("alert")).to_contain_text("Is it one of these?")
    expect(page.get_by_role("alert")).to_contain_text("Maya Lindqvist")
    page.get_by_role("button", name="They are different people, book").click()
    expect(page.get_by_text("Booked: Maja Lindqvist")).to_be_visible()
