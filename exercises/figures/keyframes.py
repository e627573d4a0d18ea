"""A motion as CSS: for every part that moves a list of values, straight lines between them, played by ``linear()``."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from exercises.figures.draw import number
from exercises.figures.entry import STANDING
from exercises.figures.motion import Motion

# How far the drawing may stray from the motion, in degrees and figure units: little in the bones that end on something
# that stands, more where a limb is free.
HELD = {"x": 0.08, "y": 0.08, "turn": 0.22, "len": 0.08}
FREE = {"x": 0.12, "y": 0.12, "turn": 0.75, "len": 0.15}
STILL = 0.05
# What one unit of a value does, by kind. The drawing's own transform, the still pose, gives way while it plays.
UNITS = {
    "turn": ("rotate:0deg", "rotate:1deg"),
    "x": ("translate:0 0", "translate:1px 0"),
    "y": ("translate:0 0", "translate:0 1px"),
    "len": ("scale:1 0", "scale:1 1"),
}
CALM = "@media (prefers-reduced-motion: no-preference){@supports (animation-timing-function:linear(0,1)){"

Knot = tuple[float, float]


@dataclass(frozen=True)
class Tracks:
    """What the browser plays: the knots (seconds, value) of each track, and the loop's length (seconds)."""

    period: float
    tracks: dict[str, list[Knot]]

    def at(self, name: str, time: float) -> float:
        """The value the browser shows at a time of the loop."""
        for (start, low), (end, high) in pairwise(self.tracks[name]):
            if time <= end:
                return low + (high - low) * (time - start) / (end - start)
        return self.tracks[name][-1][1]


@dataclass(frozen=True)
class Move:
    """One moving part: its class in the drawing, what changes in it (a key of UNITS), and its values as a timing function."""

    cls: str
    kind: str
    timing: str


