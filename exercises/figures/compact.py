"""A drawing made small for a file of its own: short classes, each outline once, no group that does nothing."""

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

IDLE = re.compile(r"(?:rotate\(0\)|translate\(0 0\)|scale\(1 1\))")
NOUGHT = re.compile(r"(?<![\d.])0(?=\.\d)")


def compact(content: str, *, moving: Mapping[str, str], painted: Mapping[str, str]) -> str:
    """The same drawing, smaller. ``moving`` and ``painted`` give the short classes of the parts that move and of the
    colours; every other class is dropped, and nothing moves inside ``fig-ghost``."""
    root = ElementTree.fromstring(f"<g>{content}</g>")  # noqa: S314 (our own drawing)
    _rename(root, moving, painted)
    _flatten(root)
    outlines = Counter(node.get("d", "") for node in root.iter("path"))
    shared = {d: f"s{index}" for index, d in enumerate(d for d, times in outlines.items() if times > 1)}
    for node in root.iter("path"):
        if node.get("d") in shared:
            node.tag = "use"
            node.set("href", f"#{shared[node.attrib.pop('d')]}")
    defs = "".join(f'<path id="{name}" d="{_slim(d)}"/>' for d, name in shared.items())
    return (f"<defs>{defs}</defs>" if defs else "") + "".join(map(_written, root))


def _rename(node: Element, moving: Mapping[str, str], painted: Mapping[str, str]) -> None:
    classes = node.attrib.pop("class", "").split()
    if "fig-ghost" in classes:
        moving = {}
    known = [moving[cls] for cls in classes if cls in moving] + [painted[cls] for cls in classes if cls in painted][-1:]
    if known:
        node.attrib = {"class": " ".join(known), **node.attrib}
    for child in node:
        _rename(child, moving, painted)


def _flatten(node: Element) -> None:
    """Takes out groups without class and turn, and joins a still group with the only group in it."""
    children: list[Element] = []
    for child in node:
        if child.tag != "g":
            children.append(child)
            continue
        _flatten(child)
        if "class" not in child.attrib and IDLE.fullmatch(child.get("transform", "rotate(0)")):
            children += child
        elif "class" not in child.attrib and len(child) == 1 and child[0].tag == "g" and "class" not in child[0].attrib:
            child[0].set("transform", child.get("transform", "") + child[0].get("transform", ""))
            children.append(child[0])
        elif len(child):
            children.append(child)
    node[:] = children


def _slim(text: str) -> str:
    return NOUGHT.sub("", text)


def _written(node: Element) -> str:
    attributes = "".join(f' {key}="{_slim(value)}"' for key, value in node.attrib.items())
    inside = "".join(map(_written, node))
    return f"<{node.tag}{attributes}>{inside}</{node.tag}>" if inside else f"<{node.tag}{attributes}/>"
