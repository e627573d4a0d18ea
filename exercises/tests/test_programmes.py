"""Giving a runner a programme."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.reminders.models import Reminder
from clinic.reminders.models import State as Sending
from exercises import blocks, doses
from exercises.doses import Dose, usual_dose
from exercises.models import Exercise, Programme, State
from exercises.services import PlannedPhase, create_programme, end_programme
from exercises.services.programmes import faults_of


def test_a_programme_stands_with_its_doses(programme, runner, therapist):
    phase = programme.phases.get()
    rows = [(each.exercise.slug, each.dose_words, each.days) for each in phase.prescriptions.all()]

    assert (programme.state, programme.weeks, phase.title) == (State.ACTIVE, 4, "Start")
    assert rows == [
        ("bridge", "3 × 15", [0, 1, 2, 3, 4, 5, 6]),
        ("side-plank", "3 × 30 s each side", [0, 1, 2, 3, 4, 5, 6]),
    ]
    assert (
        Event.objects.filter(
            action="programme.created", runner_id=str(runner.runner.pk), actor_id=str(therapist.pk)
        ).count()
        == 1
    )


def test_a_new_programme_ends_the_one_before(give):
    first = give("bridge")
    second = give("plank", starts_on=date(2026, 11, 30))
    first.refresh_from_db()

    assert (first.state, first.ended_on) == (State.ENDED, date(2026, 11, 30))
    assert second.state == State.ACTIVE
    assert list(Programme.objects.in_force(date(2026, 11, 24))) == [first]
    assert list(Programme.objects.in_force(date(2026, 11, 30))) == [second]


def test_the_same_key_twice_makes_one_programme(give):
    key = uuid4()

    assert give(key=key) == give(key=key)
    assert Programme.objects.count() == 1


def test_the_key_of_another_runners_programme_is_refused(give, other_runner, therapist, now):
    theirs = Programme.objects.create(
        runner=other_runner.runner, therapist=therapist.therapist, title="Theirs", starts_on=now.date()
    )
    with pytest.raises(DomainError) as refused:
        give(key=theirs.pk)
    assert refused.value.code == "bad_key"
    assert list(Programme.objects.all()) == [theirs]


def test_phases_follow_each_other_and_the_last_goes_on(give, library):
    plan = [
        PlannedPhase(title="Calm down", weeks=2, doses=[usual_dose(library["bridge"])]),
        PlannedPhase(title="Build", weeks=3, doses=[usual_dose(library["march-bridge"])]),
    ]
    made = give(phases=plan, doses=())
    start = made.starts_on
    titles = [made.phase_on(start + timedelta(days=day)).title for day in (0, 13, 14, 34, 35, 400)]

    assert titles == ["Calm down", "Calm down", "Build", "Build", "Build", "Build"]
    assert made.phase_on(start - timedelta(days=1)) is None
    assert [made.week_on(start + timedelta(days=day)) for day in (-1, 0, 6, 7)] == [0, 1, 1, 2]


@pytest.mark.parametrize("who", ["other_therapist", "staff", "runner", "other_runner"])
def test_only_a_therapist_with_the_runner_in_care_gives_one(request, who, give, library, runner, therapist, now):
    by = request.getfixturevalue(who)

    with pytest.raises(Forbidden) as refusal:
        create_programme(
            runner=runner.runner,
            therapist=therapist.therapist,
            by=by,
            title="x",
            doses=[usual_dose(library["bridge"])],
            starts_on=date(2026, 11, 24),
            now=now,
        )

    assert refusal.value.code == "not_in_care"
    assert not Programme.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"doses": []}, "no_exercises"),
        ({"starts_on": date(2028, 1, 1)}, "bad_start"),
        ({"starts_on": date(1999, 1, 1)}, "bad_start"),
        ({"title": ""}, "bad_programme"),
        ({"title": "x" * 10_000_000}, "bad_programme"),
        ({"title": "a\0b"}, "bad_programme"),
        ({"weeks": 0}, "bad_programme"),
        ({"weeks": 53}, "bad_programme"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_the_old_one_stands(give, changes, code):
    standing = give("bridge")

    with pytest.raises(DomainError) as refusal:
        give("plank", **changes)

    standing.refresh_from_db()
    assert refusal.value.code == code
    assert standing.state == State.ACTIVE
    assert Programme.objects.count() == 1


def test_too_many_exercises_are_refused(give, library):
    with pytest.raises(DomainError) as refusal:
        give(doses=[usual_dose(library["bridge"])] * 21)

    assert refusal.value.code == "too_many_exercises"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sets": 0}, "sets"),
        ({"sets": -3}, "sets"),
        ({"sets": True}, "sets"),
        ({"reps": None}, "reps"),
        ({"reps": 101}, "reps"),
        ({"hold_s": 20}, "reps"),
        ({"rest_s": 601}, "rest_s"),
        ({"load_kg": Decimal("-1")}, "load_kg"),
        ({"load_kg": Decimal("NaN")}, "load_kg"),
        ({"days": ()}, "days"),
        ({"days": (0, 0)}, "days"),
        ({"days": (7,)}, "days"),
    ],
)
def test_an_absurd_dose_is_named_with_its_field(give, library, changes, field):
    with pytest.raises(DomainError) as refusal:
        give(doses=[usual_dose(library["bridge"], **changes)])

    assert list(refusal.value.fields) == [f"doses.0.{field}"]
    assert refusal.value.message.startswith("Bridge: ")
    assert not Programme.objects.exists()


def test_notes_in_any_script_are_kept(give, library):
    note = "لا تتعجل 🏃🏽‍♀️ \u202eabc"
    made = give(doses=[usual_dose(library["bridge"], note=note)])

    assert made.phases.get().prescriptions.get().note == note


def test_ending_takes_the_reminders_back(programme, therapist):
    assert Reminder.objects.filter(subject=programme.subject, state=Sending.DUE).exists()

    end_programme(programme=programme, by=therapist, on=date(2026, 11, 24))
    end_programme(programme=programme, by=therapist, on=date(2026, 11, 25))

    programme.refresh_from_db()
    assert (programme.state, programme.ended_on) == (State.ENDED, date(2026, 11, 24))
    assert not Reminder.objects.filter(subject=programme.subject, state=Sending.DUE).exists()
    assert Event.objects.filter(action="programme.ended").count() == 1


def test_visible_to_its_people_alone(programme, runner, therapist, other_runner, other_therapist, staff):
    seen = {
        who.name: list(Programme.objects.visible_to(who))
        for who in (runner, therapist, other_runner, other_therapist, staff)
    }

    assert seen == {
        "Maya Lindqvist": [programme],
        "Nadia Okello": [programme],
        "Omar Haddad": [],
        "Tomas Reinholt": [],
        "Joan Tregear": [],
    }


@given(
    sets=st.integers(-5, 15),
    reps=st.none() | st.integers(-5, 120),
    hold_s=st.none() | st.integers(-5, 700),
    rest_s=st.integers(-5, 700),
    days=st.lists(st.integers(-1, 8), max_size=8),
)
def test_a_dose_is_possible_exactly_within_its_limits(sets, reps, hold_s, rest_s, days):
    dose = Dose(exercise=Exercise(name="Bridge"), sets=sets, reps=reps, hold_s=hold_s, rest_s=rest_s, days=tuple(days))
    amount = reps if hold_s is None else hold_s
    possible = (
        1 <= sets <= 10
        and (reps is None) != (hold_s is None)
        and 1 <= amount <= (100 if hold_s is None else 600)
        and 0 <= rest_s <= 600
        and bool(days)
        and len(set(days)) == len(days)
        and set(days) <= set(range(7))
    )

    assert (faults_of(dose) == {}) is possible


def test_doses_in_words(library):
    assert doses.in_words(library["single-leg-squat"]) == "3 × 8 each side"
    assert doses.in_words(usual_dose(library["deadlift"], load_kg=Decimal("20.00"))) == "3 × 8, 20 kg"
    assert doses.days_in_words([4, 0, 2]) == "Mon, Wed, Fri"
    assert doses.days_in_words(list(range(7))) == "every day"


def test_minutes_of_a_dose(library):
    """Side plank: 3 sets of 30 s on two sides with 45 s of rest are 315 s."""
    assert doses.seconds(library["side-plank"]) == 315
    assert doses.minutes([library["side-plank"]]) == 5
    assert doses.minutes([]) == 0


def test_what_a_room_above_says_against_a_programme_is_heard(monkeypatch, runner, therapist, give, now):
    monkeypatch.setitem(blocks._blocks, "resting", lambda profile: "Rest first, then come back.")
    with pytest.raises(Conflict, match="Rest first") as refused:
        give("bridge")
    assert refused.value.code == "resting"
    assert not Programme.objects.exists()
