"""The small charts of the reports as places on a drawing of 176 by 72, drawn from the table of weeks beside them. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from clinic.core.wording import short_day

LEFT, WIDE, TOP, FLOOR = 4.0, 120.0, 8.0, 56.0


class Dot(NamedTuple):
    x: float
    y: float
    words: str


class Trend(NamedTuple):
    """One figure over the weeks. `lines` are svg path data, gaps stay gaps; `alone` are dots no line reaches."""

    lines: list[str]
    alone: list[Dot]
    last: Dot | None
    first_week: str
    last_week: str
    spoken: str


def trend(name: str, weeks: Sequence[tuple[date, float | None]], *, unit: str, whole: float | None = None) -> Trend:
    """The values of `weeks`, from zero up to `whole` (or the largest of them); None is a week without one."""
    known = [value for _, value in weeks if value is not None]
    most = max([*known, whole or 0.0], default=0.0) or 1.0
    step = WIDE / max(1, len(weeks) - 1)
    runs: list[list[Dot]] = [[]]
    for place, (_, value) in enumerate(weeks):
        if value is None:
            runs.append([])
        else:
            y = round(FLOOR - (FLOOR - TOP) * value / most, 1)
            runs[-1].append(Dot(round(LEFT + step * place, 1), y, written(value, unit)))
    runs = [run for run in runs if run]
    return Trend(
        ["M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in run) for run in runs if len(run) > 1],
        [run[0] for run in runs[:-1] if len(run) == 1],
        runs[-1][-1] if runs else None,
        short_day(weeks[0][0])[4:] if weeks else "",
        short_day(weeks[-1][0])[4:] if weeks else "",
        spoken(name, known, unit),
    )


def spoken(name: str, known: Sequence[float], unit: str) -> str:
    if not known:
        return f"{name} by week: nothing yet"
    return f"{name} by week: from {written(known[0], unit)} to {written(known[-1], unit)}, at most {written(max(known), unit)}"


def written(value: float, unit: str) -> str:
    """ "41 %", "3.5 days", "7"."""
    text = f"{value:.1f}".removesuffix(".0") if unit == "days" else f"{value:.0f}"
    return f"{text} {unit}".strip()
