"""CSS keyframes of a motion: one rule per bone, only the moments that matter."""

from dataclasses import dataclass

from .draw import number
from .motion import Motion

TOLERANCES = {"x": 0.05, "y": 0.05, "turn": 0.18, "len": 0.06}
Track = list[tuple[float, float]]


@dataclass(frozen=True)
class Tracks:
    """What the browser plays: name of each track -> (second, value) with straight lines between, and the loop's length."""

    period: float
    tracks: dict[str, Track]

    def at(self, name: str, time: float) -> float:
        """The value the browser shows at a time of the loop (seconds)."""
        track = self.tracks[name]
        for (before, low), (after, high) in zip(track, track[1:], strict=False):
            if before <= time <= after:
                return low + (high - low) * (time - before) / (after - before) if after > before else low
        return track[-1][1]


def tracks_of(motion: Motion) -> Tracks:
    times = motion.times()
    states = [motion.at(time) for time in times]
    found = {}
    for name in states[0]:
        values = [state[name] for state in states]
        if name.endswith(".turn"):
            values = _unwound(values)
        found[name] = _thinned(list(zip(times, values, strict=True)), TOLERANCES[name.rpartition(".")[2]])
    return Tracks(period=motion.view.period, tracks=found)


def _unwound(values: list[float]) -> list[float]:
    """No step larger than half a turn, so that no bone spins the long way round."""
    found = values[:1]
    for value in values[1:]:
        while value - found[-1] > 180:
            value -= 360
        while value - found[-1] < -180:
            value += 360
        found.append(value)
    return found


def _thinned(track: Track, tolerance: float) -> Track:
    """The track without points that lie on the line between their neighbours (Ramer 1972, Douglas and Peucker 1973)."""
    if len(track) < 3:
        return track
    (t0, v0), (t1, v1) = track[0], track[-1]
    gaps = [abs(v0 + (v1 - v0) * (t - t0) / (t1 - t0) - v) for t, v in track[1:-1]]
    worst = max(range(len(gaps)), key=gaps.__getitem__)
    if gaps[worst] <= tolerance:
        return [track[0], track[-1]]
    return _thinned(track[: worst + 2], tolerance)[:-1] + _thinned(track[worst + 1 :], tolerance)


def stylesheet(motion: Motion, name: str) -> str:
    """The rules that move every figure inside ``.move-<name>`` but a ghost; nothing where the reader asks for less motion."""
    played = tracks_of(motion)
    if len(motion.view.frames) == 1:
        return ""
    rules: dict[str, list[str]] = {}
    for selector, frames in _animations(played):
        rules.setdefault(frames, []).append(selector)
    lines = []
    scope = f".move-{name} .figure:not(.fig-ghost)"
    everything = ",".join(f"{scope}{selector}" for selectors in rules.values() for selector in selectors)
    lines.append(f"{everything}{{animation:{number(played.period, 3)}s linear infinite}}")
    for index, (frames, selectors) in enumerate(rules.items()):
        label = f"{name}-{index}"
        lines.append(f"@keyframes {label}{{{frames}}}")
        lines.append(",".join(f"{scope}{selector}" for selector in selectors) + f"{{animation-name:{label}}}")
    return "@media (prefers-reduced-motion: no-preference){\n" + "\n".join(lines) + "\n}\n"


def _animations(played: Tracks) -> list[tuple[str, str]]:
    found = []
    roots = sorted({time for axis in "xy" for time, _ in played.tracks[f"root.{axis}"]})
    if any(_moves(played.tracks[f"root.{axis}"]) for axis in "xy"):
        steps = [(time, f"translate({number(played.at('root.x', time), 2)}px,{number(played.at('root.y', time), 2)}px)") for time in roots]
        found.append(("", _frames(steps, played.period)))
    for name, track in played.tracks.items():
        bone, _, kind = name.rpartition(".")
        if bone == "root" or not _moves(track):
            continue
        cls = bone.replace(".", "-")
        if kind == "turn":
            found.append((f" .b-{cls}", _frames([(time, f"rotate({number(value)}deg)") for time, value in track], played.period)))
        else:
            found.append((f" .s-{cls}", _frames([(time, f"scale(1,{number(value, 2)})") for time, value in track], played.period)))
            found.append((f" .e-{cls}", _frames([(time, f"translate(0,{number(value, 2)}px)") for time, value in track], played.period)))
    return found


def _moves(track: Track) -> bool:
    return max(value for _, value in track) - min(value for _, value in track) > 0.05


def _frames(steps: list[tuple[float, str]], period: float) -> str:
    return "".join(f"{number(100 * time / period, 2)}%{{transform:{value}}}" for time, value in steps)
