from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from assessments import services
from assessments.models import Assessment, Measurement, Recommendation
from assessments.record import previous
from assessments.tests.helpers import USUAL, draft_of, signed_of, stored, typed
from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError, Forbidden

D = Decimal


def save(draft, therapist, now, values, **more):
    return services.save_draft(assessment=draft, by=therapist, now=now, typed=typed(values), **more)


def test_starting_twice_goes_on_with_the_open_draft(runner, therapist, now):
    first = services.start_assessment(runner=runner.runner, by=therapist, now=now)
    assert services.start_assessment(runner=runner.runner, by=therapist, now=now) == first
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize("who", ["other_therapist", "staff", "runner"])
def test_only_a_therapist_in_care_starts_an_assessment(who, runner, therapist, now, request):
    with pytest.raises(Forbidden):
        services.start_assessment(runner=runner.runner, by=request.getfixturevalue(who), now=now)
    assert not Assessment.objects.exists()


def test_a_draft_keeps_what_was_typed_and_finds_at_once(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    assert draft.measurements.get(key="pelvic_drop", side="left").value == D("8.1")
    assert set(draft.findings.values_list("rule", "side")) == {("pelvic_drop", "left"), ("ankle_bend", "left")}
    assert draft.revision == 1


def test_only_the_sent_measures_are_touched_and_an_emptied_one_is_gone(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    save(draft, therapist, now, {"pelvic_drop.left": "", "cadence": "170"})
    assert not draft.measurements.filter(key="pelvic_drop", side="left").exists()
    assert draft.measurements.get(key="cadence").value == 170
    assert draft.measurements.count() == len(USUAL) - 1


def test_saving_the_same_again_changes_nothing(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    before, events = stored(draft), Event.objects.count()
    save(draft, therapist, now + timedelta(minutes=1), USUAL)
    assert stored(draft) == before
    assert Event.objects.count() == events


def test_a_refused_value_comes_back_with_a_sentence_and_the_rest_is_kept(runner, therapist, now):
    draft = draft_of(runner, therapist, now, {})
    saved = save(draft, therapist, now, {"knee_contact.left": "-400", "knee_contact.right": "12"})
    assert saved.refused == {("knee_contact", "left"): "-400 ° cannot be: Knee flexion at contact goes from -15 to 80."}
    assert list(draft.measurements.values_list("side", "value")) == [("right", D(12))]


def test_all_or_nothing_stores_nothing_when_one_value_cannot_be(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    before = stored(draft)
    with pytest.raises(DomainError) as refusal:
        save(draft, therapist, now, {"knee_contact.left": "900", "cadence": "171"}, all_or_nothing=True)
    assert refusal.value.code == "bad_values"
    assert list(refusal.value.fields) == ["knee_contact.left"]
    assert stored(draft) == before


def test_an_unusual_value_is_kept_and_asked_about_until_it_is_confirmed(runner, therapist, now):
    draft = draft_of(runner, therapist, now, {})
    saved = save(draft, therapist, now, {"pelvic_drop.left": "25"})
    assert "Is this right?" in saved.asked["pelvic_drop", "left"]
    with pytest.raises(DomainError) as refusal:
        services.sign(assessment=draft, by=therapist, now=now)
    assert refusal.value.code == "unconfirmed"
    assert draft.__class__.objects.get(pk=draft.pk).is_draft
    save(draft, therapist, now, {"pelvic_drop.left": "25"}, confirmed=[("pelvic_drop", "left")])
    assert services.sign(assessment=draft, by=therapist, now=now).state == "signed"


def test_one_foot_counted_is_asked_about_not_doubled(runner, therapist, now):
    draft = draft_of(runner, therapist, now, {})
    saved = save(draft, therapist, now, {"cadence": "84"})
    assert "one foot" in saved.asked["cadence", "none"]
    assert draft.measurements.get(key="cadence").value == 84


def test_a_save_on_an_older_reading_is_refused(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    before = stored(draft)
    with pytest.raises(Conflict) as refusal:
        save(draft, therapist, now, {"cadence": "150"}, revision=0)
    assert refusal.value.code == "stale"
    assert stored(draft) == before


def test_nothing_measured_cannot_be_signed(runner, therapist, now):
    draft = services.start_assessment(runner=runner.runner, by=therapist, now=now)
    with pytest.raises(DomainError) as refusal:
        services.sign(assessment=draft, by=therapist, now=now)
    assert refusal.value.code == "empty"


def test_signing_closes_and_says_who(runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    assert (signed.state, signed.signed_by, signed.signed_at) == ("signed", therapist, now)
    assert services.sign(assessment=signed, by=therapist, now=now + timedelta(hours=1)).signed_at == now
    assert Event.objects.filter(action="assessment.signed").count() == 1


def test_a_signed_assessment_takes_no_more_values(runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    before = stored(signed)
    with pytest.raises(Conflict) as refusal:
        save(signed, therapist, now, {"cadence": "150"})
    assert refusal.value.code == "signed"
    assert stored(signed) == before


TABLES = {
    "values": "UPDATE assessments_measurement SET value = 1",
    "a value away": "DELETE FROM assessments_measurement",
    "findings": "UPDATE assessments_finding SET reason = 'nothing'",
    "a finding away": "DELETE FROM assessments_finding WHERE rule = 'ankle_bend'",
    "the note": "UPDATE assessments_assessment SET note = 'other'",
    "the state": "UPDATE assessments_assessment SET state = 'draft', signed_at = NULL, signed_by_id = NULL",
    "who signed": "UPDATE assessments_assessment SET signed_at = '2020-01-01 00:00:00+00:00'",
    "amended with a note": "UPDATE assessments_assessment SET state = 'amended', note = 'other'",
    "speed": "UPDATE assessments_assessment SET speed_kmh = 20",
    "the assessment away": "DELETE FROM assessments_assessment",
}


@pytest.mark.parametrize("attack", TABLES)
def test_plain_sql_cannot_change_what_is_signed(attack, runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    Recommendation.objects.all().delete()
    before = stored(signed)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TABLES[attack])
    assert stored(signed) == before


def test_plain_sql_cannot_add_to_or_move_into_what_is_signed(runner, other_runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    draft = services.amend(assessment=signed, by=therapist, reason="wrong side", now=now)
    before = stored(signed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Measurement.objects.bulk_create([Measurement(assessment=signed, key="bounce", value=5)])
    with pytest.raises(DatabaseError), transaction.atomic():
        draft.measurements.filter(key="knee_contact").update(assessment=signed)
    assert stored(signed) == before


def test_a_draft_can_be_changed_in_sql(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    assert draft.measurements.update(value=5) == len(USUAL)
    assert draft.findings.all().delete()[0]


def test_a_correction_is_a_new_version_and_the_old_one_stays(runner, therapist, now):
    signed = signed_of(runner, therapist, now, note="first")
    before = stored(signed)
    draft = services.amend(assessment=signed, by=therapist, reason="left and right swapped", now=now)
    assert draft.amends == signed
    assert draft.measurements.count() == len(USUAL)
    assert stored(signed) == before
    save(draft, therapist, now, {"pelvic_drop.left": "4.9", "pelvic_drop.right": "8.1"})
    services.sign(assessment=draft, by=therapist, now=now)
    signed.refresh_from_db()
    assert signed.state == "amended"
    assert signed.measurements.get(key="pelvic_drop", side="left").value == D("8.1")
    assert list(Assessment.objects.signed()) == [draft]


def test_correcting_twice_goes_on_with_the_same_draft(runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    draft = services.amend(assessment=signed, by=therapist, reason="typo", now=now)
    assert services.amend(assessment=signed, by=therapist, reason="typo", now=now) == draft


def test_a_correction_needs_a_reason(runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    with pytest.raises(DomainError) as refusal:
        services.amend(assessment=signed, by=therapist, reason=" ", now=now)
    assert refusal.value.code == "no_reason"
    assert Assessment.objects.count() == 1


def test_a_replaced_version_is_not_corrected_again(runner, therapist, now):
    signed = signed_of(runner, therapist, now)
    newer = services.amend(assessment=signed, by=therapist, reason="typo", now=now)
    services.sign(assessment=newer, by=therapist, now=now)
    with pytest.raises(Conflict):
        services.amend(assessment=signed, by=therapist, reason="again", now=now)


def test_a_decision_keeps_who_took_it(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    offer = Recommendation.objects.filter(finding__assessment=draft).first()
    services.decide(recommendation=offer, by=therapist, decision="accepted", now=now)
    offer.refresh_from_db()
    assert (offer.decision, offer.decided_by, offer.decided_at) == ("accepted", therapist, now)
    services.decide(recommendation=offer, by=therapist, decision="open", now=now)
    offer.refresh_from_db()
    assert (offer.decision, offer.decided_by) == ("open", None)


@pytest.mark.parametrize("decision", ["", "maybe", "ACCEPTED"])
def test_a_decision_that_is_none_is_refused(decision, runner, therapist, now):
    offer = Recommendation.objects.filter(finding__assessment=draft_of(runner, therapist, now)).first()
    with pytest.raises(DomainError):
        services.decide(recommendation=offer, by=therapist, decision=decision, now=now)
    offer.refresh_from_db()
    assert offer.decision == "open"


@pytest.mark.parametrize("who", ["other_therapist", "staff", "runner"])
def test_nobody_else_decides(who, runner, therapist, now, request):
    offer = Recommendation.objects.filter(finding__assessment=draft_of(runner, therapist, now)).first()
    with pytest.raises(Forbidden):
        services.decide(recommendation=offer, by=request.getfixturevalue(who), decision="accepted", now=now)
    offer.refresh_from_db()
    assert offer.decision == "open"


def test_a_decision_survives_later_values_as_long_as_its_finding_stands(runner, therapist, now):
    draft = draft_of(runner, therapist, now)
    offer = Recommendation.objects.get(finding__assessment=draft, finding__rule="pelvic_drop", text="side-plank")
    services.decide(recommendation=offer, by=therapist, decision="accepted", now=now)
    save(draft, therapist, now, {"pelvic_drop.left": "9.0"})
    offer.refresh_from_db()
    assert offer.decision == "accepted"
    assert "9.0°" in offer.finding.reason
    save(draft, therapist, now, {"pelvic_drop.left": "4", "pelvic_drop.right": "4"})
    assert not Recommendation.objects.filter(pk=offer.pk).exists()


def test_a_cadence_target_follows_the_baseline(runner, therapist, now):
    draft = draft_of(runner, therapist, now, {"landing.left": "ahead", "cadence": "164"})
    offers = Recommendation.objects.filter(finding__assessment=draft, kind="cadence")
    assert [each.target for each in offers] == [176]
    save(draft, therapist, now, {"cadence": "160"})
    assert [each.target for each in offers.all()] == [172]


def test_the_assessment_before_is_the_last_signed_one(runner, therapist, now):
    first = signed_of(runner, therapist, now - timedelta(days=60))
    second = signed_of(runner, therapist, now - timedelta(days=30))
    draft = draft_of(runner, therapist, now)
    assert previous(draft) == second
    assert previous(second) == first
    assert previous(first) is None


def test_each_step_is_written_down(runner, therapist, now):
    signed_of(runner, therapist, now)
    actions = list(Event.objects.about_runner(runner.runner.pk).order_by("pk").values_list("action", flat=True))
    assert actions == ["assessment.started", "assessment.saved", "assessment.signed"]


def test_a_sore_calf_told_in_the_intake_rules_a_cadence_target_out(runner, therapist, now):
    services.answer_intake(
        runner=runner.runner, by=runner, goal="pain_free", weekly_km=None, regions=["achilles_right"], pain=4,
        red_flags=[], note="", now=now,
    )  # fmt: skip
    draft = draft_of(runner, therapist, now, {"landing.left": "ahead", "cadence": "164"})
    offers = Recommendation.objects.filter(finding__assessment=draft, finding__rule="overstride")
    assert offers.exists()
    assert not offers.filter(kind="cadence").exists()
