"""The data of a figure: what an exercise's entry may say, read strictly.

An entry has ``side`` and, or, ``front`` (or ``behind``): each a loop of key frames. A key frame gives joint angles in degrees (flexion,
dorsiflexion and toe extension count up from standing), the seconds it takes to get there (``move``) and to rest (``hold``), and which
parts stay on their place (``plant``). ``turns`` names the arm the chest opens with: seen from the side it goes past overhead. Lengths are figure units: a standing body is about 106 high, heights count up from the ground.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from exercises.figures import cords, front, side
from exercises.figures.cords import Cord, End
from exercises.figures.errors import FigureError
from exercises.figures.props import KINDS, Prop
from exercises.figures.side import Contact

VIEWS = {"side": side, "front": front, "behind": front}
PARTS = {"side": ("ball", "heel", "knee", "elbow", "palm", "grip"), "front": ("foot", "edge", "elbow")}
WHOLE_PARTS = ("shoulders", "seat")
STANDING = ("ball", "heel", "foot", "edge", "knee", "elbow", "palm")
ENTRY_KEYS = {"slug", "alt", "props", *VIEWS}
VIEW_KEYS = {"frames", "back", "end", "mirror", "plant", "strip", "ghost", "props", "cords", "stance", "turns"}
FRAME_KEYS = {"name", "move", "hold", "hips", "plant"}
LONGEST_LOOP_S = 30.0


@dataclass(frozen=True)
class Frame:
    """One key pose: where it stands in the loop (seconds), its joint angles and its contacts."""

    name: str
    at: float
    hold: float
    pose: Mapping[str, float]
    contacts: tuple[Contact, ...]
    hips_given: bool


@dataclass(frozen=True)
class View:
    """One loop of key frames, seen from one direction."""

    kind: str
    frames: tuple[Frame, ...]
    period: float
    end: float
    strip: tuple[tuple[float, str], ...]
    props: tuple[Prop, ...]
    cords: tuple[Cord, ...]
    ghost: bool
    stance: str
    turns: str

    @property
    def body(self) -> Any:
        return VIEWS[self.kind]

    @property
    def seen(self) -> str:
        """From where one looks: a lying body on a mat that is seen from above is seen from there."""
        return "above" if any(prop.kind == "mat-above" for prop in self.props) else self.kind


@dataclass(frozen=True)
class Figure:
    slug: str
    alt: str
    views: tuple[View, ...]

    def view(self, kind: str | None = None) -> View:
        """The view asked for, else the first."""
        return next((view for view in self.views if view.kind == kind), self.views[0])


def read(data: Any) -> Figure:
    """The figure an entry describes. Raises FigureError with the path of the key at fault."""
    entry = _mapping(data, ())
    _known(entry, ENTRY_KEYS, ())
    slug = entry.get("slug")
    if not isinstance(slug, str) or not slug:
        raise FigureError("name the exercise this figure belongs to", path=("slug",))
    props = _props(entry.get("props", []), ("props",))
    views = tuple(_view(kind, entry[kind], props, (kind,)) for kind in VIEWS if kind in entry)
    if not views:
        raise FigureError("give at least one view: side, front or behind", path=("side",))
    alt = entry.get("alt", "")
    if not isinstance(alt, str) or not alt:
        raise FigureError("say in one sentence what moves", path=("alt",))
    return Figure(slug=slug, alt=alt, views=views)


def _view(kind: str, data: Any, props: tuple[Prop, ...], path: tuple) -> View:
    view = _mapping(data, path)
    _known(view, VIEW_KEYS, path)
    rows = view.get("frames")
    if not isinstance(rows, list) or not rows:
        raise FigureError("give at least one key frame", path=(*path, "frames"))
    shared = view.get("plant", {})
    frames: list[Frame] = []
    clock = 0.0
    for index, row in enumerate(rows):
        frame, clock = _frame(kind, row, shared, clock, (*path, "frames", index), first=index == 0)
        frames.append(frame)
    if view.get("mirror"):
        half = clock + _seconds(view, "back", path, default=0.0)
        frames += [_mirrored(frame, half) for frame in frames]
        period = 2 * half
    else:
        period = clock + _seconds(view, "back", path, default=0.0)
    if len(frames) > 1 and not clock < period <= LONGEST_LOOP_S:
        raise FigureError(
            f"give the way back to the first frame some seconds; a loop is at most {LONGEST_LOOP_S:g} s",
            path=(*path, "back"),
        )
    stance = view.get("stance", "")
    if stance not in ("", "left", "right"):
        raise FigureError("stance is left or right", path=(*path, "stance"))
    turns = view.get("turns", "")
    if turns not in ("", "near", "far"):
        raise FigureError("turns is the arm the chest opens with, near or far", path=(*path, "turns"))
    return View(
        kind=kind, frames=tuple(frames), period=max(period, 0.1), end=_end(view, frames, path), strip=_strip(view, frames, max(period, 0.1), path),
        props=props + _props(view.get("props", []), (*path, "props")), cords=_cords(kind, view.get("cords", []), (*path, "cords")),
        ghost=bool(view.get("ghost", True)), stance=stance, turns=turns,
    )  # fmt: skip


def _frame(kind: str, data: Any, shared: Any, clock: float, path: tuple, *, first: bool) -> tuple[Frame, float]:
    row = _mapping(data, path)
    limbs, per_limb, spine = _vocabulary(kind)
    _known(row, FRAME_KEYS | set(limbs) | set(per_limb) | set(spine), path)
    if first and "move" in row:
        raise FigureError("the first frame starts the loop; give the way back to it as back", path=(*path, "move"))
    if not first and _seconds(row, "move", path, default=0.0) <= 0:
        raise FigureError("say how many seconds it takes to get here", path=(*path, "move"))
    at = clock + _seconds(row, "move", path, default=0.0)
    hold = _seconds(row, "hold", path, default=0.0)
    pose = VIEWS[kind].standing()
    for joint in spine:
        if joint in row:
            pose[joint] = _number(row[joint], (*path, joint))
    for joint in per_limb:
        if joint in row:
            pose |= {f"{limb}.{joint}": _number(row[joint], (*path, joint)) for limb in limbs}
    for limb in limbs:
        own = _mapping(row.get(limb, {}), (*path, limb))
        _known(own, set(per_limb), (*path, limb))
        pose |= {f"{limb}.{joint}": _number(own[joint], (*path, limb, joint)) for joint in own}
    if "hips" in row:
        pose |= _hips(row["hips"], (*path, "hips"))
    where = (*path, "plant") if "plant" in row else (path[0], "plant")
    contacts = _contacts(kind, row.get("plant", shared), where)
    name = row.get("name", "")
    if not isinstance(name, str):
        raise FigureError("a name is a word or two", path=(*path, "name"))
    hips_given = "hips" in row and not (kind != "side" and row["hips"][1] is None)
    return Frame(name=name, at=at, hold=hold, pose=pose, contacts=contacts, hips_given=hips_given), at + hold


def _vocabulary(kind: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if kind == "side":
        return side.LIMBS, (*side.LEG, *side.ARM), side.SPINE
    return front.LIMBS, front.PER_LIMB, front.SPINE


def _hips(value: Any, path: tuple) -> dict[str, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise FigureError("hips are [x, up]; up may be null where a foot carries the body", path=path)
    found = {"x": _number(value[0], path)}
    if value[1] is not None:
        found["y"] = 150.0 - _number(value[1], path)
    return found


def _contacts(kind: str, data: Any, path: tuple) -> tuple[Contact, ...]:
    limbs = _vocabulary(kind)[0]
    parts = PARTS["side" if kind == "side" else "front"]
    allowed = {f"{limb} {part}" for limb in limbs for part in parts} | (set(WHOLE_PARTS) if kind == "side" else set())
    found = []
    for name, value in _mapping(data, path).items():
        where = (*path, name)
        if name not in allowed:
            raise FigureError(f"no such contact; use one of {', '.join(sorted(allowed))}", path=where)
        limb, _, part = name.rpartition(" ")
        place = value if isinstance(value, dict) else {"x": value}
        _known(place, {"x", "up", "lift", "toes"}, where)
        if "x" not in place:
            raise FigureError("say where: x", path=where)
        found.append(Contact(limb, part, **{key: _number(number, where) for key, number in place.items()}))
    return tuple(found)


def _mirrored(frame: Frame, later: float) -> Frame:
    swap = {"near": "far", "far": "near", "right": "left", "left": "right"}

    def other(key: str) -> str:
        limb, dot, joint = key.partition(".")
        return f"{swap[limb]}.{joint}" if dot else key

    contacts = tuple(replace(contact, limb=swap.get(contact.limb, "")) for contact in frame.contacts)
    return replace(
        frame, at=frame.at + later, pose={other(key): value for key, value in frame.pose.items()}, contacts=contacts
    )


def _end(view: Mapping, frames: list[Frame], path: tuple) -> float:
    name = view.get("end")
    if name is None:
        return frames[-1 if len(frames) > 1 else 0].at
    for frame in frames:
        if frame.name == name:
            return frame.at
    raise FigureError(f"no frame is named {name!r}", path=(*path, "end"))


def _strip(view: Mapping, frames: list[Frame], period: float, path: tuple) -> tuple[tuple[float, str], ...]:
    rows = view.get("strip")
    if rows is None:
        return ()
    if not isinstance(rows, list) or len(rows) != 4:
        raise FigureError("a strip has four moments", path=(*path, "strip"))
    found = []
    for index, row in enumerate(rows):
        where = (*path, "strip", index)
        moment = _mapping(row, where)
        _known(moment, {"at", "name"}, where)
        at = moment.get("at")
        if isinstance(at, str):
            at = next((frame.at for frame in frames if frame.name == at), at)
        at = _number(at, (*where, "at"))
        if not 0 <= at <= period:
            raise FigureError(f"the loop lasts {period:g} s", path=(*where, "at"))
        name = moment.get("name")
        if not isinstance(name, str) or not name:
            raise FigureError("give the moment a word", path=(*where, "name"))
        found.append((at, name))
    return tuple(found)


def _props(data: Any, path: tuple) -> tuple[Prop, ...]:
    if not isinstance(data, list):
        raise FigureError("props are a list", path=path)
    found = []
    for index, row in enumerate(data):
        where = (*path, index)
        prop = _mapping(row, where)
        kind = prop.get("kind")
        if kind not in KINDS:
            raise FigureError(f"no such prop {kind!r}; use one of {', '.join(sorted(KINDS))}", path=(*where, "kind"))
        _known(prop, {"kind", "x", "width", "height", "up", "hand"}, where)
        if prop.get("hand", "near") not in ("near", "far", "right", "left"):
            raise FigureError("hand is near or far, right or left", path=(*where, "hand"))
        numbers = {key: _number(prop[key], (*where, key)) for key in ("x", "width", "height", "up") if key in prop}
        found.append(Prop(kind=kind, hand=prop.get("hand", ""), **numbers))
    return tuple(found)


def _cords(kind: str, data: Any, path: tuple) -> tuple[Cord, ...]:
    if not isinstance(data, list):
        raise FigureError("cords are a list", path=path)
    parts = VIEWS[kind].points(VIEWS[kind].standing())

    def end(value: Any, where: tuple) -> End:
        if isinstance(value, str):
            if value not in parts:
                raise FigureError(f"no such part; use one of {', '.join(sorted(parts))}, or x and up", path=where)
            return End(part=value)
        place = _mapping(value, where)
        if "round" in place:
            _known(place, {"round", "swing", "ahead"}, where)
            swing = _number(place.get("swing"), (*where, "swing"))
            return replace(end(place["round"], where), swing=swing, ahead=_number(place.get("ahead", 0), where))
        _known(place, {"part", "x", "up"}, where)
        start = end(str(place["part"]), where) if "part" in place else End()
        return replace(start, x=_number(place.get("x"), (*where, "x")), up=_number(place.get("up"), (*where, "up")))

    found = []
    for index, row in enumerate(data):
        where = (*path, index)
        cord = _mapping(row, where)
        _known(cord, {"kind", "from", "to"}, where)
        if cord.get("kind") not in cords.KINDS:
            raise FigureError(f"a cord is one of {', '.join(cords.KINDS)}", path=(*where, "kind"))
        found.append(Cord(cord["kind"], end(cord.get("from"), (*where, "from")), end(cord.get("to"), (*where, "to"))))
    return tuple(found)


def _mapping(value: Any, path: tuple) -> dict:
    if not isinstance(value, dict):
        raise FigureError(f"expected keys with values, found {type(value).__name__}", path=path)
    return value


def _known(found: Mapping, allowed: set[str], path: tuple) -> None:
    for key in found:
        if key not in allowed:
            raise FigureError(f"unknown key; use one of {', '.join(sorted(allowed))}", path=(*path, key))


def _number(value: Any, path: tuple) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1000 < value < 1000:
        raise FigureError(f"expected a number, found {value!r}", path=path)
    return float(value)


def _seconds(found: Mapping, key: str, path: tuple, *, default: float) -> float:
    value = _number(found.get(key, default), (*path, key))
    if not 0 <= value <= LONGEST_LOOP_S:
        raise FigureError(f"expected 0 to {LONGEST_LOOP_S:g} seconds, found {value:g}", path=(*path, key))
    return value
