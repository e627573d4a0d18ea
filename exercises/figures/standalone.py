"""A figure as a file of its own: it brings its colours, light and dark, and its movement."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.utils.html import escape

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


def _colours(palette_now: dict[str, tuple[str, str]], theme: int) -> str:
    fills = "".join(f".{cls}{{fill:{palette_now[role][theme]}}}" for cls, role in ROLES.items())
    paper = f".fig-paper{{fill:{palette_now['sunken'][theme]}}}"
    return fills + paper + f".fig-ground{{stroke:{palette_now['fig-ground'][theme]}}}"


def style(picture: Picture) -> str:
    """The sheet inside the file."""
    colours = palette(TOKENS.read_text(encoding="utf-8"))
    fixed = ".fig-ground{stroke-width:2.5;stroke-linecap:round}.fig-ghost{opacity:.16}"
    return (
        f"{_colours(colours, 0)}@media (prefers-color-scheme: dark){{{_colours(colours, 1)}}}{fixed}\n{picture.css()}"
    )


def document(picture: Picture, *, title: str, description: str) -> tuple[str, str]:
    """(the SVG file, its content security policy): nothing may load, and only this very style may apply."""
    sheet = style(picture)
    box, content = picture.stage()
    left, top, width, height = box.split()
    paper = f'<rect class="fig-paper" x="{left}" y="{top}" width="{width}" height="{height}"/>'
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{int(width) * 4}" height="{int(height) * 4}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc><style>{sheet}</style>{paper}'
        f'<g class="move-{picture.name}">{content}</g></svg>\n'
    )
    fingerprint = b64encode(sha256(sheet.encode()).digest()).decode()
    return text, f"default-src 'none'; style-src 'sha256-{fingerprint}'"
