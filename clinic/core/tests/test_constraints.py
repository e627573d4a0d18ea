"""The guards, tried on the tables that carry them; each app attacks its own with SQL besides."""

import pytest
from django.apps import apps
from django.db import connection

from clinic.core.constraints import guarded, missing_triggers, restore_triggers

pytestmark = pytest.mark.django_db


def test_every_trigger_stands_after_the_migrations():
    assert missing_triggers(connection) == []


def test_a_dropped_trigger_is_missed_and_comes_back():
    model, constraint = next(
        (model, constraint) for model, constraint in guarded() if model._meta.label == "audit.Event"
    )
    constraint.drop_triggers(model, connection.schema_editor())
    assert missing_triggers(connection) == ["audit_event_written_once_update", "audit_event_written_once_delete"]
    restore_triggers(sender=apps.get_app_config("audit"), using="default")
    assert missing_triggers(connection) == []


def test_every_constraint_of_the_project_says_a_sentence():
    ours = ("audit", "people", "reminders", "exercises", "bookings", "assessments", "api", "demo")
    silent = [
        constraint.name
        for label in ours
        for model in apps.get_app_config(label).get_models()
        for constraint in model._meta.constraints
        if constraint.violation_error_message in (None, constraint.default_violation_error_message)
    ]
    assert silent == []
