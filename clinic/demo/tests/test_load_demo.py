"""The demonstration clinic: built once for all of these tests."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from assessments.models import Assessment, Intake, Recommendation
from bookings.models import Appointment, WeeklyHours
from clinic.core.constraints import seals_lifted
from clinic.demo.cast import PASSWORD
from clinic.people.models import User
from clinic.reminders.models import Reminder, State
from exercises.models import Programme, SessionLog

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The clinic as of 24 November 2026, and an empty database afterwards."""
    from django.db import connection

    with django_db_blocker.unblock():
        call_command("load_demo", today="2026-11-24", verbosity=0)
        yield
        with seals_lifted(connection):
            call_command("flush", interactive=False, verbosity=0, allow_cascade=True)


pytestmark = [pytest.mark.usefixtures("demo"), pytest.mark.django_db, pytest.mark.xdist_group("demo")]


def summary() -> dict[str, Any]:
    return {
        "sessions": Counter(
            Appointment.objects.values_list("start", "state", "therapist__slug", "runner__user__email")
        ),
        "logs": Counter(SessionLog.objects.values_list("runner__user__email", "on", "pain", "effort")),
        "findings": Counter(Assessment.objects.values_list("runner__user__email", "findings__rule", "state")),
        "messages": Counter(Reminder.objects.values_list("person__email", "kind", "state")),
    }


def test_the_people_are_there_and_can_log_in() -> None:
    assert Counter(User.objects.values_list("role", flat=True)) == {"runner": 60, "therapist": 6, "staff": 3}
    for email in (
        "runner@stridewell.test",
        "runner60@stridewell.test",
        "therapist6@stridewell.test",
        "staff3@stridewell.test",
    ):
        assert Client().login(email=email, password=PASSWORD)
    assert len(set(User.objects.filter(role="therapist").values_list("zone", flat=True))) >= 4


def test_four_months_behind_and_three_weeks_ahead() -> None:
    starts = Appointment.objects.values_list("start", flat=True)
    assert min(starts) < NOW - timedelta(days=110)
    assert max(starts) > NOW + timedelta(days=18)
    assert len(starts) > 600
    states = Counter(Appointment.objects.values_list("state", flat=True))
    assert {"booked", "completed", "cancelled", "no_show"} <= set(states)
    assert not Appointment.objects.filter(start__gt=NOW).exclude(state__in=("booked", "cancelled", "held")).exists()
    assert not Appointment.objects.filter(end__lte=NOW, state="booked").exists()


def test_the_first_runners_story_is_the_richest() -> None:
    runner = User.objects.get(email="runner@stridewell.test").runner
    coming = Appointment.objects.filter(runner=runner, start__gt=NOW, state="booked").order_by("start").first()
    assert coming is not None
    assert coming.start - NOW < timedelta(days=2)
    assert coming.therapist.user.email == "therapist@stridewell.test"
    assert Assessment.objects.filter(runner=runner, state="signed").count() >= 3
    programme = Programme.objects.get(runner=runner, state="active")
    assert SessionLog.objects.filter(programme=programme).count() > 30
    assert not SessionLog.objects.filter(programme=programme, on__gte=NOW.date()).exists()


def test_assessments_changed_for_the_better() -> None:
    drops = [
        each.measurements.get(key="pelvic_drop", side="left").value
        for each in Assessment.objects.filter(runner__user__email="runner@stridewell.test").order_by("started_at")
    ]
    assert drops == sorted(drops, reverse=True)
    assert drops[0] - drops[-1] > 2
    assert Recommendation.objects.filter(decision="accepted").count() > 100
    assert Assessment.objects.filter(state="draft").exists()


def test_everybody_answered_the_intake_and_one_red_flag_is_open() -> None:
    assert Intake.objects.values("runner").distinct().count() == 60
    assert [intake.blocks for intake in Intake.objects.all()].count(True) == 1


def test_every_therapist_has_hours() -> None:
    assert WeeklyHours.objects.values("therapist").distinct().count() == 6


def test_messages_stand_in_every_state_and_none_is_overdue() -> None:
    assert set(Reminder.objects.values_list("state", flat=True)) == set(State.values)
    assert not Reminder.objects.filter(state=State.DUE, next_at__lt=NOW).exists()


def test_the_mailbox_has_letters(client: Client) -> None:
    listing = client.get("/demo/mailbox/")
    assert len(listing.context["page"].object_list) >= 20


def test_it_refuses_a_database_that_is_not_empty() -> None:
    people = User.objects.count()
    with pytest.raises(CommandError, match="not empty"):
        call_command("load_demo")
    assert User.objects.count() == people


def test_outside_the_demonstration_it_refuses(settings: Any) -> None:
    settings.DEMO = False
    people = User.objects.count()
    with pytest.raises(CommandError, match="not a demonstration"):
        call_command("load_demo", replace=True)
    assert User.objects.count() == people


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="2026-11-24"):
        call_command("load_demo", today="tomorrow")


@pytest.mark.django_db(transaction=True)
def test_the_same_day_gives_the_same_clinic() -> None:
    before = summary()
    call_command("load_demo", today="2026-11-24", replace=True, verbosity=0)
    assert summary() == before
