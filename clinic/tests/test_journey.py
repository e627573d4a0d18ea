"""One story, three people: booked, assessed, prescribed, logged, reminded, moved. In a real browser, on a real database."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings.models import Appointment, Service, WeeklyHours
from bookings.services import UNDO
from clinic.audit.models import Event
from clinic.people.models import Role, User
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import Reminder
from clinic.tests.conftest import DESK, PHONE, serious_findings
from conftest import PASSWORD, person
from exercises.doses import EVERY_DAY, Dose
from exercises.models import Exercise, Programme, SessionLog, SetLog
from exercises.services import create_programme

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def nadia() -> User:
    user = person(Role.THERAPIST, "Nadia Okello")
    user.therapist.headline, user.therapist.specialisations = "Knees, hips and patience", ["knee", "hip"]
    user.therapist.save()
    return user


@pytest.fixture
def joan() -> User:
    return person(Role.STAFF, "Joan Tregear")


@pytest.fixture
def clinic_open(nadia: User) -> Service:
    """A library, a first visit with Nadia, and her hours on every day of the week."""
    call_command("load_exercise_library", verbosity=0)
    service = Service.objects.create(
        slug="first-visit",
        name="First visit",
        summary="We watch you run",
        minutes=45,
        price_pence=6800,
        min_notice_min=120,
        change_notice_h=24,
        is_first_visit=True,
    )
    service.therapists.add(nadia.therapist)
    for weekday in range(7):
        WeeklyHours.objects.create(
            therapist=nadia.therapist, weekday=weekday, starts=time(8), ends=time(19), valid_from=date(2026, 1, 1)
        )
    return service


def log_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page).not_to_have_url(re.compile("login"))


def the_code() -> str:
    found = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def no_check(page: Page) -> list[str]:
    """Stands in for axe where a story without script cannot run it."""
    return []


def book_the_first_free_time(page: Page, findings: Callable[[Page], list[str]] = no_check) -> None:
    """From the directory to a booked session, as a visitor who makes a log-in after it; each page is free of `findings`."""
    page.goto("/therapists/")
    assert findings(page) == []
    page.locator("button.time").first.click()
    expect(page.get_by_role("heading", name="Who is it for?")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Name").fill("Maya Lindqvist")
    page.get_by_label("E-mail").fill("maya.lindqvist@mail.example")
    page.get_by_label("The clinic may use").check()
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("heading", name="Type the code to book")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Code from the e-mail").fill(the_code())
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="Booked", exact=True)).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make my log-in").click()
    expect(page).to_have_url(re.compile("/appointments/"))
    expect(page.get_by_role("heading", name="Booked", exact=True)).to_be_visible()


def answer_the_intake(page: Page) -> None:
    page.get_by_role("link", name="Answer the questions").click()
    assert serious_findings(page) == []
    page.get_by_label("Come back from an injury").check()
    page.locator("input[name=weekly_km]").fill("25")
    page.get_by_label("Knee, left").check()
    page.get_by_label("4", exact=True).check()
    page.get_by_role("main").locator("button[type=submit].btn-primary").click()


MEASURED = {
    "pain_during": "4",
    "cadence": "158",
    "foot_strike.left": "rearfoot",
    "foot_strike.right": "rearfoot",
    "foot_inclination.left": "21",
    "foot_inclination.right": "15",
    "landing.left": "ahead",
    "tibia_angle.left": "8",
    "tibia_angle.right": "2",
    "knee_contact.left": "8",
    "knee_contact.right": "14",
    "trunk_lean": "2",
    "pelvic_drop.left": "9",
    "pelvic_drop.right": "4",
    "heel_raise.left": "14",
    "heel_raise.right": "24",
    "side_plank.left": "25",
    "side_plank.right": "40",
    "lunge_to_wall.left": "7",
    "lunge_to_wall.right": "11",
    "shoe_km": "650",
}


def measure(page: Page) -> None:
    page.locator("[name=speed_kmh]").fill("9.5")
    for name, value in MEASURED.items():
        field = page.locator(f"[name='{name}']:not([type=hidden])")
        if field.count() == 0:
            continue
        if field.evaluate("field => field.tagName") == "SELECT":
            if field.locator(f"option[value='{value}']").count():
                field.select_option(value)
        else:
            field.fill(value)


def every_day(page: Page) -> None:
    for box in page.locator("fieldset.weekdays input[type=checkbox]").all():
        box.check(force=True)


def move_to_another_day(page: Page) -> None:
    page.locator("aside button.time").nth(5).click()
    reason = page.locator("[name=reason]")
    if reason.count():
        reason.first.fill("The caller asked for it")
    page.get_by_role("button", name="Move the session").click()
    page.wait_for_load_state("networkidle")


def test_the_whole_story(open_browser, nadia, joan, clinic_open):
    maya, therapist, desk = open_browser(PHONE), open_browser(DESK), open_browser(DESK)

    # A visitor looks around, picks a time, and becomes a runner.
    maya.goto("/")
    expect(maya.get_by_role("heading", level=1)).to_be_visible()
    assert serious_findings(maya) == []
    maya.goto("/exercises/?q=bum")
    expect(maya.get_by_role("link", name=re.compile("Bridge")).first).to_be_visible()
    assert serious_findings(maya) == []
    maya.goto("/exercises/squat/")
    assert serious_findings(maya) == []
    book_the_first_free_time(maya, serious_findings)
    assert serious_findings(maya) == []
    appointment = Appointment.objects.get()
    assert appointment.state == "booked"
    answer_the_intake(maya)
    assert serious_findings(maya) == []

    # The confirmation goes out with its calendar file; two reminders wait.
    mail.outbox.clear()
    dispatch(now=timezone.now() + UNDO)
    confirmation = mail.outbox[0]
    assert confirmation.to == ["maya.lindqvist@mail.example"]
    assert any(name.endswith(".ics") for name, *_ in confirmation.attachments)
    waiting = Reminder.objects.filter(state="due", subject=f"appointment:{appointment.pk}")
    assert set(waiting.values_list("kind", flat=True)) <= {"visit_24h", "visit_1h"}
    assert waiting.filter(kind="visit_1h").exists()

    # The therapist opens the chart, measures, accepts what the rules offer, signs, and gives a programme.
    log_in(therapist, nadia)
    assert serious_findings(therapist) == []  # today
    runner = User.objects.get(email="maya.lindqvist@mail.example").runner
    therapist.goto(f"/runners/{runner.pk}/")
    expect(therapist.get_by_role("heading", name="Maya Lindqvist")).to_be_visible()
    assert serious_findings(therapist) == []
    therapist.goto(f"/runners/{runner.pk}/assessments/new/")
    start = therapist.get_by_role("main").locator("form button[type=submit]").first
    start.click()
    measure(therapist)
    assert serious_findings(therapist) == []
    with therapist.expect_navigation():
        therapist.get_by_role("button", name="Summary and sign").click()
    for unusual in therapist.get_by_label(re.compile("It is right")).all():
        unusual.check()
    if "summary" not in therapist.url:
        therapist.get_by_role("button", name="Summary and sign").click()
    expect(therapist.get_by_role("heading", name=re.compile("^Summary"))).to_be_visible()
    assert serious_findings(therapist) == []
    for _ in range(3):
        therapist.get_by_role("button", name=re.compile("^Accept")).first.click()
        therapist.wait_for_load_state("networkidle")
    therapist.get_by_role("button", name="Sign and close").click()
    expect(therapist.get_by_role("heading", name=re.compile("Programme for"))).to_be_visible()
    every_day(therapist)
    assert serious_findings(therapist) == []
    therapist.get_by_role("button", name="Give the programme").click()
    therapist.wait_for_load_state("networkidle")
    assert serious_findings(therapist) == []
    programme = Programme.objects.get(runner=runner)
    assert programme.state == "active"

    # The runner does the first exercise with one tap and logs a set of the second with its pain.
    maya.goto("/today/")
    assert serious_findings(maya) == []
    maya.get_by_role("button", name=re.compile("^Done as planned")).first.click()
    expect(maya.get_by_role("button", name=re.compile("^Undo")).first).to_be_visible()
    assert SetLog.objects.filter(as_planned=True).exists()
    for page in ("/programme/today/", "/programme/", "/progress/", "/appointments/", "/you/"):
        maya.goto(page)
        assert serious_findings(maya) == []

    # The therapist sees it at once, and the reading is written down.
    therapist.goto(f"/runners/{runner.pk}/")
    expect(therapist.get_by_role("main")).to_contain_text("Log")
    assert Event.objects.readings().about_runner(runner.pk).filter(actor_id=str(nadia.pk)).exists()

    # The front desk moves the session; its reminders move along.
    log_in(desk, joan)
    for page in ("/board/", "/board/?view=week", "/board/new/", "/hours/nadia-okello/", "/messages/", "/runners/"):
        desk.goto(page)
        assert serious_findings(desk) == []
    desk.goto(f"/appointments/{appointment.pk}/move/")
    assert serious_findings(desk) == []
    before = appointment.start
    move_to_another_day(desk)
    appointment.refresh_from_db()
    assert appointment.start != before
    one_hour = Reminder.objects.get(state="due", kind="visit_1h", subject=f"appointment:{appointment.pk}")
    assert one_hour.due_at == appointment.start - timedelta(hours=1)

    # One hour before the session the reminder goes out, once.
    mail.outbox.clear()
    for minute in (1, 2):
        dispatch(now=one_hour.due_at + timedelta(minutes=minute))
    one_hour.refresh_from_db()
    assert one_hour.state == "sent"
    assert [letter.to for letter in mail.outbox if letter.subject.endswith("begins soon")] == [
        ["maya.lindqvist@mail.example"]
    ]


def test_booking_and_logging_without_script(open_browser, nadia, clinic_open):
    maya = open_browser(PHONE, scripts=False)
    book_the_first_free_time(maya)
    runner = User.objects.get(email="maya.lindqvist@mail.example").runner
    today = timezone.now().astimezone(runner.user.tz).date()
    create_programme(
        runner=runner,
        therapist=nadia.therapist,
        by=nadia,
        title="First steps",
        doses=[
            Dose(exercise=Exercise.objects.get(slug="squat"), sets=2, reps=8, days=EVERY_DAY),
            Dose(exercise=Exercise.objects.get(slug="plank"), sets=1, hold_s=20, days=EVERY_DAY),
        ],
        starts_on=today,
        now=timezone.now(),
    )
    maya.goto("/today/")
    maya.get_by_role("button", name="Done as planned: Squat").click()
    expect(maya.get_by_role("button", name=re.compile("Undo.*squat", re.IGNORECASE)).first).to_be_visible()
    assert SetLog.objects.filter(prescription__exercise__slug="squat", as_planned=True).count() == 2
    maya.goto("/programme/today/")
    maya.locator("[name=amount]").fill("15")
    maya.get_by_role("group", name=re.compile("pain", re.IGNORECASE)).get_by_label("3", exact=True).check(force=True)
    maya.get_by_role("button", name=re.compile("^Done")).first.click()
    assert SetLog.objects.get(prescription__exercise__slug="plank").hold_s == 15
    assert SessionLog.objects.get().pain == 3


def test_six_taps_from_the_directory_to_done(open_browser, nadia, clinic_open):
    runner = person(Role.RUNNER, "Maya Lindqvist")
    page = open_browser(PHONE)
    log_in(page, runner)
    page.goto("/therapists/")
    taps = [page.locator("button.time").first, page.get_by_role("button", name="Book this time")]
    for tap in taps:
        tap.click()
    expect(page.get_by_role("heading", name="Booked", exact=True)).to_be_visible()
    assert len(taps) <= 6
    assert Appointment.objects.get().state == "booked"


def test_what_was_typed_survives_a_log_in_that_ran_out(open_browser, nadia, clinic_open):
    runner = person(Role.RUNNER, "Maya Lindqvist")
    page = open_browser(PHONE)
    log_in(page, runner)
    page.goto("/intake/")
    page.locator("[name=note]").fill("Sore since Sunday, after the long hill")
    Session.objects.all().delete()
    page.get_by_role("main").locator("button[type=submit].btn-primary").click()
    page.get_by_label("E-mail").fill(runner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("[name=note]")).to_have_value("Sore since Sunday, after the long hill")
