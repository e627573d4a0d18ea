from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.catalogue import catalogue
from assessments.entry import Refused, field_key, field_name, parse, parse_one

BOOK = catalogue()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("pelvic_drop", "7.6", "7.6"),
        ("pelvic_drop", " 7,6 ", "7.6"),
        ("pelvic_drop", "−2", "-2"),
        ("pelvic_drop", "-20", "-20"),
        ("pelvic_drop", "30", "30"),
        ("heel_raise", "24", "24"),
        ("heel_raise", "24.0", "24.0"),
        ("pain_during", "0", "0"),
        ("pain_during", "10", "10"),
        ("hip_abduction", ".9", "0.9"),
    ],
)
def test_a_number_is_taken_as_people_type_it(key, text, value):
    assert parse_one(BOOK[key], text) == Decimal(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("pelvic_drop", "30.1"),
        ("pelvic_drop", "-20.1"),
        ("pain_during", "-1"),
        ("pain_during", "11"),
        ("pain_during", "3.5"),
        ("heel_raise", "-1"),
        ("heel_raise", "22.5"),
        ("fpi_talus", "3"),
        ("shoe_pairs", "0"),
        ("cadence", "1e3"),
        ("cadence", "NaN"),
        ("cadence", "Infinity"),
        ("cadence", "0x50"),
        ("cadence", "١٦٠"),
        ("cadence", "twelve"),
        ("cadence", "160; DROP TABLE"),
        ("cadence", "9" * 150),
        ("cadence", "😀"),
        ("cadence", "--5"),
        ("cadence", "5-"),
        ("landing", "sideways"),
        ("landing", "Ahead of the knee"),
        ("shoe_model", "x" * 121),
        ("shoe_model", "a\0b"),
        ("fpi_total", "6"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(key, text):
    with pytest.raises(Refused) as refusal:
        parse_one(BOOK[key], text)
    assert len(str(refusal.value)) > 10


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_an_empty_field_is_missing_never_zero(text):
    assert parse_one(BOOK["pelvic_drop"], text) is None


def test_text_keeps_letters_of_every_script():
    assert parse_one(BOOK["shoe_model"], "  Läufer  حذاء 👟 ") == "Läufer حذاء 👟"


def test_an_unknown_measure_or_side_is_refused():
    result = parse(BOOK, {("wobble", "left"): "1", ("cadence", "left"): "160"})
    assert set(result.refused) == {("wobble", "left"), ("cadence", "left")}
    assert result.values == {}


@pytest.mark.parametrize(("text", "asked"), [("-2", False), ("15", False), ("15.1", True), ("-2.1", True)])
def test_the_usual_range_holds_its_ends(text, asked):
    assert bool(parse(BOOK, {("pelvic_drop", "left"): text}).asked) is asked


@given(st.text(max_size=60), st.sampled_from(sorted(BOOK.by_key)))
def test_no_text_breaks_a_field(text, key):
    measure = BOOK[key]
    result = parse(BOOK, {(key, side): text for side in measure.sides})
    for side in measure.sides:
        assert ((key, side) in result.values) != ((key, side) in result.refused)
        value = result.values.get((key, side))
        if isinstance(value, Decimal):
            assert measure.possible[0] <= value <= measure.possible[1]


@given(st.sampled_from([(m.key, s) for m in BOOK.by_key.values() for s in m.sides]))
def test_a_field_name_leads_back_to_its_measure(key):
    assert field_key(field_name(*key)) == key
