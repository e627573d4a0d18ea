from datetime import timedelta

import pytest

from clinic.reminders.services import schedule

pytestmark = pytest.mark.django_db


def test_a_quiet_clinic_is_well(client, clock):
    answer = client.get("/healthz/").json()
    assert answer["status"] == "ok"
    assert answer["reminders"] == {"overdue_s": 0, "late": False, "needs_a_person": 0, "last_look": None}


def test_reminders_that_wait_for_a_sender_ring_the_alarm(client, clock, now, runner):
    schedule(
        person=runner,
        kind="booked",
        subject="appointment:1",
        occasion="booked",
        due_at=now,
        expires_at=now + timedelta(days=1),
        context={},
    )
    clock.shift(timedelta(minutes=5))
    answer = client.get("/healthz/").json()["reminders"]
    assert (answer["overdue_s"], answer["late"]) == (300, True)