def tracks_of(motion: Motion) -> Tracks:
    times = motion.times()
    states = [motion.at(time) for time in times]
    corners = [0, *sorted({times.index(round(time, 4)) for time in motion.turning_points()} - {0}), len(times) - 1]
    standing = [
        {contact.name for contact in motion.contacts(times[(first + last) // 2]) if contact.part in STANDING}
        for first, last in pairwise(corners)
    ]
    found = {}
    for name in states[0]:
        kind = name.rpartition(".")[2]
        values = [state[name] for state in states]
        if kind == "turn":
            values = _unwound(values)
        found[name] = [(times[0], round(values[0], 1))]
        for (first, last), parts in zip(pairwise(corners), standing, strict=True):
            tolerance = (HELD if _holds(name, parts) else FREE)[kind]
            found[name] += _knots(times[first : last + 1], values[first : last + 1], tolerance)[1:]
    return Tracks(period=motion.view.period, tracks=found)


def _holds(track: str, standing: set[str]) -> bool:
    """Whether the bone lies between the hips and something that stands."""
    on_arms = {name.rpartition(" ")[0] for name in standing if name.endswith(("palm", "elbow"))}
    on_legs = {name.rpartition(" ")[0] for name in standing if not name.endswith(("palm", "elbow"))}
    limb, _, bone = track.rpartition(".")[0].rpartition(".")
    if not limb:
        return bone in ("root", "pelvis") or (bone == "chest" and bool(on_arms))
    return limb in (on_arms if bone in ("upper", "fore", "hand") else on_legs)


def _unwound(values: list[float]) -> list[float]:
    """No step larger than half a turn, so that no bone spins the long way round."""
    found = values[:1]
    for value in values[1:]:
        found.append(value - 360 * round((value - found[-1]) / 360))
    return found


def _knots(times: Sequence[float], values: Sequence[float], tolerance: float) -> list[Knot]:
    """The fewest lines that keep within the tolerance of every sample, with the first and the last sample as they are."""
    found = [(times[0], round(values[0], 1))]
    last, first = len(times) - 1, 0
    while first < last:
        start, low = found[-1]
        flattest, steepest = float("-inf"), float("inf")
        reach, reached = first + 1, values[first + 1]
        for index in range(first + 1, last + 1):
            way = times[index] - start
            flattest = max(flattest, (values[index] - tolerance - low) / way)
            steepest = min(steepest, (values[index] + tolerance - low) / way)
            if flattest > steepest:
                break
            if index < last:
                reach, reached = index, low + way * (flattest + steepest) / 2
            elif flattest <= (values[last] - low) / way <= steepest:
                reach, reached = last, values[last]
        found.append((times[reach], round(reached, 1)))
        first = reach
    return found


def moves(motion: Motion) -> list[Move]:
    """Every part of the drawing that moves; none where the figure is still."""
    if len(motion.view.frames) == 1:
        return []
    played = tracks_of(motion)
    found = []
    for track, knots in played.tracks.items():
        values = [value for _, value in knots]
        if max(values) - min(values) <= STILL:
            continue
        timing = _timing(knots, played.period)
        bone, _, kind = track.rpartition(".")
        cls = bone.replace(".", "-")
        if kind == "turn":
            found.append(Move(f"b-{cls}", kind, timing))
        elif kind == "len":
            found += [Move(f"s-{cls}", kind, timing), Move(f"e-{cls}", "y", timing)]
        else:
            found.append(Move(f"r-{kind}" if bone == "root" else f"r-{cls}-{kind}", kind, timing))
    return found


def _timing(knots: list[Knot], period: float) -> str:
    """``linear(value percent, …)``. A value that stays is written once, with both its percents; the browser itself sets
    the first at 0 %, the last at 100 %, and spaces evenly what has no percent."""
    at = [round(100 * time / period, 2) for time, _ in knots]
    points: list[tuple[str, list[str]]] = []
    for index, (_, value) in enumerate(knots):
        percent = f" {short(at[index])}%"
        if points and points[-1][0] == short(value):
            points[-1][1][:] = [points[-1][1][0] if points[-1][1] else f" {short(at[index - 1])}%", percent]
        else:
            points.append((short(value), [] if _is_between(at, index) else [percent]))
    return f"linear({','.join(value + ''.join(percents) for value, percents in points)})"


def _is_between(at: list[float], index: int) -> bool:
    """Whether a point needs no percent: an end, or halfway between its neighbours."""
    if index in (0, len(at) - 1):
        return True
    return abs(at[index - 1] + at[index + 1] - 2 * at[index]) < 0.005


def short(value: float) -> str:
    """A number of two places without the nought before its point."""
    text = number(value, 2)
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def keyframes(kinds: set[str], prefix: str) -> str:
    return "".join(
        f"@keyframes {prefix}{kind}{{0%{{transform:none;{UNITS[kind][0]}}}to{{transform:none;{UNITS[kind][1]}}}}}"
        for kind in sorted(kinds)
    )


def stylesheet(motion: Motion, name: str) -> str:
    """The rules that move every figure inside ``.move-<name>`` but a ghost; nothing where the reader asks for less motion."""
    moving = moves(motion)
    if not moving:
        return ""
    scope = f".move-{name} .figure:not(.fig-ghost)"

    def rule(chosen: list[Move], text: str) -> str:
        return ",".join(f"{scope} .{move.cls}" for move in chosen) + f"{{{text}}}"

    kinds = {move.kind for move in moving}
    timings = dict.fromkeys(move.timing for move in moving)
    lines = [
        keyframes(kinds, "fig-"),
        rule(moving, f"animation:{short(motion.view.period)}s infinite"),
        *(rule([move for move in moving if move.kind == kind], f"animation-name:fig-{kind}") for kind in sorted(kinds)),
        *(rule([move for move in moving if move.timing == each], f"animation-timing-function:{each}") for each in timings),
    ]  # fmt: skip
    return CALM + "\n" + "\n".join(lines) + "\n}}\n"
