"""The way back after a race, by its distance. No ORM; the figures stand in data/recovery.yaml with their sources."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent / "data" / "recovery.yaml"


@dataclass(frozen=True)
class Way:
    """Days after the race: the first easy run, the first hard session; `up_to_km` is the longest race it is for."""

    name: str
    up_to_km: Decimal
    easy_from: int
    easy_to: int | None
    hard_from: int
    hard_to: int | None

    @property
    def easy_words(self) -> str:
        return span(self.easy_from, self.easy_to)

    @property
    def hard_words(self) -> str:
        return span(self.hard_from, self.hard_to)


def span(first: int, last: int | None) -> str:
    return f"{first} to {last} days" if last else f"{first} days or more"


@cache
def told() -> dict[str, Any]:
    """The whole file: ways by distance, the gate, what helps, what to watch for, the sources."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@cache
def ways() -> tuple[Way, ...]:
    """By distance, the shortest first."""
    return tuple(
        Way(row["name"], Decimal(str(row["up_to_km"])), row["easy"][0], row["easy"][1], row["hard"][0], row["hard"][1])
        for row in told()["ways"]
    )


def after(distance_km: Decimal) -> Way:
    """The way back after a race of `distance_km`: that of the next longer usual distance, the ultra's beyond all."""
    return next((way for way in ways() if distance_km <= way.up_to_km), ways()[-1])
