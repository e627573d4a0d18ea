"""Many people at once: threads with a connection each, on PostgreSQL and on SQLite. One wins, the rest are told, nothing is left over."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, close_old_connections, connection, connections

from bookings.models import Appointment, DailyCap, Equipment, Service
from bookings.services import book_slot, confirm_hold, hold_slot, move_appointment
from bookings.services.transactions import whole
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import Role, User
from clinic.reminders.models import Reminder
from conftest import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hours")]
PEOPLE = 12


@pytest.fixture
def crowd(db: None) -> list[User]:
    return [person(Role.RUNNER, f"Racer{number} Hale") for number in range(PEOPLE)]


def at_once(acts: list[Callable[[], object]]) -> Counter[str]:
    """Run every act in its own thread, all starting together; how each ended: "done", or the code of its refusal."""
    ready, ends = threading.Barrier(len(acts), timeout=20), []

    def run(act: Callable[[], object]) -> None:
        close_old_connections()
        try:
            ready.wait()
            act()
            ends.append("done")
        except DomainError as refused:
            ends.append(refused.code)
        except Exception as failed:
            ends.append(repr(failed))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    return Counter(ends)


def overlaps() -> int:
    """Pairs of active appointments of one therapist or runner that overlap, by a self-join."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_appointment b ON a.id < b.id"
            " AND a.state <> 'cancelled' AND b.state <> 'cancelled' AND ("
            "(a.therapist_id = b.therapist_id AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until)"
            ' OR (a.runner_id = b.runner_id AND a.start < b."end" AND b.start < a."end"))'
        )
        return cursor.fetchone()[0]


def booking(
    service: Service, therapist: User | None, runner: User, start: datetime, now: datetime
) -> Callable[[], object]:
    whom = therapist.therapist if therapist else None
    return lambda: book_slot(service=service, therapist=whom, runner=runner.runner, start=start, by=runner, now=now)


def test_one_slot_many_runners(visit, therapist, crowd, thursday, now) -> None:
    for number in range(3):
        start = thursday + timedelta(minutes=45 * number)
        assert at_once([booking(visit, therapist, each, start, now) for each in crowd]) == {
            "done": 1,
            "slot_taken": PEOPLE - 1,
        }
    assert Appointment.objects.count() == 3
    assert Reminder.objects.count() == 9
    assert overlaps() == 0


def test_overlapping_starts(visit, therapist, crowd, thursday, now) -> None:
    Service.objects.update(slot_step_min=15)
    visit.refresh_from_db()
    ends = at_once(
        [
            booking(visit, therapist, each, thursday + timedelta(minutes=15 * (number % 3)), now)
            for number, each in enumerate(crowd)
        ]
    )
    assert ends == {"done": 1, "slot_taken": PEOPLE - 1}
    assert overlaps() == 0


def test_the_last_place_of_a_day_goes_once(visit, therapist, crowd, thursday, now) -> None:
    DailyCap.objects.create(therapist=therapist.therapist, most=3)
    ends = at_once(
        [
            booking(visit, therapist, each, thursday + timedelta(minutes=45 * (number % 4)), now)
            for number, each in enumerate(crowd)
        ]
    )
    assert ends["done"] == 3
    assert set(ends) == {"done", "slot_taken", "day_full"}
    assert Appointment.objects.count() == 3


def test_two_treadmills_serve_two_therapists_at_once(visit, therapist, crowd, hours, thursday, now) -> None:
    """Both find the same belt free; the second to write takes the other one instead of being refused."""
    from bookings.tests.test_engine_availability import more_therapists

    Service.objects.update(equipment_kind="treadmill")
    visit.refresh_from_db()
    for name in ("Belt", "Second belt"):
        Equipment.objects.create(name=name, kind="treadmill")
    people = [therapist, *(each.user for each in more_therapists(visit, 3))]
    ends = at_once([booking(visit, each, crowd[number], thursday, now) for number, each in enumerate(people)])
    assert ends == {"done": 2, "slot_taken": 2}
    assert len(set(Appointment.objects.values_list("equipment_id", flat=True))) == 2


def test_one_runner_clicking_many_times(visit, therapist, runner, thursday, now) -> None:
    ends = at_once([booking(visit, therapist, runner, thursday, now)] * 8)
    assert ends == {"done": 1, "slot_taken": 7}


