"""Every address of the clinic, tried by everybody: who gets in, who is sent to the log-in, who finds nothing.

The table names every URL once, with the exact status for each persona. The records are `runner`'s, in the care of
`therapist`; a new URL fails the first test until it stands in the table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from assessments import services as assessing
from assessments.entry import field_key
from assessments.models import Intake, Recommendation
from bookings.letters import links
from bookings.letters.offers import link_token
from bookings.letters.workshops import offer_token
from bookings.models import Appointment, Change, DailyCap, Offer, Seat, Series, Service, TimeOff, Travel, WaitlistEntry
from bookings.services.feeds import make_feed
from bookings.services.outside import connect_calendar
from bookings.services.seats import take_seats
from bookings.services.workshops import plan_workshop
from clinic.demo.models import Enclosure, Letter
from clinic.people.services import invite, issue_token
from clinic.reminders.letters import stop_token
from clinic.reminders.models import Reminder
from clinic.tests.url_table import OPEN_BY_TOKEN, PRIVATE, PUBLIC, TABLE
from exercises.models import Exercise, Phase, Prescription, Programme, Race

pytestmark = [pytest.mark.django_db]
WHO = ("stranger", "runner", "other_runner", "therapist", "other_therapist", "staff")


def walk(resolver: Any = None, namespace: str = "") -> Iterator[str]:
    """The full name of every URL pattern."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        else:
            yield namespace + (pattern.name or f"unnamed {pattern.pattern}")


