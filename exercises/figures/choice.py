"""Which figure stands for an exercise: its own, else its parent's, else a calm pose of its kind."""

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from exercises.figures.entry import read
from exercises.figures.picture import SEEN, Picture, digest

CALM: dict[str, dict[str, Any]] = {
    "strength": {"side": {"plant": {"near ball": 87.4, "far ball": 90}, "frames": [
        {"trunk": 14, "neck": -8, "hip": 44, "knee": 42, "near": {"shoulder": 34, "elbow": 52}, "far": {"shoulder": 40, "elbow": 52}}]}},
    "flexibility": {"side": {"plant": {"near ball": 87.4, "far ball": 90}, "frames": [
        {"trunk": -5, "neck": -6, "hip": -6, "near": {"shoulder": 166, "elbow": 12}, "far": {"shoulder": 172, "elbow": 12}}]}},
    "balance": {"front": {"stance": "right", "plant": {"right foot": 76}, "frames": [
        {"hips": [78.2, None], "right": {"hip": 10, "knee": 16, "abduct": -4, "out": 52, "fore": 62}, "left": {"hip": 46, "knee": 84, "abduct": 3, "out": 52, "fore": 62}}]}},
    "plyometric": {"side": {"frames": [
        {"hips": [80, 66], "trunk": 4, "hip": 12, "knee": 34, "ankle": -30, "near": {"shoulder": 120, "elbow": 24}, "far": {"shoulder": 128, "elbow": 24}}]}},
    "core": {"props": [{"kind": "mat", "x": 16, "width": 120}], "side": {"frames": [
        {"trunk": -90, "hips": [92, 7], "neck": 6, "hip": 62, "knee": 100, "ankle": 0, "shoulder": -4, "plant": {"shoulders": 64, "near ball": 121, "far ball": 123}}]}},
    "drill": {"side": {"plant": {"near ball": {"x": 88, "lift": 6}}, "frames": [
        {"trunk": 6, "neck": -3, "near": {"hip": 22, "knee": 34, "shoulder": 4, "elbow": 84}, "far": {"hip": 52, "knee": 92, "ankle": 6, "shoulder": 14, "elbow": 88}}]}},
}  # fmt: skip
CALM["core"]["side"]["frames"][0].pop("hips")
CALM["running_drill"] = CALM["drill"]


@dataclass(frozen=True)
class Shown:
    """The pictures of an exercise, one per view; ``instead`` says in words what is drawn when it has no figure of its own.

    ``version`` changes when the data or the renderer does: for addresses and ETags.
    """

    pictures: tuple[Picture, ...]
    version: str
    instead: str = ""


@cache
def renderer() -> str:
    """Short name of the renderer's own code."""
    return digest("".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))))


@lru_cache(maxsize=512)
def _pictures(entry: str) -> tuple[Picture, ...]:
    figure = read(json.loads(entry))
    return tuple(Picture(figure, view) for view in figure.views)


def drawn(figure: dict[str, Any], *, instead: str = "") -> Shown:
    """An entry, shown; the same pictures for the same entry. Raises FigureError for one that cannot be drawn."""
    entry = json.dumps(figure)
    return Shown(_pictures(entry), version=digest(entry + renderer()), instead=instead)


def shown(exercise: Any) -> Shown:
    """What to draw for anything with ``slug``, ``name`` and ``figure``, and where known ``parent`` and ``category``."""
    if figure := getattr(exercise, "figure", None):
        return drawn(figure)
    parent = getattr(exercise, "parent", None)
    if parent is not None and (figure := getattr(parent, "figure", None)):
        return drawn(figure, instead=f"the drawing shows {parent.name}, which it builds on")
    kind = getattr(exercise, "category", "") or "strength"
    calm = CALM.get(kind, CALM["strength"])
    entry = {"slug": f"calm-{kind.replace('_', '-')}", "alt": "A calm pose.", **calm}
    return drawn(entry, instead="no drawing yet, a calm pose stands in")


def described(exercise: Any, shown_now: Shown, picture: Picture, *, fully: bool = False) -> str:
    """The picture in words. ``fully``: the cues, as for somebody who sees none of it."""
    opening = f"{exercise.name}, {SEEN[picture.view.seen]}"
    if shown_now.instead:
        return f"{exercise.name}: {shown_now.instead}."
    cues = [str(cue) for cue in getattr(exercise, "cues", None) or []]
    if fully and cues:
        return f"{opening}. " + " ".join(cues)
    return f"{opening}. {picture.figure.alt}"
