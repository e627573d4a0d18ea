"""Reading figure files: YAML with the line of every key, so that an error can name it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from exercises.figures.entry import Figure, read
from exercises.figures.errors import FigureError
from exercises.figures.motion import check

FOLDER = Path(__file__).resolve().parent.parent / "data" / "figures"


def lines_of(text: str) -> dict[tuple, int]:
    """Path of each key -> its line (1-based). Raises FigureError for a key that stands twice."""
    found: dict[tuple, int] = {}

    def walk(node: yaml.Node | None, path: tuple) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if (*path, key.value) in found:
                    raise FigureError("this key stands twice", path=(*path, key.value), line=key.start_mark.line + 1)
                found[(*path, key.value)] = key.start_mark.line + 1
                walk(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                found[(*path, index)] = value.start_mark.line + 1
                walk(value, (*path, index))

    walk(yaml.compose(text, Loader=yaml.SafeLoader), ())
    return found


def parse(text: str, *, source: str) -> dict[str, Any]:
    """The checked entry of one file, as plain data fit for Exercise.figure. Raises FigureError naming ``source`` and the line."""
    try:
        data = yaml.safe_load(text)
        lines = lines_of(text)
    except FigureError as error:
        raise FigureError(error.reason, path=error.path, source=source, line=error.line) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FigureError(f"this is not valid YAML: {error.problem}", source=source, line=line) from None
    try:
        check(read(data))
    except FigureError as error:
        raise error.at(source=source, lines=lines) from None
    return data


def load(path: Path) -> dict[str, Any]:
    """The entry of one file. The file is named after its exercise."""
    data = parse(path.read_text(encoding="utf-8"), source=path.name)
    if data["slug"] != path.stem:
        raise FigureError(
            f"slug {data['slug']!r} belongs in a file {data['slug']}.yaml", path=("slug",), source=path.name, line=1
        )
    return data


def load_all(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Slug -> entry, of every file in the folder. Raises FigureError for the first that cannot be drawn."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}


@cache
def shipped(slug: str) -> Figure:
    """The figure that comes with the project under this slug. Raises FileNotFoundError for another slug."""
    return read(load(FOLDER / f"{slug}.yaml"))
