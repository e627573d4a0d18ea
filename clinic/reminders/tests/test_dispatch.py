"""What becomes of a due message: every way it can end, and every way a dispatcher can die."""

from datetime import UTC, datetime, time, timedelta

import pytest

from clinic.people.models import User
from clinic.reminders import claims, health, kinds, services
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import MAX_ATTEMPTS, Preference, Reminder, Rhythm, State
from clinic.reminders.posts import NotNow, Refused
from clinic.reminders.tests.conftest import Sink, plan

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Ends a dispatcher as kill -9 would: nothing catches it."""


def state_of(reminder: Reminder) -> tuple[str, str]:
    reminder.refresh_from_db()
    return reminder.state, reminder.note


def test_a_due_message_is_sent_once(runner: User, sink: Sink, now: datetime) -> None:
    reminder = plan(runner, now)
    assert dispatch(now=now) == {"sent": 1}
    assert dispatch(now=now + timedelta(hours=1)) == {}
    assert sink.sent == [reminder.key]
    assert state_of(reminder)[0] == State.SENT


def test_a_message_that_is_not_due_waits(runner: User, sink: Sink, now: datetime) -> None:
    plan(runner, now, due_at=now + timedelta(seconds=1))
    assert dispatch(now=now) == {}
    assert sink.sent == []


def test_no_more_than_the_limit_go_out_in_one_call(runner: User, sink: Sink, now: datetime) -> None:
    for number in range(30):
        plan(runner, now, kind="told", occasion=str(number))
    assert dispatch(now=now, limit=25) == {"sent": 25}


def test_a_message_that_comes_too_late_is_skipped_with_its_reason(runner: User, sink: Sink, now: datetime) -> None:
    reminder = plan(runner, now)
    assert dispatch(now=now + timedelta(days=1)) == {"skipped": 1}
    assert state_of(reminder) == (State.SKIPPED, "Too late: what it tells is over.")


def test_truth_is_asked_again_at_sending(runner: User, sink: Sink, now: datetime) -> None:
    kinds.register(kinds.Kind("told", "plain", still_true=lambda reminder, now: "The visit was cancelled."))
    reminder = plan(runner, now, kind="told")
    dispatch(now=now)
    assert state_of(reminder) == (State.SKIPPED, "The visit was cancelled.")
    assert sink.sent == []


def test_a_closed_account_gets_nothing(runner: User, sink: Sink, now: datetime) -> None:
    reminder = plan(runner, now)
    User.objects.filter(pk=runner.pk).update(is_active=False)
    dispatch(now=now)
    assert state_of(reminder) == (State.SKIPPED, "The account is closed.")


def test_what_is_turned_off_is_not_sent_but_answers_always_are(runner: User, sink: Sink, now: datetime) -> None:
    for kind in ("nudge", "told"):
        Preference.objects.create(person=runner, kind=kind, wanted=False, changed_at=now)
    nudge, told = plan(runner, now), plan(runner, now, kind="told")
    dispatch(now=now)
    assert state_of(nudge) == (State.SKIPPED, "Turned off by the person.")
    assert state_of(told)[0] == State.SENT


def test_a_pause_stops_all_but_visits(runner: User, sink: Sink, now: datetime) -> None:
    Rhythm.objects.create(person=runner, paused_until=now.date() + timedelta(days=1))
    nudge, visit = plan(runner, now), plan(runner, now, kind="gentle")
    dispatch(now=now)
    assert state_of(nudge) == (State.SKIPPED, "Messages are paused.")
    assert state_of(visit)[0] == State.SENT


def test_in_quiet_hours_it_waits_for_their_end_in_the_persons_zone(runner: User, sink: Sink) -> None:
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # 23:00 in Stockholm
    nudge, told = plan(runner, night), plan(runner, night, kind="told")
    assert dispatch(now=night) == {"postponed": 1, "sent": 1}
    assert state_of(told)[0] == State.SENT
    assert state_of(nudge) == (State.DUE, "Waits for the end of quiet hours.")
    assert (nudge.next_at, nudge.attempts) == (datetime(2026, 11, 25, 5, 45, tzinfo=UTC), 0)
    assert dispatch(now=nudge.next_at) == {"sent": 1}


def test_too_late_after_quiet_hours_it_is_not_sent_at_all(runner: User, sink: Sink) -> None:
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    nudge = plan(runner, night, expires_at=night + timedelta(hours=2))
    dispatch(now=night)
    assert state_of(nudge) == (State.SKIPPED, "It fell in quiet hours and would come too late after them.")


def test_the_daily_limit_holds_for_what_counts(runner: User, sink: Sink, now: datetime) -> None:
    Rhythm.objects.create(person=runner, daily_cap=1)
    first, second = plan(runner, now), plan(runner, now, occasion="second")
    visit, told = plan(runner, now, kind="gentle"), plan(runner, now, kind="told")
    assert dispatch(now=now) == {"sent": 3, "skipped": 1}
    assert state_of(second) == (State.SKIPPED, "The daily limit of 1 message was reached.")
    assert {state_of(row)[0] for row in (first, visit, told)} == {State.SENT}
    plan(runner, now + timedelta(days=1), occasion="third")
    assert dispatch(now=now + timedelta(days=1)) == {"sent": 1}


def test_a_refused_address_fails_at_once(runner: User, sink: Sink, now: datetime) -> None:
    sink.fails = Refused("The address was refused (550).")
    reminder = plan(runner, now)
    assert dispatch(now=now) == {"failed": 1}
    assert state_of(reminder) == (State.FAILED, "The address was refused (550).")
    assert list(Reminder.objects.needs_a_person()) == [reminder]


def test_a_busy_server_is_asked_again_after_growing_waits_and_then_given_up(
    runner: User, sink: Sink, now: datetime
) -> None:
    sink.fails = NotNow("The mail server did not take it (TimeoutError).")
    reminder = plan(runner, now, kind="told", expires_at=now + timedelta(days=3))
    waits = []
    at = now
    for _ in range(MAX_ATTEMPTS - 1):
        assert dispatch(now=at) == {"later": 1}
        reminder.refresh_from_db()
        waits.append((reminder.next_at - at).total_seconds() / 60)
        assert dispatch(now=reminder.next_at - timedelta(seconds=1)) == {}
        at = reminder.next_at + timedelta(seconds=1)
    assert all(0.79 * m <= wait <= 1.22 * m for wait, m in zip(waits, (1, 5, 15, 60, 240), strict=True))
    dispatch(now=at)
    assert state_of(reminder) == (
        State.FAILED,
        "The mail server did not take it (TimeoutError). Given up after 6 attempts.",
    )


def test_no_attempt_is_planned_for_after_its_use(runner: User, sink: Sink, now: datetime) -> None:
    sink.fails = NotNow("Busy.")
    reminder = plan(runner, now, expires_at=now + timedelta(seconds=20))
    dispatch(now=now)
    assert state_of(reminder) == (State.FAILED, "Busy. A later attempt would come too late.")


def test_after_a_failure_the_server_is_tried_again_and_it_goes_out(runner: User, sink: Sink, now: datetime) -> None:
    sink.fails = NotNow("Busy.")
    reminder = plan(runner, now)
    dispatch(now=now)
    sink.fails = None
    assert dispatch(now=now + timedelta(minutes=2)) == {"sent": 1}
    assert sink.sent == [reminder.key]


def test_one_row_that_cannot_be_written_does_not_keep_the_others_back(runner: User, sink: Sink, now: datetime) -> None:
    def broken(reminder: Reminder, now: datetime) -> str:
        raise ZeroDivisionError

    kinds.register(kinds.Kind("told", "plain", still_true=broken))
    bad, good = plan(runner, now, kind="told"), plan(runner, now)
    assert dispatch(now=now) == {"later": 1, "sent": 1}
    assert state_of(bad) == (State.DUE, "It could not be written (ZeroDivisionError).")
    assert state_of(good)[0] == State.SENT


def test_a_kind_that_is_gone_and_a_channel_without_provider_fail_in_words(
    runner: User, sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, phone = plan(runner, now, kind="told"), plan(runner, now, channel="sms")
    monkeypatch.delitem(kinds._kinds, "told")
    assert dispatch(now=now) == {"failed": 2}
    assert state_of(gone) == (State.FAILED, "This kind of message is not known any more.")
    assert state_of(phone) == (State.FAILED, "No provider for this channel is set up.")


def test_killed_between_claim_and_sending_it_goes_out_after_the_lease(
    runner: User, sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    reminder = plan(runner, now, kind="told")

    def die(*args: object, **kwargs: object) -> bool:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(claims, "hand_over", die)
        with pytest.raises(Killed):
            dispatch(now=now)
    assert state_of(reminder)[0] == State.CLAIMED
    assert dispatch(now=now + timedelta(seconds=60)) == {}
    assert dispatch(now=now + claims.LEASE + timedelta(seconds=1)) == {"sent": 1}
    assert sink.sent == [reminder.key]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_hand_over_an_email_goes_again_under_the_same_key(
    runner: User, sink: Sink, now: datetime, moment: str
) -> None:
    reminder = plan(runner, now, kind="told")
    if moment == "after":
        sink.before = lambda: sink.sent.append(reminder.key)
    sink.fails = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        dispatch(now=now)
    sink.fails = sink.before = None
    assert dispatch(now=now + claims.LEASE + timedelta(seconds=1)) == {"sent": 1}
    assert set(sink.sent) == {reminder.key}


def test_killed_in_the_hand_over_to_a_phone_it_is_not_certain_and_never_repeated(
    runner: User, phone: Sink, now: datetime
) -> None:
    reminder = plan(runner, now, kind="told", channel="sms")
    phone.fails = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        dispatch(now=now)
    phone.fails = None
    assert dispatch(now=now + claims.LEASE + timedelta(seconds=1)) == {}
    assert state_of(reminder) == (State.UNKNOWN, "The sender stopped in the middle of handing it over.")
    assert phone.sent == []


def test_a_phone_hand_over_that_breaks_off_is_not_certain(runner: User, phone: Sink, now: datetime) -> None:
    phone.fails = ConnectionResetError()
    reminder = plan(runner, now, kind="told", channel="sms")
    assert dispatch(now=now) == {"unknown": 1}
    assert state_of(reminder) == (
        State.UNKNOWN,
        "The hand-over broke off (ConnectionResetError): it may have gone out.",
    )


def test_what_may_have_gone_out_and_is_not_true_any_more_is_not_certain(
    runner: User, sink: Sink, now: datetime
) -> None:
    reminder = plan(runner, now, kind="told")
    sink.fails = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        dispatch(now=now)
    assert dispatch(now=now + timedelta(days=2)) == {"unknown": 1}
    assert state_of(reminder)[1].startswith("It may have gone out before the sender stopped. Not repeated: Too late")


def test_a_row_that_kills_every_dispatcher_is_given_up(runner: User, sink: Sink, now: datetime) -> None:
    reminder, at = plan(runner, now, kind="told", expires_at=now + timedelta(days=3)), now
    sink.fails = Killed()  # type: ignore[assignment]
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            dispatch(now=at)
        at += claims.LEASE + timedelta(seconds=2)
    assert dispatch(now=at) == {}
    assert state_of(reminder) == (State.FAILED, "The sender stopped 6 times while it had this message.")


def test_withdrawn_before_it_leaves_it_does_not_go_out(
    runner: User, sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    reminder = plan(runner, now, kind="told")
    prepare = sink.prepare

    def cancelled_meanwhile(row: Reminder, at: datetime) -> str:
        services.withdraw(subject="visit:1", reason="The visit was cancelled.")
        return prepare(row, at)

    monkeypatch.setattr(sink, "prepare", cancelled_meanwhile)
    assert dispatch(now=now) == {"lost": 1}
    assert sink.sent == []
    assert state_of(reminder) == (State.WITHDRAWN, "The visit was cancelled.")


def test_withdrawn_while_it_leaves_it_stands_as_sent(runner: User, sink: Sink, now: datetime) -> None:
    reminder = plan(runner, now, kind="told")
    sink.before = lambda: services.withdraw(subject="visit:1", reason="The visit was cancelled.")
    assert dispatch(now=now) == {"sent": 1}
    assert state_of(reminder)[0] == State.SENT


def test_a_dispatcher_that_slept_through_its_lease_neither_sends_nor_marks(
    runner: User, sink: Sink, now: datetime
) -> None:
    plan(runner, now, kind="told")
    [slow] = claims.claim(now=now, safe_channels=["email"])
    later = now + claims.LEASE + timedelta(seconds=1)
    assert dispatch(now=later) == {"sent": 1}
    assert claims.hand_over(slow, now=later, cap=None) is False
    assert claims.let_go(slow, State.FAILED, note="late") is False
    assert state_of(slow)[0] == State.SENT


def test_a_clock_that_was_wrong_holds_no_row_for_ever(runner: User, sink: Sink, now: datetime) -> None:
    plan(runner, now, kind="told")
    claims.claim(now=now + timedelta(days=400), safe_channels=["email"])
    assert dispatch(now=now) == {"sent": 1}


def test_the_clock_moved_on_sends_each_message_once(runner: User, sink: Sink, now: datetime) -> None:
    reminder = plan(runner, now, kind="told")
    sink.before = lambda: dispatch(now=now + timedelta(hours=3)) if len(sink.sent) == 0 and not nested() else None
    depth = []

    def nested() -> bool:
        depth.append(1)
        return len(depth) > 1

    dispatch(now=now)
    assert set(sink.sent) == {reminder.key}
    assert state_of(reminder)[0] == State.SENT


def test_asked_to_stop_it_gives_back_what_it_has_not_sent(runner: User, sink: Sink, now: datetime) -> None:
    for number in range(5):
        plan(runner, now, kind="told", occasion=str(number))
    tally = dispatch(now=now, stop=lambda: len(sink.sent) >= 2)
    assert tally == {"sent": 2, "returned": 3}
    assert set(Reminder.objects.filter(state=State.DUE).values_list("attempts", flat=True)) == {0}


def test_health_tells_how_late_the_oldest_is(runner: User, sink: Sink, now: datetime) -> None:
    assert health.oldest_overdue(now) is None
    plan(runner, now - timedelta(minutes=5), kind="told")
    assert health.oldest_overdue(now) == timedelta(minutes=5)
    assert health.is_late(now)
    dispatch(now=now)
    assert health.oldest_overdue(now) is None
    assert health.report(now) == {"overdue_s": 0, "late": False, "needs_a_person": 0, "last_look": now}


def test_health_counts_a_lease_that_ran_out(runner: User, now: datetime) -> None:
    plan(runner, now, kind="told")
    claims.claim(now=now, safe_channels=["email"])
    assert health.oldest_overdue(now + claims.LEASE + timedelta(minutes=4)) == timedelta(minutes=4)


def test_quiet_hours_that_the_person_chose_count(runner: User, sink: Sink, now: datetime) -> None:
    Rhythm.objects.create(person=runner, quiet_from=time(9), quiet_to=time(11))
    nudge = plan(runner, now)  # 10:00 in Stockholm
    dispatch(now=now)
    assert state_of(nudge)[0] == State.DUE
    assert nudge.next_at == now + timedelta(hours=1)
