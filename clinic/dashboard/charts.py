"""The runner's two small charts as places on a drawing of 150 by 54; the pages draw them as SVG beside their table."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from clinic.dashboard.logged import FORTNIGHT, Day
from clinic.dashboard.verdict import Pain

LEFT, WIDE, FLOOR, A_POINT = 4.0, 138.0, 50.0, 4.6
JOINED_DAYS = 3  # days further apart stay apart: a gap is a gap


class Dot(NamedTuple):
    x: float
    y: float
    on: date
    pain: int


class PainChart(NamedTuple):
    """`lines` are svg path data, `alone` the dots no line reaches, `last` the newest value."""

    lines: list[str]
    alone: list[Dot]
    last: Dot
    spoken: str
    dots: list[Dot]


class DayMark(NamedTuple):
    x: float
    y: float
    on: date
    state: str


def pain_chart(pains: Sequence[Pain], today: date) -> PainChart | None:
    """Pain of the last 14 days, oldest first; None when nothing is logged."""
    first = today - timedelta(days=FORTNIGHT - 1)
    dots = [
        Dot(
            round(LEFT + WIDE * (each.on - first).days / (FORTNIGHT - 1), 1),
            round(FLOOR - A_POINT * each.pain, 1),
            each.on,
            each.pain,
        )
        for each in pains
        if first <= each.on <= today
    ]
    if not dots:
        return None
    runs = runs_of(dots)
    lines = [path(run) for run in runs if len(run) > 1]
    alone = [run[0] for run in runs if len(run) == 1 and run[0] is not dots[-1]]
    change = f", from {dots[0].pain}" if len(dots) > 1 else ""
    return PainChart(lines, alone, dots[-1], f"Pain over 14 days: {dots[-1].pain} out of 10{change}", dots)


def runs_of(dots: Sequence[Dot]) -> list[list[Dot]]:
    """Dots in runs without a gap of more than `JOINED_DAYS`."""
    runs: list[list[Dot]] = [[dots[0]]]
    for dot in dots[1:]:
        if (dot.on - runs[-1][-1].on).days <= JOINED_DAYS:
            runs[-1].append(dot)
        else:
            runs.append([dot])
    return runs


def path(run: Sequence[Dot]) -> str:
    """The dots joined, as svg path data."""
    return "M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in run)


def day_marks(days: Sequence[Day]) -> list[DayMark]:
    """Fourteen days in two rows of seven."""
    return [DayMark(12 + 21 * (n % 7), 14 + 26 * (n // 7), day.on, day.state) for n, day in enumerate(days)]


class PainTrend(NamedTuple):
    """Pain over weeks on a drawing of 640 by 190: axis ticks are (x, words)."""

    lines: list[str]
    dots: list[Dot]
    last: Dot
    ticks: list[tuple[float, str]]
    spoken: str


TREND_LEFT, TREND_WIDE, TREND_FLOOR, TREND_POINT = 24.0, 590.0, 160.0, 14.5


def pain_trend(pains: Sequence[Pain], *, first: date, today: date) -> PainTrend | None:
    """Pain from the Monday `first` to `today`, oldest first; None when nothing is logged."""
    span = max((today - first).days, 1)

    def across(on: date) -> float:
        return round(TREND_LEFT + TREND_WIDE * (on - first).days / span, 1)

    dots = [Dot(across(each.on), round(TREND_FLOOR - TREND_POINT * each.pain, 1), each.on, each.pain) for each in pains]
    if not dots:
        return None
    lines = [path(run) for run in runs_of(dots) if len(run) > 1]
    mondays = [first + timedelta(weeks=n) for n in range(0, span // 7 + 1, 2)]
    ticks = [(across(on), f"{on.day} {on:%b}") for on in mondays]
    spoken = f"Pain since {dots[0].on.day} {dots[0].on:%B}: from {dots[0].pain} to {dots[-1].pain} out of 10"
    return PainTrend(lines, dots, dots[-1], ticks, spoken)
