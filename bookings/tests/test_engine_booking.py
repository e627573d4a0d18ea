"""Holding, booking, moving and cancelling: what is written, what is refused, and that a refusal writes nothing."""

from datetime import datetime, time, timedelta

import pytest

from bookings.availability import find_slots
from bookings.models import Appointment, Override, Service, TimeOff
from bookings.services import (
    UNDO,
    book_for_caller,
    book_slot,
    cancel_appointment,
    confirm_hold,
    hold_slot,
    mark_arrived,
    mark_booked,
    mark_completed,
    mark_no_show,
    move_appointment,
    release_hold,
)
from clinic.audit.models import Event
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import CareRelationship, RunnerProfile, User
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours")


def book(visit: Service, therapist: User, runner: User, start: datetime, now: datetime, **more: object) -> Appointment:
    return book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=start,
        **{"by": runner, "now": now, **more},
    )  # type: ignore[arg-type]


def due() -> list[tuple[str, str]]:
    return sorted(Reminder.objects.filter(state="due").values_list("kind", "due_at"))


def test_booking_writes_the_session_and_all_that_goes_with_it(visit, therapist, other_runner, thursday, now) -> None:
    appointment = book(visit, therapist, other_runner, thursday, now)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.end) == ("booked", thursday + timedelta(minutes=45))
    assert (appointment.zone, appointment.wall_start) == ("Europe/London", "2026-11-26T09:00:00+00:00")
    assert len(appointment.video_key) == 32
    assert (
        CareRelationship.objects.active().filter(runner=other_runner.runner, therapist=therapist.therapist).count() == 1
    )
    assert due() == [
        ("booked", now + UNDO),
        ("visit_1h", thursday - timedelta(hours=1)),
        ("visit_24h", thursday - timedelta(hours=24)),
    ]
    assert Event.objects.filter(action="appointment.booked", subject_id=str(appointment.pk)).count() == 1


def test_a_session_tomorrow_morning_gets_no_reminder_that_is_late_already(visit, therapist, runner, now) -> None:
    start = datetime(2026, 11, 24, 13, 45, tzinfo=now.tzinfo)
    book(visit, therapist, runner, start, now)
    assert [kind for kind, _ in due()] == ["booked", "visit_1h"]


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("2026-11-24T08:15:00+00:00", "in_the_past"),
        ("2026-11-24T09:45:00+00:00", "too_soon"),
        ("2030-11-26T09:00:00+00:00", "too_far"),
        ("9999-12-31T23:59:59+00:00", "too_far"),
        ("0001-01-01T00:00:00+00:00", "in_the_past"),
        ("2026-11-29T03:00:00+00:00", "outside_hours"),
        ("2026-11-26T11:30:00+00:00", "outside_hours"),
        ("2026-11-26T09:10:00+00:00", "not_a_start"),
        ("2026-11-26T09:00:00", "bad_start"),
    ],
)
def test_times_that_cannot_be_had_are_refused_by_name(visit, therapist, runner, now, start, code) -> None:
    with pytest.raises(DomainError) as refused:
        book(visit, therapist, runner, datetime.fromisoformat(start), now)
    assert (refused.value.code, refused.value.status) == (code, 422)
    assert (Appointment.objects.count(), Reminder.objects.count()) == (0, 0)


def test_the_five_bad_posts(visit, therapist, other_therapist, runner, other_runner, thursday, now) -> None:
    """Same slot later, fifteen minutes into it, Sunday night, a service not offered, four years ahead."""
    book(visit, therapist, runner, thursday, now)
    fine = Service.objects.create(slug="quarter", name="Quarter", minutes=45, price_pence=1, slot_step_min=15)
    fine.therapists.add(therapist.therapist)
    tries = [
        (visit, therapist, thursday, "slot_taken"),
        (fine, therapist, thursday + timedelta(minutes=15), "slot_taken"),
        (visit, therapist, datetime(2026, 11, 29, 3, 0, tzinfo=now.tzinfo), "outside_hours"),
        (visit, other_therapist, thursday, "not_offered"),
        (visit, therapist, thursday.replace(year=2030), "too_far"),
    ]
    for service, whom, start, code in tries:
        with pytest.raises(DomainError) as refused:
            book(service, whom, other_runner, start, now)
        assert refused.value.code == code
    assert Appointment.objects.count() == 1


