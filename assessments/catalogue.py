"""The measures of the clinic as data (`data/measures.yaml`), read once and checked entry by entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from assessments.engine import half_up

DATA = Path(__file__).resolve().parent / "data"
Side = Literal["left", "right", "none"]
LEFT: Side = "left"
RIGHT: Side = "right"
WHOLE: Side = "none"
MARKS = ("S", "K", "P", "S/P", "S/K", "K/P")


class CatalogueError(Exception):
    """An entry of the catalogue cannot be used; the message names it and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Band:
    """The usual range in the measure's unit. An end that is None is open; `ends` says whether the ends belong to it."""

    low: Decimal | None
    high: Decimal | None
    ends: Literal["inclusive", "exclusive", "high_exclusive"] = "inclusive"

    def holds(self, value: Decimal) -> bool:
        """Whether `value`, unrounded, lies in the band."""
        if self.low is not None and (value < self.low or (value == self.low and self.ends == "exclusive")):
            return False
        return not (self.high is not None and (value > self.high or (value == self.high and self.ends != "inclusive")))

    def __str__(self) -> str:
        low, high = number(self.low), number(self.high)
        if self.low is None:
            return f"under {high}" if self.ends == "exclusive" else f"up to {high}"
        return f"{low} and more" if self.high is None else f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class Flag:
    """When a value is looked at by a rule; any one condition is enough."""

    below: Decimal | None = None
    above: Decimal | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def raised_by(self, value: Decimal) -> bool:
        return (
            (self.below is not None and value < self.below)
            or (self.above is not None and value > self.above)
            or (self.at_least is not None and value >= self.at_least)
            or (self.at_most is not None and value <= self.at_most)
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """One entry of the catalogue. Numbers are in `unit`; `error` is the smallest change between days above noise."""

    key: str
    section: str
    name: str
    lay: str
    input: Literal["number", "choice", "text", "derived"]
    sides: tuple[Side, ...]
    source: str
    mark: str
    note: str = ""
    unit: str = ""
    decimals: int = 0
    possible: tuple[Decimal, Decimal] | None = None
    usual: tuple[Decimal, Decimal] | None = None
    ask: str = ""
    band: Band | None = None
    flag: Flag | None = None
    error: Decimal | None = None
    important: Decimal | None = None
    apart: Decimal | None = None
    symmetry: Literal["", "ratio", "difference"] = ""
    better: Literal["", "lower", "higher", "band"] = ""
    norm: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    main: bool = False

    @property
    def two_sided(self) -> bool:
        return self.sides != (WHOLE,)

    def show(self, value: Decimal | None) -> str:
        """`value` rounded for display (half up), without unit; empty for None."""
        return "" if value is None else str(half_up(value, self.decimals))

    def label(self, choice: str) -> str:
        return dict(self.choices).get(choice, choice)

    def with_unit(self, value: Decimal | None) -> str:
        if value is None:
            return ""
        gap = "" if self.unit in ("°", "/min") else " "
        return f"{self.show(value)}{gap}{self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    name: str
    title: str
    measures: tuple[Measure, ...]

    @property
    def two_sided(self) -> bool:
        """Whether anything in it is measured left and right."""
        return any(measure.two_sided for measure in self.measures)


@dataclass(frozen=True, slots=True)
class Catalogue:
    version: int
    sections: tuple[Section, ...]
    by_key: Mapping[str, Measure]

    def __getitem__(self, key: str) -> Measure:
        return self.by_key[key]


def number(value: Decimal | None) -> str:
    """The shortest plain writing of `value`."""
    return "" if value is None else f"{value.normalize():f}"


def decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def pair(entry: Mapping[str, Any], name: str) -> tuple[Decimal, Decimal] | None:
    if name not in entry:
        return None
    low, high = (Decimal(str(end)) for end in entry[name])
    if low >= high:
        raise CatalogueError(f"measures.yaml, {entry['key']}: {name} must rise, not {low} to {high}.")
    return low, high


def measure(entry: Mapping[str, Any]) -> Measure:
    """`entry` of the data file as a Measure. Raises CatalogueError naming the entry."""
    key = entry.get("key", "(an entry without a key)")
    for needed in ("section", "name", "lay", "input", "sides", "source", "mark"):
        if not entry.get(needed):
            raise CatalogueError(f"measures.yaml, {key}: {needed} is missing.")
    unknown = set(entry) - set(Measure.__slots__)
    if unknown:
        raise CatalogueError(f"measures.yaml, {key}: unknown {', '.join(sorted(unknown))}.")
    if entry["mark"] not in MARKS:
        raise CatalogueError(f"measures.yaml, {key}: mark {entry['mark']!r} is none of {', '.join(MARKS)}.")
    if entry["input"] == "number" and "possible" not in entry:
        raise CatalogueError(f"measures.yaml, {key}: a number needs its possible range.")
    if entry["input"] == "choice" and not entry.get("choices"):
        raise CatalogueError(f"measures.yaml, {key}: a choice needs its choices.")
    band = entry.get("band")
    return Measure(
        **{
            **entry,
            "sides": (LEFT, RIGHT) if entry["sides"] == "both" else (WHOLE,),
            "possible": pair(entry, "possible"),
            "usual": pair(entry, "usual"),
            "band": band and Band(decimal(band.get("low")), decimal(band.get("high")), band.get("ends", "inclusive")),
            "flag": entry.get("flag") and Flag(**{name: decimal(limit) for name, limit in entry["flag"].items()}),
            "choices": tuple((value, label) for value, label in entry.get("choices", ())),
            **{name: decimal(entry.get(name)) for name in ("error", "important", "apart")},
        }
    )


def read(text: str) -> Catalogue:
    """The catalogue in `text`. Raises CatalogueError on the first entry that cannot be used."""
    data = yaml.safe_load(text)
    measures = [measure(entry) for entry in data["measures"]]
    by_key = {each.key: each for each in measures}
    if len(by_key) != len(measures):
        raise CatalogueError("measures.yaml: a key stands twice.")
    sections = tuple(
        Section(
            section["key"],
            section["name"],
            section.get("title", section["name"]),
            tuple(each for each in measures if each.section == section["key"]),
        )
        for section in data["sections"]
    )
    lost = {each.section for each in measures} - {section.key for section in sections}
    if lost:
        raise CatalogueError(f"measures.yaml: no section is called {', '.join(sorted(lost))}.")
    return Catalogue(data["version"], sections, by_key)


@cache
def catalogue() -> Catalogue:
    """The catalogue in force; every stored assessment keeps the version it was made with."""
    return read((DATA / "measures.yaml").read_text(encoding="utf-8"))
