import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.catalogue import catalogue
from assessments.charts import Mark, Stretch, band_bar, symmetry_bar, timeline, trend, words_of

BOOK = catalogue()
D = Decimal
MONDAY = date(2026, 9, 7)


def circles(drawing):
    root = ElementTree.fromstring(drawing)  # noqa: S314 (our own drawing)
    return [(each.get("class"), float(each.get("cx")), float(each.get("cy"))) for each in root.iter("circle")]


def test_left_is_hollow_and_above_right_is_filled_and_below():
    drawing = band_bar(BOOK["pelvic_drop"], [("left", D("7.6")), ("right", D("4.4"))], D(3), D(6))
    (left, left_x, left_y), (right, right_x, right_y) = circles(drawing)
    assert (left, right) == ("c-ring", "c-dot")
    assert left_y < right_y
    assert left_x > right_x
    assert 'aria-label="left 7.6°, right 4.4°, usual 3 to 6"' in drawing


def test_a_missing_side_is_not_drawn():
    drawing = band_bar(BOOK["pelvic_drop"], [("left", None), ("right", D("4.4"))], D(3), D(6))
    assert [kind for kind, _, _ in circles(drawing)] == ["c-dot"]


def test_an_open_band_runs_to_the_edge():
    root = ElementTree.fromstring(band_bar(BOOK["heel_raise"], [], D(20), None))  # noqa: S314 (our own drawing)
    band = next(each for each in root.iter("rect") if each.get("class") == "c-band")
    assert float(band.get("x")) + float(band.get("width")) == pytest.approx(175, abs=0.1)


def test_there_is_no_bar_without_a_band():
    assert band_bar(BOOK["overstride_cm"], [("left", D(5))], None, None) == ""


@pytest.mark.parametrize(("key", "words"), [("pelvic_drop", "3 to 6"), ("hip_extension", "10 and more"), ("tibia_angle", "up to 5"), ("heel_whip", "under 5")])  # fmt: skip
def test_a_band_is_said_in_words(key, words):
    measure = BOOK[key]
    assert words_of(measure.band.low, measure.band.high, measure) == words


@pytest.mark.parametrize(("index", "css"), [("90", "c-ok"), ("89.99", "c-flag"), ("130", "c-ok")])
def test_the_symmetry_bar_passes_at_ninety(index, css):
    drawing = symmetry_bar(D(index))
    assert css in drawing
    assert float(re.search(rf'class="{css}" y="4" width="([\d.]+)"', drawing).group(1)) <= 60


POINTS = [(MONDAY, D("8.9")), (MONDAY + timedelta(days=28), D("8.6")), (MONDAY + timedelta(days=56), D("8.1"))]


def test_a_trend_draws_the_error_on_the_last_value_alone():
    drawing = trend(BOOK["pelvic_drop"], POINTS, side="left", low=D(3), high=D(6), flagged=True)
    assert drawing.count("c-whisk") == 1
    assert drawing.count("c-start") == 1
    assert [kind for kind, _, _ in circles(drawing)] == ["c-ring"] * 3
    assert "c-flag" in drawing
    assert 'aria-label="Left: 8.9 to 8.1°, usual 3 to 6"' in drawing


def test_a_trend_without_a_known_error_draws_none():
    assert "c-whisk" not in trend(BOOK["side_plank"], [(MONDAY, D(30))], side="right", low=D(30), high=None)


def test_a_trend_of_nothing_is_nothing():
    assert trend(BOOK["pelvic_drop"], [], side="left", low=D(3), high=D(6)) == ""


def test_names_on_the_timeline_are_letters_not_tags():
    drawing = timeline(
        first=MONDAY,
        today=MONDAY + timedelta(days=80),
        weeks=12,
        programmes=[Stretch(MONDAY, MONDAY + timedelta(days=70), "<b>Load & run</b>", True)],
        marks=[Mark(MONDAY, "assessment", "<i>First</i>"), Mark(MONDAY + timedelta(days=3), "missed")],
        pain=[(MONDAY, 6), (MONDAY + timedelta(days=7), 1)],
        days_done=[(MONDAY, 2, 3)],
        label='a "label"',
    )
    assert "<b>" not in drawing
    assert ElementTree.fromstring(drawing) is not None  # noqa: S314 (our own drawing)
    assert drawing.count("c-stopmark") == 1


def test_a_visit_on_the_day_of_an_assessment_is_drawn_once_and_a_label_needs_room():
    marks = [Mark(MONDAY, "assessment", "First"), Mark(MONDAY, "visit"), Mark(MONDAY + timedelta(days=1), "visit")]
    drawing = timeline(
        first=MONDAY, today=MONDAY, weeks=12, programmes=[], marks=marks, pain=[], days_done=[], label="x"
    )
    assert drawing.count("c-miss") == 1
    assert "First" not in drawing


numbers = [each for each in BOOK.by_key.values() if each.input == "number"]


@given(st.data())
def test_whatever_is_possible_is_drawn_inside_the_picture(data):
    measure = data.draw(st.sampled_from(numbers))
    value = st.decimals(*measure.possible, places=measure.decimals)
    low, high = (measure.band.low, measure.band.high) if measure.band else (D(0), None)
    bar = band_bar(measure, [(side, data.draw(value)) for side in measure.sides], low, high)
    for _, x, y in circles(bar):
        assert 4.9 <= x <= 175.1
        assert 0 < y < 36
    days = sorted(data.draw(st.sets(st.integers(0, 900), min_size=1, max_size=6)))
    drawing = trend(
        measure, [(MONDAY + timedelta(days=day), data.draw(value)) for day in days], side="left", low=low, high=high
    )
    for _, x, y in circles(drawing):
        assert 0 <= x <= 164
        assert 0 <= y <= 64
