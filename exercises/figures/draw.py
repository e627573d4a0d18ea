"""A drawn state as nested SVG groups: each bone turns about its joint, colours come from classes alone."""

from collections.abc import Iterable

from exercises.figures import body
from exercises.figures.motion import Drawn
from exercises.figures.props import Prop

SHADE = {"near": "fig-near", "far": "fig-far", "right": "fig-near", "left": "fig-near"}


def number(value: float, places: int = 1) -> str:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def moved(x: float, y: float, inside: str) -> str:
    return f'<g transform="translate({number(x, 2)} {number(y, 2)})">{inside}</g>'


def _turned(bone: str, drawn: Drawn, inside: str) -> str:
    return f'<g class="b-{bone.replace(".", "-")}" transform="rotate({number(drawn[f"{bone}.turn"])})">{inside}</g>'


def _path(cls: str, shape: str) -> str:
    return f'<path class="{cls}" d="{shape}"/>'


def side_figure(drawn: Drawn, props: Iterable[Prop] = (), *, cls: str = "figure") -> str:
    """The body from the side: far limbs, trunk and head, near limbs."""
    held = {prop.hand or "near": prop.draw() for prop in props if prop.box is None}

    def on_trunk(inside: str) -> str:
        chest = _turned("chest", drawn, moved(0, -body.CHEST, inside))
        return _turned("pelvis", drawn, moved(0, -body.PELVIS, chest))

    def leg(limb: str) -> str:
        shade = SHADE[limb]
        toes = moved(*body.BALL, _turned(f"{limb}.toes", drawn, _path(f"{shade}-shoe", body.SIDE_SHAPES["toes"])))
        foot = moved(
            0, body.SHANK, _turned(f"{limb}.foot", drawn, toes + _path(f"{shade}-shoe", body.SIDE_SHAPES["foot"]))
        )
        shank = moved(0, body.THIGH, _turned(f"{limb}.shank", drawn, _path(shade, body.SIDE_SHAPES["shank"]) + foot))
        return _turned(f"{limb}.thigh", drawn, _path(shade, body.SIDE_SHAPES["thigh"]) + shank)

    def arm(limb: str) -> str:
        shade = "fig-near fig-arm" if limb == "near" else "fig-far"
        thing = moved(0, body.HAND * 0.6, held[limb]) if limb in held else ""
        hand = moved(0, body.FOREARM, _turned(f"{limb}.hand", drawn, thing + _path(shade, body.SIDE_SHAPES["hand"])))
        fore = moved(0, body.UPPER_ARM, _turned(f"{limb}.fore", drawn, _path(shade, body.SIDE_SHAPES["fore"]) + hand))
        return on_trunk(_turned(f"{limb}.upper", drawn, _path(shade, body.SIDE_SHAPES["upper"]) + fore))

    x, y = body.HEAD_AT
    head = _turned("head", drawn, f'<circle class="fig-head" cx="{x:g}" cy="{y:g}" r="{body.HEAD_RADIUS:g}"/>')
    chest = moved(0, -body.CHEST - body.NECK, head) + _path("fig-near", body.SIDE_SHAPES["chest"])
    trunk = _turned(
        "pelvis",
        drawn,
        moved(0, -body.PELVIS, _turned("chest", drawn, chest)) + _path("fig-near", body.SIDE_SHAPES["pelvis"]),
    )
    return _figure(drawn, cls, arm("far") + leg("far") + trunk + leg("near") + arm("near"))


