"""Equipment as simple shapes, in figure units; the ground lies at y = 150."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exercises.figures.body import GROUND

HELD = {
    "dumbbell": '<rect class="fig-prop" x="-6.4" y="-1" width="12.8" height="2" rx="1"/><rect class="fig-prop-2" x="-8" y="-3.4" width="4" height="6.8" rx="1.2"/>'
    '<rect class="fig-prop-2" x="4" y="-3.4" width="4" height="6.8" rx="1.2"/>',
    "kettlebell": '<circle class="fig-prop" cy="1.5" r="5.4"/><circle class="fig-prop-2" cy="1.5" r="2.2"/>',
    "plate": '<circle class="fig-prop" r="6.6"/><circle class="fig-prop-2" r="1.8"/>',
    "ball-held": '<circle class="fig-prop" r="5"/>',
    "barbell": '<circle class="fig-prop" r="10.5"/><circle class="fig-prop-2" r="6.6"/><circle class="fig-prop" r="2"/>',
}
SIZES = {
    "box": (34.0, 30.0),
    "step": (36.0, 9.0),
    "bench": (44.0, 22.0),
    "mat": (124.0, 2.2),
    "bosu": (38.0, 13.0),
    "pad": (30.0, 5.0),
    "wall": (5.0, 112.0),
    "chair": (24.0, 44.0),
    "roller": (13.0, 13.0),
    "ball": (8.0, 8.0),
    "towel": (26.0, 2.4),
    "wedge": (30.0, 8.0),
    "treadmill": (130.0, 9.0),
    "cone": (8.0, 9.0),
    "post": (4.0, 112.0),
    "arrow-up": (4.0, 9.0),
    "arrow-left": (9.0, 4.0),
    "arrow-right": (9.0, 4.0),
    "mat-above": (124.0, 46.0),
}
KINDS = {*HELD, *SIZES}


@dataclass(frozen=True)
class Prop:
    """One thing: ``x`` is its left edge (a wall or post: the face the body looks at), ``up`` how far above the ground it starts; or it is in a hand."""

    kind: str
    x: float = 0.0
    width: float = 0.0
    height: float = 0.0
    up: float = 0.0
    hand: str = ""

    @property
    def size(self) -> tuple[float, float]:
        width, height = SIZES[self.kind]
        return self.width or width, self.height or height

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom; None for a thing in the hand."""
        if self.kind in HELD:
            return None
        width, height = self.size
        return self.x, GROUND - self.up - height, self.x + width, GROUND - self.up

    def draw(self) -> str:
        if self.kind in HELD:
            return HELD[self.kind]
        left, top, right, bottom = self.box or (0, 0, 0, 0)
        width, height = right - left, bottom - top
        return _DRAWN.get(self.kind, _block)(left, top, width, height)


def _rect(cls: str, x: float, y: float, width: float, height: float, *, radius: float) -> str:
    return f'<rect class="{cls}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>'


def _block(x: float, y: float, width: float, height: float) -> str:
    return _rect("fig-prop", x, y, width, height + 0.4, radius=2.2)


def _wall(x: float, y: float, width: float, height: float) -> str:
    return _rect("fig-prop", x, y, width, height + 0.4, radius=1.2)


def _mat(x: float, y: float, width: float, height: float) -> str:
    return _rect("fig-prop", x, GROUND, width, height, radius=height / 2)


def _mat_above(x: float, y: float, width: float, height: float) -> str:
    return f'<g opacity=".35">{_rect("fig-prop", x, y, width, height, radius=3)}</g>'


def _step(x: float, y: float, width: float, height: float) -> str:
    foot = _rect("fig-prop-2", x + 3, y + 2, width - 6, height - 1.6, radius=1)
    return foot + _rect("fig-prop", x, y, width, min(4.0, height), radius=1.6)


def _bench(x: float, y: float, width: float, height: float) -> str:
    legs = "".join(_rect("fig-prop-2", at, y + 3, 3, height - 2.6, radius=1) for at in (x + 4, x + width - 7))
    return legs + _rect("fig-prop", x, y, width, 5, radius=2)


def _bosu(x: float, y: float, width: float, height: float) -> str:
    dome = f"M{x + 2:g} {y + height - 2.4:g}C{x + 4:g} {y + 1:g} {x + width * 0.3:g} {y:g} {x + width / 2:g} {y:g}"
    dome += f"S{x + width - 4:g} {y + 1:g} {x + width - 2:g} {y + height - 2.4:g}Z"
    return f'<path class="fig-prop" d="{dome}"/>' + _rect("fig-prop-2", x, y + height - 3, width, 3.4, radius=1.7)


def _chair(x: float, y: float, width: float, height: float) -> str:
    seat = GROUND - height / 2
    legs = "".join(_rect("fig-prop-2", at, seat + 2, 2.6, height / 2 - 1.6, radius=1) for at in (x + 1, x + width - 4))
    return (
        legs + _rect("fig-prop", x, y, 3, height / 2 + 2, radius=1.5) + _rect("fig-prop", x, seat, width, 4, radius=1.6)
    )


def _round(x: float, y: float, width: float, height: float) -> str:
    middle = f'cx="{x + width / 2:g}" cy="{y + height / 2:g}"'
    return (
        f'<circle class="fig-prop" {middle} r="{width / 2:g}"/><circle class="fig-prop-2" {middle} r="{width / 5:g}"/>'
    )


def _towel(x: float, y: float, width: float, height: float) -> str:
    return _rect("fig-prop-2", x, y, width, height + 0.4, radius=height / 2)


def _wedge(x: float, y: float, width: float, height: float) -> str:
    return f'<path class="fig-prop" d="M{x:g} {GROUND + 0.4:g}H{x + width:g}V{y:g}Z"/>'


def _treadmill(x: float, y: float, width: float, height: float) -> str:
    rail = f'<path class="fig-prop-2" d="M{x + width - 12:g} {GROUND:g}L{x + width - 6:g} {GROUND - 62:g}h-16v-4h22l-4 66Z"/>'
    return rail + _rect("fig-prop", x, y, width, height + 0.4, radius=3)


def _cone(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<path class="fig-prop" d="M{x:g} {GROUND + 0.4:g}L{x + width / 2:g} {y:g}L{x + width:g} {GROUND + 0.4:g}Z"/>'
    )


def _arrow(x: float, y: float, width: float, height: float, *, turn: int) -> str:
    """A move too small to be seen, of a toe or an arch. It points up, turned by quarters."""
    middle = f"translate({x + width / 2:g} {y + height / 2:g})rotate({turn})"
    half = max(width, height) / 2
    return f'<path class="fig-arrow" transform="{middle}" d="M0 {half:g}V{-half:g}M-2 {2 - half:g}L0 {-half:g}L2 {2 - half:g}"/>'


_DRAWN: dict[str, Callable[[float, float, float, float], str]] = {
    "mat": _mat,
    "mat-above": _mat_above,
    "wall": _wall,
    "post": _wall,
    "step": _step,
    "bench": _bench,
    "bosu": _bosu,
    "chair": _chair,
    "roller": _round,
    "ball": _round,
    "towel": _towel,
    "wedge": _wedge,
    "treadmill": _treadmill,
    "cone": _cone,
    "arrow-up": partial(_arrow, turn=0),
    "arrow-left": partial(_arrow, turn=-90),
    "arrow-right": partial(_arrow, turn=90),
}
