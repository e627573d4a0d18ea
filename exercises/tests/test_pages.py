"""The pages of the library, programmes, sessions and races; who may open them and what bad input gets."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.html import conditional_escape

from clinic.audit.models import Event
from exercises.models import Exercise, Prescription, Programme, Race, SessionLog, SetLog, State
from exercises.services import enter_race, log_as_planned
from exercises.tests.conftest import TUESDAY

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def maya(client_of, runner):
    return client_of(runner)


@pytest.fixture
def nadia(client_of, therapist):
    return client_of(therapist)


def text_of(response) -> str:
    return response.content.decode()


def test_the_library_is_open_to_everybody(client, library):
    page = text_of(client.get("/exercises/"))

    assert f'<b class="strong">{len(library)} exercises</b>' in page
    assert page.count('class="fig-card"') == 12
    assert "Show 12 more" in page
    for word in ("Strength", "Stretch", "Balance", "Spring", "Core", "Drill"):
        assert f'>{word} <span class="n">' in page


def test_search_and_filters_work_together(client, library):
    page = text_of(client.get("/exercises/?q=bridge&kind=strength&have=nothing&level=hard"))
    assert "Nothing fits" in page

    page = text_of(client.get("/exercises/?q=brigde&kind=strength"))
    assert '<input type="hidden" form="search" name="kind" value="strength">' in page
    assert "Search for “brigde” instead" in page
    assert "Marching bridge" in page


@pytest.mark.parametrize(
    "query",
    [
        "q=zzzzzzz",
        "q=%F0%9F%8F%83",
        "q=" + "x" * 5000,
        "kind=dance",
        "show=-1",
        "show=99999999999",
        "show=²",
        "q=%E2%80%AEabc",
    ],
)
def test_odd_questions_get_a_page(client, library, query):
    assert client.get(f"/exercises/?{query}").status_code == 200


def test_an_empty_library_says_so(client, db):
    assert "Nothing fits" in text_of(client.get("/exercises/"))


def test_the_list_costs_the_same_for_one_and_three(client, library, django_assert_num_queries):
    Exercise.objects.exclude(slug="squat").update(is_active=False)
    with django_assert_num_queries(2):
        client.get("/exercises/")
    Exercise.objects.update(is_active=True)
    with django_assert_num_queries(2):
        client.get("/exercises/")


def test_an_exercise_shows_everything(client, library):
    page = text_of(client.get("/exercises/goblet-squat/"))

    for words in (
        library["goblet-squat"].position,
        *library["goblet-squat"].steps,
        library["goblet-squat"].breathing,
        "Think of",
        *library["goblet-squat"].cues,
        *library["goblet-squat"].safety,
        *(each["fault"] for each in library["goblet-squat"].faults),
        "Builds",
        "Tissue load",
        "Usual dose",
        library["goblet-squat"].evidence["note"],
        "Not today if",
        "3 × 10",
        "3–1–2",
        "Dumbbell or kettlebell",
        "Quadriceps",
        "Easier",
        "Harder",
        "Single-leg squat",
    ):
        assert conditional_escape(words) in page


def test_an_unknown_or_retired_exercise_is_not_found(client, library):
    Exercise.objects.filter(slug="squat").update(is_active=False)

    assert client.get("/exercises/squat/").status_code == 404
    assert client.get("/exercises/moonwalk/").status_code == 404


def test_an_exercise_of_mine_starts_from_its_page(maya, programme):
    assert "Start, 3 × 15" in text_of(maya.get("/exercises/bridge/"))


OWN = ["/programme/", "/programme/today/", "/races/"]


@pytest.mark.parametrize("path", OWN)
def test_a_runners_own_pages(client, client_of, runner, therapist, staff, path):
    assert client.get(path).status_code == 302
    assert client_of(runner).get(path).status_code == 200
    assert client_of(therapist).get(path).status_code == 403
    assert client_of(staff).get(path).status_code == 403


def test_records_are_for_their_people(
    client_of, programme, runner, other_runner, therapist, other_therapist, staff, now
):
    race = enter_race(runner=runner.runner, name="Harbour 10", on=TUESDAY, distance_km=10, by=runner, now=now)
    detail, recovery = programme.get_absolute_url(), reverse("exercises:recovery", args=[race.pk])
    new = reverse("exercises:programme_new", args=[runner.runner.pk])
    expected = {
        runner: (200, 200, 403),
        therapist: (200, 200, 200),
        other_runner: (404, 404, 403),
        other_therapist: (404, 404, 404),
        staff: (403, 403, 403),
    }

    seen = {who: tuple(client_of(who).get(path).status_code for path in (detail, recovery, new)) for who in expected}

    assert seen == expected


def test_reading_a_programme_is_written_down(nadia, maya, programme, therapist):
    nadia.get(programme.get_absolute_url())
    maya.get(programme.get_absolute_url())

    assert list(Event.objects.filter(action="chart.read").values_list("actor_id", "reason")) == [
        (str(therapist.pk), "programme")
    ]


def tap(client, prescription, verb="log_planned", **data):
    return client.post(reverse(f"exercises:{verb}", args=[prescription.pk]), data)


def test_one_tap_and_its_undo(maya, bridge):
    answer = tap(maya, bridge, on="2026-11-24")
    page = text_of(maya.get(answer.url))
    assert SetLog.objects.count() == 3
    assert "Bridge: done as planned." in page
    assert 'data-undo-seconds="5"' in page

    tap(maya, bridge, "undo_log", on="2026-11-24")
    assert not SessionLog.objects.exists()
    assert "done as planned." not in text_of(maya.get("/programme/today/"))


def test_a_tap_goes_back_where_it_came_from(maya, bridge):
    assert tap(maya, bridge, next="/today/").url == "/today/"
    assert tap(maya, bridge, next="https://elsewhere.example/").url.startswith("/programme/today/")


def test_a_stranger_taps_into_nothing(client_of, bridge, other_runner, therapist, staff):
    statuses = [tap(client_of(who), bridge).status_code for who in (other_runner, therapist, staff)]

    assert statuses == [404, 403, 403]
    assert not SessionLog.objects.exists()


def test_a_session_set_by_set(maya, bridge):
    assert "Set 1 of 3" in text_of(maya.get("/programme/today/"))
    for number in (1, 2, 3):
        answer = tap(maya, bridge, "log_sets", number=number, amount=15 - number, pain=number, on="2026-11-24")
        assert answer.status_code == 302

    page = text_of(maya.get(answer.url))
    assert [(each.reps, each.pain, each.as_planned) for each in SetLog.objects.order_by("number")] == [
        (14, 1, False),
        (13, 2, False),
        (12, 3, False),
    ]
    assert "Side plank" in page
    assert "Set 1 of 3" in page


def test_a_set_posted_twice_is_one(maya, bridge):
    for _ in range(2):
        tap(maya, bridge, "log_sets", number=1, amount=15, on="2026-11-24")

    assert SetLog.objects.count() == 1


def test_too_much_pain_stops(maya, bridge):
    answer = tap(maya, bridge, "log_sets", number=1, amount=15, pain=6, on="2026-11-24")
    page = text_of(maya.get(answer.url))

    assert "Pain was 6. Stop here for today." in page
    assert "Stop for today</a>" in page
    assert "Silbernagel 2007" in page
    assert page.count("btn-primary") == 1
    assert 'id="set"' not in page
    assert "Wrong number? Undo" in page


@pytest.mark.parametrize(
    "data",
    [
        {"number": 1, "amount": -5},
        {"number": 1, "amount": "many"},
        {"number": 1, "amount": 1000},
        {"number": 0, "amount": 10},
        {"number": 1, "amount": ""},
        {"number": 1, "amount": 10, "pain": 11},
        {"number": 1, "amount": 10, "on": "2030-01-01"},
        {"number": 1, "amount": 10, "on": "2026-11-01"},
        {},
    ],
)
def test_a_bad_set_gets_the_page_again_and_nothing_is_stored(maya, bridge, data):
    answer = tap(maya, bridge, "log_sets", **data)

    assert answer.status_code == 422
    assert not SessionLog.objects.exists()


def test_null_bytes_are_refused(maya, bridge):
    answer = maya.post("/programme/today/rate/", {"note": "a\0b", "on": "2026-11-24"})

    assert answer.status_code == 400
    assert not SessionLog.objects.exists()


def test_the_end_of_a_session(maya, programme):
    answer = maya.post(
        "/programme/today/rate/", {"pain": 2, "effort": 6, "note": "سهل 🏃 \u202eabc", "on": "2026-11-24"}
    )
    session = SessionLog.objects.get()

    assert answer.url == "/today/"
    assert (session.pain, session.effort, session.note) == (2, 6, "سهل 🏃 \u202eabc")


def test_a_note_too_long_stays_in_its_field(maya, programme):
    answer = maya.post("/programme/today/rate/", {"note": "x" * 5000, "on": "2026-11-24"})

    assert answer.status_code == 422
    assert "x" * 5000 in text_of(answer)
    assert not SessionLog.objects.exists()


def test_a_rest_day_and_no_programme_have_their_pages(maya, runner, give, library):
    from exercises.doses import usual_dose

    assert "No programme yet" in text_of(maya.get("/programme/today/"))
    assert "No programme yet" in text_of(maya.get("/programme/"))
    give(doses=[usual_dose(library["bridge"], days=(0,))])
    assert "No exercises today" in text_of(maya.get("/programme/today/"))


def test_yesterday_can_be_opened_and_last_month_cannot(maya, programme):
    assert "For Mon 23 Nov" in text_of(maya.get("/programme/today/?on=2026-11-23"))
    for asked in ("2026-10-01", "2099-01-01", "nonsense", "²"):
        assert "stage-tag" not in text_of(maya.get(f"/programme/today/?on={asked}"))


def test_pages_of_a_programme_cost_the_same_for_one_and_three(maya, give, django_assert_max_num_queries):
    give("bridge", starts_on=date(2026, 11, 1))
    give("bridge")
    maya.get("/programme/")
    with django_assert_max_num_queries(12) as one:
        maya.get("/programme/")
    give("bridge", "plank", "squat")
    with django_assert_max_num_queries(12) as three:
        maya.get("/programme/")

    assert len(three) == len(one)


def test_a_session_costs_the_same_for_one_and_three(maya, give, django_assert_max_num_queries):
    give("bridge")
    maya.get("/programme/today/")
    with django_assert_max_num_queries(12) as one:
        maya.get("/programme/today/")
    give("bridge", "plank", "squat")
    with django_assert_max_num_queries(12) as three:
        maya.get("/programme/today/")

    assert len(three) == len(one)


def dose_data(*slugs, **changes):
    data = {"chosen": list(slugs), "title": "First weeks", "weeks": 4, "starts_on": "2026-11-24", "key": str(uuid4())}
    for slug in slugs:
        data |= {
            f"{slug}-sets": 3,
            f"{slug}-amount": 12,
            f"{slug}-rest_s": 60,
            f"{slug}-days": [0, 2, 4],
            f"{slug}-note": "",
        }
    return {**data, **changes}


def builder(runner):
    return reverse("exercises:programme_new", args=[runner.runner.pk])


def test_the_builder_fills_in_usual_doses(nadia, runner, library):
    page = text_of(nadia.get(builder(runner) + "?exercise=side-plank&exercise=bridge&exercise=nonsense"))

    assert 'name="side-plank-amount" value="30"' in page
    assert 'name="bridge-amount" value="15"' in page
    assert page.count('value="side-plank" checked') == 1
    assert "Give Maya this programme" in page


def test_the_builder_keeps_typed_doses_while_others_are_picked(nadia, runner, library):
    page = text_of(
        nadia.get(
            builder(runner), dose_data("bridge", **{"bridge-amount": 7, "chosen": [], "exercise": ["bridge", "plank"]})
        )
    )

    assert 'name="bridge-amount" value="7"' in page
    assert 'name="plank-amount" value="30"' in page


def test_a_programme_in_one_post_and_once(nadia, runner, library):
    data = dose_data("bridge", "side-plank", **{"side-plank-amount": 25, "bridge-note": "Slowly."})
    first, second = nadia.post(builder(runner), data), nadia.post(builder(runner), data)

    programme = Programme.objects.get()
    rows = [
        (each.exercise.slug, each.dose_words, each.days, each.note)
        for each in Prescription.objects.order_by("position")
    ]
    assert first.url == second.url == programme.get_absolute_url()
    assert rows == [("bridge", "3 × 12", [0, 2, 4], "Slowly."), ("side-plank", "3 × 25 s each side", [0, 2, 4], "")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bridge-sets": -3}, "From 1 to 10."),
        ({"bridge-amount": 1000}, "From 1 to 100."),
        ({"bridge-days": []}, "Choose at least one day."),
        ({"bridge-load_kg": "NaN"}, "A number, as in 7.5."),
        ({"title": ""}, "A name, as in"),
        ({"starts_on": "2099-01-01"}, "The start is too far away"),
        ({"starts_on": "soon"}, "A day, as in 2026-11-24."),
        ({"chosen": []}, "Choose at least one exercise"),
        ({"weeks": 1000}, "From 1 to 52."),
    ],
)
def test_a_bad_dose_keeps_the_form_and_stores_nothing(nadia, runner, library, changes, words):
    answer = nadia.post(builder(runner), dose_data("bridge", **changes))

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Programme.objects.exists()


def test_the_therapist_ends_it(nadia, maya, programme):
    path = reverse("exercises:programme_end", args=[programme.pk])
    assert maya.post(path).status_code == 403
    nadia.post(path)
    programme.refresh_from_db()

    assert programme.state == State.ENDED
    assert "Ended on" in text_of(maya.get(programme.get_absolute_url()))


def test_races_are_entered_and_taken_off(maya):
    answer = maya.post("/races/", {"name": "Harbour half", "on": "2026-12-06", "distance_km": "21.098"})
    race = Race.objects.get()
    page = text_of(maya.get(answer.url))
    assert "in 12 days" in page
    assert "Sunday 6 December 2026, 21.1 km" in page

    maya.post(reverse("exercises:withdraw_race", args=[race.pk]))
    assert not Race.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"distance_km": "-5"},
        {"distance_km": "1e9"},
        {"distance_km": "far"},
        {"on": "2026-13-45"},
        {"name": ""},
        {"on": "1900-01-01"},
    ],
)
def test_a_bad_race_keeps_what_was_typed(maya, changes):
    data = {"name": "Harbour half", "on": "2026-12-06", "distance_km": "21.1", **changes}
    answer = maya.post("/races/", data)

    assert answer.status_code == 422
    assert all(str(value) in text_of(answer) for value in data.values())
    assert not Race.objects.exists()


def test_the_way_back_is_told_after_the_race(maya, runner, now):
    race = enter_race(
        runner=runner.runner, name="Harbour 10", on=TUESDAY - timedelta(days=1), distance_km=10, by=runner, now=now
    )
    page = text_of(maya.get(reverse("exercises:recovery", args=[race.pk])))

    for words in ("2 to 4 days", "5 to 7 days", "yesterday", "Where this comes from", "Call emergency services now"):
        assert words in page


def test_adherence_stands_on_the_programme(maya, bridge, runner, now):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)

    assert '1<span class="unit">of 15</span>' in text_of(maya.get("/programme/"))
    assert date(2026, 11, 10) == Programme.objects.get().starts_on
