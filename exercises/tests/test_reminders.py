"""Messages about exercises and races: planned once, true when they go out, nothing clinical in them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core import mail

from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import RunnerProfile
from clinic.reminders import kinds
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import Reminder, State
from exercises.models import Prescription, Race
from exercises.recovery import after, told, ways
from exercises.services import end_programme, enter_race, log_as_planned, plan_exercise_reminders, withdraw_race
from exercises.tests.conftest import TUESDAY


def due(kind="exercises_due"):
    return [
        (each.occasion, each.due_at) for each in Reminder.objects.filter(kind=kind, state=State.DUE).order_by("due_at")
    ]


def send(at, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    dispatch(now=at)
    return mail.outbox


def test_a_new_programme_plans_today_and_two_days_at_the_runners_hour(programme):
    """18:00 in Stockholm is 17:00 UTC in November."""
    assert due() == [(f"2026-11-{day}", datetime(2026, 11, day, 17, tzinfo=UTC)) for day in (24, 25, 26)]


def test_planning_again_adds_nothing(programme, now):
    before = list(Reminder.objects.order_by("pk").values())

    assert plan_exercise_reminders(now) == 3
    assert list(Reminder.objects.order_by("pk").values()) == before


def test_another_hour_moves_what_is_planned(programme, runner, now):
    RunnerProfile.objects.filter(user=runner).update(exercise_reminder_at=time(7, 30))
    plan_exercise_reminders(now)

    assert due()[0] == ("2026-11-25", datetime(2026, 11, 25, 6, 30, tzinfo=UTC)) or due()[0][0] == "2026-11-24"
    assert ("2026-11-26", datetime(2026, 11, 26, 6, 30, tzinfo=UTC)) in due()


def test_planning_costs_the_same_when_nothing_is_new(programme, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        plan_exercise_reminders(now)


def test_days_without_exercises_have_none(give, library):
    from exercises.doses import usual_dose

    give(doses=[usual_dose(library["bridge"], days=(2,))])

    assert [occasion for occasion, _ in due()] == ["2026-11-25"]


def test_a_skipped_hour_still_gets_its_reminder(give, runner, therapist, library):
    """On 28 March 2027 the clocks of Stockholm jump from 02:00 to 03:00."""
    RunnerProfile.objects.filter(user=runner).update(exercise_reminder_at=time(2, 30))
    runner.refresh_from_db()
    start = datetime(2027, 3, 27, 9, tzinfo=UTC)
    give("bridge", now=start, starts_on=date(2027, 3, 27))

    assert due()[0] == ("2027-03-28", datetime(2027, 3, 28, 1, 30, tzinfo=UTC))


def test_it_goes_out_with_nothing_clinical(programme, runner, clock, settings):
    evening = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    clock.move_to(evening)

    letter = send(evening, settings)[0]

    assert letter.to == [runner.email]
    assert letter.subject == "2 exercises are left today"
    for text in (letter.body, letter.alternatives[0][0]):
        assert "/programme/today/" in text
        assert not any(word in text.lower() for word in ("bridge", "plank", "pain", "first weeks", "nadia"))


def test_it_stays_when_everything_is_done(programme, runner, clock, now, settings):
    for prescription in Prescription.objects.select_related("phase__programme__runner__user"):
        log_as_planned(prescription=prescription, by=runner, on=TUESDAY, now=now)
    evening = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    clock.move_to(evening)

    assert send(evening, settings) == []
    skipped = Reminder.objects.get(occasion="2026-11-24")
    assert (skipped.state, skipped.note) == (State.SKIPPED, "Everything is done already.")


def test_it_goes_out_when_only_a_part_is_done(programme, bridge, runner, clock, now, settings):
    log_as_planned(prescription=bridge, by=runner, on=TUESDAY, now=now)
    evening = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    clock.move_to(evening)

    assert [letter.subject for letter in send(evening, settings)] == ["One exercise is left today"]


def test_truth_is_asked_again_at_sending(programme, therapist, now):
    reminder = Reminder.objects.select_related("person").get(occasion="2026-11-24")
    still = kinds.get("exercises_due").still_true
    evening = datetime(2026, 11, 24, 17, tzinfo=UTC)

    assert still(reminder, evening) == ""
    assert still(reminder, evening + timedelta(days=1)) == "The day is over."
    end_programme(programme=programme, by=therapist, on=TUESDAY)
    assert still(reminder, evening) == "The programme ended."


def enter(runner, now, **changes):
    how = {"name": "Harbour half", "on": date(2026, 11, 29), "distance_km": Decimal("21.098")}
    return enter_race(runner=runner.runner, by=runner, now=now, **{**how, **changes})


def test_the_morning_after_a_race(runner, now, clock, settings):
    enter(runner, now)
    morning = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    assert due("race_recovery") == [("2026-11-29", morning)]
    clock.move_to(morning)

    letter = send(morning, settings)[0]

    assert letter.subject == "After Harbour half: the way back to running"
    assert f"/races/{Race.objects.get().pk}/recovery/" in letter.body


def test_withdrawing_takes_the_message_back(runner, now):
    withdraw_race(race=enter(runner, now), by=runner)

    assert due("race_recovery") == []
    assert not Race.objects.exists()


def test_a_race_long_over_sends_nothing(runner, now):
    enter(runner, now, on=date(2026, 10, 4))

    assert due("race_recovery") == []


def test_a_race_stands_once(runner, now):
    enter(runner, now)

    with pytest.raises(Conflict) as refusal:
        enter(runner, now, name="  Harbour   half ")

    assert refusal.value.code == "entered_already"
    assert Race.objects.count() == 1
    assert len(due("race_recovery")) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"distance_km": Decimal(0)}, "distance_km"),
        ({"distance_km": Decimal(-5)}, "distance_km"),
        ({"distance_km": Decimal(1001)}, "distance_km"),
        ({"distance_km": Decimal("NaN")}, "distance_km"),
        ({"on": date(1, 1, 1)}, "on"),
        ({"on": date(9999, 12, 31)}, "on"),
    ],
)
def test_an_impossible_race_is_refused(runner, now, changes, field):
    with pytest.raises(DomainError) as refusal:
        enter(runner, now, **changes)

    assert list(refusal.value.fields) == [field]
    assert not Race.objects.exists()


def test_nobody_else_enters_a_race(runner, therapist, now):
    with pytest.raises(Forbidden):
        enter_race(runner=runner.runner, by=therapist, now=now, name="x", on=TUESDAY, distance_km=Decimal(5))

    assert not Race.objects.exists()


@pytest.mark.parametrize(
    ("km", "name", "easy", "hard"),
    [
        ("1", "5 km", "1 to 2 days", "3 to 5 days"),
        ("5", "5 km", "1 to 2 days", "3 to 5 days"),
        ("10", "10 km", "2 to 4 days", "5 to 7 days"),
        ("21.098", "Half marathon", "3 to 7 days", "10 to 14 days"),
        ("42.195", "Marathon", "7 to 14 days", "21 to 28 days"),
        ("50", "50 km", "10 to 14 days", "28 days or more"),
        ("160", "100 km and more", "14 to 21 days", "28 days or more"),
    ],
)
def test_the_way_back_by_distance(km, name, easy, hard):
    way = after(Decimal(km))

    assert (way.name, way.easy_words, way.hard_words) == (name, easy, hard)


def test_longer_races_never_need_less():
    found = ways()

    assert [way.easy_from for way in found] == sorted(way.easy_from for way in found)
    assert [way.hard_from for way in found] == sorted(way.hard_from for way in found)
    assert all(way.easy_from < way.hard_from for way in found)
    assert told()["sources"]
