from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.html import escape

from assessments import services
from assessments.models import Assessment, Intake, Recommendation
from assessments.tests.helpers import USUAL, draft_of, signed_of, stored
from clinic.audit.models import Event
from clinic.people.models import CareRelationship, RunnerProfile, User
from exercises.models import Exercise, Programme

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"assessments:{name}", args=args)


@pytest.fixture
def desk(client_of, therapist, clock):
    return client_of(therapist)


@pytest.fixture
def draft(runner, therapist, now):
    return draft_of(runner, therapist, now)


@pytest.fixture
def signed(runner, therapist, now):
    return signed_of(runner, therapist, now - timedelta(days=30))


@pytest.fixture
def library(db):
    """The exercises these tests accept, with doses of their own."""
    usual = {"purpose": "", "difficulty": 2, "sets": 3, "hold_s": 30, "rest_s": 30, "per_side": True}
    for slug, name, category in (
        ("side-plank", "Side plank", "core"),
        ("calf-stretch", "Calf stretch", "flexibility"),
        ("lateral-lunge", "Lateral lunge", "strength"),
    ):
        Exercise.objects.create(slug=slug, name=name, category=category, **usual)


"""By role: the draft, its summary, a signed one, the list, a new one."""
EXPECTED = {
    "therapist": (200, 200, 200, 200, 200),
    "other_therapist": (404, 404, 404, 200, 404),
    "staff": (404, 404, 404, 403, 403),
    "runner": (404, 404, 200, 403, 403),
    "other_runner": (404, 404, 404, 403, 403),
}


@pytest.mark.parametrize("who", EXPECTED)
def test_each_role_sees_what_is_theirs(who, runner, therapist, now, client_of, request, clock):
    signed = signed_of(runner, therapist, now - timedelta(days=30))
    draft = draft_of(runner, therapist, now)
    client = client_of(request.getfixturevalue(who))
    pages = (
        url("edit", draft.pk),
        url("summary", draft.pk),
        url("edit", signed.pk),
        url("list"),
        url("new", runner.runner.pk),
    )
    assert tuple(client.get(page).status_code for page in pages) == EXPECTED[who]


@pytest.mark.parametrize("who", ["other_therapist", "staff", "runner", "other_runner"])
def test_nobody_else_writes(who, draft, runner, client_of, request, clock):
    before = stored(draft)
    client = client_of(request.getfixturevalue(who))
    offer = Recommendation.objects.first()
    posts = [
        (url("edit", draft.pk), {"cadence": "150", "revision": draft.revision}),
        (url("sign", draft.pk), {}),
        (url("amend", draft.pk), {"reason": "x"}),
        (url("decide", offer.pk), {"decision": "accepted"}),
        (url("programme", draft.pk), {}),
        (url("new", runner.runner.pk), {}),
    ]
    assert {client.post(page, data).status_code for page, data in posts} <= {403, 404}
    assert stored(draft) == before
    offer.refresh_from_db()
    assert offer.decision == "open"
    assert Assessment.objects.count() == 1


def test_starting_takes_one_button(desk, runner):
    answer = desk.post(url("new", runner.runner.pk))
    draft = Assessment.objects.get()
    assert answer.url == url("edit", draft.pk)


def test_the_sheet_shows_the_last_value_beside_the_field(desk, runner, therapist, now, signed):
    draft = draft_of(runner, therapist, now, {"pelvic_drop.left": "7.6"})
    page = desk.get(url("edit", draft.pk)).content.decode()
    assert "was 8.1" in page
    assert 'value="7.6"' in page


def test_typed_values_are_saved_and_lead_on_to_the_summary(desk, draft):
    answer = desk.post(url("edit", draft.pk), {"cadence": "171", "revision": draft.revision, "go": "summary"})
    assert answer.url == url("summary", draft.pk)
    assert draft.measurements.get(key="cadence").value == 171
    assert draft.measurements.count() == len(USUAL)


