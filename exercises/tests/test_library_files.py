"""Reading and loading the library files."""

import json
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from exercises import library as files
from exercises.doses import usual_dose
from exercises.models import Category, Exercise
from exercises.services import loading
from exercises.services.loading import load_library
from exercises.services.programmes import faults_of

load_figures = cache(loading.figures.load_all)


@pytest.fixture(autouse=True)
def figures_read_once(monkeypatch):
    """The figures have tests of their own; reading and checking them all takes a second."""
    monkeypatch.setattr(loading.figures, "load_all", load_figures)


GOOD = """category: core
exercises:
- slug: hollow-hold
  name: Hollow hold
  purpose: A belly that holds you long while you tire.
  capacities: [strength]
  load: low
  stages: [build]
  muscles: [rectus abdominis]
  regions: [trunk]
  equipment: [mat]
  difficulty: 3
  position: Lie on your back.
  steps: [Press the back down., Lift arms and legs a little.]
  breathing: Breathe in short, calm breaths.
  cues: [Grow long.]
  faults:
  - {fault: The back lifts., fix: Bend the knees.}
  safety: [Stop if your back aches.]
  contraindications: [your back hurts]
  dose: {sets: 3, hold_s: 20, rest_s: 45, per_side: false}
  range: {sets: [2, 4], hold_s: [10, 40]}
  evidence: {note: General knowledge., mark: K}
  lay_words: [abs]
"""


def folder_with(path: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (path / f"{name}.yaml").write_text(text)
    return path


def test_every_exercise_is_loaded_and_loading_again_changes_nothing(db):
    first = load_library()
    before = list(Exercise.objects.order_by("pk").values())

    again = load_library()

    assert len(first.added) >= 40
    assert (again.same, again.added, again.changed) == (first.added, [], [])
    assert list(Exercise.objects.order_by("pk").values()) == before
    assert {exercise.category for exercise in Exercise.objects.all()} == set(Category.values)
    assert Exercise.objects.filter(figure__isnull=False).count() >= 12


def test_a_changed_file_changes_its_exercise_alone(db, tmp_path):
    load_library(folder=folder_with(tmp_path, core=GOOD))
    (tmp_path / "core.yaml").write_text(GOOD.replace("hold_s: 20", "hold_s: 25"))

    result = load_library(folder=tmp_path)

    assert result.changed == ["hollow-hold"]
    assert Exercise.objects.get().hold_s == 25


def test_an_exercise_gone_from_the_files_is_removed_only_if_nobody_uses_it(programme, library, tmp_path):
    shipped = len(library)

    result = load_library(folder=folder_with(tmp_path, core=GOOD))

    assert sorted(result.retired) == ["bridge", "plank", "side-plank"]  # the plank is the side plank's parent
    assert len(result.removed) == shipped - 3 - ("hollow-hold" in library)
    assert set(Exercise.objects.active().values_list("slug", flat=True)) == {"hollow-hold"}


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (GOOD.replace("category: core", "category: dance"), 1, "'dance' is not a category"),
        (GOOD.replace("  name: Hollow hold\n", ""), 3, "hollow-hold: name is missing"),
        (GOOD.replace("sets: 3", "sets: 300"), 21, "sets is a whole number from 1 to 10, not 300"),
        (GOOD.replace("hold_s: 20", "hold_s: -20"), 21, "hold_s is a whole number from 1 to 600, not -20"),
        (GOOD.replace("hold_s: 20", "hold_s: 20, reps: 5"), 21, "reps or hold_s, one of them"),
        (GOOD.replace("difficulty: 3", "difficulty: true"), 12, "difficulty is a whole number from 1 to 5"),
        (GOOD.replace("  lay_words", "  lai_words: [x]\n  lay_words"), 24, "no such key as lai_words"),
        (GOOD.replace("[mat]", "[piano]"), 11, "'piano' is no equipment"),
        (GOOD.replace("muscles: [rectus abdominis]", "muscles: []"), 9, "muscles is a list of at least 1"),
        (GOOD.replace("fix: Bend the knees.", "repair: x"), 18, "a fault has two texts"),
        (GOOD + "  parent: hollow-hold\n", 25, "parent is the exercise itself"),
        (GOOD + "  progression: flying-hold\n", 25, "no exercise has that slug"),
        (GOOD.replace("difficulty: 3", "difficulty: [3"), 13, "not valid YAML"),
        (GOOD.replace("load: low", "load: huge"), 7, "'huge' is no load; use low, middle, high"),
        (GOOD.replace("[strength]", "[beauty]"), 6, "'beauty' is no capacities"),
        (GOOD.replace("[build]", "[]"), 8, "stages is a list of at least 1"),
        (GOOD.replace("hold_s: [10, 40]", "hold_s: [30, 40]"), 22, "hold_s of a range holds the usual 20"),
        (GOOD.replace("mark: K", "mark: S"), 23, "evidence marked S names its source"),
        (GOOD.replace("mark: K", "mark: X"), 23, "the mark of an evidence is S, K or P"),
        ("just words", 1, "two keys, category and exercises"),
        (GOOD.replace("slug: hollow-hold", "slug: Hollow Hold"), 3, "is not a slug"),
    ],
)
def test_a_bad_entry_is_named_with_its_line_and_nothing_is_loaded(db, tmp_path, wrong, line, words):
    with pytest.raises(CommandError) as refusal:
        call_command("load_exercise_library", folder=folder_with(tmp_path, core=wrong))

    assert f"core.yaml, line {line}: " in str(refusal.value)
    assert words in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert not Exercise.objects.exists()


