from datetime import datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User
from clinic.reminders import services
from clinic.reminders.models import Preference, Reminder, Rhythm, State
from clinic.reminders.tests.conftest import plan


def test_scheduling_twice_keeps_one_row(runner: User, now: datetime) -> None:
    first = plan(runner, now)
    second = plan(runner, now)
    assert first.pk == second.pk
    assert Reminder.objects.count() == 1


def test_scheduling_a_later_time_for_the_same_key_moves_a_row_that_was_never_tried(runner: User, now: datetime) -> None:
    plan(runner, now)
    moved = plan(runner, now, due_at=now + timedelta(hours=2), expires_at=now + timedelta(hours=3))
    assert moved.next_at == now + timedelta(hours=2)


def test_a_withdrawn_message_is_planned_anew(runner: User, now: datetime) -> None:
    plan(runner, now)
    assert services.withdraw(subject="visit:1", reason="The visit was cancelled.") == 1
    again = plan(runner, now)
    assert (again.state, again.note) == (State.DUE, "")


def test_a_sent_message_stays_sent(runner: User, now: datetime) -> None:
    sent = plan(runner, now)
    Reminder.objects.filter(pk=sent.pk).update(state=State.SENT, sent_at=now)
    assert plan(runner, now).state == State.SENT


def test_withdrawing_leaves_other_kinds_and_subjects_alone(runner: User, now: datetime) -> None:
    plan(runner, now)
    other_kind = plan(runner, now, kind="told")
    other_subject = plan(runner, now, subject="visit:2")
    services.withdraw(subject="visit:1", kinds=["nudge"], reason="Moved.")
    states = dict(Reminder.objects.values_list("pk", "state"))
    assert states[other_kind.pk] == states[other_subject.pk] == State.DUE
    assert list(states.values()).count(State.WITHDRAWN) == 1


def test_the_key_is_stable_and_tells_messages_apart(runner: User, other_runner: User, now: datetime) -> None:
    one, two = plan(runner, now), plan(other_runner, now)
    assert one.key == Reminder.objects.get(pk=one.pk).key
    assert one.key != two.key
    assert len(one.key) == 40


def test_a_kind_that_nobody_registered_is_refused(runner: User, now: datetime) -> None:
    with pytest.raises(KeyError, match="No kind of message is called 'gossip'"):
        plan(runner, now, kind="gossip")
    assert not Reminder.objects.exists()


def test_a_message_that_expires_before_it_is_due_is_refused(runner: User, now: datetime) -> None:
    with pytest.raises(ValueError, match="later than due_at"):
        plan(runner, now, expires_at=now)
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("reminders_state_known", {"state": "lost"}),
        ("reminders_channel_known", {"channel": "pigeon"}),
        ("reminders_claimed_by_token", {"state": "claimed"}),
        ("reminders_sent_at_an_instant", {"state": "sent"}),
        ("reminders_expire_after_due", {"expires_at": datetime.fromisoformat("2020-01-01T00:00:00Z")}),
        ("reminders_attempts_bounded", {"attempts": 7}),
    ],
)
def test_the_database_refuses_what_must_never_be(
    runner: User, now: datetime, constraint: str, change: dict[str, object]
) -> None:
    reminder = plan(runner, now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Reminder.objects.filter(pk=reminder.pk).update(**change)


def test_the_database_refuses_a_second_row_with_the_same_key(runner: User, now: datetime) -> None:
    reminder = plan(runner, now)
    reminder.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        reminder.save(force_insert=True)


def test_staff_retry_a_failed_message(runner: User, staff: User, now: datetime) -> None:
    reminder = plan(runner, now)
    Reminder.objects.filter(pk=reminder.pk).update(state=State.FAILED, attempts=6)
    reminder.refresh_from_db()
    services.retry(reminder=reminder, by=staff, now=now)
    assert (reminder.state, reminder.attempts, reminder.note) == (State.DUE, 0, "Tried again by Joan.")
    assert Event.objects.filter(action="reminder.retried", subject_id=str(reminder.pk)).count() == 1


def test_a_message_that_is_of_no_use_any_more_is_not_retried(runner: User, staff: User, now: datetime) -> None:
    reminder = plan(runner, now)
    Reminder.objects.filter(pk=reminder.pk).update(state=State.FAILED)
    with pytest.raises(DomainError) as refused:
        services.retry(reminder=reminder, by=staff, now=reminder.expires_at)
    assert refused.value.code == "too_late"
    reminder.refresh_from_db()
    assert reminder.state == State.FAILED


def test_two_people_deal_with_one_message_only_once(runner: User, staff: User, now: datetime) -> None:
    reminder = plan(runner, now)
    Reminder.objects.filter(pk=reminder.pk).update(state=State.UNKNOWN)
    services.dismiss(reminder=reminder, by=staff, now=now)
    with pytest.raises(Conflict):
        services.retry(reminder=reminder, by=staff, now=now)
    reminder.refresh_from_db()
    assert (reminder.state, reminder.dismissed_at) == (State.UNKNOWN, now)


def test_choices_are_kept_and_what_cannot_be_turned_off_is_left_on(runner: User, now: datetime) -> None:
    services.choose(
        person=runner,
        by=runner,
        wanted={("nudge", "email"): False, ("told", "email"): False},
        quiet_from=time(22),
        quiet_to=time(7),
        daily_cap=1,
        now=now,
    )
    assert list(Preference.objects.values_list("kind", "wanted")) == [("nudge", False)]
    assert Rhythm.objects.get(person=runner).daily_cap == 1


def test_an_impossible_limit_changes_nothing(runner: User, now: datetime) -> None:
    with pytest.raises(DomainError):
        services.choose(
            person=runner,
            by=runner,
            wanted={("nudge", "email"): False},
            quiet_from=time(22),
            quiet_to=time(7),
            daily_cap=0,
            now=now,
        )
    assert not Preference.objects.exists()
    assert not Rhythm.objects.exists()
