"""What must never be false, tried straight in SQL."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from exercises.models import Exercise, Phase, Prescription, Programme, Race, SessionLog, SetLog
from exercises.services import enter_race, log_as_planned
from exercises.tests.conftest import TUESDAY

BREAKS = [
    ("exercises_category_known", Exercise, "category = 'dance'"),
    ("exercises_load_known", Exercise, "load = 'huge'"),
    ("exercises_difficulty_1_to_5", Exercise, "difficulty = 6"),
    ("exercises_dose_possible", Exercise, "reps = NULL, hold_s = NULL"),
    ("exercises_dose_possible", Exercise, "sets = 11"),
    ("exercises_not_its_own_parent", Exercise, "parent_id = id"),
    ("exercises_programme_state_known", Programme, "state = 'paused'"),
    ("exercises_programme_ends_after_start", Programme, "state = 'ended', ended_on = '2026-11-09'"),
    ("exercises_programme_end_is_known", Programme, "ended_on = '2026-12-01'"),
    ("exercises_programme_visits_possible", Programme, "visits_planned = 61"),
    ("exercises_phase_1_to_52_weeks", Phase, "weeks = 0"),
    ("exercises_phase_place_once", Phase, "position = 1"),
    ("exercises_prescription_place_once", Prescription, "position = 1"),
    ("exercises_prescription_dose_possible", Prescription, "reps = 5, hold_s = 5"),
    ("exercises_prescription_load_possible", Prescription, "load_kg = 300.5"),
    ("exercises_log_pain_0_to_10", SessionLog, "pain = 11"),
    ("exercises_log_effort_0_to_10", SessionLog, "effort = 11"),
    ("exercises_set_possible", SetLog, "number = 21"),
    ("exercises_set_pain_0_to_10", SetLog, "pain = 11"),
    ("exercises_race_distance_possible", Race, "distance_km = 0"),
]
DOUBLES = [
    ("exercises_one_active_programme", Programme),
    ("exercises_one_log_a_day", SessionLog),
    ("exercises_set_once", SetLog),
    ("exercises_race_once", Race),
]


@pytest.fixture
def filled(programme, bridge, runner, now):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)
    enter_race(runner=runner.runner, name="Harbour 10", on=TUESDAY, distance_km=10, by=runner, now=now)
    Phase.objects.create(programme=programme, position=2, title="Build", weeks=4)


def refused(sql: str, params: list | None = None) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params or [])
    return str(refusal.value)


@pytest.mark.parametrize(("name", "model", "change"), BREAKS)
def test_the_database_refuses_what_cannot_be(filled, name, model, change):
    why = refused(f"UPDATE {model._meta.db_table} SET {change}")

    assert name in why or "UNIQUE" in why


@pytest.mark.parametrize(("name", "model"), DOUBLES)
def test_the_database_refuses_a_second_one(filled, name, model):
    row = model.objects.values().first()
    if model in (Programme, SessionLog):
        row["id"] = "00000000000040008000000000000001"
    else:
        del row["id"]
    twin = model(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.bulk_create([twin])


def test_every_constraint_has_a_sentence_and_a_test():
    named = {
        constraint.name: constraint
        for model in apps.get_app_config("exercises").get_models()
        for constraint in model._meta.constraints
    }

    assert set(named) == {row[0] for row in BREAKS} | {row[0] for row in DOUBLES}
    assert all(constraint.violation_error_message.endswith(".") for constraint in named.values())
    assert not any("Constraint “" in constraint.violation_error_message for constraint in named.values())