def test_a_runner_has_one_session_at_a_time(visit, therapist, other_therapist, runner, thursday, now) -> None:
    from bookings.models import WeeklyHours

    visit.therapists.add(other_therapist.therapist)
    WeeklyHours.objects.create(therapist=other_therapist.therapist, weekday=3, starts=time(9), ends=time(17))
    book(visit, therapist, runner, thursday, now)
    with pytest.raises(Conflict) as refused:
        book(visit, other_therapist, runner, thursday, now)
    assert refused.value.code == "runner_busy"
    assert Appointment.objects.count() == 1


def test_nobody_books_for_another_runner(
    visit, therapist, other_therapist, runner, other_runner, thursday, now
) -> None:
    for stranger in (other_runner, other_therapist):
        with pytest.raises(Forbidden):
            book(visit, therapist, runner, thursday, now, by=stranger)
    assert Appointment.objects.count() == 0
    book(visit, therapist, runner, thursday, now, by=therapist)


def test_a_hold_keeps_the_time_and_lapses_by_the_clock_alone(
    visit, therapist, runner, other_runner, thursday, now
) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert held.hold_expires_at == now + timedelta(minutes=5)
    assert Reminder.objects.count() == 0
    with pytest.raises(Conflict) as refused:
        book(visit, therapist, other_runner, thursday, now + timedelta(minutes=4, seconds=59))
    assert refused.value.code == "slot_taken"
    book(visit, therapist, other_runner, thursday, now + timedelta(minutes=5))
    held.refresh_from_db()
    assert held.state == "cancelled"
    with pytest.raises(Conflict) as late:
        confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=5))
    assert late.value.code == "hold_ended"


def test_confirming_a_hold_books_it_once(visit, therapist, runner, thursday, now) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    first = confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=4))
    again = confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=9))
    assert (first.pk, again.pk, again.state, again.hold_expires_at) == (held.pk, held.pk, "booked", None)
    assert Reminder.objects.filter(kind="booked").count() == 1


def test_a_confirmation_seconds_late_counts_while_nobody_took_the_time(visit, therapist, runner, thursday, now) -> None:
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    with pytest.raises(Conflict):
        confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=6))
    assert confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=5, seconds=59)).state == "booked"


def test_a_runner_holds_one_time(visit, therapist, runner, thursday, now) -> None:
    first = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    second = hold_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=thursday + timedelta(minutes=45),
        by=runner,
        now=now,
    )
    assert list(Appointment.objects.live(now).values_list("pk", flat=True)) == [second.pk]
    back = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert back.pk != first.pk
    release_hold(appointment=back, by=runner, now=now)
    assert not Appointment.objects.live(now).exists()


def test_moving_moves_the_reminders(visit, therapist, runner, thursday, now) -> None:
    appointment = book(visit, therapist, runner, thursday, now)
    later = thursday + timedelta(days=1, minutes=45)
    moved = move_appointment(appointment=appointment, start=later, by=runner, now=now)
    assert (moved.pk, moved.start, moved.sequence) == (appointment.pk, later, 1)
    assert due() == [
        ("moved", now + UNDO),
        ("visit_1h", later - timedelta(hours=1)),
        ("visit_24h", later - timedelta(hours=24)),
    ]
    assert Reminder.objects.filter(state="withdrawn").count() == 3
    back = move_appointment(appointment=moved, start=thursday, by=runner, now=now)
    assert (back.start, back.sequence) == (thursday, 2)
    assert due() == [
        ("moved", now + UNDO),
        ("visit_1h", thursday - timedelta(hours=1)),
        ("visit_24h", thursday - timedelta(hours=24)),
    ]


def test_moving_may_overlap_the_old_time(gait, therapist, runner, thursday, now) -> None:
    appointment = book(gait, therapist, runner, thursday, now)
    assert move_appointment(
        appointment=appointment, start=thursday + timedelta(minutes=15), by=runner, now=now
    ).start == thursday + timedelta(minutes=15)


