"""The slot engine alone: wall clock, change days, grid, buffers, notice. Cases computed with tzdata 2026.6."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.slots import (
    DayChange,
    Diary,
    Hours,
    Refusal,
    Rules,
    day_range,
    edge,
    free_starts,
    instant,
    is_barred,
    joined,
    merged,
    refusal,
    seconds,
    taken_elsewhere,
    without,
    zone_of,
)
from clinic.core.errors import DomainError

EVERY_DAY = [Hours(weekday, time(0), time(6), date(2000, 1, 1), None) for weekday in range(7)]
FORTY_FIVE = Rules(length=2700, before=0, after=0, step=2700, notice=0, horizon=400 * 86_400)
NOW = seconds(datetime(2027, 1, 1, tzinfo=UTC))


def on_day(
    zone: str, on: date, hours: list[Hours] = EVERY_DAY, rules: Rules = FORTY_FIVE, **diary: object
) -> list[str]:
    """Free starts of the local day as "HH:MM+ZZZZ"."""
    low, high = day_range(zone, on, None, None)
    starts = free_starts(Diary(zone, hours, **diary), rules, low, high, now=NOW)  # type: ignore[arg-type]
    return [instant(start).astimezone(ZoneInfo(zone)).strftime("%H:%M%z") for start in starts]


def test_skipped_hour_has_no_start() -> None:
    assert on_day("America/New_York", date(2027, 3, 14)) == [
        "00:00-0500", "00:45-0500", "01:30-0500", "03:15-0400", "04:00-0400", "04:45-0400",
    ]  # fmt: skip


def test_repeated_hour_gives_each_instant_once() -> None:
    starts = on_day("America/New_York", date(2027, 11, 7))
    assert starts == [
        "00:00-0400", "00:45-0400", "01:30-0400", "01:15-0500", "02:00-0500", "02:45-0500", "03:30-0500", "04:15-0500", "05:00-0500",
    ]  # fmt: skip


def test_plain_sunday_has_eight() -> None:
    assert len(on_day("America/New_York", date(2027, 5, 2))) == 8


@pytest.mark.parametrize(
    ("zone", "on", "real_minutes"),
    [
        ("Europe/Berlin", date(2027, 3, 28), 300),
        ("Europe/Berlin", date(2027, 10, 31), 420),
        ("Europe/London", date(2027, 3, 28), 300),
        ("Europe/London", date(2027, 10, 31), 420),
        ("Australia/Lord_Howe", date(2027, 10, 3), 330),
        ("Australia/Lord_Howe", date(2027, 4, 4), 390),
        ("America/Santiago", date(2027, 9, 5), 300),
        ("Africa/Cairo", date(2027, 4, 30), 300),
        ("Asia/Beirut", date(2027, 3, 28), 300),
        ("Europe/Kyiv", date(2027, 3, 28), 300),
        ("Pacific/Chatham", date(2027, 9, 26), 300),
        ("Asia/Kolkata", date(2027, 3, 28), 360),
        ("Asia/Kathmandu", date(2027, 1, 2), 360),
        ("America/Phoenix", date(2027, 3, 14), 360),
        ("America/Sao_Paulo", date(2027, 10, 17), 360),
        ("America/Mexico_City", date(2027, 4, 4), 360),
        ("Africa/Casablanca", date(2027, 2, 7), 360),
    ],
)
def test_six_hours_on_the_wall_in_real_minutes(zone: str, on: date, real_minutes: int) -> None:
    opens, closes = day_range(zone, on, time(0), time(6))
    assert (closes - opens) / 60 == real_minutes


def test_hours_inside_the_gap_are_empty() -> None:
    hours = [
        Hours(6, time(2), time(2, 30), date(2000, 1, 1), None),
        Hours(6, time(2, 15), time(3), date(2000, 1, 1), None),
    ]
    assert on_day("Europe/Berlin", date(2027, 3, 28), hours, Rules(900, 0, 0, 900, 0, 400 * 86_400)) == []


def test_hours_that_end_inside_the_gap_end_at_the_change() -> None:
    assert instant(edge("Europe/Berlin", date(2027, 3, 28), time(2, 30), closing=True)) == datetime(
        2027, 3, 28, 1, 0, tzinfo=UTC
    )


def test_hours_that_begin_inside_the_gap_move_by_the_gap() -> None:
    assert instant(edge("Europe/Berlin", date(2027, 3, 28), time(2, 30))) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_hours_to_midnight() -> None:
    hours = [Hours(weekday, time(22, 30), time(0), date(2000, 1, 1), None) for weekday in range(7)]
    assert on_day("Europe/London", date(2027, 6, 1), hours) == ["22:30+0100", "23:15+0100"]


def test_overrides_close_and_open() -> None:
    day = date(2027, 6, 1)
    closed = DayChange(day, time(0), time(1, 30), True)
    opened = DayChange(day, time(20), time(20, 45), False)
    assert on_day("Europe/London", day, exceptions=[closed, opened]) == [
        "01:30+0100", "02:15+0100", "03:00+0100", "03:45+0100", "04:30+0100", "05:15+0100", "20:00+0100",
    ]  # fmt: skip
    assert on_day("Europe/London", day, exceptions=[DayChange(day, None, None, True)]) == []


def test_hours_count_from_and_until_their_days() -> None:
    hours = [Hours(1, time(9), time(9, 45), date(2027, 6, 8), date(2027, 6, 8))]
    assert [len(on_day("Europe/London", date(2027, 6, day), hours)) for day in (1, 8, 15)] == [0, 1, 0]


def test_buffers_keep_their_distance_to_what_is_busy() -> None:
    zone, day = "Europe/London", date(2027, 6, 1)
    nine = edge(zone, day, time(2))
    rules = Rules(length=1800, before=600, after=900, step=300, notice=0, horizon=400 * 86_400)
    diary = Diary(zone, EVERY_DAY, busy=[(nine, nine + 1800)])
    low, high = day_range(zone, day, None, None)
    starts = [(start - nine) // 60 for start in free_starts(diary, rules, low, high, now=NOW)]
    assert max(minute for minute in starts if minute < 0) == -45
    assert min(minute for minute in starts if minute > 0) == 40


def test_back_to_back_is_fine() -> None:
    zone, day = "Europe/London", date(2027, 6, 1)
    one = edge(zone, day, time(0, 45))
    assert on_day(zone, day, busy=[(one, one + 2700)])[:2] == ["00:00+0100", "01:30+0100"]


def test_notice_and_horizon_are_exact() -> None:
    rules = Rules(length=2700, before=0, after=0, step=2700, notice=7200, horizon=86_400)
    start = edge("Europe/London", date(2027, 6, 1), time(1, 30))
    diary = Diary("Europe/London", EVERY_DAY)
    assert refusal(diary, rules, start, start - 7200) is None
    assert refusal(diary, rules, start, start - 7199) is Refusal.TOO_SOON
    assert refusal(diary, rules, start, start - 86_400) is None
    assert refusal(diary, rules, start, start - 86_401) is Refusal.TOO_FAR
    assert refusal(diary, rules, start, start + 1) is Refusal.IN_THE_PAST


def test_each_refusal_has_its_reason() -> None:
    zone, day = "Europe/London", date(2027, 6, 1)
    start = edge(zone, day, time(1, 30))
    taken = [(start, start + 60)]
    assert refusal(Diary(zone, EVERY_DAY), FORTY_FIVE, start + 300, NOW) is Refusal.NOT_A_START
    assert refusal(Diary(zone, EVERY_DAY), FORTY_FIVE, start + 43_200, NOW) is Refusal.OUTSIDE_HOURS
    assert refusal(Diary(zone, EVERY_DAY, off=taken), FORTY_FIVE, start, NOW) is Refusal.OUTSIDE_HOURS
    assert refusal(Diary(zone, EVERY_DAY, busy=taken), FORTY_FIVE, start, NOW) is Refusal.SLOT_TAKEN
    assert (
        refusal(Diary(zone, EVERY_DAY), FORTY_FIVE, start, NOW, taken_elsewhere(FORTY_FIVE, runner=taken))
        is Refusal.RUNNER_BUSY
    )
    assert (
        refusal(Diary(zone, EVERY_DAY), FORTY_FIVE, start, NOW, taken_elsewhere(FORTY_FIVE, rooms=[taken]))
        is Refusal.NO_ROOM
    )
    assert (
        refusal(Diary(zone, EVERY_DAY), FORTY_FIVE, start, NOW, taken_elsewhere(FORTY_FIVE, rooms=[taken, []])) is None
    )


def test_staff_pass_the_rules_and_never_an_overlap() -> None:
    zone, day = "Europe/London", date(2027, 6, 1)
    start = edge(zone, day, time(23, 7))
    assert refusal(Diary(zone, []), FORTY_FIVE, start, NOW, beyond_rules=True) is None
    assert (
        refusal(Diary(zone, [], busy=[(start, start + 1)]), FORTY_FIVE, start, NOW, beyond_rules=True)
        is Refusal.SLOT_TAKEN
    )
    assert refusal(Diary(zone, []), FORTY_FIVE, start, start + 1, beyond_rules=True) is Refusal.IN_THE_PAST


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "Europe/Lon\0don", "../../etc/passwd", "Europe", "/etc/localtime", "x" * 5000]
)
def test_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        zone_of(name)
    assert refused.value.code == "unknown_zone"


RANGES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 60)).map(lambda each: (each[0] * 900, each[0] * 900 + each[1] * 300)),
    max_size=12,
)


@given(
    busy=RANGES,
    off=RANGES,
    runner=RANGES,
    rooms=st.lists(RANGES, max_size=3),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
)
@settings(max_examples=80, deadline=None)
def test_listed_exactly_when_not_refused(
    busy: list, off: list, runner: list, rooms: list, before: int, after: int
) -> None:
    shift = edge("Europe/London", date(2027, 3, 27), time(0))
    busy, off, runner = ([(low + shift, high + shift) for low, high in each] for each in (busy, off, runner))
    rooms = [[(low + shift, high + shift) for low, high in room] for room in rooms]
    rules = Rules(length=2700, before=before * 300, after=after * 300, step=900, notice=3600, horizon=40 * 3600)
    others = taken_elsewhere(rules, runner=runner, rooms=rooms)
    diary = Diary(
        "Europe/London", [Hours(day, time(0), time(0), date(2000, 1, 1), None) for day in range(7)], busy=busy, off=off
    )
    listed = set(free_starts(diary, rules, shift, shift + 172_800, now=shift, others=others))
    for start in range(shift, shift + 172_800, 900):
        clear = (
            start >= shift + 3600
            and start <= shift + 40 * 3600
            and all(not (start - rules.before < high and low < start + 2700 + rules.after) for low, high in busy)
            and all(not (start < high and low < start + 2700) for low, high in off + runner)
            and (
                not rooms
                or any(
                    all(not (start - rules.before < high and low < start + 2700 + rules.after) for low, high in room)
                    for room in rooms
                )
            )
            and instant(start).astimezone(ZoneInfo("Europe/London")).date()
            == instant(start + 2699).astimezone(ZoneInfo("Europe/London")).date()
        )
        assert (start in listed) == clear
        assert (refusal(diary, rules, start, shift, others) is None) == clear


@given(ranges=RANGES, taken=RANGES)
@settings(max_examples=60, deadline=None)
def test_range_arithmetic_agrees_with_counting(ranges: list, taken: list) -> None:
    def units(each: list) -> set[int]:
        return {unit for low, high in each for unit in range(low // 300, high // 300)}

    assert units(merged(ranges)) == units(ranges)
    assert units(without(ranges, taken)) == units(ranges) - units(taken)
    barred = joined(ranges)
    for at in range(0, 70_000, 300):
        inside = any(low < at < high for low, high in ranges)
        assert is_barred(barred, at) == inside or any(low == at for low, _ in ranges)