def test_a_value_that_cannot_be_stays_in_its_field_with_a_sentence(desk, draft):
    answer = desk.post(
        url("edit", draft.pk),
        {"knee_contact.left": "-400", "cadence": "171", "revision": draft.revision, "go": "summary"},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="-400"' in page
    assert "cannot be: Knee flexion at contact goes from -15 to 80" in page
    assert draft.measurements.get(key="cadence").value == 171
    assert draft.measurements.get(key="knee_contact").value == 17


def test_an_unusual_value_asks_and_holds_the_summary_back(desk, draft):
    answer = desk.post(url("edit", draft.pk), {"pelvic_drop.left": "25", "revision": draft.revision, "go": "summary"})
    assert answer.url == url("edit", draft.pk)
    assert "Is this right?" in desk.get(answer.url).content.decode()
    draft.refresh_from_db()
    data = {"pelvic_drop.left": "25.0", "confirm": "pelvic_drop.left|25.0", "revision": draft.revision, "go": "summary"}
    assert desk.post(url("edit", draft.pk), data).url == url("summary", draft.pk)


def test_a_tick_holds_for_the_value_it_stood_beside_alone(desk, draft):
    desk.post(
        url("edit", draft.pk),
        {"pelvic_drop.left": "28", "confirm": "pelvic_drop.left|25.0", "revision": draft.revision},
    )
    assert not draft.measurements.get(key="pelvic_drop", side="left").confirmed


def test_a_stale_form_keeps_what_was_typed_and_stores_nothing(desk, draft):
    before = stored(draft)
    answer = desk.post(url("edit", draft.pk), {"cadence": "144", "revision": draft.revision - 1})
    assert answer.status_code == 409
    assert 'value="144"' in answer.content.decode()
    assert stored(draft) == before


def test_a_bad_speed_is_told_and_the_measures_are_kept(desk, draft):
    answer = desk.post(
        url("edit", draft.pk),
        {
            "cadence": "171",
            "speed_kmh": "fast",
            "steps": "-3",
            "involved_side": "left",
            "note": "",
            "revision": draft.revision,
        },
    )
    assert answer.status_code == 422
    assert "Speed needs a number" in answer.content.decode()
    assert 'value="fast"' in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.involved_side, str(draft.speed_kmh)) == ("left", "10.2")


@pytest.mark.parametrize(
    "text", ["9" * 5000, "😀" * 300, "\u202eevil", "<script>alert(1)</script>", "NaN", "1e999", "' OR 1=1 --"]
)
def test_hostile_text_in_every_field_is_refused_without_a_fault(text, desk, draft):
    data = dict.fromkeys([*USUAL, "norm_sex", "landing.left"], text)
    answer = desk.post(url("edit", draft.pk), {**data, "revision": draft.revision})
    assert answer.status_code == 422
    assert "<script>alert(1)" not in answer.content.decode()
    assert draft.measurements.count() == len(USUAL)


@pytest.mark.parametrize("revision", ["", "x", "-1", "٣", "9" * 40])
def test_a_strange_revision_breaks_nothing(revision, desk, draft):
    assert desk.post(url("edit", draft.pk), {"cadence": "171", "revision": revision}).status_code == 302


def test_a_null_byte_is_refused_at_the_door(desk, draft):
    before = stored(draft)
    assert desk.post(url("edit", draft.pk), {"shoe_model": "a\0b", "revision": draft.revision}).status_code == 400
    assert stored(draft) == before


def test_a_note_of_ten_megabytes_is_refused(desk, draft):
    before = stored(draft)
    answer = desk.post(url("edit", draft.pk), {"note": "x" * 10_000_000, "revision": draft.revision})
    assert answer.status_code in (400, 413, 422)
    assert stored(draft) == before


