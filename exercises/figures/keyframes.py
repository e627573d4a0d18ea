"""CSS keyframes of a motion: one rule per bone, few steps, each a cubic that follows the motion between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from exercises.figures.draw import number
from exercises.figures.motion import Motion

TOLERANCES = {"x": 0.04, "y": 0.04, "turn": 0.1, "len": 0.04}
PLACES = {"x": 2, "y": 2, "turn": 2, "len": 2}


@dataclass(frozen=True)
class Step:
    """A cubic from one moment to the next (seconds); ``lead`` and ``tail`` are its slopes at the ends, per second."""

    start: float
    end: float
    low: float
    high: float
    lead: float
    tail: float

    def at(self, time: float) -> float:
        s, width = (time - self.start) / (self.end - self.start), self.end - self.start
        return (
            (1 + 2 * s) * (1 - s) ** 2 * self.low + s * (1 - s) ** 2 * width * self.lead
            + s * s * (3 - 2 * s) * self.high + s * s * (s - 1) * width * self.tail
        )  # fmt: skip

    @property
    def easing(self) -> str:
        """As a CSS timing function: time runs evenly (1/3, 2/3), the value follows the cubic."""
        rise = self.high - self.low
        if abs(rise) < 1e-6:
            return "linear"
        reach = (self.end - self.start) / (3 * rise)
        return f"cubic-bezier(.3333,{number(self.lead * reach, 3)},.6667,{number(1 - self.tail * reach, 3)})"


@dataclass(frozen=True)
class Tracks:
    """What the browser plays: the steps of each track, and the loop's length (seconds)."""

    period: float
    tracks: dict[str, list[Step]]

    def at(self, name: str, time: float) -> float:
        """The value the browser shows at a time of the loop."""
        step = next((step for step in self.tracks[name] if step.start <= time <= step.end), self.tracks[name][-1])
        return step.at(time)


def tracks_of(motion: Motion) -> Tracks:
    times = motion.times()
    states = [motion.at(time) for time in times]
    breaks = {0, len(times) - 1, *(times.index(round(time, 4)) for time in motion.turning_points())}
    found = {}
    for name in states[0]:
        values = (
            _unwound([state[name] for state in states]) if name.endswith(".turn") else [state[name] for state in states]
        )
        cuts = sorted(breaks)
        found[name] = [
            step for first, last in pairwise(cuts)
            for step in _fitted(times[first : last + 1], values[first : last + 1], TOLERANCES[name.rpartition(".")[2]])
        ]  # fmt: skip
    return Tracks(period=motion.view.period, tracks=found)


def _unwound(values: list[float]) -> list[float]:
    """No step larger than half a turn, so that no bone spins the long way round."""
    found = values[:1]
    for value in values[1:]:
        found.append(value - 360 * round((value - found[-1]) / 360))
    return found


def _slope(times: Sequence[float], values: Sequence[float], at: int, inward: int) -> float:
    """Slope at an end of a stretch, from its first three samples on that side."""
    i, j, k = at, at + inward, at + 2 * inward
    if not -len(times) <= k < len(times) or len(times) < 3:
        return (values[j] - values[i]) / (times[j] - times[i])
    a, b = times[j] - times[i], times[k] - times[i]
    return (values[j] - values[i]) / a * b / (b - a) - (values[k] - values[i]) / b * a / (b - a)


def _fitted(times: Sequence[float], values: Sequence[float], tolerance: float) -> list[Step]:
    """Cubics through the samples, split where one is off by more than the tolerance."""
    if max(values) - min(values) <= tolerance / 2:
        return [Step(times[0], times[-1], values[0], values[-1], 0.0, 0.0)]
    step = Step(times[0], times[-1], values[0], values[-1], _slope(times, values, 0, 1), _slope(times, values, -1, -1))
    steady = abs(step.high - step.low) > tolerance or len(times) <= 3
    gaps = [abs(step.at(time) - value) for time, value in zip(times, values, strict=True)]
    if len(times) <= 3 or (steady and max(gaps) <= tolerance):
        return [step]
    middle = len(times) // 2
    return _fitted(times[: middle + 1], values[: middle + 1], tolerance) + _fitted(
        times[middle:], values[middle:], tolerance
    )


def stylesheet(motion: Motion, name: str) -> str:
    """The rules that move every figure inside ``.move-<name>`` but a ghost; nothing where the reader asks for less motion."""
    if len(motion.view.frames) == 1:
        return ""
    played = tracks_of(motion)
    rules: dict[str, list[str]] = {}
    for track, steps in played.tracks.items():
        if _moves(steps):
            for selector, frames in _animations(track, steps, played.period):
                rules.setdefault(frames, []).append(selector)
    scope = f".move-{name} .figure:not(.fig-ghost)"
    everything = ",".join(f"{scope} {selector}" for selectors in rules.values() for selector in selectors)
    lines = [f"{everything}{{animation:{number(played.period, 3)}s linear infinite}}"]
    for index, (frames, selectors) in enumerate(rules.items()):
        lines.append(f"@keyframes {name}-{index}{{{frames}}}")
        lines.append(",".join(f"{scope} {selector}" for selector in selectors) + f"{{animation-name:{name}-{index}}}")
    return "@media (prefers-reduced-motion: no-preference){\n" + "\n".join(lines) + "\n}\n"


def _animations(track: str, steps: list[Step], period: float) -> list[tuple[str, str]]:
    bone, _, kind = track.rpartition(".")
    cls = bone.replace(".", "-")
    if kind == "len":
        return [
            (f".s-{cls}", _frames(steps, period, "scale(1,{})", kind)),
            (f".e-{cls}", _frames(steps, period, "translate(0,{}px)", kind)),
        ]  # fmt: skip
    form = {"x": "translate({}px,0)", "y": "translate(0,{}px)", "turn": "rotate({}deg)"}[kind]
    carrier = kind if bone == "root" else f"{cls}-{kind}"
    selector = f".b-{cls}" if kind == "turn" else f".r-{carrier}"
    return [(selector, _frames(steps, period, form, kind))]


def _moves(steps: list[Step]) -> bool:
    values = [value for step in steps for value in (step.low, step.at((step.start + step.end) / 2))]
    return max(values) - min(values) > 0.05


def _frames(steps: list[Step], period: float, form: str, kind: str) -> str:
    def text(value: float) -> str:
        return "transform:" + form.format(number(value, PLACES[kind]))

    rows = [
        f"{number(100 * step.start / period, 2)}%{{{text(step.low)};animation-timing-function:{step.easing}}}"
        for step in steps
    ]
    return "".join(rows) + f"100%{{{text(steps[-1].high)}}}"
