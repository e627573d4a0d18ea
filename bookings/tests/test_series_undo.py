"""A series is one act: booked or cancelled as a whole, and for three minutes taken back as a whole."""

from datetime import date, timedelta

import pytest
from django.core import mail

from bookings.models import Appointment, Change, Series
from bookings.models.waitlist import PartOfDay
from bookings.services import UNDO, book_slot, move_appointment, undo
from bookings.services.series import book_series, cancel_rest, plan_series
from clinic.core.errors import Conflict
from clinic.reminders.dispatch import dispatch
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
SECOND = timedelta(seconds=1)


@pytest.fixture
def series(visit, therapist, runner, clock, now) -> Series:
    """Four Mondays at 13:00 in London, the first on 30 November."""
    plan = plan_series(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        weekdays=1,
        per_week=1,
        weeks=4,
        parts=PartOfDay.AFTERNOON,
        first=date(2026, 11, 30),
        zone="Europe/London",
        now=now,
    )
    return book_series(service=visit, runner=runner.runner, picks=[each.suggested for each in plan], by=runner, now=now)


def change_of(series: Series, kind: str = "booked") -> Change:
    return Change.objects.filter(appointment__series=series, kind=kind, undone_at=None).earliest("appointment__start")


def states(series: Series) -> list[str]:
    return list(Appointment.objects.filter(series=series).order_by("start").values_list("state", flat=True))


def waiting() -> set[str]:
    return set(Reminder.objects.filter(state="due").values_list("kind", flat=True))


def test_a_booked_series_is_undone_as_a_whole_and_nobody_was_told(series, runner, now) -> None:
    act = change_of(series)
    undo(change=act, by=runner, now=now + UNDO - SECOND)
    undo(change=act, by=runner, now=now + UNDO)
    assert states(series) == ["cancelled"] * 4
    assert list(Appointment.objects.sessions()) == []
    assert waiting() == set()


def test_after_three_minutes_a_series_stays(series, runner, now) -> None:
    with pytest.raises(Conflict) as refused:
        undo(change=change_of(series), by=runner, now=now + UNDO)
    assert (refused.value.code, states(series)) == ("too_late_to_undo", ["booked"] * 4)


@pytest.mark.django_db(transaction=True)
def test_a_series_whose_letter_has_left_stays(series, runner, now) -> None:
    assert dispatch(now=now + UNDO)["sent"] == 1
    with pytest.raises(Conflict) as refused:
        undo(change=change_of(series), by=runner, now=now + UNDO - SECOND)
    assert (refused.value.code, states(series)) == ("too_late_to_undo", ["booked"] * 4)


def test_a_session_moved_meanwhile_keeps_the_series(series, runner, now) -> None:
    last = Appointment.objects.filter(series=series).latest("start")
    move_appointment(appointment=last, start=last.start + timedelta(minutes=45), by=runner, now=now + SECOND)
    with pytest.raises(Conflict) as refused:
        undo(change=change_of(series), by=runner, now=now + 2 * SECOND)
    assert (refused.value.code, states(series)) == ("changed_meanwhile", ["booked"] * 4)


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_rest_is_put_back_with_its_reminders_and_its_letter_is_taken_back(series, runner, now) -> None:
    dispatch(now=now + UNDO)
    before, later = waiting(), now + timedelta(hours=1)
    cancel_rest(series=series, by=runner, now=later)
    undo(change=change_of(series, "cancelled"), by=runner, now=later + UNDO - SECOND)
    assert (states(series), waiting()) == (["booked"] * 4, before)
    assert Reminder.objects.get(kind="series_cancelled").state == "withdrawn"
    cancel_rest(series=series, by=runner, now=later + UNDO)
    assert waiting() == {"series_cancelled"}


def test_a_time_taken_meanwhile_keeps_the_whole_rest_cancelled(
    series, visit, therapist, runner, other_runner, now
) -> None:
    cancel_rest(series=series, by=runner, now=now + SECOND)
    start = Appointment.objects.filter(series=series).latest("start").start
    book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=start,
        by=other_runner,
        now=now + 2 * SECOND,
    )
    with pytest.raises(Conflict) as refused:
        undo(change=change_of(series, "cancelled"), by=runner, now=now + 3 * SECOND)
    assert (refused.value.code, states(series)) == ("slot_taken", ["cancelled"] * 4)


@pytest.mark.django_db(transaction=True)
def test_booked_cancelled_and_put_back_is_told_once(series, runner, now) -> None:
    cancel_rest(series=series, by=runner, now=now + UNDO - SECOND)
    dispatch(now=now + UNDO)
    undo(change=change_of(series, "cancelled"), by=runner, now=now + UNDO + SECOND)
    dispatch(now=now + 3 * UNDO)
    assert [letter.subject.partition(" with")[0] for letter in mail.outbox] == ["Booked: 4 sessions"]


def test_one_button_on_the_runners_page(series, client_of, runner) -> None:
    browser = client_of(runner)
    page = browser.get("/appointments/").content.decode()
    assert "Booked: 4 sessions." in page
    answer = browser.post(f"/appointments/changes/{change_of(series).pk}/undo/", follow=True)
    assert "Undone for 4 sessions: none of them is booked. Nobody was told." in answer.content.decode()
    assert "Undo" not in answer.content.decode().replace("Undone", "")
    assert states(series) == ["cancelled"] * 4


def test_the_board_takes_a_series_back_in_one_line(series, desk, staff, now) -> None:
    cancel_rest(series=series, by=staff, now=now)
    page = desk.get("/board/?day=2026-11-30").content.decode()
    assert page.count("Cancelled M. Lindqvist, 4 sessions") == 2
