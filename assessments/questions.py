"""The intake's questions as data: regions of the body map, and red flags with what to do about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import yaml

from assessments.catalogue import DATA

URGENCY = ("now", "days", "weeks")


@dataclass(frozen=True, slots=True)
class Region:
    """A place on the body map; `key` as stored, `name` as said."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A question whose yes stops a programme; `tier` is now, days or weeks."""

    key: str
    tier: str
    mark: str
    short: str
    text: str


@cache
def region_groups() -> tuple[tuple[str, tuple[Region, ...]], ...]:
    """Regions by group, head to toes, left before right."""
    data = yaml.safe_load((DATA / "body.yaml").read_text(encoding="utf-8"))
    return tuple(
        (
            group["name"],
            tuple(
                Region(
                    f"{entry['key']}_{side}" if side else entry["key"],
                    f"{entry['name']}, {side}" if side else entry["name"],
                )
                for entry in group["regions"]
                for side in (("left", "right") if entry.get("sided") else ("",))
            ),
        )
        for group in data["groups"]
    )


@cache
def region_names() -> dict[str, str]:
    return {region.key: region.name for _, regions in region_groups() for region in regions}


@cache
def red_flags() -> dict[str, RedFlag]:
    data = yaml.safe_load((DATA / "red_flags.yaml").read_text(encoding="utf-8"))
    return {entry["key"]: RedFlag(**entry) for entry in data["questions"]}


@cache
def tiers() -> dict[str, str]:
    """What to do, by urgency."""
    tiers: dict[str, str] = yaml.safe_load((DATA / "red_flags.yaml").read_text(encoding="utf-8"))["tiers"]
    return tiers


def most_urgent(keys: Iterable[str]) -> str:
    """The most urgent tier among the flags `keys`, empty where there is none."""
    found = {red_flags()[key].tier for key in keys if key in red_flags()}
    return next((tier for tier in URGENCY if tier in found), "")


def advice(keys: Iterable[str]) -> str:
    """What the runner should do about the flags `keys`, empty where there is none."""
    tier = most_urgent(keys)
    return tiers()[tier] if tier else ""
