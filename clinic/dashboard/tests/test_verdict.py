"""Can I run today: the pain traffic light over what was logged."""

from datetime import date, timedelta

import pytest

from clinic.dashboard.verdict import Pain, can_i_run, rises

TODAY = date(2026, 11, 24)


def logged(*pains: int, last: int = 0) -> list[Pain]:
    """One pain a day, oldest first, the last one `last` days ago."""
    return [Pain(TODAY - timedelta(days=last + len(pains) - 1 - n), pain) for n, pain in enumerate(pains)]


@pytest.mark.parametrize(
    ("pain", "light"), [(0, "green"), (2, "green"), (3, "amber"), (5, "amber"), (6, "red"), (10, "red")]
)
def test_the_latest_pain_decides(pain: int, light: str) -> None:
    assert can_i_run(pains=logged(pain), today=TODAY).light == light


def test_nothing_logged_gives_no_answer_and_says_why() -> None:
    verdict = can_i_run(pains=[], today=TODAY)
    assert verdict.light == "unknown"
    assert verdict.reason.startswith("You have not logged any pain yet.")


def test_a_week_without_a_log_gives_no_answer() -> None:
    assert can_i_run(pains=logged(1, last=6), today=TODAY).light == "green"
    assert can_i_run(pains=logged(1, last=7), today=TODAY).light == "unknown"


def test_a_red_flag_goes_before_everything() -> None:
    verdict = can_i_run(pains=logged(0, 0, 0), today=TODAY, red_flags=True)
    assert (verdict.light, verdict.headline) == ("red", "Not today")


def test_two_red_days_in_a_row_go_to_the_therapist() -> None:
    verdict = can_i_run(pains=logged(2, 6, 7), today=TODAY)
    assert (verdict.light, verdict.reds_in_a_row) == ("red", 2)
    assert verdict.reason == "Pain was 7 today. That is 2 red days in a row, so your therapist looks at your plan."


def test_one_red_day_means_rest() -> None:
    verdict = can_i_run(pains=logged(7, 2, 6, last=1), today=TODAY)
    assert (verdict.light, verdict.reds_in_a_row) == ("red", 1)
    assert verdict.reason.startswith("Pain was 6 yesterday.")


def test_pain_that_grows_beyond_the_error_of_the_scale_is_red() -> None:
    pains = logged(0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2)
    assert rises(pains, TODAY)
    assert can_i_run(pains=pains, today=TODAY).light == "red"


def test_pain_that_grows_within_the_error_is_noise() -> None:
    assert not rises(logged(1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2), TODAY)


def test_one_day_of_last_week_is_not_a_trend() -> None:
    assert not rises([Pain(TODAY - timedelta(days=9), 0), *logged(5, 5, 5)], TODAY)


def test_days_to_come_count_for_nothing() -> None:
    assert can_i_run(pains=[*logged(1), Pain(TODAY + timedelta(days=1), 9)], today=TODAY).light == "green"


def test_green_days_in_a_row_are_named() -> None:
    assert can_i_run(pains=logged(4, 1, 2), today=TODAY).reason == "Pain was 2 today. 2 green days in a row."
