"""The pure layout of the two-week page and of the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from bookings import fortnight, zones
from bookings.board import layout as board
from clinic.core.periods import Period

LONDON = "Europe/London"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Free:
    start: datetime
    therapist_id: int = 1


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def laid(
    *slots: Free, zone: str = LONDON, first: date = date(2026, 11, 23), now: datetime = NOW
) -> list[fortnight.Day]:
    return fortnight.lay_out(slots, first=first, zone=zone, clinic_zone=LONDON, now=now)


def test_two_weeks_from_the_first_day() -> None:
    days = laid()
    assert [days[0].on, days[-1].on, len(days)] == [date(2026, 11, 23), date(2026, 12, 6), 14]
    assert [day.on for day in days if day.is_today] == [NOW.date()]
    assert fortnight.title_of(days) == "23 Nov – 6 Dec"


@pytest.mark.parametrize(
    ("zone", "on", "own", "clinic"),
    [
        ("Asia/Tokyo", date(2026, 11, 27), "01:30", "Thu 16:30"),
        ("Pacific/Kiritimati", date(2026, 11, 27), "06:30", "Thu 16:30"),
        ("America/Los_Angeles", date(2026, 11, 26), "08:30", "16:30"),
        ("Europe/London", date(2026, 11, 26), "16:30", ""),
        ("Europe/Lisbon", date(2026, 11, 26), "16:30", ""),
    ],
)
def test_a_slot_stands_under_the_readers_own_date(zone: str, on: date, own: str, clinic: str) -> None:
    found = [(day.on, choice) for day in laid(Free(at("2026-11-26T16:30")), zone=zone) for choice in day.choices]
    assert [(day, choice.own, choice.clinic) for day, choice in found] == [(on, own, clinic)]
    assert found[0][1].value == "2026-11-26T16:30Z"


def test_every_zone_shows_the_same_instants() -> None:
    slots = [Free(at("2026-11-25T00:10") + timedelta(hours=hour)) for hour in range(24)]
    instants = {
        zone: {choice.start for day in laid(*slots, zone=zone) for choice in day.choices}
        for zone in ("Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles", LONDON)
    }
    assert set(map(frozenset, instants.values())) == {frozenset(slot.start for slot in slots)}


def test_two_therapists_at_one_time_are_one_choice() -> None:
    when = at("2026-11-26T16:30")
    choices = [choice for day in laid(Free(when, 1), Free(when, 2)) for choice in day.choices]
    assert [choice.therapist_ids for choice in choices] == [(1, 2)]


def test_a_repeated_hour_tells_its_two_times_apart() -> None:
    days = laid(
        Free(at("2026-10-25T00:30")), Free(at("2026-10-25T01:30")), first=date(2026, 10, 25), now=at("2026-10-20T00:00")
    )
    assert [choice.own for choice in days[0].choices] == ["01:30 UTC+1", "01:30 UTC"]


def test_parts_of_the_day_and_the_fold() -> None:
    slots = [Free(at("2026-11-25T08:00") + timedelta(minutes=30 * n)) for n in range(12)]
    day = laid(*slots)[2]
    assert day.parts == (True, True, False)
    assert [choice.own for choice in day.shown] == [
        "08:00",
        "09:00",
        "09:30",
        "10:30",
        "11:00",
        "12:00",
        "12:30",
        "13:30",
    ]
    assert day.has_more is True


def test_nearest_keeps_the_order_of_time() -> None:
    slots = [Free(at(f"2026-11-{day}T10:00")) for day in (24, 25, 27, 28)]
    assert [slot.start.day for slot in fortnight.nearest(slots, at("2026-11-26T09:00"), count=2)] == [25, 27]


def test_zone_words() -> None:
    assert zones.offset_words("Asia/Kathmandu", NOW) == "UTC+5:45"
    assert zones.offset_words("America/St_Johns", NOW) == "UTC-3:30"
    assert zones.difference_words("Europe/Stockholm", LONDON, NOW) == "1 hour earlier"
    assert zones.difference_words("America/Los_Angeles", LONDON, NOW) == "8 hours later"
    assert zones.difference_words("Asia/Kolkata", LONDON, NOW) == "5 hours 30 min earlier"
    assert zones.difference_words("Europe/Lisbon", LONDON, NOW) == ""


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../../etc/passwd", "Europe/London\0", None, 7, "europe/london", "x" * 10_000]
)
def test_a_zone_nobody_knows(name: object) -> None:
    assert zones.is_zone(name) is False


def test_the_zone_list_holds_known_zones_once() -> None:
    names = [name for _, rows in zones.zone_groups() for name, _ in rows]
    assert len(names) == len(set(names)) > 400
    assert all(zones.is_zone(name) for name in names)


def lane(
    *,
    work: list[Period],
    visits: Sequence[board.Visit] = (),
    absences: Sequence[board.Absence] = (),
    now: datetime = MIDNIGHT,
) -> board.Lane:
    return board.lay_lane(
        key=1,
        head=None,
        on=date(2026, 11, 24),
        zone=LONDON,
        window=board.Window(),
        work=work,
        absences=absences,
        visits=visits,
        now=now,
    )


def period(first: str, last: str) -> Period:
    return Period(at(f"2026-11-24T{first}"), at(f"2026-11-24T{last}"))


def visit(first: str, last: str, name: str = "a") -> board.Visit:
    return board.Visit(period(first, last), period(first, last), name)


def test_a_day_is_hatched_where_nobody_works_and_free_elsewhere() -> None:
    found = lane(work=[period("10:00", "12:00"), period("13:00", "17:15")])
    assert [(block.kind, block.row, block.span, block.label) for block in found.blocks] == [
        ("off", 1, 24, "From 10:00"),
        ("gap", 25, 24, ""),
        ("off", 49, 12, "Lunch"),
        ("gap", 61, 51, ""),
        ("off", 112, 21, "Ends 17:15"),
    ]
    assert found.free_minutes == 120 + 255


def test_visits_take_their_buffers_out_of_the_gaps() -> None:
    found = lane(
        work=[period("10:00", "12:00")], visits=[board.Visit(period("10:15", "11:00"), period("10:15", "11:10"), "x")]
    )
    assert [
        (block.kind, block.start.hour, block.start.minute, block.minutes)
        for block in found.blocks
        if block.kind != "off"
    ] == [
        ("visit", 10, 15, 45),
        ("gap", 11, 10, 50),
    ]


def test_what_is_past_is_not_free() -> None:
    found = lane(work=[period("10:00", "12:00")], now=at("2026-11-24T11:02"))
    assert [(block.start.minute, block.minutes) for block in found.blocks if block.kind == "gap"] == [(5, 55)]


def test_time_off_names_its_reason_and_its_end() -> None:
    away = board.Absence(Period(at("2026-11-24T00:00"), at("2026-11-27T00:00")), "course")
    found = lane(work=[period("10:00", "12:00")], absences=[away])
    assert [(block.kind, block.row, block.span, block.label) for block in found.blocks] == [
        ("off", 1, 132, "Time off: course, until Thu 26 Nov")
    ]


def test_visits_at_the_same_time_share_the_lane() -> None:
    found = lane(
        work=[], visits=[visit("10:00", "11:00", "a"), visit("10:30", "11:30", "b"), visit("11:30", "12:00", "c")]
    )
    assert [(block.record, block.column, block.columns) for block in found.visits] == [
        ("a", 1, 2),
        ("b", 2, 2),
        ("c", 1, 1),
    ]


def test_the_window_stretches_to_early_and_late_work() -> None:
    window = board.window_for(
        [period("06:20", "07:00"), period("19:00", "20:15")], zone=LONDON, days=[date(2026, 11, 24)]
    )
    assert (window.first, window.last, window.rows) == (6, 21, 180)
    late = board.window_for(
        [Period(at("2026-11-24T22:00"), at("2026-11-25T03:00"))], zone=LONDON, days=[date(2026, 11, 24)]
    )
    assert (late.first, late.last) == (8, 24)


def test_a_long_day_at_the_clock_change_lies_on_the_wall_clock() -> None:
    on = date(2026, 10, 25)
    work = [Period(at("2026-10-25T09:00"), at("2026-10-25T17:00"))]
    found = board.lay_lane(
        key=1,
        head=None,
        on=on,
        zone=LONDON,
        window=board.Window(),
        work=work,
        absences=[],
        visits=[],
        now=at("2026-10-01T00:00"),
    )
    assert [(block.kind, block.row, block.span) for block in found.blocks] == [
        ("off", 1, 12),
        ("gap", 13, 96),
        ("off", 109, 24),
    ]
    assert board.day_period(on, LONDON).minutes == 25 * 60


def test_weeks_begin_on_monday() -> None:
    assert board.week_of(date(2026, 11, 29))[0] == date(2026, 11, 23)
