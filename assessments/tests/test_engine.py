from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assessments import engine

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
D = Decimal


def run(topic, given):  # noqa: PLR0912 (a branch for each topic of the cases)
    """What the engine answers to a case, in the words of its expectation."""
    number = {name: D(value) if isinstance(value, str) and name != "sex" else value for name, value in given.items()}
    match topic:
        case "symmetry":
            index = engine.symmetry_index(**given)
            return {"index": index, "band": engine.symmetry_band(index)}
        case "foot_posture":
            total, band = engine.foot_posture(given["items"])
            return {"total": total, "band": band}
        case "foot_strike":
            angle = engine.foot_strike_angle(number["contact"], number["standing"])
            return {"angle": angle, "strike": engine.strike_of_angle(angle)}
        case "strike_index":
            return {"strike": engine.strike_of_index(number["index"])}
        case "cadence":
            return {"target": engine.cadence_target(number["baseline"], number["rise"])}
        case "pain":
            return {"light": engine.pain_light(**given)}
        case "hip_abduction":
            z = engine.hip_abduction_z(number["value"], given["age"], given["sex"])
            return {
                "predicted": engine.hip_abduction_norm(given["age"], given["sex"]),
                "z": engine.half_up(z, 2),
                "band": engine.hip_abduction_band(z),
            }
        case "hamstrings":
            return {"short": engine.hamstrings_are_short(number["degrees"], given["sex"])}
        case "lunge":
            apart = abs(number["left"] - number["right"])
            return {
                "apart": apart,
                "apart_flag": apart >= 2,
                "low_flag": min(number["left"], number["right"]) < 9,
                "real": engine.change(number["before"], number["left"], D("1.9")).is_real,
            }
        case "arch":
            index = engine.arch_height(number["dorsum"], number["truncated"])
            return {"index": engine.half_up(index, 3), "band": engine.arch_band(index)}
        case "heel_whip":
            return {"band": engine.heel_whip_band(number["angle"])}
        case "change":
            found = engine.change(number["before"], number["after"], number["error"])
            return {"by": found.by, "real": found.is_real}
        case "footwear":
            left, part = engine.shoe_left(number["used"], number["limit"])
            return {"left": left, "part": part}
    raise AssertionError(f"No case is run for {topic}.")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_worked_case_comes_out_as_known(case):
    found = run(case["topic"], case["given"])
    for name, expected in case["expect"].items():
        assert found[name] == (D(expected) if isinstance(found[name], Decimal) else expected), name


@pytest.mark.parametrize(
    ("index", "band"),
    [
        ("90", "pass"),
        ("89.9999", "mild"),
        ("80", "mild"),
        ("79.9999", "marked"),
        ("110", "pass"),
        ("110.01", "recheck"),
    ],
)
def test_symmetry_bands_hold_at_their_ends(index, band):
    assert engine.symmetry_band(D(index)) == band


@pytest.mark.parametrize(("left", "right"), [(None, 20), (20, None), (0, 0)])
def test_there_is_no_symmetry_without_both_sides(left, right):
    assert engine.symmetry(left, right, "") is None
    assert engine.symmetry_band(None) == ""


def test_symmetry_without_an_involved_side_is_weaker_over_stronger():
    assert engine.symmetry(24, 18, "") == engine.symmetry(18, 24, "") == 75


def test_symmetry_of_the_involved_side_may_pass_a_hundred():
    assert engine.symmetry(24, 20, "left") == 120
    assert engine.symmetry(24, 20, "right") < 90


@pytest.mark.parametrize(
    ("angle", "strike"),
    [("8.0", "midfoot"), ("8.0001", "rearfoot"), ("-1.6", "midfoot"), ("-1.6001", "forefoot")],
)
def test_foot_strike_holds_at_its_limits(angle, strike):
    assert engine.strike_of_angle(D(angle)) == strike


@pytest.mark.parametrize(
    ("angle", "borderline"),
    [
        ("9.5", True),
        ("9.51", False),
        ("6.5", True),
        ("6.49", False),
        ("-3.1", True),
        ("-0.1", True),
        ("-3.11", False),
        ("0", False),
    ],
)
def test_within_one_and_a_half_degrees_of_a_limit_is_borderline(angle, borderline):
    assert engine.strike_is_borderline(D(angle)) is borderline


@pytest.mark.parametrize(
    ("index", "strike"),
    [
        ("0", "rearfoot"),
        ("33.3", "rearfoot"),
        ("33.31", "midfoot"),
        ("66.6", "midfoot"),
        ("66.61", "forefoot"),
        ("100", "forefoot"),
    ],
)
def test_strike_index_holds_at_its_limits(index, strike):
    assert engine.strike_of_index(D(index)) == strike


@pytest.mark.parametrize("rise", ["0.049", "0.101", "0", "-0.05"])
def test_a_cycle_that_raises_cadence_by_less_or_more_is_refused(rise):
    with pytest.raises(ValueError, match="5 to 10"):
        engine.cadence_target(D(160), D(rise))


def test_half_a_step_is_rounded_up():
    assert engine.cadence_target(D(170), D("0.05")) == 179  # 178.5


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (-12, "highly supinated"),
        (-5, "highly supinated"),
        (-4, "supinated"),
        (-1, "supinated"),
        (0, "normal"),
        (5, "normal"),
        (6, "pronated"),
        (9, "pronated"),
        (10, "highly pronated"),
        (12, "highly pronated"),
    ],
)
def test_every_total_of_the_foot_posture_index_has_its_band(total, band):
    items = [max(-2, min(2, total - 2 * place if total > 0 else total + 2 * place)) for place in range(6)]
    items = [item if (item > 0) == (total > 0) else 0 for item in items]
    assert sum(items) == total
    assert engine.foot_posture(items) == (total, band)


