from decimal import Decimal

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from assessments.catalogue import CatalogueError, catalogue, read
from assessments.readings import Readings
from assessments.rules import TESTS, findings, read_rules, rule_book
from exercises.models import Exercise

D = Decimal


def found(measured, **context):
    values = {}
    for name, value in measured.items():
        key, _, side = name.partition("__")
        values[key, side or "none"] = value if isinstance(value, str) and value.isalpha() else D(str(value))
    return {(each.rule, each.side): each for each in findings(Readings(values, **context))}


def test_nothing_measured_means_nothing_found():
    assert found({}) == {}


@pytest.mark.parametrize(
    ("measured", "context", "rule", "side"),
    [
        ({"pelvic_drop__left": "7"}, {}, "pelvic_drop", "left"),
        ({"pelvic_drop__left": "6.0", "pelvic_drop__right": "3.0"}, {}, "pelvic_drop", "left"),
        ({"landing__left": "ahead"}, {}, "overstride", "left"),
        ({"tibia_angle__right": "5.1"}, {}, "overstride", "right"),
        ({"foot_inclination__left": "20"}, {}, "steep_landing", "left"),
        ({"foot_inclination__left": "10", "landing__left": "ahead"}, {}, "steep_landing", "left"),
        ({"knee_contact__right": "9.9"}, {}, "stiff_landing", "right"),
        ({"knee_midstance__right": "39.9"}, {}, "midstance_knee", "right"),
        ({"knee_midstance__right": "55.1"}, {}, "midstance_knee", "right"),
        ({"trunk_lean": "2.9"}, {}, "upright_trunk", "none"),
        ({"trunk_lean": "15.1"}, {}, "forward_trunk", "none"),
        ({"hip_extension__left": "9.9", "landing__left": "ahead"}, {}, "hip_extension", "left"),
        ({"base": "crossing"}, {}, "narrow_base", "none"),
        ({"bounce": "10.1"}, {}, "bounce", "none"),
        ({"cadence": "159"}, {"speed": D(10)}, "low_cadence", "none"),
        ({"foot_strike__left": "rearfoot", "foot_strike__right": "midfoot"}, {}, "uneven_strike", "none"),
        ({"sound": "loud"}, {}, "loud_landing", "none"),
        ({"heel_raise__left": "19"}, {}, "calf_strength", "left"),
        ({"heel_raise__left": "21", "heel_raise__right": "24"}, {}, "calf_strength", "left"),
        ({"hip_abduction__left": "1.04", "norm_sex": "female"}, {"age": 40}, "hip_strength", "left"),
        ({"hip_abduction__left": "1.2", "hip_abduction__right": "1.5"}, {}, "hip_strength", "left"),
        ({"side_plank__left": "29"}, {}, "trunk_endurance", "left"),
        ({"side_plank__left": "56", "side_plank__right": "59"}, {}, "trunk_endurance", "left"),
        ({"single_leg_squat__right": "poor"}, {}, "single_leg_control", "right"),
        ({"lunge_to_wall__left": "8.9"}, {}, "ankle_bend", "left"),
        ({"lunge_to_wall__left": "10", "lunge_to_wall__right": "12"}, {}, "ankle_bend", "left"),
        ({"active_knee_extension__left": "33.1", "norm_sex": "male"}, {}, "short_hamstrings", "left"),
        ({"thomas_hip__left": "0.1"}, {}, "short_hip_flexors", "left"),
        ({"thomas_knee__left": "66.9"}, {}, "short_hip_flexors", "left"),
        ({"shoe_km": "801", "shoe_pairs": "1"}, {}, "old_shoes", "none"),
        ({"leg_length": "20"}, {}, "leg_length", "right"),
        ({"pain_during": "6"}, {}, "pain_red", "none"),
    ],
)
def test_a_rule_speaks_at_its_limit(measured, context, rule, side):
    assert (rule, side) in found(measured, **context)


@pytest.mark.parametrize(
    ("measured", "context", "rule"),
    [
        ({"pelvic_drop__left": "6.9"}, {}, "pelvic_drop"),
        ({"pelvic_drop__left": "6.0", "pelvic_drop__right": "3.1"}, {}, "pelvic_drop"),
        ({"landing__left": "under", "tibia_angle__left": "5"}, {}, "overstride"),
        ({"foot_inclination__left": "19.9"}, {}, "steep_landing"),
        ({"foot_inclination__left": "9.9", "landing__left": "ahead"}, {}, "steep_landing"),
        ({"knee_contact__right": "10"}, {}, "stiff_landing"),
        ({"knee_midstance__right": "40", "knee_midstance__left": "55"}, {}, "midstance_knee"),
        ({"trunk_lean": "3"}, {}, "upright_trunk"),
        ({"trunk_lean": "15"}, {}, "forward_trunk"),
        ({"hip_extension__left": "5"}, {}, "hip_extension"),
        ({"base": "apart"}, {}, "narrow_base"),
        ({"bounce": "10"}, {}, "bounce"),
        ({"cadence": "160"}, {"speed": D(10)}, "low_cadence"),
        ({"cadence": "150"}, {}, "low_cadence"),
        ({"foot_strike__left": "rearfoot"}, {}, "uneven_strike"),
        ({"foot_strike__left": "rearfoot", "foot_strike__right": "rearfoot"}, {}, "uneven_strike"),
        ({"heel_raise__left": "20"}, {}, "calf_strength"),
        ({"hip_abduction__left": "0.5"}, {"age": 40}, "hip_strength"),
        ({"hip_abduction__left": "0.5", "norm_sex": "female"}, {}, "hip_strength"),
        ({"side_plank__left": "30"}, {}, "trunk_endurance"),
        ({"side_plank__left": "57", "side_plank__right": "60"}, {}, "trunk_endurance"),
        ({"single_leg_squat__right": "fair"}, {}, "single_leg_control"),
        ({"lunge_to_wall__left": "9"}, {}, "ankle_bend"),
        ({"lunge_to_wall__left": "10", "lunge_to_wall__right": "11.9"}, {}, "ankle_bend"),
        ({"active_knee_extension__left": "33.0", "norm_sex": "male"}, {}, "short_hamstrings"),
        ({"thomas_hip__left": "0", "thomas_knee__left": "67"}, {}, "short_hip_flexors"),
        ({"shoe_km": "801"}, {}, "old_shoes"),
        ({"shoe_km": "800", "shoe_pairs": "1"}, {}, "old_shoes"),
        ({"leg_length": "19"}, {}, "leg_length"),
        ({"pain_during": "5", "pain_after": "5"}, {}, "pain_red"),
    ],
)
def test_a_rule_is_silent_inside_its_limit_and_without_what_it_needs(measured, context, rule):
    assert rule not in {key for key, _ in found(measured, **context)}


