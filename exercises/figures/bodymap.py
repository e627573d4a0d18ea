"""The body map of the intake: front, back and both feet, one shape per region. Keys as in the assessments' list of regions.

A sided region ends in _left or _right, the runner's own. The half that is written lies right of the middle line.
"""

from functools import cache

# Regions on the middle line: key -> outline.
MIDDLE_FRONT = {
    "head": "M0 3.5A12.5 12.5 0 1 0 .01 3.5Z",
    "neck": "M-5 27.6Q0 30 5 27.6L5.6 34Q7 37.4 9.6 38.6Q0 36.4 -9.6 38.6Q-7 37.4 -5.6 34Z",
    "chest": "M-18.4 42.6Q-9 39 0 39Q9 39 18.4 42.6Q19.6 51 18.4 58Q17.2 66 16 71L-16 71Q-17.2 66 -18.4 58Q-19.6 51 -18.4 42.6Z",
    "belly": "M-15.8 72.6L15.8 72.6Q15.6 84 18.2 94.6L-18.2 94.6Q-15.6 84 -15.8 72.6Z",
}
MIDDLE_BACK = {
    "head": MIDDLE_FRONT["head"],
    "neck": MIDDLE_FRONT["neck"],
    "upper_back": MIDDLE_FRONT["chest"],
    "lower_back": MIDDLE_FRONT["belly"],
}
ARM = {
    "shoulder": "M11.6 38.8Q21 38.4 26.4 43Q31 47.6 30.4 57Q25 59.4 20 57.4Q21.4 49 19.8 42.2Q16 40 11.6 38.8Z",
    "elbow": "M24.6 74.6Q30.6 72.8 35.4 74Q37.4 80 37.6 85.4Q33 87.8 27.4 86.2Q24.8 80 24.6 74.6Z",
    "hand": "M34 106.6Q38.4 105 42 105.8Q46 113 44.6 121.4Q42 127 38.6 122Q34 114 34 106.6Z",
}
ARM_FILL = "M20.2 59Q25 61 30.6 58.6Q33.4 65.6 35 72.4Q30 71.4 24.6 73Q21 66 20.2 59ZM27.8 87.8Q33 89.4 37.8 87Q40.6 95 41.8 104.2Q38 103.6 33.8 105Q30 96 27.8 87.8Z"
KNEE = "M4.8 151Q11 149.4 17.6 151Q19 158 17.4 165.4Q11 167 5.2 165.4Q3.6 158 4.8 151Z"
THIGH = "M1.6 118.4Q7 120.4 13 116.4Q18 113.6 21.6 115.6Q22 133 17.8 149.4Q11 147.8 4.8 149.4Q1.8 134 1.6 118.4Z"
SIDED_FRONT = {
    **ARM,
    "hip": "M12.8 96.2L18.6 96.2Q22 105 21.8 114Q17.6 112 13.4 114.4Q13 104 12.8 96.2Z",
    "groin": "M.9 96.2L11.2 96.2Q11.2 106 11.9 115.2Q6 119 .9 116.8Z",
    "thigh_front": THIGH,
    "knee": KNEE,
    "shin": "M5.2 167Q11 168.6 17.4 167Q19 180 15.2 196L8 196Q3.6 180 5.2 167Z",
    "ankle": "M8 197.6L15.2 197.6Q14.8 201.6 16 205.6L7 205.6Q8.2 201.6 8 197.6Z",
}
SIDED_BACK = {
    **ARM,
    "buttock": "M.9 96.2L18.6 96.2Q22.4 106 21.7 113.8Q17 112.6 12.4 115.2Q6.4 119 .9 116.8Z",
    "hamstring": THIGH,
    "knee": KNEE,
    "calf": "M5.2 167Q11 168.6 17.4 167Q19.6 179 15.6 189L7.6 189Q3 179 5.2 167Z",
    "achilles": "M7.6 190.6L15.6 190.6Q14.2 197 15 203.6L8 203.6Q9 197 7.6 190.6Z",
}
SHOE_FRONT = "M6.8 207L16.2 207Q19.4 212 19.2 216.4Q18.8 219 15 219L7.8 219Q5.2 218.6 5.2 216Q5.4 211 6.8 207Z"
SHOE_BACK = "M7.4 205L15.6 205Q17.4 211 17 216.6Q16.6 219 13.6 219L9 219Q6.4 218.6 6 216.4Q6 210 7.4 205Z"
FOOT = {
    "achilles": "M4.4 0L14 0L13.4 18L5 18Q3.4 9 4.4 0Z",
    "ankle": "M15.8 0L32 0Q32.6 11 37 18L15.2 18Z",
    "heel": "M4.8 19.8L22 19.8L23 43L9 43Q1.4 41 2.6 31Z",
    "foot": "M23.8 19.8L38.2 19.8Q45 27 53 29.6L53 43L24.8 43Z",
    "toes": "M54.8 30.2Q65 32.6 69.4 37Q71.4 43 66 43L54.8 43Z",
}
HEIGHT = 300
CENTRES = {"front": 62, "back": 188}


