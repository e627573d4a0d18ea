"""A session that went to another therapist between the reading of a page and the act: refused, and nothing is changed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bookings.models import Appointment, Change, TreatmentRoom
from bookings.services import cancel_appointment, mark_arrived, move_appointment, offer_instead
from bookings.services.changing import waive_late_fee
from bookings.services.replanning import give_up
from bookings.services.resizing import resize_appointment
from bookings.services.rooming import change_room
from bookings.services.workshops import cancel_workshop, move_workshop
from bookings.tests.workshop_world import planned
from clinic.core.errors import Conflict
from clinic.people.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
HOUR = timedelta(hours=1)


@pytest.fixture
def stale(session: Appointment, other_therapist: User) -> Appointment:
    """The session as somebody read it who does not know that it is the other therapist's by now."""
    Appointment.objects.filter(pk=session.pk).update(therapist=other_therapist.therapist)
    return session


@pytest.mark.parametrize(
    "act",
    [
        lambda it, **who: resize_appointment(appointment=it, minutes=60, **who),
        lambda it, **who: change_room(appointment=it, to=TreatmentRoom.objects.create(name="Two"), **who),
        lambda it, **who: mark_arrived(appointment=it, **who),
        lambda it, **who: cancel_appointment(appointment=it, reason="Ill", **who),
        lambda it, **who: waive_late_fee(appointment=it, by=who["by"], reason="Ill"),
        lambda it, **who: move_appointment(appointment=it, start=it.start + HOUR, **who),
        lambda it, **who: give_up(appointment=it, **who),
        lambda it, **who: offer_instead(
            appointment=it,
            start=it.start + 24 * HOUR,
            therapist=it.therapist,
            answer_until=it.start,
            **who,
        ),
    ],
    ids=["resize", "room", "mark", "cancel", "fee", "move", "give up", "offer"],
)
def test_it_is_said_and_nothing_changes(stale: Appointment, staff: User, now: datetime, act: Callable) -> None:
    stood = Appointment.objects.filter(pk=stale.pk).values().get()
    changes = Change.objects.count()
    with pytest.raises(Conflict) as refused:
        act(stale, by=staff, now=now)
    assert refused.value.code == "changed_meanwhile"
    assert Appointment.objects.values().get() == stood
    assert Change.objects.count() == changes


@pytest.mark.parametrize(
    "act",
    [
        lambda it, **who: move_workshop(workshop=it, start=it.booking.start + HOUR, **who),
        lambda it, **who: cancel_workshop(workshop=it, reason="Ill", **who),
    ],
    ids=["move", "cancel"],
)
def test_a_workshop_that_went_to_somebody_else_stays(
    therapist: User, other_therapist: User, staff: User, thursday: datetime, now: datetime, act: Callable
) -> None:
    workshop = planned(therapist, staff, thursday, now)
    assert workshop.booking.therapist == therapist.therapist
    Appointment.objects.filter(workshop=workshop).update(therapist=other_therapist.therapist)
    with pytest.raises(Conflict) as refused:
        act(workshop, by=staff, now=now)
    assert refused.value.code == "changed_meanwhile"
    assert Appointment.objects.get(workshop=workshop).start == thursday