def test_a_pronated_foot_needs_all_six_items():
    items = {f"fpi_{item}__left": 1 for item in ("talus", "curves", "heel", "bulge", "arch", "forefoot")}
    assert ("pronated_foot", "left") in found(items)
    del items["fpi_arch__left"]
    assert found(items) == {}


def test_a_reason_names_the_numbers_and_the_lay_sentence_names_the_sides():
    each = found({"pelvic_drop__left": "8.1", "pelvic_drop__right": "4.9"})["pelvic_drop", "left"]
    assert "8.1°" in each.reason
    assert "3.2°" in each.reason
    assert each.lay.startswith("Your right hip drops when you stand on your left.")
    assert each.source
    assert each.mark == "K"


def test_a_cadence_target_is_offered_from_a_measured_baseline_alone():
    assert not [o for o in found({"landing__left": "ahead"})["overstride", "left"].offers if o.kind == "cadence"]
    offers = found({"landing__left": "ahead", "cadence": "164"})["overstride", "left"].offers
    assert [o.target for o in offers if o.kind == "cadence"] == [176]


def test_no_cadence_target_with_a_sore_achilles():
    offers = found({"landing__left": "ahead", "cadence": "164", "achilles_history": "yes"})["overstride", "left"].offers
    assert [o for o in offers if o.kind == "cadence"] == []


def test_every_rule_has_a_source_a_lay_sentence_and_an_offer_and_never_says_diagnosis():
    _, rules = rule_book()
    assert set(rules) == set(TESTS)
    assert len(rules) >= 20
    for rule in rules.values():
        assert rule.source
        assert rule.lay
        assert rule.offers
        assert "diagnos" not in f"{rule.title} {rule.lay} {rule.offers}".lower()


def test_every_offered_exercise_stands_in_the_library(db):
    call_command("load_exercise_library", verbosity=0)
    offered = {text for rule in rule_book()[1].values() for kind, text in rule.offers if kind == "exercise"}
    assert offered <= set(Exercise.objects.active().values_list("slug", flat=True))


def test_a_rule_without_a_test_is_refused_by_name():
    with pytest.raises(CatalogueError, match="wobble"):
        read_rules("version: 1\nrules: [{key: wobble, offers: []}]")


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{key: a, section: s, name: A, lay: a, input: number, sides: one, mark: K}", "a: source is missing"),
        ("{key: a, section: s, name: A, lay: a, input: number, sides: one, source: x, mark: K}", "a: a number needs"),
        ("{key: a, section: s, name: A, lay: a, input: text, sides: one, source: x, mark: Z}", "a: mark"),
        (
            "{key: a, section: t, name: A, lay: a, input: text, sides: one, source: x, mark: K}",
            "no section is called t",
        ),
        (
            "{key: a, section: s, name: A, lay: a, input: text, sides: one, source: x, mark: K, colour: red}",
            "unknown colour",
        ),
    ],
)
def test_a_bad_entry_of_the_catalogue_is_refused_by_name(entry, complaint):
    with pytest.raises(CatalogueError, match=complaint):
        read(f"version: 1\nsections: [{{key: s, name: S}}]\nmeasures: [{entry}]")


def test_every_number_has_a_possible_range_that_holds_the_usual_one_and_the_band():
    for measure in catalogue().by_key.values():
        if measure.input != "number":
            continue
        low, high = measure.possible
        for inner in (measure.usual, measure.band and (measure.band.low, measure.band.high)):
            for end in inner or ():
                assert end is None or low <= end <= high, measure.key


numbers = [m for m in catalogue().by_key.values() if m.input == "number"]


@given(st.data())
def test_whatever_is_measured_every_finding_rests_on_a_side_that_was_measured(data):
    measured = {}
    for measure in data.draw(st.lists(st.sampled_from(numbers), max_size=12, unique_by=lambda m: m.key)):
        low, high = measure.possible
        for side in measure.sides:
            if data.draw(st.booleans()):
                measured[measure.key, side] = data.draw(st.decimals(low, high, places=measure.decimals))
    sides = {side for _, side in measured} | {"none"}
    for each in findings(Readings(measured)):
        assert each.side in sides or each.rule == "leg_length"
        assert each.reason


def test_pain_is_written_without_the_zeros_it_is_stored_with():
    stop = found({"pain_during": "6.0000", "pain_morning": "2.5000", "pain_morning_usual": "0.0000"})[
        "pain_red", "none"
    ]
    assert stop.reason == (
        "Pain of 6 of 10 on or after a run; more than 5 is too much. "
        "2.5 the next morning where 0 is usual: it has not settled."
    )