@pytest.fixture
def world(request: pytest.FixtureRequest, settings: Any, clock: Any) -> SimpleNamespace:
    """One record of each kind, `runner`'s where it belongs to anybody, and the arguments that lead to them."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    people = {name: request.getfixturevalue(name) for name in WHO[1:]}
    runner, therapist, staff = people["runner"], people["therapist"], people["staff"]
    squat = Exercise.objects.create(
        slug="squat",
        name="Squat",
        category="strength",
        purpose="Sit down and stand up.",
        difficulty=2,
        sets=3,
        reps=10,
        rest_s=60,
        cues=["Sit back."],
        faults=[{"fault": "Knees in", "fix": "Push out"}],
        contraindications=["Pain"],
        muscles=["Thigh"],
    )
    programme = Programme.objects.create(
        runner=runner.runner, therapist=therapist.therapist, title="Calf", starts_on=now.date()
    )
    phase = Phase.objects.create(programme=programme, title="Start")
    prescription = Prescription.objects.create(
        phase=phase, exercise=squat, position=1, sets=3, reps=10, days=list(range(7))
    )
    race = Race.objects.create(
        runner=runner.runner, name="Bath Half", on=now.date() + timedelta(days=20), distance_km=Decimal("21.1")
    )
    service = Service.objects.create(slug="follow-up", name="Follow-up", minutes=45, price_pence=6800, horizon_days=60)
    service.therapists.add(therapist.therapist)
    start = now + timedelta(days=2)
    held = {
        "service": service,
        "therapist": therapist.therapist,
        "runner": runner.runner,
        "zone": "Europe/London",
        "place": service.place,
        "booked_by": runner,
        "booked_at": now,
    }
    booked = Appointment.objects.create(
        **held,
        start=start,
        end=start + timedelta(minutes=45),
        busy_from=start,
        busy_until=start + timedelta(minutes=45),
        state=Appointment.State.BOOKED,
        wall_start=start.replace(tzinfo=None),
    )
    change = Change.objects.create(appointment=booked, kind=Change.Kind.BOOKED, sequence=0, by=runner, at=now)
    later = start + timedelta(days=1)
    hold = Appointment.objects.create(
        **held,
        start=later,
        end=later + timedelta(minutes=45),
        busy_from=later,
        busy_until=later + timedelta(minutes=45),
        state=Appointment.State.HELD,
        hold_expires_at=now + timedelta(minutes=5),
        wall_start=later.replace(tzinfo=None),
    )
    booked.series = Series.objects.create(made_at=now, made_by=runner)
    booked.save(update_fields=["series"])
    entry = WaitlistEntry.objects.create(
        runner=runner.runner, service=service, first=now.date(), made_at=now, made_by=runner
    )
    kept = Appointment.objects.create(
        **held,
        start=later + timedelta(days=1),
        end=later + timedelta(days=1, minutes=45),
        busy_from=later + timedelta(days=1),
        busy_until=later + timedelta(days=1, minutes=45),
        state=Appointment.State.HELD,
        hold_expires_at=now + timedelta(hours=2),
        wall_start=(later + timedelta(days=1)).replace(tzinfo=None),
    )
    offer = Offer.objects.create(entry=entry, hold=kept, made_at=now, answer_until=now + timedelta(hours=2))
    time_off = TimeOff.objects.create(
        therapist=therapist.therapist, start=now + timedelta(days=9), end=now + timedelta(days=10), reason="Course"
    )
    travel = Travel.objects.create(
        therapist=therapist.therapist, zone="Asia/Tokyo", first=now.date(), last=now.date() + timedelta(days=1)
    )
    cap = DailyCap.objects.create(therapist=therapist.therapist, most=9)
    draft = assessing.start_assessment(runner=runner.runner, by=therapist, now=now)
    typed = {
        field_key(name): text
        for name, text in {"pelvic_drop.left": "8.1", "pelvic_drop.right": "4.9", "cadence": "158"}.items()
    }
    assessing.save_draft(assessment=draft, by=therapist, now=now, typed=typed, details={"speed_kmh": Decimal("10.2")})
    recommendation = Recommendation.objects.filter(finding__assessment=draft).first()
    intake = Intake.objects.create(runner=runner.runner, goal="pain_free", red_flags=["night_pain"], answered_at=now)
    reminder = Reminder.objects.create(
        person=runner,
        kind="exercises_due",
        subject="programme:x",
        occasion="1",
        state="failed",
        due_at=now,
        next_at=now,
        expires_at=now + timedelta(days=1),
    )
    workshop = plan_workshop(
        title="Running form",
        capacity=3,
        therapist=therapist.therapist,
        start=now + timedelta(days=5),
        minutes=60,
        place="online",
        by=staff,
        now=now,
        override_reason="Saturday",
    )
    seat = take_seats(workshop=workshop, runner=runner.runner, by=runner, now=now)[0]
    spare = Seat.objects.create(workshop=workshop, runner=runner.runner, friend="Ana", state="cancelled", made_at=now)
    letter = Letter.objects.create(
        message_id="<1@clinic>", sender="a@mail.example", to="b@mail.example", subject="s", text="t", html="<p>t</p>"
    )
    enclosure = Enclosure.objects.create(
        letter=letter, name="visit.ics", mimetype="text/calendar", content=b"BEGIN:VCALENDAR"
    )
    invitation, token = invite(email="aled@mail.example", name="Aled", role="therapist", by=staff, now=now)
    api_token, _ = issue_token(by=runner)
    _, feed_token = make_feed(by=runner, now=now)
    elsewhere = connect_calendar(
        therapist=therapist.therapist, name="Choir", address="https://calendar.example/a.ics", by=therapist, now=now
    )
    arguments = {
        "runner_id": runner.runner.pk,
        "prescription_id": prescription.pk,
        "programme_id": programme.pk,
        "race_id": race.pk,
        "appointment_id": booked.pk,
        "change_id": change.pk,
        "time_off_id": time_off.pk,
        "travel_id": travel.pk,
        "cap_id": cap.pk,
        "series_id": booked.series_id,
        "entry_id": entry.pk,
        "offer_id": offer.pk,
        "assessment_id": draft.pk,
        "token_id": api_token.id,
        "calendar_id": elsewhere.pk,
        "invitation_id": invitation.pk,
        "person_id": people["other_therapist"].pk,
        "token": token,
        "slug": "squat",
        "uidb36": user_pk_to_url_str(runner),
        "key": default_token_generator.make_token(runner),
        "pk": letter.pk,
        "file_pk": enclosure.pk,
    }
    special = {
        "bookings:workshop_offer": {"token": offer_token(spare)},
        **{
            f"bookings:{name}": {"slug": workshop.slug}
            for name in (
                *("workshop", "take_seats", "workshop_line", "give_back", "workshop_undo", "workshop_calendar"),
                *("workshop_room", "workshop_change", "workshop_move", "workshop_cancel", "workshop_add"),
                *("workshop_mark", "workshop_people"),
            )
        },
        "api:workshop": {"workshop_id": workshop.pk},
        "api:workshop_seats": {"workshop_id": workshop.pk},
        "api:workshop_waitlist": {"workshop_id": workshop.pk},
        "api:workshop_seat": {"workshop_id": workshop.pk, "seat_id": seat.pk},
        "bookings:check": {"appointment_id": hold.pk},
        "bookings:therapist": {"slug": therapist.therapist.slug},
        "bookings:hours_of": {"slug": therapist.therapist.slug},
        "bookings:clear_day": {"slug": therapist.therapist.slug},
        "bookings:clear_week": {"slug": therapist.therapist.slug},
        "bookings:outside": {"slug": therapist.therapist.slug},
        "bookings:feed_file": {"token": feed_token},
        "api:feed": {"token": feed_token},
        "bookings:times": {"slug": service.slug},
        "bookings:service_edit": {"slug": service.slug},
        "bookings:free": {"slug": service.slug},
        **{
            f"bookings:{name}": {"token": links.sign(booked), "change_id": change.pk}
            for name in (
                "visit",
                *(f"visit_{page}" for page in ("calendar", "move", "cancel", "earlier", "undo", "room", "receipt")),
            )
        },
        "bookings:series": {"slug": service.slug},
        "bookings:offer_link": {"token": link_token(offer)},
        "api:therapist": {"slug": therapist.therapist.slug},
        "assessments:decide": {"pk": recommendation.pk if recommendation else 0},
        "assessments:clear_red_flags": {"pk": intake.pk},
        "reminders:retry": {"pk": reminder.pk},
        "reminders:dismiss": {"pk": reminder.pk},
        "reminders:stop": {"token": stop_token(reminder)},
    }
    cookies = {who: logged_in(user) for who, user in people.items()}
    return SimpleNamespace(people=people, arguments=arguments, special=special, cookies=cookies)


def logged_in(user: Any) -> dict[str, str]:
    """The cookies of a browser in which `user` is logged in."""
    browser = Client()
    browser.force_login(user)
    return {name: cookie.value for name, cookie in browser.cookies.items()}


def address_of(name: str, world: SimpleNamespace) -> str:
    possible = get_resolver()
    for part in name.split(":")[:-1]:
        possible = possible.namespace_dict[part][1]
    wanted = possible.reverse_dict.getlist(name.rsplit(":", maxsplit=1)[-1])[0][0][0][1]
    known = world.arguments | world.special.get(name, {})
    return reverse(name, kwargs={argument: known[argument] for argument in wanted})


def tried(name: str, method: str, world: SimpleNamespace) -> tuple[int, ...]:
    """The status each persona gets, each from the same state of the clinic."""
    url = address_of(name, world)
    kind = {"content_type": "application/json"} if method == "POST" and url.startswith("/api/") else {}
    statuses = []
    for who in WHO:
        browser = Client(raise_request_exception=False)
        browser.cookies.load(world.cookies.get(who, {}))
        cache.clear()
        before = transaction.savepoint()
        statuses.append(browser.generic(method, url, **kind).status_code)
        transaction.savepoint_rollback(before)
    return tuple(statuses)


def test_every_url_stands_in_the_table_and_no_other():
    assert sorted({name for name in walk() if not name.startswith("admin:")}) == sorted(TABLE)


def test_everybody_gets_exactly_what_the_table_says(world):
    found = {name: tuple(spaced(tried(name, method, world)) for method in ("GET", "POST")) for name in TABLE}
    assert found == TABLE


def spaced(statuses: tuple[int, ...]) -> str:
    return " ".join(map(str, statuses))


def test_what_strangers_reach_is_the_public_list():
    """A page joins this list on purpose, or not at all."""
    assert {name for name, (get, _) in TABLE.items() if get.startswith("2")} == PUBLIC


@pytest.mark.parametrize("column", [2, 4])
def test_no_record_of_the_runner_opens_to_another_runner_or_another_therapist(column):
    """Whatever address names a record of `runner`: others find nothing (404), or no such door for their role (403)."""
    open_doors = [
        (name, method, statuses)
        for name, row in TABLE.items()
        if PRIVATE & arguments_of(name) and name not in OPEN_BY_TOKEN
        for method, statuses in zip(("GET", "POST"), row, strict=True)
        if statuses.split()[column] not in ("403", "404", "405")
    ]
    assert open_doors == []


def arguments_of(name: str) -> set[str]:
    possible = get_resolver()
    for part in name.split(":")[:-1]:
        possible = possible.namespace_dict[part][1]
    return set(possible.reverse_dict.getlist(name.rsplit(":", maxsplit=1)[-1])[0][0][0][1])


@pytest.mark.parametrize(
    "address",
    [
        "/runners/{}/",
        "/runners/{}/assessments/new/",
        "/runners/{}/programmes/new/",
        "/appointments/{}/",
        "/assessments/{}/",
        "/programmes/{}/",
        "/api/v1/appointments/{}/",
    ],
)
def test_staff_see_no_chart_and_ids_that_do_not_exist_are_not_found(client_of, staff, therapist, address):
    unknown = address.format("8f14e45f-ceea-467f-a0e6-2a9f1e5cf0f1")
    assert client_of(therapist).get(unknown).status_code == 404
    assert client_of(staff).get(unknown).status_code in (403, 404)


def test_the_back_office_is_closed_to_every_persona(request):
    """Superusers of the staff alone get in (clinic/people/tests/test_log_in.py); everybody here is sent away."""
    people = [request.getfixturevalue(name) for name in WHO[1:]]
    names = sorted(
        {name.removeprefix("admin:") for name in walk() if name.startswith("admin:") and "unnamed" not in name}
    )
    assert len(names) > 20
    reached = []
    for user in (None, *people):
        client = Client()
        if user is not None:
            client.force_login(user)
        for name in names:
            url = back_office(name)
            status = client.get(url).status_code
            if status not in (302, 403, 404):
                reached.append((name, str(user), status))
    assert reached == []


def back_office(name: str) -> str:
    wanted = get_resolver("clinic.urls").namespace_dict["admin"][1].reverse_dict.getlist(name)[0][0][0][1]
    values = {"content_type_id": 1, "app_label": "people", "url": "x", "object_id": "1"}
    return reverse(f"admin:{name}", kwargs={argument: values.get(argument, "1") for argument in wanted})