def test_a_foot_with_an_unseen_item_has_no_total():
    assert engine.foot_posture([1, 1, None, 1, 1, 1]) == (None, "")


@pytest.mark.parametrize("items", [[1] * 5, [1] * 7, [3, 0, 0, 0, 0, 0], [-3, 0, 0, 0, 0, 0]])
def test_anything_but_six_items_in_range_is_refused(items):
    with pytest.raises(ValueError, match="six items"):
        engine.foot_posture(items)


@pytest.mark.parametrize(("z", "band"), [("-1", "normal"), ("-1.0001", "low"), ("-2", "low"), ("-2.0001", "very low")])
def test_hip_abduction_bands_hold_at_their_ends(z, band):
    assert engine.hip_abduction_band(D(z)) == band


@pytest.mark.parametrize(
    ("degrees", "sex", "short"),
    [
        ("33.0", "male", False),
        ("33.1", "male", True),
        ("23.4", "female", False),
        ("23.5", "female", True),
        ("20", "", False),
        ("20.1", "", True),
    ],
)
def test_hamstrings_are_short_above_the_limit_of_the_group(degrees, sex, short):
    assert engine.hamstrings_are_short(D(degrees), sex) is short


@pytest.mark.parametrize(
    ("index", "band"), [("0.356", "high"), ("0.3559", "normal"), ("0.2751", "normal"), ("0.275", "low")]
)
def test_arch_bands_hold_at_their_ends(index, band):
    assert engine.arch_band(D(index)) == band


@pytest.mark.parametrize(
    ("drop", "band"),
    [("4.9", "supinated"), ("5", "neutral"), ("9", "neutral"), ("9.1", "neutral, borderline"), ("10", "pronated")],
)
def test_navicular_bands_hold_at_their_ends(drop, band):
    assert engine.navicular_band(D(drop)) == band


@pytest.mark.parametrize(("angle", "band"), [("5", "moderate"), ("10", "moderate"), ("10.1", "marked")])
def test_heel_whip_bands_hold_at_their_ends(angle, band):
    assert engine.heel_whip_band(D(angle)) == band


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        ("2.8", "within noise"),
        ("-2.8", "within noise"),
        ("2.81", "real change"),
        ("5", "important change"),
        ("4.99", "real change"),
    ],
)
def test_a_change_is_held_against_noise_and_importance(after, kind):
    assert engine.change(D(0), D(after), D("2.8"), D(5)).kind == kind


def test_a_change_without_a_known_error_is_not_called_real():
    found = engine.change(D(1), D(9), None)
    assert (found.by, found.kind, found.is_real) == (8, "error not known", False)


@pytest.mark.parametrize(("before", "after"), [(None, D(1)), (D(1), None)])
def test_there_is_no_change_without_both_values(before, after):
    assert engine.change(before, after, D(1)) is None


@pytest.mark.parametrize(
    ("answers", "light"),
    [
        ((6, 0, 0, 0), "red"),
        ((0, 6, 0, 0), "red"),
        ((1, 1, 2, 1), "red"),
        ((D("2.1"), 0, 0, 0), "amber"),
        ((None, 1, 1, 1), None),
        ((6, None, None, None), "red"),
        ((1, 1, 1, None), None),
    ],
)
def test_the_traffic_light_goes_red_early_and_green_only_with_every_answer(answers, light):
    assert engine.pain_light(*answers) == light


@pytest.mark.parametrize("reason", ["limp", "rising"])
def test_a_limp_or_growing_pain_is_red_by_itself(reason):
    assert engine.pain_light(0, 0, 0, 0, **{reason: True}) == "red"


def test_any_pain_is_red_where_a_bone_is_suspected():
    assert engine.pain_light(0, 1, 0, 0, bone=True) == "red"
    assert engine.pain_light(0, 0, 0, 0, bone=True) == "green"


@pytest.mark.parametrize(
    ("one", "other", "same"), [("10.0", "10.3", True), ("10.0", "10.31", False), (None, "10", False)]
)
def test_runs_are_compared_at_the_same_speed_alone(one, other, same):
    assert engine.same_speed(one and D(one), other and D(other)) is same


values = st.decimals(min_value=-500, max_value=500, places=2)


@given(values, values, st.decimals(min_value="0.1", max_value=50, places=1))
def test_a_change_and_its_way_back_are_worth_the_same(before, after, error):
    there, back = engine.change(before, after, error), engine.change(after, before, error)
    assert there.by == -back.by
    assert there.kind == back.kind


@given(st.integers(1, 200), st.integers(1, 200))
def test_symmetry_never_passes_a_hundred_without_an_involved_side(left, right):
    index = engine.symmetry(left, right, "")
    assert 0 < index <= 100
    assert engine.symmetry(right, left, "") == index


@given(values, values)
def test_a_steeper_foot_is_never_further_forward(one, other):
    order = ["forefoot", "midfoot", "rearfoot"]
    low, high = sorted((one, other))
    assert order.index(engine.strike_of_angle(low)) <= order.index(engine.strike_of_angle(high))


@given(st.lists(st.one_of(st.none(), st.integers(-2, 2)), min_size=6, max_size=6))
def test_a_total_stands_exactly_when_every_item_is_seen(items):
    total, band = engine.foot_posture(items)
    assert (total is None) == (None in items) == (band == "")
    assert total is None or -12 <= total <= 12


@given(st.decimals(min_value=60, max_value=260, places=1))
def test_a_cadence_target_lies_in_its_own_range(baseline):
    low, high = engine.cadence_range(baseline)
    assert low <= engine.cadence_target(baseline) <= high
    assert baseline < low