def _spot(key: str, outline: str, prefix: str) -> str:
    left, top, right, bottom = _box(outline)
    label = f'<foreignObject x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"><label class="bm-hit" for="{prefix}{key}"></label></foreignObject>'
    return f'<g class="bm-spot" data-region="{key}"><path d="{outline}"/>{label}</g>'


def _box(outline: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of an outline's own points."""
    if "A" in outline:
        return -12.5, 3.5, 12.5, 28.5
    words = "".join(f" {letter} " if letter.isalpha() else letter for letter in outline.replace("-", " -")).split()
    numbers = [float(word) for word in words if not word.isalpha()]
    xs, ys = numbers[::2], numbers[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def _flipped(outline: str) -> str:
    """The outline on the other side of the middle line."""
    found, is_x = [], True
    for word in "".join(f" {letter} " if letter.isalpha() else letter for letter in outline.replace("-", " -")).split():
        if word.isalpha():
            found.append(word)
            continue
        found.append(f"{-float(word):g}" if is_x else f"{float(word):g}")
        is_x = not is_x
    return " ".join(found)


def _body(view: str, prefix: str) -> str:
    middle, sided = (MIDDLE_FRONT, SIDED_FRONT) if view == "front" else (MIDDLE_BACK, SIDED_BACK)
    shoe = SHOE_FRONT if view == "front" else SHOE_BACK
    on_right = "left" if view == "front" else "right"
    on_left = "right" if view == "front" else "left"
    parts = [
        f'<path class="bm-fill" d="{shape}"/><path class="bm-fill" d="{_flipped(shape)}"/>'
        for shape in (ARM_FILL, shoe)
    ]
    parts += [_spot(key, outline, prefix) for key, outline in middle.items()]
    for key, outline in sided.items():
        parts.append(_spot(f"{key}_{on_right}", outline, prefix))
        parts.append(_spot(f"{key}_{on_left}", _flipped(outline), prefix))
    words = f'<text x="0" y="233" class="t-mid">{view.capitalize()}</text>'
    words += "".join(
        f'<text x="{x}" y="138" class="t-mid t-sub">{side.capitalize()}</text>'
        for x, side in ((40, on_right), (-40, on_left))
    )
    return f'<g transform="translate({CENTRES[view]} 0)">{"".join(parts)}{words}</g>'


def _foot(side: str, x: float, prefix: str) -> str:
    outlines = FOOT if side == "left" else {key: _flipped(outline) for key, outline in FOOT.items()}
    spots = "".join(_spot(f"{key}_{side}", outline, prefix) for key, outline in outlines.items())
    middle = 36 if side == "left" else -36
    return f'<g transform="translate({x:g} 243)">{spots}<text x="{middle}" y="54" class="t-mid t-sub">{side.capitalize()} foot</text></g>'


@cache
def drawing(prefix: str = "region-") -> str:
    """The whole map; every shape carries data-region, and a label for the checkbox ``<prefix><key>``."""
    feet = _foot("right", 100, prefix) + _foot("left", 150, prefix)
    return f'<svg class="fig body-map" viewBox="0 0 250 {HEIGHT}" aria-hidden="true" focusable="false">{_body("front", prefix)}{_body("back", prefix)}{feet}</svg>'


def keys() -> set[str]:
    """Every region on the map."""
    sided = {*SIDED_FRONT, *SIDED_BACK, *FOOT}
    return {*MIDDLE_FRONT, *MIDDLE_BACK} | {f"{key}_{side}" for key in sided for side in ("left", "right")}


def rules() -> str:
    """The style rules that light a region while the checkbox with its key as value is ticked or has the focus."""
    return "".join(
        f'.body-map-field:has(input[value="{key}"]:checked) [data-region="{key}"] path{{fill:var(--track)}}\n'
        f'.body-map-field:has(input[value="{key}"]:focus-visible) [data-region="{key}"] path{{stroke:var(--field);stroke-width:2}}\n'
        for key in sorted(keys())
    )