def test_htmx_gets_the_whole_sheet_back_to_pick_from(desk, draft):
    answer = desk.post(
        url("edit", draft.pk), {"cadence": "171", "revision": draft.revision}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert 'id="saved"' in answer.content.decode()
    assert f'id="revision" value="{draft.revision + 1}"' in answer.content.decode()


def test_a_signed_assessment_posted_to_is_shown_closed_and_unchanged(desk, signed):
    before = stored(signed)
    answer = desk.post(url("edit", signed.pk), {"cadence": "100", "revision": signed.revision})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.content.decode()
    assert stored(signed) == before


def test_signing_twice_by_a_double_tap_signs_once(desk, draft):
    for _ in range(2):
        assert desk.post(url("sign", draft.pk)).status_code == 302
    assert Event.objects.filter(action="assessment.signed").count() == 1


def test_signing_with_an_open_question_leads_back(desk, runner, therapist, now):
    draft = draft_of(runner, therapist, now, {"pelvic_drop.left": "25"})
    assert desk.post(url("sign", draft.pk)).url == url("edit", draft.pk)
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_correction_without_a_reason_is_refused_on_the_page(desk, signed):
    answer = desk.post(url("amend", signed.pk), {"reason": ""})
    assert answer.status_code == 422
    assert Assessment.objects.count() == 1


def test_a_correction_opens_a_new_draft(desk, signed):
    answer = desk.post(url("amend", signed.pk), {"reason": "sides swapped"})
    draft = Assessment.objects.get(amends=signed)
    assert answer.url == url("edit", draft.pk)
    assert "sides swapped" in desk.get(answer.url).content.decode()


def test_an_offer_is_accepted_with_one_tap(desk, draft, therapist, library):
    offer = Recommendation.objects.get(text="side-plank", finding__rule="pelvic_drop")
    answer = desk.post(url("decide", offer.pk), {"decision": "accepted"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "accepted by Nadia" in answer.content.decode()
    offer.refresh_from_db()
    assert offer.decided_by == therapist


def test_an_unknown_decision_is_refused(desk, draft):
    offer = Recommendation.objects.first()
    assert desk.post(url("decide", offer.pk), {"decision": "perhaps"}).status_code == 422
    offer.refresh_from_db()
    assert offer.decision == "open"


@pytest.fixture
def ready(signed, therapist, now, library):
    """A signed assessment with two accepted exercises."""
    for slug in ("side-plank", "calf-stretch"):
        offer = Recommendation.objects.filter(finding__assessment=signed, text=slug).first()
        services.decide(recommendation=offer, by=therapist, decision="accepted", now=now)
    return signed


def doses(**changes):
    return {
        "key": str(uuid4()),
        "title": "Hips first",
        "weeks": "6",
        "starts_on": "2026-11-24",
        "side-plank-take": "on",
        "side-plank-sets": "2",
        "side-plank-amount": "20",
        "side-plank-days": ["0", "2", "4"],
        "calf-stretch-take": "on",
        "calf-stretch-sets": "2",
        "calf-stretch-amount": "45",
        "calf-stretch-days": ["0", "1", "2", "3", "4", "5", "6"],
        **changes,
    }


def test_a_programme_stands_with_the_doses_that_were_set(desk, ready, runner):
    page = desk.get(url("programme", ready.pk)).content.decode()
    assert "Side plank" in page
    assert Event.objects.readings().latest("pk").reason == "accepted exercises"
    assert desk.post(url("programme", ready.pk), doses()).status_code == 302
    programme = Programme.objects.get()
    rows = list(programme.phases.get().prescriptions.values_list("exercise__slug", "sets", "hold_s", "days"))
    assert rows == [("side-plank", 2, 20, [0, 2, 4]), ("calf-stretch", 2, 45, [0, 1, 2, 3, 4, 5, 6])]
    assert (programme.runner, programme.title, programme.state) == (runner.runner, "Hips first", "active")


def test_the_same_form_sent_twice_gives_one_programme(desk, ready):
    data = doses()
    for _ in range(2):
        desk.post(url("programme", ready.pk), data)
    assert Programme.objects.count() == 1


def test_an_unticked_exercise_is_left_out_and_its_dose_not_looked_at(desk, ready):
    data = doses(**{"side-plank-sets": "0"})
    del data["side-plank-take"]
    assert desk.post(url("programme", ready.pk), data).status_code == 302
    assert list(Programme.objects.get().phases.get().prescriptions.values_list("exercise__slug", flat=True)) == [
        "calf-stretch"
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"side-plank-sets": "0"},
        {"side-plank-amount": "-5"},
        {"side-plank-amount": "many"},
        {"side-plank-days": []},
        {"side-plank-days": ["9"]},
        {"weeks": "0"},
        {"title": ""},
        {"starts_on": "2031-01-01"},
        {"starts_on": "tomorrow"},
        {"key": "x"},
    ],
)
def test_an_impossible_dose_is_refused_and_what_was_typed_stays(wrong, desk, ready):
    answer = desk.post(url("programme", ready.pk), doses(**wrong))
    assert answer.status_code == 422
    assert 'value="45"' in answer.content.decode()
    assert not Programme.objects.exists()


def test_nothing_ticked_is_no_programme(desk, ready):
    data = {name: value for name, value in doses().items() if not name.endswith("-take")}
    answer = desk.post(url("programme", ready.pk), data)
    assert answer.status_code == 422
    assert "Tick at least one exercise" in answer.content.decode()
    assert not Programme.objects.exists()


def test_a_draft_gives_no_programme(desk, draft, therapist, now, library):
    offer = Recommendation.objects.filter(text="side-plank").first()
    services.decide(recommendation=offer, by=therapist, decision="accepted", now=now)
    answer = desk.post(url("programme", draft.pk), doses())
    assert answer.status_code == 422
    assert not Programme.objects.exists()


def test_an_open_red_flag_stops_the_programme_until_it_is_cleared(desk, ready, runner, now):
    intake = services.answer_intake(
        runner=runner.runner, by=runner, goal="first_5k", weekly_km=None, regions=[], pain=None,
        red_flags=["night"], note="", now=now,
    )  # fmt: skip
    assert desk.post(url("programme", ready.pk), doses()).status_code == 409
    assert not Programme.objects.exists()
    assert (
        desk.post(url("clear_red_flags", intake.pk), {"reason": "sleep position, no night pain since"}).status_code
        == 302
    )
    assert desk.post(url("programme", ready.pk), doses()).status_code == 302
    assert Programme.objects.count() == 1


def test_a_runner_reads_findings_in_plain_words_and_what_was_accepted_alone(client_of, runner, ready, clock):
    page = client_of(runner).get(url("edit", ready.pk)).content.decode()
    assert "Your right hip drops when you stand on your left." in page
    assert "Side plank" in page
    assert "Lateral lunge" not in page
    assert "Bramah" not in page
    assert "diagnosis" in page


def test_a_runner_does_not_see_a_replaced_version(client_of, runner, signed, therapist, now, clock):
    newer = services.amend(assessment=signed, by=therapist, reason="typo", now=now)
    services.sign(assessment=newer, by=therapist, now=now)
    client = client_of(runner)
    assert client.get(url("edit", signed.pk)).status_code == 404
    assert client.get(url("edit", newer.pk)).status_code == 200


def test_every_reading_by_a_therapist_is_written_down_and_by_the_runner_none(desk, client_of, runner, signed):
    desk.get(url("edit", signed.pk))
    client_of(runner).get(url("edit", signed.pk))
    desk.get(reverse("dashboard:chart", args=[runner.runner.pk]))
    assert [event.reason for event in Event.objects.readings().order_by("pk")] == ["assessment", "overview"]


def people(therapist, now, numbers):
    for number in numbers:
        user = User.objects.create_user(f"r{number}@mail.example", "x", name=f"Runner {number}", role="runner")
        profile = RunnerProfile.objects.create(user=user)
        CareRelationship.objects.create(runner=profile, therapist=therapist.therapist, since=now)
        signed_of(user, therapist, now - timedelta(days=number + 1))
        draft_of(user, therapist, now)


def test_the_list_asks_the_same_number_of_questions_for_one_and_three(
    desk, therapist, now, django_assert_max_num_queries
):
    people(therapist, now, [0])
    desk.get(url("list"))
    with django_assert_max_num_queries(12) as first:
        desk.get(url("list"))
    people(therapist, now, [7, 8])
    with django_assert_max_num_queries(12) as third:
        desk.get(url("list"))
    assert len(first) == len(third)


def test_the_chart_asks_the_same_number_of_questions_for_one_and_three_assessments(
    desk, runner, therapist, now, django_assert_max_num_queries
):
    chart = reverse("dashboard:chart", args=[runner.runner.pk])
    signed_of(runner, therapist, now - timedelta(days=60))
    desk.get(chart)
    with django_assert_max_num_queries(12) as one:
        desk.get(chart)
    for days in (40, 20):
        signed_of(runner, therapist, now - timedelta(days=days), {**USUAL, "pelvic_drop.left": "8.0"})
    with django_assert_max_num_queries(12) as three:
        desk.get(chart)
    assert len(one) == len(three)


CHART = {"therapist": 200, "other_therapist": 404, "staff": 404, "runner": 302, "other_runner": 404}


@pytest.mark.parametrize("who", CHART)
def test_only_a_therapist_in_care_reads_the_chart(who, runner, therapist, client_of, request, clock):
    client = client_of(request.getfixturevalue(who))
    assert client.get(reverse("dashboard:chart", args=[runner.runner.pk])).status_code == CHART[who]


@pytest.mark.parametrize("query", ["?side=right", "?side=left&against=first", "?side=<script>", "?side=&against=x"])
def test_the_chart_takes_any_side_that_is_asked_for(query, desk, runner, therapist, now):
    for days in (60, 20):
        signed_of(runner, therapist, now - timedelta(days=days))
    page = desk.get(reverse("dashboard:chart", args=[runner.runner.pk]) + query)
    assert page.status_code == 200
    assert "Reading is recorded" in page.content.decode()
    assert "<script>" not in page.content.decode().split("</head>")[1]


def test_the_chart_of_somebody_new_says_what_to_do(desk, runner):
    page = desk.get(reverse("dashboard:chart", args=[runner.runner.pk])).content.decode()
    assert "No assessment yet" in page
    assert "Not answered yet" in page


def test_no_page_holds_inline_style_or_script(desk, draft, signed, runner):
    for page in (
        url("edit", draft.pk),
        url("summary", draft.pk),
        url("edit", signed.pk),
        url("list"),
        reverse("dashboard:chart", args=[runner.runner.pk]),
    ):
        text = desk.get(page).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text


GOOD = {
    "goal": "back_from_injury",
    "weekly_km": "16,5",
    "regions": ["knee_left", "hip_left"],
    "pain": "3",
    "note": "since July",
}


@pytest.fixture
def phone(client_of, runner, clock):
    return client_of(runner)


def test_the_intake_is_kept_and_leads_on(phone, runner):
    assert phone.get(url("intake")).status_code == 200
    answer = phone.post(url("intake"), GOOD)
    assert answer.url == url("intake_done")
    intake = Intake.objects.get(runner=runner.runner)
    assert (intake.goal, float(intake.weekly_km), intake.regions, intake.pain) == (
        "back_from_injury", 16.5, ["hip_left", "knee_left"], 3,
    )  # fmt: skip
    assert not intake.blocks


def test_the_same_answers_twice_are_one_row_and_others_a_new_one(phone):
    for _ in range(2):
        phone.post(url("intake"), GOOD)
    assert Intake.objects.count() == 1
    phone.post(url("intake"), {**GOOD, "weekly_km": "20"})
    assert Intake.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"goal": ""},
        {"goal": "world_record"},
        {"weekly_km": "-3"},
        {"weekly_km": "401"},
        {"weekly_km": "far"},
        {"regions": ["tail"]},
        {"pain": "11"},
        {"pain": "-1"},
        {"pain": "2.5"},
        {"red_flags": ["dragon"]},
        {"note": "x" * 2001},
    ],
)
def test_a_wrong_answer_is_told_and_nothing_typed_is_lost(wrong, phone):
    answer = phone.post(url("intake"), {**GOOD, "note": "since July", **wrong})
    assert answer.status_code == 422
    assert not Intake.objects.exists()
    if "note" not in wrong:
        assert "since July" in answer.content.decode()


