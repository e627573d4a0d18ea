"""The two clocks, Celery's tick and the loop, call the same functions."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from clinic.beat import TIMETABLE
from clinic.celery import app
from clinic.people.models import User
from clinic.reminders import kinds, planning, tasks
from clinic.reminders.models import Reminder, State
from clinic.reminders.tests.conftest import Sink, plan


def test_every_entry_of_the_timetable_names_a_task_and_lets_a_late_tick_lapse() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in TIMETABLE.values()} <= set(app.tasks)
    assert all(entry["options"]["expires"] for entry in TIMETABLE.values())


def test_celery_keeps_no_results() -> None:
    assert app.conf.task_ignore_result
    assert not app.conf.result_backend
    assert app.conf.worker_prefetch_multiplier == 1


@pytest.mark.django_db
def test_a_tick_sends_what_is_due(runner: User, sink: Sink, now: datetime, clock: Any) -> None:
    reminder = plan(runner, now)
    tasks.tick()
    assert sink.sent == [reminder.key]


@pytest.mark.django_db
def test_the_loop_run_once_plans_and_sends(runner: User, sink: Sink, now: datetime, clock: Any) -> None:
    kinds.register_planner("test", lambda at: bool(plan(runner, at)))
    said = StringIO()
    call_command("run_reminders", once=True, stdout=said)
    assert said.getvalue() == "1 sent\n"
    assert len(sink.sent) == 1


@pytest.mark.django_db
def test_a_planner_that_fails_keeps_no_other_from_planning(runner: User, now: datetime) -> None:
    def broken(at: datetime) -> int:
        raise ZeroDivisionError

    kinds.register_planner("broken", broken)
    kinds.register_planner("good", lambda at: bool(plan(runner, at)))
    assert planning.plan_ahead(now=now) == 1


@pytest.mark.django_db
def test_old_messages_forget_what_they_said_and_stay_as_facts(runner: User, now: datetime) -> None:
    old = plan(runner, now - timedelta(days=70), context={"word": "Thursday"})
    new = plan(runner, now, occasion="second", context={"word": "Friday"})
    Reminder.objects.update(state=State.SENT, sent_at=now)
    assert planning.forget_details(now=now) == 1
    assert dict(Reminder.objects.values_list("pk", "context")) == {old.pk: {}, new.pk: {"word": "Friday"}}
