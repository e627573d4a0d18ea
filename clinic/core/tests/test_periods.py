from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.core.periods import Period, merged, without

START = datetime(2026, 11, 24, tzinfo=UTC)


def minutes(first: int, last: int) -> Period:
    return Period(START + timedelta(minutes=first), START + timedelta(minutes=last))


periods = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 60)).map(lambda pair: minutes(pair[0], pair[0] + pair[1])),
    max_size=12,
)


def instants(some: list[Period]) -> set[int]:
    return {minute for minute in range(300) if any(START + timedelta(minutes=minute) in period for period in some)}


def test_back_to_back_periods_do_not_overlap():
    assert not minutes(0, 30).overlaps(minutes(30, 60))
    assert minutes(0, 31).overlaps(minutes(30, 60))


def test_the_end_is_outside():
    assert START in minutes(0, 30)
    assert START + timedelta(minutes=30) not in minutes(0, 30)


def test_a_session_is_as_long_as_its_real_minutes_when_the_clocks_change():
    before = datetime(2027, 3, 28, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert Period.lasting(before, 60).end == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("end", [START, START - timedelta(minutes=1)])
def test_an_end_that_is_not_after_the_start_is_refused(end):
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(START, end)


def test_naive_instants_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        Period(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001 (that is the point)


@given(periods)
def test_merging_keeps_every_instant_and_leaves_gaps_between(some):
    result = merged(some)
    assert instants(result) == instants(some)
    assert all(first.end < second.start for first, second in pairwise(result))


@given(periods, periods)
def test_what_is_taken_away_is_gone_and_the_rest_stays(some, taken):
    assert instants(list(without(some, taken))) == instants(some) - instants(taken)
