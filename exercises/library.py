"""Reading the library files: YAML, one file for each kind of exercise, checked strictly. No ORM.

A file holds `category` and `exercises`. Errors name the file and the line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from exercises import doses
from exercises.models.library import Capacity, Category, Equipment, Load, Region, Stage

FOLDER = Path(__file__).resolve().parent / "data" / "library"
NEEDED = {
    "slug",
    "name",
    "purpose",
    "capacities",
    "load",
    "stages",
    "muscles",
    "regions",
    "equipment",
    "difficulty",
    "dose",
    "range",
    "position",
    "steps",
    "breathing",
    "cues",
    "faults",
    "safety",
    "contraindications",
    "evidence",
    "lay_words",
}
OPTIONAL = {"parent", "progression", "regression", "aliases"}
MARKS = ("S", "K", "P")
"""How far a statement can be trusted: found in a source, general knowledge, our own rule."""
DOSE_KEYS = {"sets", "reps", "hold_s", "rest_s", "per_side", "tempo"}
SLUG_LETTERS = set("abcdefghijklmnopqrstuvwxyz0123456789-")

Lines = dict[tuple[Any, ...], int]


class LibraryError(Exception):
    """A library file cannot be read as meant; says in which file, on which line, and why."""

    def __init__(self, why: str, *, source: str, line: int) -> None:
        super().__init__(f"{source}, line {line}: {why}")
        self.why, self.source, self.line = why, source, line


@dataclass(frozen=True)
class Entry:
    """One exercise as its file has it. `values` are the model's own fields; the three others are slugs, or empty."""

    slug: str
    values: Mapping[str, Any]
    source: str
    line: int
    parent: str = ""
    progression: str = ""
    regression: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def error(self, why: str, key: str = "") -> LibraryError:
        return LibraryError(f"{self.slug}: {why}", source=self.source, line=self.lines.get(key, self.line))


def read_all(folder: Path = FOLDER) -> list[Entry]:
    """Every entry of the `*.yaml` files in `folder`, parents before their variations. Raises LibraryError for the first fault."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise LibraryError("there is no exercise file here", source=str(folder), line=1)
    entries = [entry for path in files for entry in read_file(path)]
    known: dict[str, Entry] = {}
    for entry in entries:
        if entry.slug in known:
            raise entry.error(
                f"this slug stands already in {known[entry.slug].source}, line {known[entry.slug].line}", "slug"
            )
        known[entry.slug] = entry
    for entry in entries:
        for key in ("parent", "progression", "regression"):
            wanted = getattr(entry, key)
            if wanted and wanted not in known:
                raise entry.error(f"{key} names {wanted!r}, and no exercise has that slug", key)
            if wanted == entry.slug:
                raise entry.error(f"{key} is the exercise itself", key)
    refuse_circles(known)
    return in_order(known)


def harder_than(known: Mapping[str, Entry]) -> dict[str, set[str]]:
    """Slug -> the slugs one step harder, whichever of the two entries says so."""
    harder: dict[str, set[str]] = {slug: set() for slug in known}
    for entry in known.values():
        if entry.progression:
            harder[entry.slug].add(entry.progression)
        if entry.regression:
            harder[entry.regression].add(entry.slug)
    return harder


def refuse_circles(known: Mapping[str, Entry]) -> None:
    """Raises LibraryError where harder and harder leads back to where it began."""
    try:
        TopologicalSorter(harder_than(known)).prepare()
    except CycleError as fault:
        way = fault.args[1]
        said = "progression" if known[way[0]].progression in way else "regression"
        raise known[way[0]].error(f"harder and easier go round in a circle: {' -> '.join(way)}", said) from None


def in_order(known: Mapping[str, Entry]) -> list[Entry]:
    """Parents before their variations. Raises LibraryError where variations go round in a circle."""
    ordered: dict[str, Entry] = {}
    for entry in known.values():
        chain: list[Entry] = []
        step: Entry | None = entry
        while step is not None and step.slug not in ordered:
            if step in chain:
                raise step.error(
                    f"parents go round in a circle: {' -> '.join(each.slug for each in [*chain, step])}", "parent"
                )
            chain.append(step)
            step = known.get(step.parent)
        ordered.update({each.slug: each for each in reversed(chain)})
    return list(ordered.values())


def read_file(path: Path) -> list[Entry]:
    """The entries of one file. Raises LibraryError."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise LibraryError("this is not text in UTF-8", source=path.name, line=1) from None
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise LibraryError(f"this is not valid YAML: {fault.problem}", source=path.name, line=line) from None
    except yaml.YAMLError as fault:
        raise LibraryError(f"this is not valid YAML: {fault}", source=path.name, line=1) from None
    lines: Lines = {}
    walk(node, (), lines)
    return FileReader(path.name, data, lines).entries()