def test_without_a_session_the_answers_lead_to_the_times(phone, runner):
    phone.post(url("intake"), GOOD)
    page = phone.get(url("intake_done")).content.decode()
    assert "Find a time" in page
    assert "See your session" not in page


def test_a_red_flag_says_clearly_what_to_do(phone, runner):
    phone.post(url("intake"), {**GOOD, "red_flags": ["weight_loss", "chest"]})
    page = phone.get(url("intake_done")).content.decode()
    assert "No. Get help now" in page
    assert "Call 999" in page
    assert Intake.objects.get().blocks


def test_a_red_flag_stands_on_the_chart_until_somebody_writes_what_they_found(desk, runner, now):
    intake = services.answer_intake(
        runner=runner.runner, by=runner, goal="first_5k", weekly_km=None, regions=[], pain=None,
        red_flags=["bone_point"], note="", now=now,
    )  # fmt: skip
    chart = reverse("dashboard:chart", args=[runner.runner.pk])
    assert "pain at one spot on a bone" in desk.get(chart).content.decode()
    desk.post(url("clear_red_flags", intake.pk), {"reason": ""})
    intake.refresh_from_db()
    assert intake.blocks
    desk.post(url("clear_red_flags", intake.pk), {"reason": "bruise, seen"})
    intake.refresh_from_db()
    assert not intake.blocks
    assert "bruise, seen" in desk.get(chart).content.decode()


