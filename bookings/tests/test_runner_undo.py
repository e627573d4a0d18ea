"""Three minutes to take an act back: nothing has been sent, nothing stays, and nobody's time is taken for it."""

from datetime import datetime, timedelta

import pytest
from django.core import mail

from bookings.models import Appointment, Change
from bookings.services import (
    UNDO,
    book_slot,
    cancel_appointment,
    confirm_hold,
    hold_slot,
    mark_arrived,
    move_appointment,
    undo,
)
from clinic.audit.models import Event
from clinic.core.errors import Conflict, Forbidden
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours")
SECOND = timedelta(seconds=1)


@pytest.fixture
def booked(visit, therapist, runner, thursday, now) -> Appointment:
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def last(appointment: Appointment) -> Change:
    return Change.objects.filter(appointment=appointment, undone_at=None).order_by("-at").first()


def waiting() -> list[tuple[str, datetime]]:
    return sorted(Reminder.objects.filter(state="due").values_list("kind", "due_at"))


def fields(appointment: Appointment) -> dict:
    return Appointment.objects.filter(pk=appointment.pk).values().get()


@pytest.mark.django_db(transaction=True)
def test_no_letter_leaves_before_the_act_is_final(booked, now) -> None:
    assert dispatch(now=now + UNDO - SECOND) == {}
    assert mail.outbox == []
    assert dispatch(now=now + UNDO) == {"sent": 1}
    assert [letter.subject for letter in mail.outbox] == ["Booked: Thursday 26 November, 10:00, with Nadia Okello"]


def test_an_undone_booking_was_never_one(booked, runner, thursday, now) -> None:
    undo(change=last(booked), by=runner, now=now + UNDO - SECOND)
    assert waiting() == []
    assert list(Appointment.objects.sessions()) == []
    assert not Appointment.objects.live(now + UNDO).exists()
    assert Event.objects.filter(action="appointment.undone", runner_id=runner.runner.pk).count() == 1


def test_a_held_booking_is_undone_too(visit, therapist, runner, thursday, now) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    booked = confirm_hold(appointment=held, by=runner, now=now + 60 * SECOND)
    assert undo(change=last(booked), by=runner, now=now + 61 * SECOND).state == "cancelled"


def test_at_three_minutes_it_is_too_late_and_nothing_changes(booked, runner, now) -> None:
    before = fields(booked)
    with pytest.raises(Conflict) as refused:
        undo(change=last(booked), by=runner, now=now + UNDO)
    assert refused.value.code == "too_late_to_undo"
    assert fields(booked) == before
    assert len(waiting()) == 3


def test_a_letter_that_has_left_cannot_be_undone(booked, runner, now) -> None:
    Reminder.objects.filter(kind="booked").update(state="sent", sent_at=now)
    with pytest.raises(Conflict) as refused:
        undo(change=last(booked), by=runner, now=now + SECOND)
    assert refused.value.code == "too_late_to_undo"
    assert [kind for kind, _ in waiting()] == ["visit_1h", "visit_24h"]


def test_an_undone_move_is_where_it_was_with_its_letter_and_reminders(booked, runner, thursday, now) -> None:
    before, planned = fields(booked), waiting()
    moved = move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now + SECOND)
    undo(change=last(moved), by=runner, now=now + 2 * SECOND)
    assert waiting() == planned
    assert fields(booked) == before | {"sequence": 2}
    undo(change=last(booked), by=runner, now=now + 3 * SECOND)
    assert waiting() == []


def test_an_undone_cancellation_stands_again(booked, runner, now) -> None:
    before = fields(booked)
    Reminder.objects.filter(kind="booked").update(state="sent", sent_at=now)
    planned = waiting()
    later = now + timedelta(hours=1)
    cancelled = cancel_appointment(appointment=booked, by=runner, now=later)
    undo(change=last(cancelled), by=runner, now=later + SECOND)
    assert waiting() == planned
    assert fields(booked) == before | {"sequence": 2}


def test_a_mark_is_undone_without_a_word(booked, staff, thursday) -> None:
    before = fields(booked)
    arrived = mark_arrived(appointment=booked, by=staff, now=thursday)
    planned = waiting()
    undo(change=last(arrived), by=staff, now=thursday + SECOND)
    assert fields(booked) == before
    assert waiting() == planned


def test_a_time_taken_meanwhile_stays_with_who_took_it(
    booked, visit, therapist, runner, other_runner, thursday, now
) -> None:
    moved = move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=runner, now=now + SECOND)
    book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=thursday,
        by=other_runner,
        now=now + SECOND,
    )
    before, planned = fields(moved), waiting()
    with pytest.raises(Conflict) as refused:
        undo(change=last(moved), by=runner, now=now + SECOND)
    assert refused.value.code == "slot_taken"
    assert (fields(moved), waiting()) == (before, planned)


def test_undoing_twice_does_no_more(booked, runner, now) -> None:
    change = last(booked)
    undo(change=change, by=runner, now=now)
    before = fields(booked)
    undo(change=change, by=runner, now=now + UNDO)
    assert fields(booked) == before
    assert Event.objects.filter(action="appointment.undone").count() == 1


def test_only_who_did_it_and_staff_undo(booked, runner, other_runner, therapist, staff, thursday, now) -> None:
    for stranger in (other_runner, therapist):
        with pytest.raises(Forbidden):
            undo(change=last(booked), by=stranger, now=now)
    moved = move_appointment(appointment=booked, start=thursday + timedelta(days=1), by=staff, now=now + SECOND)
    with pytest.raises(Forbidden):
        undo(change=last(moved), by=runner, now=now + SECOND)
    with pytest.raises(Conflict) as refused:
        undo(change=Change.objects.get(kind="booked"), by=runner, now=now + SECOND)
    assert refused.value.code == "changed_meanwhile"
    assert undo(change=last(moved), by=staff, now=now + SECOND).start == thursday
