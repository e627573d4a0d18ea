"""The hours pages: weeks, days that are different, time off, and what each change hits."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.models import Appointment, Offer, Override, Service, TimeOff, TimePreference, WeeklyHours, Workshop
from clinic.people.models import TherapistProfile, User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
PAGE = "/hours/nadia-okello/"


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


@pytest.fixture
def session(visit: Service, runner: User, now: datetime) -> Appointment:
    return services.book_slot(
        service=visit, therapist=visit.therapists.get(), runner=runner.runner, start=NINE, by=runner, now=now
    )


@pytest.fixture
def desk(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


def week(**fields: str) -> dict[str, str]:
    return {
        "do": "week",
        "valid_from": "2026-11-30",
        "starts-0-0": "08:00",
        "ends-0-0": "12:00",
        "starts-0-1": "13:00",
        "ends-0-1": "15:30",
        **fields,
    }


def test_the_week_is_saved_from_a_day_on_and_tells_what_it_hits(
    desk: Client, session: Appointment, therapist: User
) -> None:
    answer = desk.post("/hours/nadia-okello/", week(valid_from="2026-11-24"), follow=True)
    page = answer.content.decode()
    assert "1 booked session falls outside the hours" in page
    assert f"/appointments/{session.pk}/move/" in page
    rows = WeeklyHours.objects.filter(therapist=therapist.therapist).in_force(date(2026, 11, 30))
    assert [(row.weekday, row.starts, row.ends) for row in rows] == [
        (0, time(8), time(12)),
        (0, time(13), time(15, 30)),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends-0-0": ""}, "Give a start and an end."),
        ({"ends-0-0": "07:00"}, "The end comes after the start."),
        ({"starts-0-1": "11:00"}, "overlap"),
        ({"valid_from": "2026-11-20"}, "begin today or later"),
        ({"valid_from": ""}, "required"),
        ({"starts-0-0": "8 o'clock"}, "Type a time as 09:00."),
    ],
)
def test_a_week_that_cannot_be_keeps_what_was_typed_and_the_old_one(
    desk: Client, changes: dict[str, str], sentence: str
) -> None:
    before = list(WeeklyHours.objects.values_list())
    answer = desk.post("/hours/nadia-okello/", week(**changes))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert 'value="15:30"' in answer.content.decode()
    assert list(WeeklyHours.objects.values_list()) == before


def test_time_off_is_whole_days_in_the_therapists_zone_and_lists_what_it_hits(
    desk: Client, session: Appointment, therapist: User
) -> None:
    User.objects.filter(pk=therapist.pk).update(zone="Europe/Athens")
    page = desk.post(
        "/hours/nadia-okello/",
        {"do": "time_off", "first": "2026-11-26", "last": "2026-11-27", "reason": "course"},
        follow=True,
    ).content.decode()
    off = TimeOff.objects.get()
    assert (off.start, off.end) == (datetime(2026, 11, 25, 22, tzinfo=UTC), datetime(2026, 11, 27, 22, tzinfo=UTC))
    assert "Maya Lindqvist" in page
    assert f"/appointments/{session.pk}/cancel/" in page
    desk.post(f"/time-off/{off.pk}/")
    assert TimeOff.objects.count() == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"first": "2026-11-27", "last": "2026-11-26"},
        {"first": "", "last": ""},
        {"first": "2026-11-01", "last": "2026-11-02"},
        {"first": "9999-12-31", "last": "9999-12-31"},
        {"first": "2026-11-26", "last": "2029-11-26"},
    ],
)
def test_time_off_that_cannot_be_is_refused(desk: Client, typed: dict[str, str]) -> None:
    assert desk.post("/hours/nadia-okello/", {"do": "time_off"} | typed).status_code == 422
    assert TimeOff.objects.count() == 0


def test_one_day_can_be_different_and_taken_back(desk: Client, therapist: User) -> None:
    desk.post(
        "/hours/nadia-okello/",
        {
            "do": "override",
            "on": "2026-11-28",
            "kind": "beside",
            "starts-0": "10:00",
            "ends-0": "12:00",
            "what-0": "online",
            "starts-1": "09:00",
            "ends-1": "09:30",
            "what-1": "closed",
            "note": "marathon week",
        },
    )
    assert [(str(row), row.place, row.note) for row in Override.objects.order_by("starts")] == [
        ("2026-11-28 closed", "either", "marathon week"),
        ("2026-11-28 10:00–12:00", "online", "marathon week"),
    ]
    page = desk.get("/hours/nadia-okello/").content.decode()
    assert "Also 10:00–12:00 online; closed 09:00–09:30 (marathon week)" in page
    desk.post("/hours/nadia-okello/day/", {"on": "2026-11-28"})
    assert Override.objects.count() == 0
    assert (
        desk.post("/hours/nadia-okello/", {"do": "override", "on": "2026-11-28", "kind": "beside"}).status_code == 422
    )
    assert desk.post("/hours/nadia-okello/day/", {"on": "nonsense"}).status_code == 422


def test_a_therapist_keeps_their_own_hours_and_no_others(
    client_of: ClientOf, therapist: User, other_therapist: User
) -> None:
    own = client_of(therapist)
    assert own.get("/hours/")["Location"] == "/hours/nadia-okello/"
    assert own.post("/hours/nadia-okello/", week()).status_code == 302
    assert client_of(other_therapist).post("/hours/nadia-okello/", week()).status_code == 404
    off = TimeOff.objects.create(therapist=therapist.therapist, start=NINE, end=NINE + timedelta(hours=1))
    assert client_of(other_therapist).post(f"/time-off/{off.pk}/").status_code == 404
    assert TimeOff.objects.count() == 1


def test_the_hours_of_all_ask_as_often_for_three_as_for_one(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk.get("/hours/")
    with django_assert_num_queries(7):
        desk.get("/hours/")
    for name in ("ada", "ben"):
        user = User.objects.create_user(f"{name}@mail.example", name=name, role="therapist")
        TherapistProfile.objects.create(user=user, slug=name)
    with django_assert_num_queries(7):
        desk.get("/hours/")


def test_a_week_typed_when_the_log_in_ran_out_stands_there_again(desk: Client, staff: User) -> None:
    desk.get("/hours/nadia-okello/")
    desk.session.flush()
    away = desk.post("/hours/nadia-okello/", week(**{"starts-2-0": "06:15", "ends-2-0": "07:45"}))
    assert away["Location"].startswith("/accounts/login/")
    desk.force_login(staff)
    page = desk.get("/hours/nadia-okello/").content.decode()
    assert 'value="06:15"' in page
    assert WeeklyHours.objects.filter(starts=time(6, 15)).count() == 0


def read(desk: Client, address: str = PAGE) -> str:
    return desk.get(address).content.decode()


def test_a_week_for_a_time_stands_in_the_list_is_corrected_and_taken_back(desk: Client) -> None:
    desk.post(PAGE, week(valid_from="2026-12-21", valid_until="2027-01-03"))
    page = read(desk)
    for words in (
        "Until Sun 20 Dec",
        "Mon to Fri 09:00–12:00, 13:00–17:00",
        "Mon 21 Dec to Sun 3 Jan 2027",
        "Mon 08:00–12:00, 13:00–15:30",
        "From Mon 4 Jan 2027",
        "The usual week again",
    ):
        assert words in page
    shown = desk.get(f"{PAGE}?week=2026-12-28").context["forms"]["week"].initial
    assert (shown["valid_from"], shown["valid_until"]) == (date(2026, 12, 21), date(2027, 1, 3))
    assert shown["instead_of"] == date(2026, 12, 21)
    desk.post(PAGE, week(valid_from="2026-12-28", valid_until="2027-01-03", instead_of="2026-12-21"))
    assert "Mon 28 Dec to Sun 3 Jan 2027" in read(desk)
    desk.post(f"{PAGE}week/", {"first": "2026-12-28"})
    assert "for a time</span>" not in read(desk)
    assert "changed meanwhile" in desk.post(f"{PAGE}week/", {"first": "2026-12-28"}, follow=True).content.decode()
    assert desk.post(f"{PAGE}week/", {"first": "x"}).status_code == 422


def test_while_a_week_for_a_time_runs_the_form_shows_the_usual_one(desk: Client) -> None:
    desk.post(PAGE, week(valid_from="2026-11-24", valid_until="2026-12-03"))
    form = desk.get(PAGE).context["forms"]["week"]
    assert (form.initial["starts-4-0"], form.initial["instead_of"]) == (time(9), None)
    page = desk.post(PAGE, week(valid_from="2026-11-24"), follow=True).content.decode()
    assert "The week stands from Friday 4 December." in page


def test_a_fifth_range_of_a_day_is_not_lost(desk: Client, therapist: User, staff: User, now: datetime) -> None:
    ranges = [services.HoursRange(0, time(hour), time(hour + 1)) for hour in range(6, 16, 2)]
    services.set_weekly_hours(
        therapist=therapist.therapist, ranges=ranges, valid_from=date(2026, 11, 24), by=staff, now=now
    )
    assert 'name="starts-0-4" value="14:00"' in read(desk)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kind": "closed", "starts-0": "10:00", "ends-0": "12:00"}, "The day is closed and has hours below."),
        ({"kind": "instead"}, "Give the hours of that day."),
        ({"kind": "beside", "starts-0": "10:00"}, "Give a start and an end."),
        ({"kind": "instead", "starts-0": "10:00", "ends-0": "12:00", "what-0": "closed"}, "Closed hours belong to"),
        (
            {"kind": "instead", "starts-0": "10:00", "ends-0": "12:00", "starts-1": "11:00", "ends-1": "13:00"},
            "Two ranges of Saturday overlap.",
        ),
    ],
)
def test_a_day_that_cannot_be_keeps_what_was_typed(desk: Client, typed: dict[str, str], sentence: str) -> None:
    answer = desk.post(PAGE, {"do": "override", "on": "2026-11-28", "note": "School play", **typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="School play"' in page
    assert Override.objects.count() == 0


def test_a_day_is_shown_to_be_changed_and_put_on_another(desk: Client) -> None:
    day = {"do": "override", "on": "2026-11-28", "kind": "instead", "starts-0": "10:00", "ends-0": "12:00"}
    desk.post(PAGE, day)
    form = desk.get(f"{PAGE}?day=2026-11-28").context["forms"]["override"]
    assert [form.initial[name] for name in ("on", "instead_of", "kind", "starts-0", "what-0")] == [
        date(2026, 11, 28),
        date(2026, 11, 28),
        "instead",
        time(10),
        "either",
    ]
    desk.post(PAGE, day | {"on": "2026-11-29", "instead_of": "2026-11-28"})
    assert set(Override.objects.values_list("on", flat=True)) == {date(2026, 11, 29)}
    assert "Only 10:00–12:00" in read(desk)


def test_taking_an_extra_day_back_tells_what_it_hits(desk: Client, visit: Service, runner: User, now: datetime) -> None:
    saturday = {"on": "2026-11-28", "kind": "beside", "starts-0": "09:00", "ends-0": "12:00"}
    desk.post(PAGE, {"do": "override", **saturday})
    services.book_slot(
        service=visit,
        therapist=visit.therapists.get(),
        runner=runner.runner,
        start=NINE + timedelta(days=2),
        by=runner,
        now=now,
    )
    page = desk.post(f"{PAGE}day/", {"on": "2026-11-28"}, follow=True).content.decode()
    assert "Saturday 28 November follows the weekly hours again. 1 booked session falls outside the hours" in page


def test_holds_and_offers_that_end_are_named(
    desk: Client, session: Appointment, visit: Service, staff: User, other_runner: User, now: datetime
) -> None:
    asked = {"therapist": visit.therapists.get(), "now": now}
    services.offer_instead(
        appointment=session, start=NINE + timedelta(days=1), by=staff, answer_until=now + timedelta(hours=2), **asked
    )
    services.hold_slot(
        service=visit, runner=other_runner.runner, start=NINE + timedelta(days=1, hours=1.5), by=other_runner, **asked
    )
    page = desk.post(PAGE, {"do": "override", "on": "2026-11-27", "kind": "closed"}, follow=True).content.decode()
    assert "The offer of Fri 27 Nov 09:00 to Maya Lindqvist is taken back; we tell them." in page
    assert "1 time was being booked just now: whoever does so is asked to choose again." in page


def test_what_lies_outside_the_hours_gets_new_places_and_no_time_off(
    desk: Client, session: Appointment, visit: Service, other_runner: User, therapist: User, now: datetime
) -> None:
    kept = services.book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=NINE + timedelta(hours=4),
        by=other_runner,
        now=now,
    )
    TimePreference.objects.create(runner=session.runner, weekdays=0b0001000, parts=2)
    thursday = {"on": "2026-11-26", "kind": "beside", "starts-0": "09:00", "ends-0": "12:00", "what-0": "closed"}
    desk.post(PAGE, {"do": "override", **thursday})
    asked = {"therapist": "nadia-okello", "day": "2026-11-26", "until": "2026-11-26", "which": "stranded"}
    address = "/replan/?" + "&amp;".join(f"{name}={value}" for name, value in asked.items())
    assert address in read(desk)
    answer = desk.get("/replan/", asked)
    [(row, _)] = answer.context["rows"]
    assert row.session == session
    assert "Outside the hours of Nadia Okello" in answer.content.decode()
    assert row.best.start == NINE + timedelta(hours=4, minutes=45), "she works that afternoon"
    sent = desk.post("/replan/", {**asked, f"pick-{session.pk}": row.best.value})
    assert "1 new time offered" in sent.content.decode()
    assert (Offer.objects.get().moves, TimeOff.objects.count()) == (session, 0)
    kept.refresh_from_db()
    assert kept.start == NINE + timedelta(hours=4)


def test_a_page_full_of_hours_asks_at_most_twelve_times(
    desk: Client, session: Appointment, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk.post(PAGE, week(valid_from="2026-11-25", valid_until="2026-12-03"))
    for day in ("26", "27"):
        desk.post(PAGE, {"do": "override", "on": f"2026-11-{day}", "kind": "closed"})
    with django_assert_max_num_queries(12):
        assert "1 booked session outside the hours" in read(desk)


def test_a_workshop_in_time_off_is_named_too(desk: Client, therapist: User, staff: User, now: datetime) -> None:
    shop = Workshop.objects.create(slug="hills", title="Hills", capacity=9, made_at=now, made_by=staff)
    Appointment.objects.create(
        workshop=shop,
        therapist=therapist.therapist,
        start=NINE,
        end=NINE + timedelta(hours=2),
        busy_from=NINE,
        busy_until=NINE + timedelta(hours=2),
        zone="Europe/London",
        wall_start="",
        booked_at=now,
    )
    assert "Hills" not in read(desk)
    away = {"do": "time_off", "first": "2026-11-26", "last": "2026-11-26"}
    page = desk.post(PAGE, away, follow=True).content.decode()
    assert "1 booked session falls outside the hours" in page
    assert "/workshops/hills/people/" in page
