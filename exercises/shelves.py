"""What the library can be narrowed by: kind, what it builds, body part, equipment, level. No ORM, no request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exercises.models.library import Capacity, Category, Equipment, Region, Stage

Test = Callable[[Any], bool]
WORD_FOR = {"plyometric": "Spring", "flexibility": "Stretch", "drill": "Drill"}


@dataclass(frozen=True)
class Choice:
    key: str
    label: str
    fits: Test


@dataclass(frozen=True)
class Shelf:
    """A group of choices of which one can be on."""

    name: str
    label: str
    choices: tuple[Choice, ...]

    def chosen(self, wanted: Mapping[str, str]) -> Choice | None:
        return next((choice for choice in self.choices if choice.key == wanted.get(self.name)), None)


def of_kind(value: str) -> Test:
    return lambda exercise: exercise.category == value


def of_region(value: str) -> Test:
    return lambda exercise: value in exercise.regions


def building(value: str) -> Test:
    return lambda exercise: value in exercise.capacities


def of_stage(value: str) -> Test:
    return lambda exercise: value in exercise.stages


def needing(*things: str) -> Test:
    return lambda exercise: not set(things).isdisjoint(exercise.equipment)


def of_level(*levels: int) -> Test:
    return lambda exercise: exercise.difficulty in levels


SHELVES = (
    Shelf("kind", "Kind", tuple(Choice(key, label, of_kind(key)) for key, label in Category.choices)),
    Shelf("builds", "Builds", tuple(Choice(key, label, building(key)) for key, label in Capacity.choices)),
    Shelf("stage", "When", tuple(Choice(key, label, of_stage(key)) for key, label in Stage.choices)),
    Shelf("part", "Body part", tuple(Choice(key, label, of_region(key)) for key, label in Region.choices)),
    Shelf(
        "have",
        "I have",
        (
            Choice("nothing", "Nothing", lambda exercise: exercise.needs_nothing),
            Choice("step", "Step or box", needing(Equipment.STEP, Equipment.BOX)),
            Choice("chair", "Chair or strap", needing(Equipment.CHAIR, Equipment.STRAP)),
            Choice("band", "Band", needing(Equipment.BAND, Equipment.LOOP)),
            Choice("roller", "Roller or ball", needing(Equipment.ROLLER, Equipment.BALL)),
            Choice("weight", "Dumbbell", needing(Equipment.WEIGHT, Equipment.BARBELL)),
            Choice("bosu", "Bosu or cushion", needing(Equipment.BOSU, Equipment.PAD)),
        ),
    ),
    Shelf(
        "level",
        "Level",
        (
            Choice("easy", "Easy", of_level(1, 2)),
            Choice("middle", "Middle", of_level(3)),
            Choice("hard", "Hard", of_level(4, 5)),
        ),
    ),
)


def contact_sheet(exercises: Iterable[Any]) -> dict[str, Any]:
    """``groups``: each kind with its drawn exercises, numbered through; ``bare``: those that have no figure of their own."""
    ordered = sorted(exercises, key=lambda each: each.name)
    drawn = [each for kind in Category for each in ordered if each.category == kind and each.figure]
    rows = list(enumerate(drawn, 1))
    return {
        "groups": [(kind, own) for kind in Category if (own := [row for row in rows if row[1].category == kind])],
        "bare": [each for each in ordered if not each.figure],
        "drawn": len(rows),
    }