def walk(node: yaml.Node | None, path: tuple[Any, ...], lines: Lines) -> None:
    """Keep the line (1 is the first) of every key and item below `node`."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            walk(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = value.start_mark.line + 1
            walk(value, (*path, index), lines)


class FileReader:
    """One file, and where its keys stand."""

    def __init__(self, source: str, data: Any, lines: Lines) -> None:
        self.source, self.data, self.lines = source, data, lines

    def error(self, why: str, path: tuple[Any, ...]) -> LibraryError:
        while path and path not in self.lines:
            path = path[:-1]
        return LibraryError(why, source=self.source, line=self.lines.get(path, 1))

    def entries(self) -> list[Entry]:
        if not isinstance(self.data, dict) or set(self.data) != {"category", "exercises"}:
            raise self.error("a library file has two keys, category and exercises", ())
        category = self.data["category"]
        if category not in Category.values:
            raise self.error(f"{category!r} is not a category; use one of {', '.join(Category.values)}", ("category",))
        rows = self.data["exercises"]
        if not isinstance(rows, list) or not rows:
            raise self.error("exercises is a list with at least one entry", ("exercises",))
        return [self.entry(category, row, ("exercises", index)) for index, row in enumerate(rows)]

    def entry(self, category: str, row: Any, path: tuple[Any, ...]) -> Entry:
        if not isinstance(row, dict):
            raise self.error("an exercise is written as keys and values", path)
        named = f"{row.get('slug', 'this exercise')}: "
        missing, unknown = sorted(NEEDED - set(row)), sorted(str(key) for key in set(row) - NEEDED - OPTIONAL)
        if missing:
            raise self.error(f"{named}{', '.join(missing)} is missing", path)
        if unknown:
            raise self.error(f"{named}there is no such key as {unknown[0]}", (*path, unknown[0]))
        slug = self.text(row, "slug", path, most=80)
        if not slug or set(slug) - SLUG_LETTERS:
            raise self.error(f"{slug!r} is not a slug: small letters, digits and hyphens", (*path, "slug"))
        easier, easier_note = self.step(row, "regression", path)
        harder, harder_note = self.step(row, "progression", path)
        values = {
            "category": category,
            "name": self.text(row, "name", path, most=80),
            "purpose": self.text(row, "purpose", path, most=200),
            "aliases": self.words(row, "aliases", path, least=0) if "aliases" in row else [],
            "capacities": self.chosen(row, "capacities", path, Capacity.values, least=1),
            "load": self.one_of(row, "load", path, Load.values),
            "stages": self.chosen(row, "stages", path, Stage.values, least=1),
            "muscles": self.words(row, "muscles", path, least=1),
            "regions": self.chosen(row, "regions", path, Region.values, least=1),
            "equipment": self.chosen(row, "equipment", path, Equipment.values, least=0),
            "difficulty": self.number(row, "difficulty", path, (1, 5)),
            "position": self.text(row, "position", path, most=200),
            "steps": self.words(row, "steps", path, least=2),
            "breathing": self.text(row, "breathing", path, most=120),
            "cues": self.words(row, "cues", path, least=1),
            "faults": self.faults(row, path),
            "safety": self.words(row, "safety", path, least=1),
            "contraindications": self.words(row, "contraindications", path, least=1),
            "evidence": self.evidence(row, path),
            "lay_words": self.words(row, "lay_words", path, least=1),
            "progression_note": harder_note,
            "regression_note": easier_note,
            **self.dose(row["dose"], (*path, "dose"), named),
        }
        values["dose_range"] = self.dose_range(row["range"], values, (*path, "range"), named)
        parent = row.get("parent") or ""
        if not isinstance(parent, str):
            raise self.error(f"{named}parent is a slug, or left out", (*path, "parent"))
        lines = {key: self.lines[(*path, key)] for key in row if (*path, key) in self.lines}
        return Entry(slug, values, self.source, self.lines.get(path, 1), parent, harder, easier, lines)

    def text(self, row: Mapping[str, Any], key: str, path: tuple[Any, ...], *, most: int) -> str:
        value = row[key]
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise self.error(
                f"{row.get('slug', 'this exercise')}: {key} is a text of 1 to {most} characters", (*path, key)
            )
        return value.strip()

    def words(self, row: Mapping[str, Any], key: str, path: tuple[Any, ...], *, least: int) -> list[str]:
        value = row[key]
        if not isinstance(value, list) or len(value) < least:
            raise self.error(f"{row['slug']}: {key} is a list of at least {least}", (*path, key))
        for index, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                raise self.error(
                    f"{row['slug']}: {key} holds words alone; put a text with a colon in quotes", (*path, key, index)
                )
        return value

    def chosen(
        self, row: Mapping[str, Any], key: str, path: tuple[Any, ...], known: Iterable[str], *, least: int
    ) -> list[str]:
        for index, item in enumerate(self.words(row, key, path, least=least)):
            if item not in known:
                raise self.error(f"{row['slug']}: {item!r} is no {key}; use {', '.join(known)}", (*path, key, index))
        return row[key]

    def one_of(self, row: Mapping[str, Any], key: str, path: tuple[Any, ...], known: Iterable[str]) -> str:
        if row[key] not in known:
            raise self.error(f"{row['slug']}: {row[key]!r} is no {key}; use {', '.join(known)}", (*path, key))
        return str(row[key])

    def evidence(self, row: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, str]:
        """What is known about it. A statement marked S names its source."""
        value = row["evidence"]
        path = (*path, "evidence")
        if not isinstance(value, dict) or not {"note", "mark"} <= set(value) <= {"note", "mark", "source"}:
            raise self.error(f"{row['slug']}: evidence has a note, a mark and, where the mark is S, a source", path)
        mark, source = value["mark"], value.get("source", "")
        if mark not in MARKS:
            raise self.error(f"{row['slug']}: the mark of an evidence is S, K or P", (*path, "mark"))
        if not isinstance(source, str) or (mark == "S") != bool(source):
            raise self.error(f"{row['slug']}: evidence marked S names its source, and no other does", (*path, "source"))
        return {"note": self.text(value, "note", path, most=300), "mark": mark, "source": source}

    def number(self, row: Mapping[str, Any], key: str, path: tuple[Any, ...], limits: tuple[int, int]) -> int:
        value = row.get(key)
        if type(value) is not int or not limits[0] <= value <= limits[1]:
            raise self.error(f"{key} is a whole number from {limits[0]} to {limits[1]}, not {value!r}", (*path, key))
        return value

    def faults(self, row: Mapping[str, Any], path: tuple[Any, ...]) -> list[dict[str, str]]:
        value = row["faults"]
        if not isinstance(value, list) or not value:
            raise self.error(f"{row['slug']}: faults is a list of at least 1", (*path, "faults"))
        for index, item in enumerate(value):
            if (
                not isinstance(item, dict)
                or set(item) != {"fault", "fix"}
                or not all(isinstance(text, str) and text for text in item.values())
            ):
                raise self.error(f"{row['slug']}: a fault has two texts, fault and fix", (*path, "faults", index))
        return value

    def dose(self, dose: Any, path: tuple[Any, ...], named: str) -> dict[str, Any]:
        if not isinstance(dose, dict) or not {"sets", "rest_s", "per_side"} <= set(dose) <= DOSE_KEYS:
            raise self.error(f"{named}a dose has sets, reps or hold_s, rest_s, per_side and, if you like, tempo", path)
        if ("reps" in dose) == ("hold_s" in dose):
            raise self.error(f"{named}a dose has reps or hold_s, one of them", path)
        if not isinstance(dose["per_side"], bool):
            raise self.error(f"{named}per_side is true or false", (*path, "per_side"))
        tempo = dose.get("tempo", "")
        if not isinstance(tempo, str) or (tempo and [part.isdigit() for part in tempo.split("-")] != [True] * 3):
            raise self.error(f"{named}tempo is three numbers of seconds, as in 3-1-2", (*path, "tempo"))
        return {
            "sets": self.number(dose, "sets", path, doses.SETS),
            "reps": self.number(dose, "reps", path, doses.REPS) if "reps" in dose else None,
            "hold_s": self.number(dose, "hold_s", path, doses.HOLD_S) if "hold_s" in dose else None,
            "rest_s": self.number(dose, "rest_s", path, doses.REST_S),
            "per_side": dose["per_side"],
            "tempo": tempo,
        }

    def dose_range(
        self, value: Any, usual: Mapping[str, Any], path: tuple[Any, ...], named: str
    ) -> dict[str, list[int]]:
        """The least and the most of `sets` and of `reps` or `hold_s`; the usual dose lies within."""
        amount = "reps" if usual["reps"] else "hold_s"
        if not isinstance(value, dict) or set(value) != {"sets", amount}:
            raise self.error(f"{named}range has sets and {amount}, as its dose", path)
        for key, limits in (("sets", doses.SETS), (amount, doses.REPS if amount == "reps" else doses.HOLD_S)):
            pair = value[key]
            if not isinstance(pair, list) or [type(each) for each in pair] != [int, int]:
                raise self.error(f"{named}{key} of a range is [least, most]", (*path, key))
            if not limits[0] <= pair[0] <= usual[key] <= pair[1] <= limits[1]:
                raise self.error(
                    f"{named}{key} of a range holds the usual {usual[key]}, within {limits[0]} to {limits[1]}",
                    (*path, key),
                )
        return value

    def step(self, row: Mapping[str, Any], key: str, path: tuple[Any, ...]) -> tuple[str, str]:
        """The slug of the easier or harder exercise, or else a sentence."""
        value = row.get(key)
        if value is None:
            return "", ""
        text = self.text(row, key, path, most=160)
        return ("", text) if set(text) - SLUG_LETTERS else (text, "")
