"""Home, lists of people, progress, the style guide and the pages that say no."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.shortcuts import render
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment, Finding
from bookings.models import Service, WeeklyHours
from clinic.core.errors import DomainError
from clinic.dashboard.charts import day_marks, pain_chart
from clinic.dashboard.logged import Day
from clinic.dashboard.verdict import Pain
from clinic.people.models import User
from conftest import person

TODAY = date(2026, 11, 24)
pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]
ClientOf = Callable[[User], Client]


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_home_page_of_an_empty_clinic_is_honest(client: Client) -> None:
    out = page(client, "/")
    assert "Run again." in out
    assert "Bookings open soon." in out


def test_the_home_page_of_a_full_clinic_says_whom_to_call(client: Client, first_visit: Service) -> None:
    assert "No first visit is free in the coming 60 days." in page(client, "/")


def test_the_home_page_shows_the_nearest_times_in_the_visitors_zone(
    client: Client, therapist: User, open_hours: WeeklyHours, first_visit: Service
) -> None:
    first_visit.therapists.add(therapist.therapist)
    client.cookies["zone"] = "Europe/Stockholm"
    out = page(client, "/")
    assert '<b class="num first-up">today 12:00</b><small>Nadia Okello</small>' in out
    assert 'action="/book/first-visit/?therapist=nadia-okello"' in out
    assert '<button name="slot" value="2026-11-24T11:00Z">' in out
    assert "Your time: Stockholm. Clinic: London, 1 hour earlier. First visit £68." in out


def test_the_home_page_reads_the_database_twelve_times_at_most(
    client: Client, therapist: User, open_hours: WeeklyHours, first_visit: Service
) -> None:
    first_visit.therapists.add(therapist.therapist)
    assert queries(client, "/") <= 12


def test_a_therapist_lists_the_runners_in_care_and_no_others(
    runner: User, other_runner: User, therapist: User, client_of: ClientOf
) -> None:
    out = page(client_of(therapist), "/runners/")
    assert "Maya Lindqvist" in out
    assert "Omar Haddad" not in out
    assert f'href="/runners/{runner.runner.pk}/"' in out


def test_a_therapist_searches_the_runners_in_care(
    runner: User, other_runner: User, therapist: User, take_in_care, client_of: ClientOf
) -> None:
    take_in_care(other_runner)
    out = page(client_of(therapist), "/runners/?q=omar")
    assert "Omar Haddad" in out
    assert "Maya Lindqvist" not in out


def test_a_search_without_a_hit_keeps_what_was_typed(therapist: User, client_of: ClientOf) -> None:
    out = page(client_of(therapist), "/runners/?q=%3Cb%3Ezz")
    assert "Nobody found" in out
    assert 'value="&lt;b&gt;zz"' in out


def test_staff_see_how_to_reach_everybody_and_nothing_clinical(
    runner: User, therapist: User, staff: User, plan, log, client_of: ClientOf
) -> None:
    log(plan(runner.runner, therapist.therapist), TODAY, pain=7)
    out = page(client_of(staff), "/runners/")
    assert "maya@mail.example" in out
    for clinical in ("Back to 10 km", "pain 7", "exercise days", f"/runners/{runner.runner.pk}/"):
        assert clinical not in out


@pytest.mark.parametrize("who", ["therapist", "staff"])
def test_a_list_costs_the_same_for_one_and_for_three(
    who: str, runner: User, therapist: User, staff: User, plan, log, take_in_care, client_of: ClientOf
) -> None:
    client = client_of({"therapist": therapist, "staff": staff}[who])
    log(plan(runner.runner, therapist.therapist), TODAY, pain=1)
    one = queries(client, "/runners/")
    for name in ("Piet Lindgren", "Amara Boateng"):
        another = person("runner", name)
        take_in_care(another)
        log(plan(another.runner, therapist.therapist), TODAY, pain=1)
    assert queries(client, "/runners/") == one
    assert one <= 12


def test_a_page_number_from_nowhere_is_the_nearest_page(runner: User, therapist: User, client_of: ClientOf) -> None:
    assert "Maya Lindqvist" in page(client_of(therapist), "/runners/?page=999")
    assert "Maya Lindqvist" in page(client_of(therapist), "/runners/?page=x")


def test_progress_without_anything_logged_says_what_to_do(runner: User, client_of: ClientOf) -> None:
    assert "Nothing to draw yet" in page(client_of(runner), "/progress/")


def test_progress_draws_twelve_weeks_with_their_tables(
    runner: User, therapist: User, plan, log, client_of: ClientOf
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    log(programme, TODAY - timedelta(days=20), pain=5)
    log(programme, TODAY - timedelta(days=1), pain=2)
    out = page(client_of(runner), "/progress/")
    assert 'aria-label="Pain since 4 November: from 5 to 2 out of 10"' in out
    assert '<th scope="row">Mon 23 Nov</th>' in out
    assert '<td class="num">1 of 2</td>' in out


def test_progress_reads_the_database_twelve_times_at_most(
    runner: User, therapist: User, plan, log, client_of: ClientOf
) -> None:
    log(plan(runner.runner, therapist.therapist), TODAY, pain=2)
    assert queries(client_of(runner), "/progress/") <= 12


def test_pain_days_far_apart_are_not_joined() -> None:
    chart = pain_chart([Pain(TODAY - timedelta(days=10), 4), Pain(TODAY - timedelta(days=2), 3), Pain(TODAY, 1)], TODAY)
    assert chart is not None
    assert chart.lines == ["M120.8 36.2L142 45.4"]
    assert [dot.pain for dot in chart.alone] == [4]


def test_nothing_logged_draws_nothing() -> None:
    assert pain_chart([], TODAY) is None


def test_fourteen_days_stand_in_two_rows_of_seven() -> None:
    marks = day_marks([Day(TODAY - timedelta(days=13 - n), "rest") for n in range(14)])
    assert [(mark.x, mark.y) for mark in (marks[0], marks[6], marks[7])] == [(12, 14), (138, 14), (12, 40)]


def test_the_style_guide_shows_every_part_in_light_and_dark(client: Client) -> None:
    out = page(client, "/styleguide/")
    assert 'data-bs-theme="light"' in out
    assert 'data-bs-theme="dark"' in out
    assert len(re.findall(r' id="([^"]+)"', out)) == len(set(re.findall(r' id="([^"]+)"', out)))


@pytest.mark.parametrize(
    "part", sorted(path.name for path in (settings.BASE_DIR / "templates" / "components").glob("*.html"))
)
def test_a_part_names_its_parameters_in_its_first_line(part: str) -> None:
    first = (Path(settings.BASE_DIR) / "templates" / "components" / part).read_text().splitlines()[0]
    assert re.search(r"\{# .+ #\}", first)


@pytest.mark.parametrize("url", ["/", "/styleguide/", "/running/"])
def test_public_pages_hold_no_inline_style_or_script(client: Client, url: str) -> None:
    out = page(client, url)
    assert " style=" not in out
    assert "<style" not in out
    assert re.findall(r"<script(?![^>]*\bsrc=)", out) == []
    assert re.findall(r"\son[a-z]+=", out) == []


def test_the_menu_of_the_phone_opens_without_script(client: Client) -> None:
    out = page(client, "/")
    assert '<details class="menu only-phone"><summary' in out
    assert '<a class="skip" href="#main">' in out


def test_what_is_not_there_says_where_to_go(client: Client, runner: User, client_of: ClientOf) -> None:
    response = client_of(runner).get("/exercises/no-such-thing/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_an_old_form_says_how_to_send_it_again() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "This form had been open for too long" in response.content.decode()


def test_a_refusal_says_what_happened(rf: RequestFactory) -> None:
    request = rf.post("/today/")
    refused = render(
        request, "refused.html", {"error": DomainError("17:30 has just gone.", code="slot_taken")}, status=409
    )
    assert "17:30 has just gone." in refused.content.decode()


def test_the_error_page_needs_nothing_that_may_be_broken() -> None:
    assert "That did not work, and it is our fault" in render_to_string("500.html")


def test_every_letter_has_the_clinics_frame() -> None:
    out = render_to_string(
        "emails/_base.html",
        {
            "clinic": {"name": "Stridewell", "address": "14 Quayside Row, Bristol"},
            "site": "http://clinic.test",
            "stop_url": "",
        },
    )
    assert "14 Quayside Row, Bristol" in out
    assert "Stop these" not in out


def test_progress_says_what_was_found_in_plain_words_once_it_is_signed(
    runner: User, therapist: User, now: datetime, client_of: ClientOf
) -> None:
    draft = Assessment.objects.create(
        runner=runner.runner,
        therapist=therapist.therapist,
        catalogue_version=1,
        rules_version=1,
        started_at=now,
        saved_at=now,
    )
    Finding.objects.create(
        assessment=draft,
        rule="pelvic_drop",
        side="left",
        title="Pelvic drop",
        verdict="outside",
        reason="8.1",
        lay="Your right hip drops.",
        source="x",
        mark="S",
        grade="B",
        rules_version=1,
    )
    client = client_of(runner)
    assert "Your right hip drops." not in page(client, "/progress/")
    Assessment.objects.filter(pk=draft.pk).update(state="signed", signed_at=now, signed_by=therapist)
    out = page(client, "/progress/")
    assert "<li>Your right hip drops.</li>" in out
    assert f'href="/assessments/{draft.pk}/"' in out
    assert queries(client, "/progress/") <= 12
