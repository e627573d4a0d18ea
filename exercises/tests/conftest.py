from datetime import date

import pytest

from exercises.doses import usual_dose
from exercises.library import Entry, read_all
from exercises.models import Exercise, Programme
from exercises.services import create_programme
from exercises.services.loading import STEPS

TUESDAY = date(2026, 11, 24)
EVERY_DAY = tuple(range(7))


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    """The shipped library files, read once."""
    return read_all()


@pytest.fixture
def library(db, entries) -> dict[str, Exercise]:
    """The shipped library without its figures, by slug."""
    made = {entry.slug: Exercise(slug=entry.slug, **entry.values) for entry in entries}
    Exercise.objects.bulk_create(made.values())
    for entry in entries:
        for step in STEPS:
            setattr(made[entry.slug], step, made.get(getattr(entry, step)))
    Exercise.objects.bulk_update(made.values(), STEPS)
    return made


@pytest.fixture
def give(library, runner, therapist, now):
    """`give("bridge", "plank", …)` gives `runner` a programme of these, every day, begun on 10 November."""

    def inner(*slugs: str, **changes) -> Programme:
        doses = [usual_dose(library[slug], days=EVERY_DAY) for slug in slugs or ("bridge", "side-plank")]
        how = {"title": "First weeks", "weeks": 4, "starts_on": date(2026, 11, 10), "doses": doses, "now": now}
        return create_programme(runner=runner.runner, therapist=therapist.therapist, by=therapist, **{**how, **changes})

    return inner


@pytest.fixture
def programme(give) -> Programme:
    give()
    return Programme.objects.with_plan().get()


@pytest.fixture
def bridge(programme):
    """The first prescription: 3 x 15, every day."""
    return (
        programme.phases.get()
        .prescriptions.select_related("phase__programme__runner__user", "exercise")
        .get(position=1)
    )
