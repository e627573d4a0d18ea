"""A workshop moved onto something its people have already: named to the desk before, and to them in the letter."""

from datetime import timedelta

import pytest
from django.core import mail

from bookings.services import book_slot, cancel_appointment
from bookings.services.workshops import move_workshop
from bookings.tests.workshop_world import letters, people, planned, seat_for
from clinic.core.errors import Conflict
from clinic.reminders.dispatch import dispatch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours", "clock")]
LATER = timedelta(hours=4)


@pytest.fixture
def workshop(therapist, staff, runner, other_runner, thursday, now):
    """Thursday 09:00 with Nadia; Maya and Omar have seats, Maya with a friend."""
    made = planned(therapist, staff, thursday, now)
    seat_for(made, runner, now, "Ana Silva")
    seat_for(made, other_runner, now)
    return made


@pytest.fixture
def session(visit, other_therapist, runner, staff, thursday, now):
    """Maya sees Tomas on Thursday at 13:45."""
    visit.therapists.add(other_therapist.therapist)
    return book_slot(
        service=visit,
        therapist=other_therapist.therapist,
        runner=runner.runner,
        start=thursday + LATER + timedelta(minutes=45),
        by=staff,
        now=now,
        override_reason="Agreed by phone",
    )


def test_a_clash_is_named_and_nothing_is_moved(workshop, session, runner, staff, thursday, now) -> None:
    with pytest.raises(Conflict) as refused:
        move_workshop(workshop=workshop, start=thursday + LATER, by=staff, now=now)
    workshop.booking.refresh_from_db()
    assert (refused.value.code, workshop.booking.start, letters("workshop_moved")) == ("runners_busy", thursday, [])
    assert refused.value.extra["runners"] == [str(runner.runner.pk)]
    assert refused.value.message.startswith("Maya Lindqvist has something else at that time.")


def test_knowingly_it_moves_and_the_letter_of_who_is_busy_says_so(
    workshop, session, runner, other_runner, staff, thursday, now
) -> None:
    knowing = [runner.runner.pk]
    assert move_workshop(workshop=workshop, start=thursday + LATER, by=staff, now=now, knowing=knowing) == 2
    dispatch(now=now)
    told = {each.to[0]: "You have something else booked at that time" in each.body for each in mail.outbox}
    assert told == {runner.email: True, other_runner.email: False}


@pytest.mark.parametrize("gone", [True, False])
def test_a_cancelled_session_or_another_hour_is_no_clash(workshop, session, staff, thursday, now, gone) -> None:
    if gone:
        cancel_appointment(appointment=session, by=staff, now=now)
    start = thursday + (LATER if gone else timedelta(hours=2))
    assert move_workshop(workshop=workshop, start=start, by=staff, now=now, override_reason="So agreed") == 2


def test_a_seat_in_another_workshop_clashes_and_a_friends_does_not(
    workshop, other_therapist, runner, other_runner, staff, thursday, now
) -> None:
    other = planned(other_therapist, staff, thursday + LATER, now, title="Hills", override_reason="Extra")
    seat_for(other, people(1)[0], now, "Omar Haddad")
    assert move_workshop(workshop=workshop, start=thursday + LATER, by=staff, now=now) == 2
    move_workshop(workshop=workshop, start=thursday, by=staff, now=now)
    seat_for(other, other_runner, now)
    with pytest.raises(Conflict) as refused:
        move_workshop(workshop=workshop, start=thursday + LATER, by=staff, now=now, knowing=[runner.runner.pk])
    assert refused.value.extra["runners"] == [str(other_runner.runner.pk)]


def test_the_desk_reads_who_is_busy_and_goes_on(workshop, session, therapist, runner, desk) -> None:
    address = f"/workshops/{workshop.slug}/move/"
    sent = {"on": "2026-11-26", "at": "13:00", "minutes": 90, "therapist": therapist.therapist.pk, "place": "online"}
    refused = desk.post(address, sent)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Maya Lindqvist has something else at that time." in page
    assert f'name="knowing" value="{runner.runner.pk}"' in page
    assert 'value="13:00' in page
    moved = desk.post(address, {**sent, "knowing": str(runner.runner.pk)}, follow=True).content.decode()
    assert "Moved to Thursday 26 November, 13:00." in moved
    assert "has another session then" in moved
