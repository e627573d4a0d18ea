"""Bringing the library in the database up to its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from clinic.audit.services import record
from exercises import library
from exercises.figures import source as figures
from exercises.models import Exercise, Prescription

STEPS = ("parent", "progression", "regression")


@dataclass
class Loaded:
    """Slugs by what became of them. `retired` ones stand in programmes and are kept; `removed` ones nobody used."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{len(self.added)} added, {len(self.changed)} changed, {len(self.same)} as they were, "
            f"{len(self.retired)} retired, {len(self.removed)} removed"
        )


@transaction.atomic
def load_library(*, folder: Path = library.FOLDER, figure_folder: Path = figures.FOLDER) -> Loaded:
    """Make the library what its files say. Running it again changes nothing.

    An exercise that its file no longer has is removed if no programme uses it, else retired. Raises LibraryError or
    FigureError naming file and line, and then nothing is changed.
    """
    entries = library.read_all(folder)
    drawn = figures.load_all(figure_folder)
    known = {exercise.slug: exercise for exercise in Exercise.objects.select_for_update()}
    result = Loaded()
    made: dict[str, Exercise] = {}
    for entry in entries:
        exercise = known.get(entry.slug) or Exercise(slug=entry.slug)
        is_new = exercise.pk is None
        values = {**entry.values, "figure": drawn.get(entry.slug), "is_active": True, "parent": made.get(entry.parent)}
        changed = put(exercise, values)
        if is_new or changed:
            exercise.save()
        made[entry.slug] = exercise
        outcome = result.added if is_new else result.changed if changed else result.same
        outcome.append(entry.slug)
    for entry in entries:
        exercise = made[entry.slug]
        if put(exercise, {"progression": made.get(entry.progression), "regression": made.get(entry.regression)}):
            exercise.save(update_fields=["progression", "regression", "changed_at"])
            if entry.slug in result.same:
                result.same.remove(entry.slug)
                result.changed.append(entry.slug)
    drop({slug: exercise for slug, exercise in known.items() if slug not in made}, result)
    for slug in (*result.added, *result.changed):
        record(by=None, action="exercise.loaded", subject=made[slug])
    return result


def put(exercise: Exercise, values: Mapping[str, Any]) -> bool:
    """Set what differs; True if anything did."""
    differs = False
    for name, value in values.items():
        attribute, wanted = (f"{name}_id", value.pk if value else None) if name in STEPS else (name, value)
        if getattr(exercise, attribute) != wanted:
            setattr(exercise, name, value)
            differs = True
    return differs


def drop(gone: Mapping[str, Exercise], result: Loaded) -> None:
    """Variations before their parents, so that no parent is removed under them."""
    used = set(Prescription.objects.filter(exercise__in=gone.values()).values_list("exercise_id", flat=True))
    for slug, exercise in sorted(gone.items(), key=lambda item: -depth(item[1], gone)):
        if exercise.pk in used or exercise.variations.exists():
            if exercise.is_active:
                exercise.is_active = False
                exercise.save(update_fields=["is_active"])
                record(by=None, action="exercise.retired", subject=exercise)
                result.retired.append(slug)
        else:
            record(by=None, action="exercise.removed", subject=exercise)
            exercise.delete()
            result.removed.append(slug)


def depth(exercise: Exercise, among: Mapping[str, Exercise]) -> int:
    by_key = {each.pk: each for each in among.values()}
    steps, step = 0, exercise
    while step.parent_id in by_key and steps <= len(by_key):
        step = by_key[step.parent_id]
        steps += 1
    return steps
