"""Today, for each kind of person."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments.models import Intake
from assessments.services import start_assessment
from bookings.models import Service, WaitlistEntry
from clinic.audit.models import Event
from clinic.dashboard.gaps import Gap
from clinic.people.models import User
from clinic.people.services import end_care
from conftest import person
from exercises.models import SetLog

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("clock")
ClientOf = Callable[[User], Client]


def page(client: Client, url: str = "/today/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    response = client.get("/today/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_staff_start_on_the_board(staff: User, client_of: ClientOf) -> None:
    assert client_of(staff).get("/today/")["Location"] == "/board/"


def test_a_new_runner_is_asked_to_answer_the_questions_first(runner: User, client_of: ClientOf) -> None:
    out = page(client_of(runner))
    assert "Morning, Maya" in out
    assert "First, tell us about your running" in out
    assert 'href="/intake/"' in out
    assert "Can I run today?" not in out


def test_then_to_book(runner: User, now: datetime, client_of: ClientOf) -> None:
    Intake.objects.create(runner=runner.runner, goal="first_5k", answered_at=now)
    assert "Now find a time" in page(client_of(runner))


def test_then_to_wait_for_the_session(
    runner: User, therapist: User, now: datetime, first_visit, book, client_of: ClientOf
) -> None:
    Intake.objects.create(runner=runner.runner, goal="first_5k", answered_at=now)
    book(runner, therapist, first_visit, now + timedelta(days=2))
    out = page(client_of(runner))
    assert "No programme yet" in out
    assert "Nadia builds it after your session" in out
    assert "Thu</small>10:00" in out
    assert "Stockholm time, 09:00 at the clinic." in out


def test_exercises_of_the_day_with_one_tap_each(runner: User, therapist: User, plan, client_of: ClientOf) -> None:
    plan(runner.runner, therapist.therapist)
    client = client_of(runner)
    out = page(client)
    assert "0 of 1 done" in out
    assert 'aria-label="Done as planned: Squat"' in out
    assert "3 × 8" in out
    assert "Week 5 of 12<" in out


def test_after_a_red_pain_today_nothing_more_is_asked_for(
    runner: User, therapist: User, plan, log, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    log(programme, TODAY - timedelta(days=1), pain=7)
    assert "Start, about" in page(client_of(runner))
    log(programme, TODAY, pain=7)
    out = page(client_of(runner))
    assert "Stop here for today." in out
    assert "btn-primary btn-lg btn-wide mt-3" not in out


def test_a_tap_logs_as_planned_comes_back_and_can_be_undone(
    runner: User, therapist: User, plan, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    prescription = programme.phases.get().prescriptions.get()
    client = client_of(runner)
    tap = client.post(f"/programme/today/{prescription.pk}/done/", {"on": "2026-11-24", "next": "/today/"}, follow=True)
    assert tap.redirect_chain == [("/today/", 302)]
    out = tap.content.decode()
    assert "1 of 1 done" in out
    assert 'aria-label="Undo: Squat"' in out
    assert "toast-undo" in out
    assert SetLog.objects.count() == 3
    client.post(f"/programme/today/{prescription.pk}/undo/", {"on": "2026-11-24", "next": "/today/"})
    assert SetLog.objects.count() == 0
    assert "0 of 1 done" in page(client)


def test_a_day_of_rest_says_when_it_goes_on(runner: User, therapist: User, plan, client_of: ClientOf) -> None:
    plan(runner.runner, therapist.therapist, days=[4])
    out = page(client_of(runner))
    assert "No exercises today" in out
    assert "Friday 27 November" in out


def test_a_programme_that_starts_later_says_so(runner: User, therapist: User, plan, client_of: ClientOf) -> None:
    plan(runner.runner, therapist.therapist, starts_on=TODAY + timedelta(days=3))
    out = page(client_of(runner))
    assert "Your programme is ready" in out
    assert "It starts on Friday 27 November." in out


def test_the_answer_comes_from_what_was_logged(runner: User, therapist: User, plan, log, client_of: ClientOf) -> None:
    programme = plan(runner.runner, therapist.therapist)
    log(programme, TODAY - timedelta(days=1), pain=4)
    out = page(client_of(runner))
    assert "Same as last time, no more" in out
    assert "Pain was 4 yesterday." in out


def test_an_open_red_flag_says_not_today(runner: User, now: datetime, client_of: ClientOf) -> None:
    Intake.objects.create(runner=runner.runner, goal="first_5k", answered_at=now, red_flags=["rest_night_pain"])
    assert "Not today" in page(client_of(runner))


def test_a_session_within_two_hours_takes_the_button(
    runner: User, therapist: User, now: datetime, plan, follow_up, book, client_of: ClientOf
) -> None:
    plan(runner.runner, therapist.therapist)
    session = book(runner, therapist, follow_up, now + timedelta(hours=2))
    out = page(client_of(runner))
    assert f'href="/appointments/{session.pk}/room/"' in out
    assert out.index("Join 12:00") < out.index("Can I run today?")
    assert out.count("btn-primary") == 1


def test_a_session_later_than_that_stands_beside(
    runner: User, therapist: User, now: datetime, plan, follow_up, book, client_of: ClientOf
) -> None:
    plan(runner.runner, therapist.therapist)
    book(runner, therapist, follow_up, now + timedelta(hours=2, minutes=1))
    out = page(client_of(runner))
    assert "Join" not in out
    assert "in 2 h" in out


def test_a_workshop_stands_beside_like_a_session(
    runner: User, other_runner: User, therapist: User, now: datetime, workshop, client_of: ClientOf
) -> None:
    seats = workshop(therapist, now + timedelta(hours=3), [runner, other_runner], friends=["Sam Hill"])
    out = page(client_of(runner))
    assert 'href="/workshops/running-form/"' in out
    assert "Running form" in out
    assert "Workshop online with Nadia Okello, 1 h 30 min." in out
    assert "in 3 h" in out
    assert "Join" not in out
    for seat in seats.filter(runner=runner.runner, friend=""):
        seat.state = "cancelled"
        seat.save()
    assert "Running form" not in page(client_of(runner))
    assert "Running form" in page(client_of(other_runner))


def test_what_is_nearer_takes_the_button(
    runner: User, therapist: User, now: datetime, follow_up, book, workshop, client_of: ClientOf
) -> None:
    book(runner, therapist, follow_up, now + timedelta(minutes=100))
    workshop(therapist, now + timedelta(minutes=5), [runner])
    out = page(client_of(runner))
    assert out.count("Join ") == 1
    assert 'href="/workshops/running-form/room/"' in out
    assert out.index("Join 10:05") < out.index("11:40")


def test_two_weeks_of_days_and_pain_are_drawn_with_their_tables(
    runner: User, therapist: User, plan, log, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    for ago in (1, 2, 3):
        log(programme, TODAY - timedelta(days=ago), pain=ago)
    out = page(client_of(runner))
    assert 'aria-label="Last 14 days: 3 of 13 planned days done"' in out
    assert 'aria-label="Pain over 14 days: 1 out of 10, from 3"' in out
    assert "<td>Sat 21 Nov</td><td>3</td>" in out


def test_a_runners_day_reads_the_database_twelve_times_at_most(
    runner: User, therapist: User, now: datetime, plan, log, follow_up, book, workshop, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    log(programme, TODAY, pain=1)
    book(runner, therapist, follow_up, now + timedelta(days=1))
    workshop(therapist, now + timedelta(days=2), [runner])
    assert queries(client_of(runner), "/today/") <= 12


def test_after_care_has_ended_a_therapist_sees_the_session_and_nothing_clinical(
    runner: User, therapist: User, now: datetime, follow_up, book, client_of: ClientOf
) -> None:
    Intake.objects.create(runner=runner.runner, goal="first_5k", regions=["knee_left"], pain=4, answered_at=now)
    start_assessment(runner=runner.runner, by=therapist, now=now)
    book(runner, therapist, follow_up, now + timedelta(hours=2))
    before = page(client_of(therapist))
    assert ("pain 4" in before, "Review<span" in before) == (True, True)
    end_care(runner=runner.runner, therapist=therapist.therapist, by=None, now=now)
    out = page(client_of(therapist))
    assert "Maya Lindqvist" in out
    assert ("pain 4" in out, "Review<span" in out) == (False, False)


def test_a_therapist_sees_the_day_in_order_with_free_time(
    runner: User,
    other_runner: User,
    therapist: User,
    now: datetime,
    open_hours,
    first_visit,
    follow_up,
    book,
    client_of: ClientOf,
) -> None:
    book(runner, therapist, follow_up, now + timedelta(minutes=30))
    book(other_runner, therapist, first_visit, now + timedelta(hours=1, minutes=30))
    out = page(client_of(therapist))
    assert "Tuesday 24 November" in out
    assert "2 to go, last ends 11:15." in out
    assert "Next, in 30 min" in out
    order = [out.rindex(words) for words in ("Follow-up, online", "30 min free", "Omar Haddad")]
    assert order == sorted(order)
    assert "45 min free" in out
    assert "First visit, online. New. Intake not answered yet" in out
    assert "no intake" in out


def test_free_time_says_what_fits_and_how_many_wait_for_such_a_time(
    runner: User,
    other_runner: User,
    therapist: User,
    other_therapist: User,
    now: datetime,
    open_hours,
    first_visit,
    follow_up,
    book,
    client_of: ClientOf,
) -> None:
    for service in (first_visit, follow_up):
        service.min_notice_min = 30
        service.save()
        therapist.therapist.services.add(service)
    book(runner, therapist, follow_up, now + timedelta(minutes=90))
    book(runner, therapist, follow_up, now + timedelta(minutes=150))
    wish = {"runner": other_runner.runner, "service": follow_up, "first": now.date(), "made_at": now, "made_by": runner}
    WaitlistEntry.objects.create(**wish)
    WaitlistEntry.objects.create(**wish, therapist=other_therapist.therapist)
    WaitlistEntry.objects.create(**wish, weekdays=0b0000001)
    out = page(client_of(therapist))
    assert "90 min free" not in out
    assert "1 h 30 min free, fits a first visit. 1 on the waitlist" in out
    assert "30 min free, fits a follow-up. 1 on the waitlist" in out


def test_what_fits_is_named_with_its_article(now: datetime) -> None:
    names = ("Follow-up", "Initial assessment")
    gaps = [Gap(now, now + timedelta(minutes=45), (Service(name=name),)) for name in names]
    assert [each.words for each in gaps] == ["45 min free, fits a follow-up", "45 min free, fits an initial assessment"]


def test_a_therapist_does_not_see_anothers_sessions(
    runner: User, therapist: User, other_therapist: User, now: datetime, follow_up, book, client_of: ClientOf
) -> None:
    book(runner, other_therapist, follow_up, now + timedelta(minutes=30))
    out = page(client_of(therapist))
    assert "No sessions today" in out


def test_an_intake_is_summed_up_before_a_first_visit(
    runner: User, therapist: User, now: datetime, open_hours, first_visit, book, client_of: ClientOf
) -> None:
    Intake.objects.create(runner=runner.runner, goal="first_5k", answered_at=now, regions=[], pain=3)
    book(runner, therapist, first_visit, now + timedelta(minutes=30))
    assert "Intake complete: nothing hurts, pain 3" in page(client_of(therapist))


def test_red_flags_come_first_among_those_to_call(
    runner: User,
    other_runner: User,
    therapist: User,
    now: datetime,
    plan,
    log,
    take_in_care,
    client_of: ClientOf,
) -> None:
    take_in_care(other_runner)
    programme = plan(runner.runner, therapist.therapist)
    for ago, pain in ((2, 6), (1, 7)):
        log(programme, TODAY - timedelta(days=ago), pain=pain)
    Intake.objects.create(runner=other_runner.runner, goal="first_5k", answered_at=now, red_flags=["rest_night_pain"])
    out = page(client_of(therapist))
    assert "Pain 6, then 7." in out
    assert out.index("Omar Haddad") < out.index("Maya Lindqvist")
    assert "2 reds in a row" in out


def test_who_leaves_out_most_exercise_days_is_to_be_called(
    runner: User, therapist: User, plan, log, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    for ago in (1, 5, 9):
        log(programme, TODAY - timedelta(days=ago), pain=1)
    out = page(client_of(therapist))
    assert "23 % done" in out
    assert "3 of 13 exercise days in two weeks." in out


def test_nobody_to_call_says_what_would_bring_somebody(therapist: User, client_of: ClientOf) -> None:
    assert "Nobody just now." in page(client_of(therapist))


def test_a_therapists_day_costs_the_same_for_one_session_and_for_three(
    runner: User,
    therapist: User,
    now: datetime,
    open_hours,
    follow_up,
    plan,
    log,
    book,
    take_in_care,
    client_of: ClientOf,
) -> None:
    client = client_of(therapist)
    book(runner, therapist, follow_up, now + timedelta(minutes=30))
    log(plan(runner.runner, therapist.therapist), TODAY, pain=1)
    one = queries(client, "/today/")
    for n, name in enumerate(("Piet Lindgren", "Amara Boateng")):
        another = person("runner", name)
        take_in_care(another)
        book(another, therapist, follow_up, now + timedelta(hours=1 + n))
        log(plan(another.runner, therapist.therapist), TODAY, pain=1)
    assert queries(client, "/today/") == one
    assert one <= 12


@pytest.mark.parametrize("path", ["/runners/", "/progress/"])
def test_a_page_of_another_role_says_so(path: str, runner: User, therapist: User, client_of: ClientOf) -> None:
    wrong = runner if path == "/runners/" else therapist
    response = client_of(wrong).get(path)
    assert response.status_code == 403
    assert "for another role" in response.content.decode()


def test_the_theme_is_kept_with_the_account(runner: User, client_of: ClientOf) -> None:
    client = client_of(runner)
    assert client.post("/theme/", {"theme": "dark"}).status_code == 302
    runner.refresh_from_db()
    assert runner.theme == "dark"
    assert '<html lang="en-GB" data-bs-theme="dark">' in page(client)
    assert Event.objects.filter(action="theme.chosen").count() == 1


def test_a_theme_nobody_offers_is_as_the_device_has_it(runner: User, client_of: ClientOf) -> None:
    client_of(runner).post("/theme/", {"theme": "<script>"})
    runner.refresh_from_db()
    assert runner.theme == ""


@pytest.mark.django_db
def test_a_visitors_theme_is_a_cookie(client: Client) -> None:
    response = client.post("/theme/", {"theme": "light"}, headers={"referer": "http://evil.example/"})
    assert response["Location"] == "/"
    assert client.cookies["theme"].value == "light"
    assert 'data-bs-theme="light"' in client.get("/running/").content.decode()
