import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.pain import advice, light


@pytest.mark.parametrize(
    ("pain", "expected"),
    [(0, "green"), (2, "green"), (2.1, "amber"), (3, "amber"), (5, "amber"), (5.01, "red"), (6, "red"), (10, "red")],
)
def test_the_bands(pain, expected):
    """0-2, 3-5, above 5; a decimal between 2 and 3 is amber."""
    assert light(pain) == expected


@pytest.mark.parametrize("pain", [-0.1, 10.1, float("nan")])
def test_no_band_outside_the_scale(pain):
    with pytest.raises(ValueError, match="0 to 10"):
        light(pain)


@given(pain=st.integers(0, 10))
def test_advice_says_the_number_and_stops_above_five(pain):
    told = advice(pain)

    assert told.headline.startswith(f"Pain was {pain}.")
    assert told.stops is (pain > 5)
    assert "Silbernagel 2007" in told.source


@given(one=st.floats(0, 10), two=st.floats(0, 10))
def test_more_pain_is_never_greener(one, two):
    order = ["green", "amber", "red"]

    assert one > two or order.index(light(one)) <= order.index(light(two))
