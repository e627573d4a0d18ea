"""Which new place is proposed to whom: reasons in words, what they weigh, and that nobody is proposed what another has. Pure."""

from datetime import date

from bookings.models import TimePreference
from bookings.replan import Case, Option, Table, assign, judged, ranked

HOUR = 3600


def case(key: str, start: int = 9, **changes: object) -> Case:
    made = {"key": key, "runner": key, "therapist": 1, "service": 1, "start": start * HOUR, "end": (start + 1) * HOUR}
    return Case(**{**made, **changes})


def test_reasons_are_in_words_and_continuity_weighs_ten_days() -> None:
    one = judged(case("a"), Option(1, (9 + 24 * 2) * HOUR))
    assert one.reasons == ("same therapist", "Saturday morning, the same part of the day", "2 days later")
    assert one.cost == 6
    other = judged(case("a"), Option(2, 9 * HOUR))
    assert (other.cost, other.reasons[0], other.reasons[2]) == (30, "another therapist", "the same day")
    assert judged(case("a", knows=frozenset({2})), Option(2, 9 * HOUR)).cost == 14
    hasty = judged(case("a", 57, soon=40 * HOUR), Option(1, 33 * HOUR))
    assert (hasty.cost, hasty.reasons[-1]) == (15, "at short notice")
    wishes = TimePreference(weekdays=0b0000001, parts=4)
    assert (
        judged(case("a", wishes=wishes), Option(1, 18 * HOUR)).reasons[1]
        == "Thursday evening, not a time they asked for"
    )
    assert judged(case("a", wishes=wishes), Option(1, (18 + 96) * HOUR)).reasons[1] == "Monday evening, which suits"


def test_who_cannot_come_is_not_proposed_the_day_before_unless_that_suits() -> None:
    ill = case("a", 57, away=48 * HOUR)
    before, after = Option(1, 33 * HOUR), Option(1, (57 + 24 * 7) * HOUR)
    assert [each.option for each in ranked(ill, [before, after])] == [after, before]
    assert judged(ill, before).reasons[-1] == "before the absence"
    assert "before the absence" not in judged(ill, Option(2, 33 * HOUR)).reasons
    suited = case("a", 57, away=48 * HOUR, wishes=TimePreference(weekdays=0b0010000, parts=1))
    assert [each.option for each in ranked(suited, [before, after])] == [before, after]


def test_who_has_only_one_place_gets_it_and_an_earlier_proposal_makes_room() -> None:
    cases = [case("a"), case("b")]
    both = [Option(1, 33 * HOUR), Option(1, 34 * HOUR)]
    ranking = {"a": ranked(cases[0], both), "b": ranked(cases[1], both[:1])}
    found = assign(cases, ranking, Table())
    assert {key: each.start // HOUR for key, each in found.items()} == {"a": 34, "b": 33}
    chain = [case("a"), case("b"), case("c")]
    options = {"a": [33, 34], "b": [34, 35], "c": [33]}
    ranking = {each.key: ranked(each, [Option(1, hour * HOUR) for hour in options[each.key]]) for each in chain}
    assert {key: each.start // HOUR for key, each in assign(chain, ranking, Table()).items()} == {
        "a": 34,
        "b": 35,
        "c": 33,
    }


def test_proposals_respect_rooms_equipment_limits_and_the_runner() -> None:
    cases = [case(key, needs_room=True, needs="treadmill") for key in "ab"]
    nine = [Option(1, 33 * HOUR), Option(2, 33 * HOUR)]
    ranking = {each.key: ranked(each, nine) for each in cases}
    hall = {1: [(30 * HOUR, 33 * HOUR)], 2: []}
    assert len(assign(cases, ranking, Table(rooms=hall, things={"treadmill": {1: [], 2: []}}))) == 2
    assert len(assign(cases, ranking, Table(rooms=hall, things={"treadmill": {1: []}}))) == 1
    assert len(assign(cases, ranking, Table(rooms={1: [(32 * HOUR, 34 * HOUR)], 2: []}))) == 1
    busy = {"a": [("x", 33 * HOUR, 34 * HOUR), ("a", 33 * HOUR, 34 * HOUR)]}
    assert list(assign(cases, ranking, Table(runners=busy))) == ["b"]
    on = date(1970, 1, 2)
    limited = Table(most={(1, None): 2, (2, 1): 1}, begun={(1, None, on): 1, (2, 1, on): 1})
    assert len(assign(cases, ranking, limited)) == 1
    twins = [case(key, runner="r") for key in "ab"]
    assert len(assign(twins, {each.key: ranked(each, nine) for each in twins}, Table())) == 1
