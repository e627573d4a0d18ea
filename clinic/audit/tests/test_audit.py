import pytest
from django.db import IntegrityError, connection, transaction

from clinic.audit.models import Event
from clinic.audit.services import record, record_reading


@pytest.mark.parametrize("attack", ["UPDATE audit_event SET action = 'nothing'", "DELETE FROM audit_event"])
def test_what_was_written_down_can_be_neither_changed_nor_deleted(staff, attack):
    record(by=staff, action="hours.changed", subject=staff)
    with (
        pytest.raises(IntegrityError, match="audit_event_written_once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack)
    assert list(Event.objects.values_list("action", flat=True)) == ["hours.changed"]


def test_an_event_names_the_actor_the_record_and_what_changed(therapist, runner):
    record(
        by=therapist, action="programme.changed", subject=runner.runner, runner=runner.runner, changes={"weeks": [4, 6]}
    )
    event = Event.objects.get()
    assert (event.actor_id, event.actor_role) == (str(therapist.pk), "therapist")
    assert (event.subject_type, event.subject_id) == ("people.runnerprofile", str(runner.runner.pk))
    assert event.runner_id == str(runner.runner.pk)
    assert event.changes == {"weeks": [4, 6]}


def test_reading_a_chart_is_written_down(therapist, runner):
    record_reading(by=therapist, runner=runner.runner, what="overview")
    assert Event.objects.readings().about_runner(runner.runner.pk).get().reason == "overview"


def test_reading_ones_own_record_is_not(runner):
    assert record_reading(by=runner, runner=runner.runner, what="overview") is None
    assert not Event.objects.exists()