def front_figure(
    drawn: Drawn, props: Iterable[Prop] = (), *, cls: str = "figure", behind: bool = False, stance: str = ""
) -> str:
    """The body from the front or from behind; with a stance leg, the other leg is drawn light."""
    held = {prop.hand or "right": prop.draw() for prop in props if prop.box is None}

    def outside(limb: str) -> int:
        return (1 if limb == "left" else -1) * (-1 if behind else 1)

    def bone(name: str, part: str, shade: str, child: str, *, over: bool = False) -> str:
        length = drawn[f"{name}.len"]
        top, bottom = body.FRONT_RADII[part]
        cls_name = name.replace(".", "-")
        middle = f'<g class="s-{cls_name}" transform="scale(1 {number(length, 2)})">{_path(shade, body.FRONT_SHAPES[part])}</g>'
        end = f'<g class="e-{cls_name}" transform="translate(0 {number(length, 2)})"><circle class="{shade}" r="{bottom:g}"/>{child if over else ""}</g>'
        start = f'<circle class="{shade}" r="{top:g}"/>'
        below = "" if over else f'<g class="e-{cls_name}" transform="translate(0 {number(length, 2)})">{child}</g>'
        return _turned(name, drawn, below + start + middle + end)

    def leg(limb: str) -> str:
        shade = "fig-far" if stance and limb != stance else "fig-near"
        sign = outside(limb)
        shoe = f'<g transform="scale({sign} 1)">{_path(f"{shade}-shoe", body.FRONT_SHOE_SHAPE)}</g>'
        foot = _turned(f"{limb}.foot", drawn, shoe)
        shank = bone(f"{limb}.shank", "shank", shade, foot, over=True)
        return moved(sign * body.HIP_HALF, 0, bone(f"{limb}.thigh", "thigh", shade, shank))

    def arm(limb: str) -> str:
        shade = "fig-near fig-arm"
        hand = held.get(limb, "") + _path(shade, body.FRONT_HAND_SHAPE)
        fore = bone(f"{limb}.fore", "fore", shade, hand, over=True)
        return moved(
            outside(limb) * body.SHOULDER_HALF,
            -body.FRONT_CHEST,
            bone(f"{limb}.upper", "upper", shade, fore, over=True),
        )

    neck = body.FRONT_CHEST + 5.8
    skull = f'<circle class="fig-head" cy="{neck - body.FRONT_HEAD:g}" r="{body.HEAD_RADIUS:g}"/>'
    head = moved(0, -neck, _turned("head", drawn, skull))
    chest = _path("fig-near", body.FRONT_CHEST_SHAPE)
    order = [limb for limb in ("left", "right") if limb != stance] + ([stance] if stance else [])
    legs = "".join(leg(limb) for limb in order)
    arms = arm("left") + arm("right")
    upper = head + (arms + chest if behind else chest + arms)
    pelvis = _path("fig-near", body.FRONT_PELVIS_SHAPE)
    if stance:
        free = leg(order[0])
        whole = free + _turned("chest", drawn, upper) + pelvis + leg(stance)
    else:
        whole = _turned("chest", drawn, upper) + pelvis + legs
    return _figure(drawn, cls, _turned("pelvis", drawn, whole))


def _figure(drawn: Drawn, cls: str, inside: str) -> str:
    x, y = number(drawn["root.x"], 2), number(drawn["root.y"], 2)
    return f'<g class="{cls}"><g class="r-x" transform="translate({x} 0)"><g class="r-y" transform="translate(0 {y})">{inside}</g></g></g>'


def cord(drawn: Drawn, name: str, kind: str) -> str:
    """A band, strap or rope between two ends."""
    line = f'<g class="s-{name}" transform="scale(1 {number(drawn[f"{name}.len"], 2)})"><path class="fig-{kind}" d="M-.7 0H.7V1H-.7Z"/></g>'
    turned = f'<g class="b-{name}" transform="rotate({number(drawn[f"{name}.turn"])})">{line}</g>'
    across, up = (number(drawn[f"{name}.{axis}"], 2) for axis in ("x", "y"))
    return f'<g class="r-{name}-x" transform="translate({across} 0)"><g class="r-{name}-y" transform="translate(0 {up})">{turned}</g></g>'


def ground(left: float, right: float) -> str:
    return f'<line class="fig-ground" x1="{number(left)}" x2="{number(right)}" y1="151.5" y2="151.5"/>'
