"""Writing down what was done, once or twice, and taking it back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from clinic.audit.models import Event
from clinic.core.errors import DomainError, Forbidden
from exercises import adherence, today
from exercises.models import Prescription, SessionLog, SetLog
from exercises.services import end_programme, log_as_planned, log_day, log_sets, rate_session, undo_log
from exercises.services.logging import DoneSet
from exercises.tests.conftest import TUESDAY


def test_as_planned_writes_every_set(bridge, runner, now):
    session = log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)

    assert [(each.number, each.reps, each.as_planned, each.pain) for each in session.sets.all()] == [
        (n, 15, True, None) for n in (1, 2, 3)
    ]
    assert session.runner == runner.runner
    assert Event.objects.filter(action="exercise.logged", runner_id=str(runner.runner.pk)).count() == 1


def test_a_double_tap_changes_nothing(bridge, runner, now):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)

    assert SessionLog.objects.count() == 1
    assert SetLog.objects.count() == 3


def test_as_planned_leaves_written_sets_alone(bridge, runner, now):
    log_sets(prescription=bridge, sets=[DoneSet(number=1, reps=9)], by=runner, on=TUESDAY, now=now, pain=4)
    session = log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)

    assert [(each.number, each.reps, each.as_planned) for each in session.sets.all()] == [
        (1, 9, False),
        (2, 15, True),
        (3, 15, True),
    ]
    assert session.pain == 4


def test_a_set_written_again_is_corrected(bridge, runner, now):
    for reps in (9, 12):
        log_sets(prescription=bridge, sets=[DoneSet(number=1, reps=reps)], by=runner, on=TUESDAY, now=now)

    assert SetLog.objects.get().reps == 12


def test_undo_takes_back_the_whole_day_when_nothing_is_left(bridge, runner, now):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)

    assert undo_log(prescription=bridge, by=runner, on=TUESDAY, now=now) is True
    assert undo_log(prescription=bridge, by=runner, on=TUESDAY, now=now) is False
    assert not SessionLog.objects.exists()


def test_undo_keeps_what_was_said_and_the_pain_of_the_rest(programme, bridge, runner, now):
    plank = Prescription.objects.get(position=2)
    log_sets(prescription=bridge, sets=[DoneSet(number=1)], by=runner, on=TUESDAY, now=now, pain=6)
    log_sets(prescription=plank, sets=[DoneSet(number=1)], by=runner, on=TUESDAY, now=now, pain=3)
    rate_session(programme=programme, by=runner, on=TUESDAY, now=now, note="Left knee.")

    undo_log(prescription=bridge, by=runner, on=TUESDAY, now=now)

    session = SessionLog.objects.get()
    assert (session.pain, session.note, session.sets.count()) == (3, "Left knee.", 1)


def test_pain_of_the_day_is_the_worst(bridge, runner, now):
    for number, pain in ((1, 2), (2, 5), (3, 0)):
        log_sets(prescription=bridge, sets=[DoneSet(number=number)], by=runner, on=TUESDAY, now=now, pain=pain)

    assert SessionLog.objects.get().pain == 5


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (TUESDAY + timedelta(days=1), "in_the_future"),
        (date(9999, 12, 31), "in_the_future"),
        (TUESDAY - timedelta(days=8), "too_long_ago"),
        (date(1, 1, 1), "too_long_ago"),
    ],
)
def test_days_that_cannot_be_written_to(bridge, runner, now, on, code):
    with pytest.raises(DomainError) as refusal:
        log_as_planned(prescription=bridge, by=runner, on=on, now=now)

    assert refusal.value.code == code
    assert not SessionLog.objects.exists()


def test_a_week_back_is_the_limit(bridge, runner, now):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY - timedelta(days=7), now=now)

    assert SessionLog.objects.get().on == date(2026, 11, 17)


def test_the_day_is_the_runners_own(bridge, runner):
    """23:30 in London on Tuesday is Wednesday in Stockholm."""
    log_as_planned(
        prescription=bridge, by=runner, on=date(2026, 11, 25), now=datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    )

    assert SessionLog.objects.get().on == date(2026, 11, 25)


def test_before_the_start_and_after_the_end(give, runner, therapist, now):
    made = give("bridge", starts_on=date(2026, 11, 23))
    prescription = Prescription.objects.get()
    with pytest.raises(DomainError) as early:
        log_as_planned(prescription=prescription, by=runner, on=date(2026, 11, 22), now=now)
    end_programme(programme=made, by=therapist, on=TUESDAY)
    with pytest.raises(DomainError) as late:
        log_as_planned(prescription=Prescription.objects.get(), by=runner, on=TUESDAY, now=now)

    assert (early.value.code, late.value.code) == ("before_start", "after_end")
    assert not SessionLog.objects.exists()


def test_an_exercise_of_another_weekday_is_refused(give, library, runner, now):
    from exercises.doses import usual_dose

    give(doses=[usual_dose(library["bridge"], days=(0,))])

    with pytest.raises(DomainError) as refusal:
        log_as_planned(prescription=Prescription.objects.get(), by=runner, on=TUESDAY, now=now)

    assert refusal.value.code == "not_due"


@pytest.mark.parametrize("who", ["other_runner", "therapist", "staff"])
def test_nobody_else_writes_it_down(request, bridge, who, now):
    with pytest.raises(Forbidden):
        log_as_planned(prescription=bridge, by=request.getfixturevalue(who), on=TUESDAY, now=now)

    assert not SessionLog.objects.exists()


@pytest.mark.parametrize(
    ("sets", "pain", "code"),
    [
        ([], None, "no_sets"),
        ([DoneSet(number=0)], None, "bad_set"),
        ([DoneSet(number=21)], None, "bad_set"),
        ([DoneSet(number=1, reps=-1)], None, "bad_set"),
        ([DoneSet(number=1, reps=101)], None, "bad_set"),
        ([DoneSet(number=1, load_kg=Decimal(301))], None, "bad_set"),
        ([DoneSet(number=1), DoneSet(number=1)], None, "bad_set"),
        ([DoneSet(number=1)], 11, "bad_pain"),
        ([DoneSet(number=1)], -1, "bad_pain"),
    ],
)
def test_absurd_sets_are_refused(bridge, runner, now, sets, pain, code):
    with pytest.raises(DomainError) as refusal:
        log_sets(prescription=bridge, sets=sets, by=runner, on=TUESDAY, now=now, pain=pain)

    assert refusal.value.code == code
    assert not SessionLog.objects.exists()


def test_a_day_is_written_whole_or_not_at_all(programme, bridge, runner, now):
    with pytest.raises(DomainError):
        log_day(programme=programme, by=runner, on=TUESDAY, now=now, done={bridge: None}, pain=12)

    assert not SessionLog.objects.exists()


def test_a_ten_megabyte_note_is_refused(programme, runner, now):
    with pytest.raises(DomainError) as refusal:
        rate_session(programme=programme, by=runner, on=TUESDAY, now=now, note="x" * 10_000_000)

    assert refusal.value.code == "long_note"
    assert not SessionLog.objects.exists()


def test_rows_of_today_know_what_is_done(runner, bridge, now):
    log_sets(prescription=bridge, sets=[DoneSet(number=1), DoneSet(number=3)], by=runner, on=TUESDAY, now=now, pain=1)

    first, second = today.for_runner(runner.runner, TUESDAY)

    assert (first.exercise.slug, first.dose, first.done, first.next_set, first.pain) == (
        "bridge",
        "3 × 15",
        False,
        2,
        1,
    )
    assert (second.done, second.sets, second.next_set, second.pain) == (False, (), 1, None)


def test_rows_cost_the_same_for_any_programme(give, runner, django_assert_num_queries):
    give("bridge")
    with django_assert_num_queries(4):
        today.for_runner(runner.runner, TUESDAY)
    give("bridge", "plank", "squat")
    with django_assert_num_queries(4):
        assert len(today.for_runner(runner.runner, TUESDAY)) == 3


def test_adherence_counts_days_and_exercises(programme, bridge, runner, now):
    for back in (0, 1, 3):
        log_as_planned(prescription=bridge, by=runner, on=TUESDAY - timedelta(days=back), now=now)

    kept = adherence.of_runner(runner.runner, first=date(2026, 11, 5), last=TUESDAY)

    assert (kept.days_done, kept.days_planned) == (3, 15)
    assert kept.share == 3 / 30
    assert [day.state for day in kept.days[:6]] == ["rest"] * 5 + ["missed"]
    assert kept.days[-1].state == "done"


def test_adherence_without_a_plan_has_no_share(runner):
    assert adherence.of_runner(runner.runner, first=TUESDAY, last=TUESDAY).share is None


def test_adherence_follows_a_change_of_programme(give, runner, now):
    give("bridge")
    log_as_planned(prescription=Prescription.objects.get(), by=runner, on=date(2026, 11, 20), now=now)
    give("plank", starts_on=TUESDAY)

    kept = adherence.of_runner(runner.runner, first=date(2026, 11, 20), last=TUESDAY)

    assert [day.state for day in kept.days] == ["done", "missed", "missed", "missed", "missed"]