def test_variations_in_a_circle_are_refused(tmp_path):
    one = GOOD + "  parent: tuck-hold\n"
    two = GOOD.replace("hollow-hold", "tuck-hold") + "  parent: hollow-hold\n"

    with pytest.raises(
        files.LibraryError, match="parents go round in a circle: hollow-hold -> tuck-hold -> hollow-hold"
    ):
        files.read_all(folder_with(tmp_path, a=one, b=two))


def test_harder_and_easier_in_a_circle_are_refused_over_files_too(tmp_path):
    """The hollow hold leads to the tuck hold, the tuck hold to the rocker, and the rocker says the hollow hold is harder."""
    one = GOOD + "  progression: tuck-hold\n"
    two = GOOD.replace("hollow-hold", "tuck-hold") + "  progression: rocker\n"
    three = GOOD.replace("hollow-hold", "rocker") + "  progression: hollow-hold\n"

    with pytest.raises(files.LibraryError) as refusal:
        files.read_all(folder_with(tmp_path, a=one, b=two, c=three))

    assert refusal.value.source in ("a.yaml", "b.yaml", "c.yaml")
    assert refusal.value.line == 25
    assert "harder and easier go round in a circle: " in refusal.value.why
    assert all(slug in refusal.value.why for slug in ("hollow-hold", "tuck-hold", "rocker"))


def test_easier_of_one_against_easier_of_the_other_is_a_circle(tmp_path):
    one = GOOD + "  regression: tuck-hold\n"
    two = GOOD.replace("hollow-hold", "tuck-hold") + "  regression: hollow-hold\n"

    with pytest.raises(
        files.LibraryError,
        match=r"[ab].yaml, line 25: .*harder and easier go round in a circle: [a-z-]+ -> [a-z-]+ -> ",
    ):
        files.read_all(folder_with(tmp_path, a=one, b=two))


def test_harder_here_and_easier_there_say_the_same(tmp_path):
    one = GOOD + "  progression: tuck-hold\n"
    two = GOOD.replace("hollow-hold", "tuck-hold") + "  regression: hollow-hold\n"

    assert len(files.read_all(folder_with(tmp_path, a=one, b=two))) == 2


def test_a_slug_stands_once(tmp_path):
    with pytest.raises(files.LibraryError, match=r"b.yaml, line 3: .*stands already in a.yaml, line 3"):
        files.read_all(folder_with(tmp_path, a=GOOD, b=GOOD))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(files.LibraryError, match="no exercise file"):
        files.read_all(tmp_path)


def test_the_command_tells_what_it_did(db, tmp_path):
    out = StringIO()

    call_command("load_exercise_library", folder=folder_with(tmp_path, core=GOOD), stdout=out)

    assert out.getvalue() == "Exercise library: 1 added, 0 changed, 0 as they were, 0 retired, 0 removed.\n"


def test_every_shipped_dose_can_be_prescribed_and_every_step_leads_the_right_way(library):
    for exercise in library.values():
        assert faults_of(usual_dose(exercise)) == {}
        if exercise.progression:
            assert exercise.progression.difficulty >= exercise.difficulty, exercise.slug
        if exercise.regression:
            assert exercise.regression.difficulty <= exercise.difficulty, exercise.slug
        assert exercise.progression or exercise.progression_note
        assert exercise.regression or exercise.regression_note


def test_stretches_add_up_to_a_minute_a_muscle(library):
    """ACSM 2011: 60 s for each muscle, where it is held; the calf stretch has two muscles, straight knee and bent."""
    stretches = [exercise for exercise in library.values() if exercise.category == "flexibility" and exercise.hold_s]

    assert {exercise.slug: exercise.sets * exercise.hold_s for exercise in stretches} == {
        exercise.slug: 120 if exercise.slug == "calf-stretch" else 60 for exercise in stretches
    }


def test_jumps_stay_within_a_beginners_contacts(library):
    """NSCA: 80 to 100 contacts a session for beginners; one exercise alone stays below."""
    for exercise in library.values():
        if exercise.category == "plyometric" and exercise.reps:
            assert exercise.sets * exercise.reps * (2 if exercise.per_side else 1) <= 80


ONE = ("purpose", "position", "breathing")
SEVERAL = ("steps", "cues", "safety")


def test_texts_are_fit_for_a_page():
    for path in files.FOLDER.glob("*.yaml"):
        for row in yaml.safe_load(path.read_text())["exercises"]:
            faults = [fault[key] for fault in row["faults"] for key in fault]
            for text in [*(row[key] for key in ONE), *(each for key in SEVERAL for each in row[key]), *faults]:
                assert text[-1] == ".", text
                assert "!" not in text
                assert len(text) <= 200


@pytest.mark.django_db
def test_the_database_keeps_a_figures_keys_in_their_order():
    call_command("load_exercise_library", verbosity=0)
    drawn = load_figures(loading.figures.FOLDER)
    for slug, figure in Exercise.objects.filter(figure__isnull=False).values_list("slug", "figure"):
        assert json.dumps(figure) == json.dumps(drawn[slug])
