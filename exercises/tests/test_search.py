"""Finding exercises as people type."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercises.catalogue import catalogue
from exercises.search import Index, allowed_slips, slips, stem
from exercises.shelves import SHELVES


def slugs(library, query, **how):
    return [exercise.slug for exercise in Index(library.values()).search(query, **how).found]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("squat", "squat"),
        ("Side plank", "side-plank"),
        ("sideplank", "side-plank"),
        ("side  PLANK!!", "side-plank"),
        ("calf", "calf-stretch"),
        ("calves", "calf-stretch"),
        ("a-skip", "a-skip"),
        ("bosu squat", "bosu-squat"),
        ("box jumps", "box-jump"),
        ("figure four", "piriformis-stretch"),
    ],
)
def test_the_nearest_name_comes_first(library, query, first):
    found = slugs(library, query)

    assert (found[0] if found else None) == first


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("bum", "bridge"),
        ("shin", "calf-stretch"),
        ("press-up", "burpee"),
        ("push up", "mountain-climber"),
        ("tummy", "plank"),
        ("back of thigh", "hamstring-stretch"),
        ("groin", "lateral-lunge"),
        ("ankle", "single-leg-stand"),
        ("stretch", "quad-stretch"),
        ("glutes", "bridge"),
        ("sore hip", "bridge"),
        ("my calf hurts", "calf-stretch"),
        ("weak glutes", "bridge"),
        ("runner’s knee", "squat"),
        ("runner's knee", "squat"),
        ("shin splints", "calf-stretch"),
        ("achilles tendinopathy", "calf-stretch"),
    ],
)
def test_lay_words_find_the_exercise(library, words, slug):
    assert slug in slugs(library, words)


@pytest.mark.parametrize(
    ("typed", "read_as", "slug"),
    [
        ("hamstrng", "hamstring", "hamstring-stretch"),
        ("sqaut", "squat", "squat"),
        ("mountian climber", "mountain climber", "mountain-climber"),
        ("hip controll", "hip control", "single-leg-squat"),
        ("brigde", "bridge", "bridge"),
        ("achiles", "achille", "calf-stretch"),
    ],
)
def test_a_slip_of_the_finger_is_read_over(library, typed, read_as, slug):
    index = Index(library.values())
    answer = index.search(typed)

    assert answer.read_as == read_as
    assert slug in [exercise.slug for exercise in answer.found]
    assert index.search(typed, exactly=True).found == []


def test_every_word_counts(library):
    assert set(slugs(library, "hamstring chair")) == {"seated-hamstring-stretch"}
    assert slugs(library, "bridge zzzzz") == []


def test_nothing_asked_is_everything(library):
    assert len(slugs(library, "")) == len(library)
    assert len(slugs(library, " of the ")) == len(library)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=200))
def test_any_text_may_be_asked(library, query):
    answer = Index(library.values()).search(query)

    assert set(answer.found) <= set(library.values())
    assert len({each.pk for each in answer.found}) == len(answer.found)


@given(word=st.text(string.ascii_lowercase, min_size=4, max_size=14), data=st.data())
def test_one_letter_left_out_or_two_swapped_is_one_slip(word, data):
    at = data.draw(st.integers(0, len(word) - 2))

    assert slips(word[:at] + word[at + 1 :], word, 2) == 1
    assert slips(word[:at] + word[at + 1] + word[at] + word[at + 2 :], word, 2) <= 1
    assert slips(word, word, allowed_slips(word)) == 0


@given(one=st.text("abc", max_size=6), two=st.text("abc", max_size=6))
def test_slips_count_the_same_both_ways(one, two):
    assert slips(one, two, 9) == slips(two, one, 9)


@pytest.mark.parametrize(
    ("many", "single"),
    [("calves", "calf"), ("presses", "press"), ("lunges", "lunge"), ("abs", "abs"), ("stretches", "stretch")],
)
def test_plural_meets_singular(many, single):
    assert stem(many) == stem(single)


def test_counts_of_a_shelf_leave_its_own_choice_out(library):
    found = Index(library.values()).search("")
    wanted = {"kind": "strength", "have": "nothing"}
    kinds = next(shelf for shelf in SHELVES if shelf.name == "kind")

    counts = found.count(wanted, kinds)

    assert counts["strength"] == len(found.narrow(wanted)) > 0
    assert counts["balance"] == len(found.narrow({"kind": "balance", "have": "nothing"}))
    assert sum(found.count({}, kinds).values()) == len(library)


def test_the_catalogue_is_read_again_when_an_exercise_changed(library, django_assert_num_queries):
    assert catalogue().search("squat").found
    with django_assert_num_queries(1):
        assert not catalogue().search("zebra stand").found
    stand = library["single-leg-stand"]
    stand.name = "Zebra stand"
    stand.save()
    assert [each.slug for each in catalogue().search("zebra stand").found] == ["single-leg-stand"]