@pytest.mark.parametrize("who", ["runner", "other_therapist", "staff", "other_runner"])
def test_nobody_else_clears_a_red_flag(who, runner, now, client_of, request, clock):
    intake = services.answer_intake(
        runner=runner.runner, by=runner, goal="first_5k", weekly_km=None, regions=[], pain=None,
        red_flags=["night"], note="", now=now,
    )  # fmt: skip
    answer = client_of(request.getfixturevalue(who)).post(url("clear_red_flags", intake.pk), {"reason": "fine"})
    intake.refresh_from_db()
    assert intake.blocks
    assert answer.status_code in (302, 404)


def test_hostile_letters_in_a_note_come_back_as_letters(phone, desk, runner):
    note = "<b>عربي 😀</b> \u202e"
    phone.post(url("intake"), {**GOOD, "note": note})
    page = desk.get(reverse("dashboard:chart", args=[runner.runner.pk])).content.decode()
    assert escape("<b>عربي 😀</b>") in page


def test_work_typed_while_the_log_in_ran_out_comes_back(client, therapist, draft, clock):
    client.force_login(therapist)
    page = url("edit", draft.pk)
    client.get(page)
    before = stored(draft)
    client.cookies.pop("sessionid")
    data = {"cadence": "155", "note": "long note", "revision": draft.revision, "involved_side": "left"}
    answer = client.post(page, data, headers={"Referer": f"http://testserver{page}"})
    assert answer.status_code == 302
    assert stored(draft) == before
    client.force_login(therapist)
    text = client.get(page).content.decode()
    assert 'value="155"' in text
    assert "long note" in text
    assert "What you typed before is back" in text


def test_answers_typed_while_the_log_in_ran_out_come_back(client, runner, clock):
    client.force_login(runner)
    client.get(url("intake"))
    client.cookies.pop("sessionid")
    client.post(url("intake"), GOOD, headers={"Referer": f"http://testserver{url('intake')}"})
    assert not Intake.objects.exists()
    client.force_login(runner)
    assert "since July" in client.get(url("intake")).content.decode()