def test_one_runner_with_two_therapists_at_once(visit, therapist, other_therapist, runner, thursday, now) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    colleague = more_therapists(visit, 1)[0].user
    ends = at_once([booking(visit, therapist, runner, thursday, now), booking(visit, colleague, runner, thursday, now)])
    assert ends == {"done": 1, "runner_busy": 1}
    assert overlaps() == 0


def test_anyone_fills_every_therapist_once(visit, therapist, crowd, thursday, now) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    more_therapists(visit, 2)
    assert at_once([booking(visit, None, each, thursday, now) for each in crowd]) == {
        "done": 3,
        "slot_taken": PEOPLE - 3,
    }
    assert overlaps() == 0


def test_one_hold(visit, therapist, crowd, thursday, now) -> None:
    holds = [
        lambda each=each: hold_slot(
            service=visit, therapist=therapist.therapist, runner=each.runner, start=thursday, by=each, now=now
        )
        for each in crowd
    ]
    assert at_once(holds) == {"done": 1, "slot_taken": PEOPLE - 1}


def test_the_instant_a_hold_ends(visit, therapist, crowd, thursday, now) -> None:
    holder = crowd[0]
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=holder.runner, start=thursday, by=holder, now=now
    )
    over = now + timedelta(minutes=5)
    ends = at_once(
        [
            lambda: confirm_hold(appointment=held, by=holder, now=over),
            *(booking(visit, therapist, each, thursday, over) for each in crowd[1:6]),
        ]
    )
    assert ends["done"] == 1
    assert set(ends) <= {"done", "slot_taken", "hold_ended"}
    assert Appointment.objects.filter(state="booked").count() == 1
    assert overlaps() == 0


def test_many_move_into_one_slot(visit, therapist, crowd, thursday, now) -> None:
    starts = [thursday + timedelta(days=days, minutes=minutes) for days in (4, 5) for minutes in (0, 45, 90, 135)]
    sessions = [booking(visit, therapist, each, start, now)() for each, start in zip(crowd, starts, strict=False)]
    moves = [
        lambda one=one, each=each: move_appointment(appointment=one, start=thursday, by=each, now=now)
        for one, each in zip(sessions, crowd, strict=False)
    ]
    assert at_once(moves) == {"done": 1, "slot_taken": len(sessions) - 1}
    assert Appointment.objects.filter(start__in=starts).count() == len(sessions) - 1
    assert overlaps() == 0


def test_a_swap_does_not_deadlock(visit, therapist, crowd, thursday, now) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    colleague = more_therapists(visit, 1)[0]
    mine = booking(visit, therapist, crowd[0], thursday, now)()
    yours = booking(visit, colleague.user, crowd[1], thursday, now)()
    ends = at_once(
        [
            lambda: move_appointment(appointment=mine, start=thursday, therapist=colleague, by=crowd[0], now=now),
            lambda: move_appointment(
                appointment=yours, start=thursday, therapist=therapist.therapist, by=crowd[1], now=now
            ),
        ]
    )
    assert ends == {"slot_taken": 2}
    assert overlaps() == 0


class Deadlock(Exception):
    pgcode = "40P01"


def failing(times: int, cause: Exception) -> tuple[Callable[[], str], list[int]]:
    """A verb that fails `times` times with `cause`, and the list of its tries."""
    tries: list[int] = []

    @whole
    def verb() -> str:
        tries.append(len(tries))
        if len(tries) <= times:
            raise OperationalError("failed") from cause
        return "done"

    return verb, tries


def test_a_deadlock_runs_the_whole_transaction_again(hours) -> None:
    verb, tries = failing(3, Deadlock())
    assert verb() == "done"
    assert len(tries) == 4


def test_after_four_deadlocks_the_person_is_told(hours) -> None:
    verb, tries = failing(4, Deadlock())
    with pytest.raises(Conflict) as refused:
        verb()
    assert (refused.value.code, len(tries)) == ("busy", 4)


def test_what_cannot_heal_is_not_tried_again(hours) -> None:
    verb, tries = failing(1, Exception("server closed the connection"))
    with pytest.raises(OperationalError):
        verb()
    assert len(tries) == 1
