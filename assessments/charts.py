"""Charts as SVG, drawn by the server from the numbers that stand beside them. Colours come from classes alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from html import escape

from django.utils.safestring import SafeString, mark_safe

from assessments.catalogue import LEFT, Band, Measure, number

Span = tuple[float, float]


def at(value: float) -> str:
    """A coordinate, as short as it can be written."""
    return f"{value:.1f}".removesuffix(".0")


def svg(width: int, height: int, label: str, body: Iterable[str], css: str = "chart") -> SafeString:
    role = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return mark_safe(f'<svg class="{css}" viewBox="0 0 {width} {height}" {role}>{"".join(body)}</svg>')


def span(values: Iterable[Decimal | None], measure: Measure, low: Decimal | None, high: Decimal | None) -> Span:
    """What an axis shows: the usual typing range, widened to hold every value and every end of the band."""
    held = [float(value) for value in (*values, low, high) if value is not None]
    if measure.usual:
        held += [float(end) for end in measure.usual]
    elif measure.possible:
        held += [float(end) for end in measure.possible]
    least, most = min(held, default=0.0), max(held, default=1.0)
    return least, most if most > least else least + 1


def close_span(values: Sequence[Decimal], low: Decimal | None, high: Decimal | None, error: Decimal | None) -> Span:
    """An axis close around `values`, their error and the nearest ends of the band, with a little room."""
    held = [float(value) for value in values] + [float(end) for end in (low, high) if end is not None]
    if error is not None and values:
        held += [float(values[-1] - error), float(values[-1] + error)]
    least, most = min(held), max(held)
    room = (most - least) * 0.14 or 1.0
    return least - room, most + room


def dot(x: float, y: float, hollow: bool, size: float = 4.5) -> str:
    """A value: left is hollow, right or unsided is filled."""
    return f'<circle class="{"c-ring" if hollow else "c-dot"}" cx="{at(x)}" cy="{at(y)}" r="{at(size)}"/>'


def said(measure: Measure, values: Sequence[tuple[str, Decimal | None]], band: str) -> str:
    parts = [f"{side} {measure.with_unit(value)}".strip() for side, value in values if value is not None]
    return ", ".join([*parts, f"usual {band}"] if band else parts)


def words_of(low: Decimal | None, high: Decimal | None, measure: Measure) -> str:
    """The usual range in words, empty where there is none."""
    if low is None and high is None:
        return ""
    ends = measure.band.ends if measure.band else "inclusive"
    return str(Band(low and round_end(low, measure), high and round_end(high, measure), ends))


def round_end(end: Decimal, measure: Measure) -> Decimal:
    return Decimal(measure.show(end)) if measure.norm else end


def band_bar(
    measure: Measure, values: Sequence[tuple[str, Decimal | None]], low: Decimal | None, high: Decimal | None
) -> SafeString:
    """One measure against its usual range, 180 by 36; `values` by side. Empty where there is nothing to stand against."""
    if low is None and high is None:
        return mark_safe("")
    least, most = span((value for _, value in values), measure, low, high)

    def x(value: Decimal | float) -> float:
        return 5 + (float(value) - least) / (most - least) * 170

    left, right = (5.0 if low is None else x(low)), (175.0 if high is None else x(high))
    body = [
        '<rect class="c-noise" x="5" y="3" width="170" height="18" rx="3"/>',
        f'<rect class="c-band" x="{at(left)}" y="3" width="{at(right - left)}" height="18"/>',
    ]
    crowded = low is not None and high is not None and right - left < 24
    for end, place in ((low, left), (high, right)):
        if end is None:
            continue
        anchor = "t-mid" if not crowded else ("t-end" if end == low else "")
        shift = 0.0 if not crowded else (2.0 if end == low else -2.0)
        body.append(f'<line class="c-edge" x1="{at(place)}" x2="{at(place)}" y1="1" y2="23"/>')
        body.append(f'<text class="{anchor}" x="{at(place + shift)}" y="33">{number(round_end(end, measure))}</text>')
    for side, value in values:
        if value is not None:
            height = 12.0 if not measure.two_sided else 7.5 if side == LEFT else 16.5
            body.append(dot(x(value), height, side == LEFT, 4 if side == LEFT else 5))
    return svg(180, 36, said(measure, values, words_of(low, high, measure)), body)


def symmetry_bar(index: Decimal) -> SafeString:
    """Symmetry in % as a bar with a tick at 90; the number stands beside it."""
    width = min(float(index), 100.0) * 0.6
    css = "c-ok" if index >= 90 else "c-flag"
    return svg(
        60,
        14,
        "",
        [
            '<rect class="c-noise" y="4" width="60" height="6" rx="3"/>',
            f'<rect class="{css}" y="4" width="{at(width)}" height="6" rx="3"/>',
            '<line class="c-now" x1="54" x2="54" y1="1" y2="13"/>',
        ],
        "chart sym",
    )


def trend(
    measure: Measure,
    points: Sequence[tuple[date, Decimal]],
    *,
    side: str,
    low: Decimal | None,
    high: Decimal | None,
    flagged: bool = False,
) -> SafeString:
    """The readings of one side over time, oldest first, 164 by 64: band, first value running on, error on the last."""
    if not points:
        return mark_safe("")
    values = [value for _, value in points]
    least, most = close_span(values, low, high, measure.error)
    first, last = points[0][0], points[-1][0]
    days = max((last - first).days, 1)
    plot, floor = 118.0, 58.0

    def x(on: date) -> float:
        return plot - 8 if first == last else 8 + (on - first).days / days * (plot - 16)

    def y(value: Decimal | float) -> float:
        return floor - (float(value) - least) / (most - least) * (floor - 6)

    body = []
    if low is not None or high is not None:
        top, bottom = (6.0 if high is None else y(high)), (floor if low is None else y(low))
        body.append(f'<rect class="c-band" x="0" y="{at(top)}" width="{at(plot)}" height="{at(bottom - top)}"/>')
        for end, place in ((low, bottom), (high, top)):
            if end is not None:
                body.append(f'<line class="c-edge" x1="0" x2="{at(plot)}" y1="{at(place)}" y2="{at(place)}"/>')
    body.append(f'<line class="c-start" x1="0" x2="{at(plot)}" y1="{at(y(values[0]))}" y2="{at(y(values[0]))}"/>')
    end_x, end_y = x(last), y(values[-1])
    if measure.error is not None:
        up, down = y(values[-1] + measure.error), y(values[-1] - measure.error)
        body.append(
            f'<path class="c-whisk" d="M{at(end_x - 3.5)} {at(up)}h7M{at(end_x - 3.5)} {at(down)}h7M{at(end_x)} {at(up)}V{at(down)}"/>'
        )
    if len(points) > 1:
        line = "L".join(f"{at(x(on))} {at(y(value))}" for on, value in points)
        body.append(f'<path class="c-line" d="M{line}"/>')
    for on, value in points[:-1]:
        body.append(dot(x(on), y(value), side == LEFT, 2.8))
    body.append(dot(end_x, end_y, side == LEFT))
    mark = 0.0
    if flagged:
        body.append(f'<path class="c-flag" d="M{at(plot + 3)} {at(end_y + 4)}l4.5 -8l4.5 8Z"/>')
        mark = 11.0
    css = "t-val t-amber" if flagged else "t-val"
    body.append(
        f'<text class="{css}" x="{at(plot + 5 + mark)}" y="{at(end_y + 4.5)}">{measure.show(values[-1])}</text>'
    )
    way = (
        f"{measure.show(values[0])} to {measure.with_unit(values[-1])}"
        if len(values) > 1
        else measure.with_unit(values[0])
    )
    band = words_of(low, high, measure)
    return svg(164, 64, f"{side.capitalize()}: {way}{f', usual {band}' if band else ''}", body)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A programme on the timeline: half-open days, with its name; `current` for the one in force."""

    first: date
    last: date
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on one day: `kind` is assessment, visit, missed or coming."""

    on: date
    kind: str
    name: str = ""


def timeline(
    *,
    first: date,
    today: date,
    weeks: int,
    programmes: Sequence[Stretch],
    marks: Sequence[Mark],
    pain: Sequence[tuple[date, int]],
    days_done: Sequence[tuple[date, int, int]],
    label: str,
) -> SafeString:
    """Programmes, visits, pain and exercise days on one line of `weeks` weeks from the Monday `first`, 1020 by 206.

    `pain` is 0 to 10 by day. `days_done` is (Monday, days done, days planned) by week.
    """
    left, right = 92.0, 1012.0
    days = weeks * 7

    def x(on: date) -> float:
        return left + min(max((on - first).days, 0), days) / days * (right - left)

    body = []
    for week in range(weeks):
        monday = first + timedelta(weeks=week)
        shown = f"{monday.day} {monday:%b}" if week == 0 or monday.day <= 7 else str(monday.day)
        body.append(f'<line class="c-axis" x1="{at(x(monday))}" x2="{at(x(monday))}" y1="2" y2="190"/>')
        body.append(f'<text x="{at(x(monday) + 3)}" y="203">{shown}</text>')
    body += [
        f'<text class="t-ink" x="0" y="{y}">{name}</text>'
        for name, y in (("Programme", 18), ("Visits", 45), ("Pain", 95), ("Exercise days", 172))
    ]
    for stretch in programmes:
        start, end = x(stretch.first), x(stretch.last)
        if end - start < 2:
            continue
        css, text = ("c-ok", "t-on") if stretch.current else ("c-noise", "t-ink")
        body.append(f'<rect class="{css}" x="{at(start)}" y="4" width="{at(end - start - 2)}" height="20" rx="4"/>')
        if end - start > 60:
            room = int((end - start - 14) / 5.6)
            name = stretch.name if len(stretch.name) <= room else stretch.name[: max(room - 1, 1)].rstrip() + "…"
            body.append(f'<text class="{text}" x="{at(start + 7)}" y="18">{escape(name)}</text>')
    tested = {mark.on for mark in marks if mark.kind == "assessment"}
    shown_marks = sorted(
        (mark for mark in marks if mark.kind == "assessment" or mark.on not in tested), key=lambda each: each.on
    )
    ends = [*(x(mark.on) for mark in shown_marks[1:]), right]
    for mark, end in zip(shown_marks, ends, strict=False):
        place = x(mark.on)
        if mark.kind == "assessment":
            body.append(f'<path class="c-ink" d="M{at(place)} 34l7 7l-7 7l-7 -7Z"/>')
            if mark.name and len(mark.name) * 5.8 <= end - place - 18:
                body.append(f'<text class="t-ink" x="{at(place + 11)}" y="45">{escape(mark.name)}</text>')
        else:
            css = {"missed": "c-flag", "coming": "c-next"}.get(mark.kind, "c-miss")
            body.append(f'<circle class="{css}" cx="{at(place)}" cy="41" r="4.5"/>')

    def height(level: int) -> float:
        return 120 - level * 6.2

    body.append(
        f'<rect class="c-amber" x="{at(left)}" y="{at(height(5))}" width="{at(right - left)}" height="{at(height(2) - height(5))}"/>'
    )
    body.append(
        f'<rect class="c-band" x="{at(left)}" y="{at(height(2))}" width="{at(right - left)}" height="{at(height(0) - height(2))}"/>'
    )
    if pain:
        if len(pain) > 1:
            line = "L".join(f"{at(x(on))} {at(height(level))}" for on, level in pain)
            body.append(f'<path class="c-line" d="M{line}"/>')
        body += [
            f'<path class="c-stopmark" d="M{at(x(on) - 4)} {at(height(level) - 4)}h8v8h-8Z"/>'
            for on, level in pain
            if level > 5
        ]
        on, level = pain[-1]
        body.append(dot(x(on), height(level), False, 4))
        body.append(f'<text class="t-val" x="{at(x(on) + 8)}" y="{at(height(level) + 4)}">{level}</text>')
    wide = (right - left) / weeks
    for monday, done, planned in days_done:
        start, tall = x(monday) + 4, done / 7 * 40
        running = monday <= today < monday + timedelta(days=7)
        if done:
            css = "c-bar-2" if running else "c-bar"
            body.append(
                f'<rect class="{css}" x="{at(start)}" y="{at(186 - tall)}" width="{at(wide - 10)}" height="{at(tall)}" rx="2"/>'
            )
        body.append(
            f'<text class="t-mid" x="{at(start + (wide - 10) / 2)}" y="{at(182 - tall)}">{done}/{planned}</text>'
        )
    body.append(f'<line class="c-zero" x1="{at(left)}" x2="{at(right)}" y1="187" y2="187"/>')
    body.append(f'<line class="c-now" x1="{at(x(today))}" x2="{at(x(today))}" y1="0" y2="190"/>')
    return svg(1020, 206, label, body)
