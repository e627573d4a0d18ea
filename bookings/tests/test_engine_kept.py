"""A booked session can stay with its therapist and move, whatever they offer to others by now."""

from datetime import timedelta

import pytest

from bookings.availability import find_slots
from bookings.models import Appointment, Service
from bookings.services import book_slot, move_appointment
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User

pytestmark = pytest.mark.usefixtures("hours")


@pytest.fixture
def booked(visit, therapist, runner, thursday, now) -> Appointment:
    visit.is_first_visit = True
    visit.save()
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def listed(session: Appointment, now, **more: object) -> list:
    day = session.start.date()
    people = [session.therapist]
    found = find_slots(service=session.service, therapists=people, first=day, last=day, zone="UTC", now=now, **more)
    return [slot.start for slot in found]


@pytest.mark.parametrize("change", [(Service, {"is_active": False}), (TherapistProfile, {"takes_new_runners": False})])
def test_it_moves_where_nobody_else_can_book_any_more(booked, runner, thursday, now, change) -> None:
    model, closed = change
    model.objects.update(**closed)
    session, later = Appointment.objects.with_people().get(pk=booked.pk), thursday + timedelta(minutes=45)
    assert listed(session, now) == []
    assert later in listed(session, now, moving=session)
    assert move_appointment(appointment=session, start=later, by=runner, now=now).start == later


def test_it_does_not_stay_with_a_therapist_who_has_left(booked, therapist, runner, thursday, now) -> None:
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    session = Appointment.objects.with_people().get(pk=booked.pk)
    assert listed(session, now, moving=session) == []
    with pytest.raises(DomainError) as refused:
        move_appointment(appointment=session, start=thursday + timedelta(minutes=45), by=runner, now=now)
    assert refused.value.code == "not_offered"
