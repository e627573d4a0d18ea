"""A figure as a file of its own: it brings its colours, light and dark, and its movement."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.utils.html import escape

from exercises.figures.compact import compact
from exercises.figures.keyframes import CALM, Move, keyframes, moves, short
from exercises.figures.picture import Picture, digest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
ROLES = {"fig-near": "fig-near", "fig-head": "fig-near", "fig-arm": "fig-arm", "fig-far": "fig-far", "fig-near-shoe": "fig-shoe",
         "fig-far-shoe": "fig-shoe-far", "fig-prop": "fig-prop", "fig-prop-2": "fig-prop-2",
         "fig-band": "fig-band", "fig-strap": "fig-prop-2", "fig-rope": "fig-prop-2"}  # fmt: skip
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9A-Fa-f]{3,8}),\s*(#[0-9A-Fa-f]{3,8})\)")
ALIAS = re.compile(r"--([\w-]+):\s*var\(--([\w-]+)\)")


@cache
def palette(tokens: str) -> dict[str, tuple[str, str]]:
    """Role -> (light, dark) of a token sheet."""
    found = {name: (light, dark) for name, light, dark in PAIR.findall(tokens)}
    return found | {name: found[other] for name, other in ALIAS.findall(tokens) if other in found}


@cache
def palette_version() -> str:
    """Short name of the colours in use."""
    return digest(TOKENS.read_text(encoding="utf-8"))


def _rules(roles: dict[str, str], colours: dict[str, tuple[str, str]], theme: int) -> str:
    paints = "".join(f".{cls}{{fill:{colours[role][theme]}}}" for role, cls in roles.items())
    return f".p{{fill:{colours['sunken'][theme]}}}.g{{stroke:{colours['fig-ground'][theme]}}}{paints}"


def document(picture: Picture, *, title: str, description: str, still: bool = False) -> tuple[str, str]:
    """(the SVG file, its content security policy): nothing may load, and only this very style may apply.

    ``still``: the two poses, as in print.
    """
    box, content = picture.stage()
    drawn = set(re.findall(r"fig-[\w-]+", content))
    roles = {role: f"c{index}" for index, role in enumerate(sorted({ROLES[cls] for cls in drawn & ROLES.keys()}))}
    painted = {cls: roles[ROLES[cls]] for cls in ROLES if cls in drawn} | {"fig-ground": "g", "fig-ghost": "o"}
    moving = [] if still else moves(picture.motion)
    timings = {timing: f"m{index}" for index, timing in enumerate(dict.fromkeys(move.timing for move in moving))}
    small = compact(
        content, painted=painted, moving={move.cls: f"{move.kind} {timings[move.timing]}" for move in moving}
    )
    colours = palette(TOKENS.read_text(encoding="utf-8"))
    sheet = (
        f"{_rules(roles, colours, 0)}@media (prefers-color-scheme: dark){{{_rules(roles, colours, 1)}}}"
        f".g{{stroke-width:2.5;stroke-linecap:round}}.o{{opacity:.16}}{_movement(picture, moving, timings)}"
    )
    left, top, width, height = box.split()
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{int(width) * 4}" height="{int(height) * 4}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc><style>{sheet}</style>'
        f'<rect class="p" x="{left}" y="{top}" width="{width}" height="{height}"/>{small}</svg>\n'
    )
    fingerprint = b64encode(sha256(sheet.encode()).digest()).decode()
    return text, f"default-src 'none'; style-src 'sha256-{fingerprint}'"


def _movement(picture: Picture, moving: list[Move], timings: dict[str, str]) -> str:
    """A part carries the class of what changes in it and the class of its values."""
    if not moving:
        return ""
    kinds = sorted({move.kind for move in moving})
    common = ",".join(f".{kind}" for kind in kinds)
    named = "".join(f".{kind}{{animation-name:{kind}}}" for kind in kinds)
    timed = "".join(f".{cls}{{animation-timing-function:{timing}}}" for timing, cls in timings.items())
    every = f"{common}{{animation:{short(picture.view.period)}s infinite}}"
    return f"{CALM}{keyframes(set(kinds), '')}{every}{named}{timed}}}}}"
