"""The booking API: paths, statuses and codes as the clinic has promised them."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from bookings.models import Appointment, Service, WaitlistEntry, WeeklyHours
from bookings.services import book_slot
from clinic.people.models import User
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours", "clock")
API = "/api/v1"
START = "2026-11-26T09:00:00Z"


def post(client: Client, path: str, **body: object):
    return client.post(f"{API}/{path}", body, content_type="application/json")


@pytest.fixture
def me(client_of, runner) -> Client:
    return client_of(runner)


@pytest.fixture
def booked(visit, therapist, runner, thursday, now) -> Appointment:
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def taken() -> int:
    return Appointment.objects.active().count()


def test_the_directory_is_public(visit, therapist) -> None:
    client = Client()
    [service] = client.get(f"{API}/services/").json()["results"]
    assert (service["slug"], service["minutes"], service["therapists"]) == ("follow-up", 45, [therapist.therapist.slug])
    [one] = client.get(f"{API}/therapists/").json()["results"]
    assert (one["name"], one["services"]) == ("Nadia Okello", ["follow-up"])
    assert client.get(f"{API}/therapists/{therapist.therapist.slug}/").json() == one
    assert "email" not in one
    assert client.get(f"{API}/therapists/nobody/").status_code == 404


def test_slots_of_a_range(visit, therapist) -> None:
    answer = Client().get(f"{API}/slots/?service=follow-up&from=2026-11-26&to=2026-11-27&zone=Europe/Stockholm")
    assert answer.status_code == 200
    found = answer.json()
    slug = therapist.therapist.slug
    assert found["slots"][0] == {
        "therapist": slug,
        "service": "follow-up",
        "start": START,
        "end": "2026-11-26T09:45:00Z",
        "zone": "Europe/Stockholm",
    }
    assert len(found["slots"]) == 18
    assert found["next"][slug]["start"] == "2026-11-24T11:15:00Z"


def test_the_first_free_time_with_anyone(visit, therapist) -> None:
    found = Client().get(f"{API}/slots/first/?service=follow-up&zone=Asia/Tokyo").json()["first"]
    assert found == {
        "therapist": therapist.therapist.slug,
        "service": "follow-up",
        "start": "2026-11-24T11:15:00Z",
        "end": "2026-11-24T12:00:00Z",
        "zone": "Asia/Tokyo",
    }
    WeeklyHours.objects.all().delete()
    assert Client().get(f"{API}/slots/first/?service=follow-up").json() == {"first": None}


def test_slots_for_some_therapists(visit, therapist, other_therapist) -> None:
    slug, idle = therapist.therapist.slug, other_therapist.therapist.slug
    found = (
        Client()
        .get(f"{API}/slots/?service=follow-up&therapist={slug}&therapist={idle}&from=2026-11-26&to=2026-11-26")
        .json()
    )
    assert {slot["therapist"] for slot in found["slots"]} == {slug}
    assert found["next"][idle] is None


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "invalid"),
        ("service=nothing", 422, "not_offered"),
        ("service=follow-up&therapist=nobody", 422, "not_offered"),
        ("service=follow-up&zone=Mars/Olympus", 422, "unknown_zone"),
        ("service=follow-up&zone=../../etc/passwd", 422, "unknown_zone"),
        ("service=follow-up&from=yesterday", 400, "invalid"),
        ("service=follow-up&from=2026-02-30", 400, "invalid"),
        ("service=follow-up&from=2026-11-26&to=2027-11-26", 422, "bad_range"),
        ("service=follow-up&from=2026-11-26&to=2026-11-25", 422, "bad_range"),
        ("service=follow-up&from=9999-12-31", 200, None),
        ("service=follow-up&from=0001-01-01&to=0001-01-02", 200, None),
    ],
)
def test_odd_questions_get_clear_answers(visit, query, status, code) -> None:
    answer = Client().get(f"{API}/slots/?{query}")
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_hold_then_book(visit, therapist, me) -> None:
    held = post(me, "holds/", service="follow-up", therapist=therapist.therapist.slug, start=START)
    assert held.status_code == 201
    assert (held.json()["start"], held.json()["expires_at"]) == (START, "2026-11-24T09:05:00Z")
    booked = post(me, "appointments/", hold=held.json()["id"])
    assert (booked.status_code, booked.json()["id"], booked.json()["state"]) == (201, held.json()["id"], "booked")
    assert booked.json()["zone"] == "Europe/Stockholm"
    assert booked.json()["agreed_start"] == "2026-11-26T09:00:00+00:00"


def test_who_pays_is_said_with_the_hold(visit, therapist, me) -> None:
    visit.takes_insurance = True
    visit.save()
    held = post(me, "holds/", service="follow-up", therapist=therapist.therapist.slug, start=START).json()["id"]
    unnamed = post(me, "appointments/", hold=held, payer="insurance")
    assert (unnamed.status_code, unnamed.json()["code"], Appointment.objects.get().state) == (422, "no_insurer", "held")
    booked = post(me, "appointments/", hold=held, payer="insurance", insurer="Bupa").json()
    assert (booked["payer"], booked["insurer"]) == ("insurance", "Bupa")


def test_a_gone_slot_is_409(booked, visit, therapist, other_runner, client_of) -> None:
    for path in ("holds/", "appointments/"):
        answer = post(
            client_of(other_runner), path, service="follow-up", therapist=therapist.therapist.slug, start=START
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
        assert answer.json()["message"].startswith("That time has just gone")
    assert taken() == 1


def test_a_refusal_names_the_nearest_free_times(booked, visit, therapist, other_runner, client_of) -> None:
    client, slug = client_of(other_runner), therapist.therapist.slug
    near = post(client, "appointments/", service="follow-up", therapist=slug, start=START).json()["nearest"]
    assert [slot["start"][5:16] for slot in near] == [
        "11-26T09:45", "11-26T10:30", "11-26T11:15", "11-26T13:00", "11-26T13:45", "11-26T14:30",
    ]  # fmt: skip
    assert near[0]["therapist"] == slug
    mine = post(client, "appointments/", **{name: near[0][name] for name in ("service", "therapist", "start")})
    assert mine.status_code == 201
    again = post(client, f"appointments/{mine.json()['id']}/move/", start=START)
    assert (again.status_code, len(again.json()["nearest"])) == (409, 6)
    assert post(client, "holds/", service="follow-up", start=START).json()["nearest"][0]["therapist"] == slug


def test_a_lapsed_hold_is_409(visit, therapist, me, clock, now) -> None:
    held = post(me, "holds/", service="follow-up", start=START).json()
    clock.move_to(now + timedelta(minutes=7))
    answer = post(me, "appointments/", hold=held["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"start": "2026-11-24T09:45:00Z"}, 422, "too_soon"),
        ({"start": "2030-11-26T09:00:00Z"}, 422, "too_far"),
        ({"start": "2026-11-29T03:00:00Z"}, 422, "outside_hours"),
        ({"start": "2026-11-23T09:00:00Z"}, 422, "in_the_past"),
        ({"start": "2026-11-26T09:10:00Z"}, 422, "not_a_start"),
        ({"start": "2026-11-26T09:00:00"}, 422, "bad_start"),
        ({"start": "2027-03-28T01:15:00", "zone": "Europe/London"}, 422, "not_on_the_clock"),
        ({"start": "0001-01-01T00:00:00", "zone": "Europe/Oslo"}, 422, "bad_start"),
        ({"start": "2026-11-26T09:00:00", "zone": "Mars/Olympus"}, 422, "unknown_zone"),
        ({"start": "soon"}, 400, "invalid"),
        ({"start": "9" * 5000}, 400, "invalid"),
        ({"start": 12}, 400, "invalid"),
        ({"start": None}, 400, "invalid"),
        ({"start": START, "therapist": "tomas-reinholt"}, 422, "not_offered"),
        ({"start": START, "therapist": "nobody"}, 422, "not_offered"),
        ({"start": START, "therapist": "nul\0l"}, 400, "bad_request"),
        ({"start": START, "service": "nothing"}, 422, "not_offered"),
        ({"start": START, "service": "🏃" * 100}, 400, "invalid"),
        ({"start": START, "runner": str(uuid.uuid4())}, 403, "not_yours"),
        ({"hold": str(uuid.uuid4())}, 404, "not_found"),
        ({"hold": "x"}, 400, "invalid"),
    ],
)
def test_every_rule_has_its_answer(visit, therapist, other_therapist, me, body, status, code) -> None:
    answer = post(me, "appointments/", **{"service": "follow-up", "therapist": therapist.therapist.slug, **body})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) >= {"code", "message", "fields", "request_id"}
    assert (taken(), Reminder.objects.count()) == (0, 0)


def test_a_wall_time_with_its_zone_is_understood(visit, therapist, me) -> None:
    answer = post(me, "appointments/", service="follow-up", start="2026-11-26T10:00:00", zone="Europe/Stockholm")
    assert (answer.status_code, answer.json()["start"]) == (201, START)


def test_booking_needs_a_log_in(visit) -> None:
    for path in ("holds/", "appointments/"):
        assert post(Client(), path, service="follow-up", start=START).status_code == 401
    assert taken() == 0


def test_staff_book_for_a_runner(visit, therapist, runner, staff, client_of) -> None:
    front_desk = client_of(staff)
    assert post(front_desk, "appointments/", service="follow-up", start=START).json()["code"] == "no_runner"
    answer = post(
        front_desk,
        "appointments/",
        service="follow-up",
        therapist=therapist.therapist.slug,
        start="2026-11-26T19:05:00Z",
        runner=str(runner.runner.pk),
        reason="Agreed by phone",
    )
    assert (answer.status_code, answer.json()["runner_name"]) == (201, "Maya Lindqvist")


def test_move_and_cancel(booked, me) -> None:
    moved = post(me, f"appointments/{booked.pk}/move/", start="2026-11-27T09:45:00Z")
    assert (moved.status_code, moved.json()["start"], moved.json()["sequence"]) == (200, "2026-11-27T09:45:00Z", 1)
    cancelled = post(me, f"appointments/{booked.pk}/cancel/", reason="Away")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = post(me, f"appointments/{booked.pk}/move/", start=START)
    assert (again.status_code, again.json()["code"]) == (422, "not_booked")


def test_why_the_team_cancelled_is_for_the_team_alone(booked, me, client_of, staff) -> None:
    reason = "Therapist has the flu"
    told = post(client_of(staff), f"appointments/{booked.pk}/cancel/", reason=reason)
    assert (told.status_code, told.json()["cancel_reason"]) == (200, reason)
    assert me.get(f"{API}/appointments/{booked.pk}/").json()["cancel_reason"] == ""


def test_a_late_change_is_422(booked, client_of, runner, clock, thursday) -> None:
    clock.move_to(thursday - timedelta(hours=23))
    me = client_of(runner)
    for verb, body, code in (
        ("move", {"start": "2026-11-27T09:45:00Z"}, "too_late_to_change"),
        ("cancel", {}, "late_fee"),
    ):
        answer = post(me, f"appointments/{booked.pk}/{verb}/", **body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_stale_change_is_412(booked, me) -> None:
    tag = me.get(f"{API}/appointments/{booked.pk}/").headers["ETag"]
    post(me, f"appointments/{booked.pk}/move/", start="2026-11-27T09:45:00Z")
    answer = me.post(
        f"{API}/appointments/{booked.pk}/cancel/", {}, content_type="application/json", headers={"If-Match": tag}
    )
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert taken() == 1


def test_the_calendar_file(booked, me) -> None:
    answer = me.get(f"{API}/appointments/{booked.pk}/calendar.ics", headers={"Accept": "text/calendar"})
    assert answer.headers["Content-Type"].startswith("text/calendar")
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["DTSTART"].dt == booked.start


def test_strangers_find_nothing(booked, other_runner, other_therapist, client_of) -> None:
    for stranger in (other_runner, other_therapist):
        client = client_of(stranger)
        assert client.get(f"{API}/appointments/").json()["results"] == []
        assert client.get(f"{API}/appointments/{booked.pk}/").status_code == 404
        assert client.get(f"{API}/appointments/{booked.pk}/calendar.ics").status_code == 404
        assert post(client, f"appointments/{booked.pk}/move/", start="2026-11-27T09:45:00Z").status_code == 404
        assert post(client, f"appointments/{booked.pk}/cancel/").status_code == 404
    booked.refresh_from_db()
    assert (booked.state, booked.sequence) == ("booked", 0)


def test_wishes_that_leave_between_two_pages_hide_nobody(visit, runner, other_runner, staff, client_of, now) -> None:
    wish = {"service": visit, "first": now.date(), "made_by": staff}
    wishes = [
        WaitlistEntry.objects.create(runner=each.runner, made_at=now + timedelta(minutes=minute), **wish)
        for minute, each in enumerate((runner, other_runner, runner, other_runner))
    ]
    desk = client_of(staff)
    first = desk.get(f"{API}/waitlist/?page_size=2").json()
    WaitlistEntry.objects.filter(pk=wishes[0].pk).update(state="withdrawn")
    second = desk.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == [str(each.pk) for each in wishes]


def test_another_persons_hold_is_404(visit, therapist, me, other_runner, client_of) -> None:
    held = post(me, "holds/", service="follow-up", start=START).json()
    assert post(client_of(other_runner), "appointments/", hold=held["id"]).status_code == 404


def test_the_join_link_is_for_the_two_while_the_room_is_open(
    booked, runner, therapist, staff, client_of, clock, thursday
) -> None:
    def link(user: User) -> object:
        return client_of(user).get(f"{API}/appointments/{booked.pk}/").json()["room_url"]

    assert link(runner) is None
    clock.move_to(thursday - timedelta(minutes=10))
    assert link(runner) == link(therapist) != None  # noqa: E711
    assert booked.video_key in link(runner)
    assert link(staff) is None
    clock.move_to(thursday + timedelta(minutes=75))
    assert link(runner) is None


def test_one_post_with_a_key_books_once(visit, therapist, me) -> None:
    body = {"service": "follow-up", "therapist": therapist.therapist.slug, "start": START}
    answers = [
        me.post(f"{API}/appointments/", body, content_type="application/json", headers={"Idempotency-Key": "first try"})
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert taken() == 1


@pytest.mark.parametrize("path", ["services/", "therapists/", "appointments/", "slots/?service=follow-up"])
def test_lists_ask_the_same_number_of_questions(
    visit, therapist, booked, me, other_runner, now, thursday, path
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bookings.tests.test_engine_availability import more_therapists

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert me.get(f"{API}/{path}").status_code == 200
        return len(queries)

    counted()
    once = counted()
    more_therapists(visit, 2)
    for number in range(2):
        Service.objects.create(slug=f"other-{number}", name="Other", minutes=30, price_pence=1).therapists.add(
            therapist.therapist
        )
        book_slot(
            service=visit,
            therapist=therapist.therapist,
            runner=booked.runner,
            start=thursday + timedelta(days=1, minutes=45 * number),
            by=booked.runner.user,
            now=now,
        )
    assert counted() == once