def test_moving_into_a_taken_time_keeps_the_old(visit, therapist, runner, other_runner, thursday, now) -> None:
    mine = book(visit, therapist, runner, thursday, now)
    book(visit, therapist, other_runner, thursday + timedelta(minutes=45), now)
    planned = due()
    with pytest.raises(Conflict):
        move_appointment(appointment=mine, start=thursday + timedelta(minutes=45), by=runner, now=now)
    mine.refresh_from_db()
    assert (mine.start, mine.sequence) == (thursday, 0)
    assert due() == planned


def test_notice_for_changes_is_exact_to_the_second(visit, therapist, runner, thursday, now) -> None:
    appointment = book(visit, therapist, runner, thursday, now)
    limit = thursday - timedelta(hours=24)
    with pytest.raises(DomainError) as refused:
        cancel_appointment(appointment=appointment, by=runner, now=limit + timedelta(seconds=1))
    assert refused.value.code == "late_fee"
    with pytest.raises(DomainError):
        move_appointment(
            appointment=appointment, start=thursday + timedelta(days=1), by=runner, now=limit + timedelta(seconds=1)
        )
    assert cancel_appointment(appointment=appointment, by=runner, now=limit, reason="Away").state == "cancelled"


def test_staff_change_late_with_a_reason(visit, therapist, runner, staff, thursday, now) -> None:
    appointment = book(visit, therapist, runner, thursday, now)
    late = thursday - timedelta(hours=3)
    with pytest.raises(DomainError) as refused:
        cancel_appointment(appointment=appointment, by=staff, now=late)
    assert refused.value.code == "reason_needed"
    cancelled = cancel_appointment(appointment=appointment, by=staff, now=late, reason="Therapist ill")
    assert (cancelled.cancel_reason, cancelled.sequence) == ("Therapist ill", 1)
    assert Event.objects.get(action="appointment.cancelled").reason == "Therapist ill"
    assert due() == [("cancelled", late + UNDO)]
    assert cancel_appointment(appointment=appointment, by=staff, now=late, reason="Again").sequence == 1


def test_a_cancelled_time_is_free_again(visit, therapist, runner, other_runner, thursday, now) -> None:
    cancel_appointment(appointment=book(visit, therapist, runner, thursday, now), by=runner, now=now)
    assert book(visit, therapist, other_runner, thursday, now).state == "booked"


def test_strangers_change_nothing(visit, therapist, other_therapist, runner, other_runner, thursday, now) -> None:
    appointment = book(visit, therapist, runner, thursday, now)
    for stranger in (other_runner, other_therapist):
        with pytest.raises(Forbidden):
            cancel_appointment(appointment=appointment, by=stranger, now=now, reason="x")
        with pytest.raises(Forbidden):
            move_appointment(appointment=appointment, start=thursday + timedelta(days=1), by=stranger, now=now)
        with pytest.raises(Forbidden):
            mark_arrived(appointment=appointment, by=stranger, now=thursday)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.start) == ("booked", thursday)


def test_staff_book_outside_the_hours_with_a_reason_and_never_over_another(
    visit, therapist, runner, other_runner, staff, now
) -> None:
    evening = datetime(2026, 11, 26, 19, 10, tzinfo=now.tzinfo)
    with pytest.raises(DomainError):
        book(visit, therapist, runner, evening, now, by=staff)
    with pytest.raises(Forbidden):
        book(visit, therapist, runner, evening, now, override_reason="please")
    book(visit, therapist, runner, evening, now, by=staff, override_reason="Agreed on the phone")
    assert Event.objects.get(action="appointment.booked").reason == "Agreed on the phone"
    with pytest.raises(Conflict):
        book(
            visit, therapist, other_runner, evening + timedelta(minutes=30), now, by=staff, override_reason="Squeeze in"
        )


def test_anyone_is_the_least_loaded(visit, therapist, other_therapist, runner, other_runner, thursday, now) -> None:
    from bookings.models import WeeklyHours

    visit.therapists.add(other_therapist.therapist)
    WeeklyHours.objects.create(therapist=other_therapist.therapist, weekday=3, starts=time(9), ends=time(17))
    book(visit, therapist, runner, thursday + timedelta(hours=6, minutes=15), now)
    first = book_slot(
        service=visit, therapist=None, runner=other_runner.runner, start=thursday, by=other_runner, now=now
    )
    assert first.therapist == other_therapist.therapist
    second = book_slot(service=visit, therapist=None, runner=runner.runner, start=thursday, by=runner, now=now)
    assert second.therapist == therapist.therapist


def test_anyone_when_nobody_is_free(visit, therapist, runner, other_runner, thursday, now) -> None:
    book(visit, therapist, runner, thursday, now)
    for start, code in (
        (thursday, "slot_taken"),
        (thursday.replace(hour=3), "outside_hours"),
        (now + timedelta(minutes=45), "too_soon"),
    ):
        with pytest.raises(DomainError) as refused:
            book_slot(service=visit, therapist=None, runner=other_runner.runner, start=start, by=other_runner, now=now)
        assert refused.value.code == code


def test_a_caller_is_found_or_made(visit, therapist, runner, staff, thursday, now) -> None:
    made = book_for_caller(
        service=visit,
        therapist=therapist.therapist,
        start=thursday,
        name="Ida Berg",
        email="ida@mail.example",
        phone="0117",
        by=staff,
        now=now,
    )
    assert made.runner.user.name == "Ida Berg"
    found = book_for_caller(
        service=visit,
        therapist=therapist.therapist,
        start=thursday + timedelta(minutes=45),
        name="",
        email=runner.email,
        phone="",
        by=staff,
        now=now,
    )
    assert found.runner == runner.runner


def test_no_runner_is_made_when_the_time_is_gone(visit, therapist, runner, staff, thursday, now) -> None:
    book(visit, therapist, runner, thursday, now)
    with pytest.raises(Conflict):
        book_for_caller(
            service=visit,
            therapist=therapist.therapist,
            start=thursday,
            name="Ida Berg",
            email="ida@mail.example",
            phone="",
            by=staff,
            now=now,
        )
    assert RunnerProfile.objects.count() == 1


def test_a_day_at_the_clinic(visit, therapist, runner, thursday, now) -> None:
    appointment = book(visit, therapist, runner, thursday, now)
    with pytest.raises(DomainError) as early:
        mark_completed(appointment=appointment, by=therapist, now=thursday - timedelta(minutes=1))
    assert early.value.code == "too_early"
    assert mark_arrived(appointment=appointment, by=therapist, now=thursday - timedelta(minutes=5)).state == "arrived"
    assert (
        mark_completed(appointment=appointment, by=therapist, now=thursday + timedelta(minutes=40)).state == "completed"
    )
    with pytest.raises(DomainError) as wrong:
        mark_no_show(appointment=appointment, by=therapist, now=thursday + timedelta(minutes=40))
    assert wrong.value.code == "wrong_state"
    assert mark_booked(appointment=appointment, by=therapist, now=thursday + timedelta(minutes=41)).state == "booked"


def test_time_off_and_overrides_bind_booking(visit, therapist, runner, thursday, now) -> None:
    off = TimeOff.objects.create(
        therapist=therapist.therapist, start=thursday - timedelta(hours=1), end=thursday + timedelta(minutes=1)
    )
    with pytest.raises(DomainError) as refused:
        book(visit, therapist, runner, thursday, now)
    assert refused.value.code == "outside_hours"
    off.delete()
    Override.objects.create(therapist=therapist.therapist, on=thursday.date(), closed=True)
    with pytest.raises(DomainError):
        book(visit, therapist, runner, thursday, now)
    assert find_slots(service=visit, first=thursday.date(), last=thursday.date(), zone="Europe/London", now=now) == []


def test_treatment_rooms_are_counted_once_there_are_any(
    gait, therapist, other_therapist, runner, other_runner, thursday, now
) -> None:
    from bookings.models import TreatmentRoom, WeeklyHours

    gait.therapists.add(other_therapist.therapist)
    WeeklyHours.objects.create(therapist=other_therapist.therapist, weekday=3, starts=time(9), ends=time(17))
    room = TreatmentRoom.objects.create(name="Room 1")
    assert book(gait, therapist, runner, thursday, now).treatment_room == room
    with pytest.raises(Conflict):
        book(gait, other_therapist, other_runner, thursday, now)
    TreatmentRoom.objects.create(name="Room 2")
    assert book(gait, other_therapist, other_runner, thursday, now).treatment_room.name == "Room 2"
