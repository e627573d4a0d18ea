"""What a late cancellation costs: said before, stored, waived with a reason; exact to the second across a clock change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.models import Appointment, Change, Service
from bookings.prices import cost_of_cancelling
from bookings.receipts import receipt_of
from bookings.services import book_slot, cancel_appointment, move_appointment, undo, waive_late_fee
from clinic.audit.models import Event
from clinic.core.errors import DomainError, Forbidden
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("hours")
SECOND = timedelta(seconds=1)
LONDON = ZoneInfo("Europe/London")
MONDAYS = {
    "no change": datetime(2026, 11, 30, 9, tzinfo=LONDON),
    "clocks go forward": datetime(2027, 3, 29, 9, tzinfo=LONDON),
    "clocks go back": datetime(2027, 11, 1, 9, tzinfo=LONDON),
}


@pytest.mark.parametrize("start", MONDAYS.values(), ids=MONDAYS)
@pytest.mark.parametrize("late", [-SECOND, timedelta(0), SECOND], ids=["before", "at", "after"])
def test_the_cut_off_is_exact_to_the_second(visit, therapist, runner, start, late) -> None:
    visit.change_notice_h = 48
    visit.save()
    start = start.astimezone(UTC)
    booked = book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=runner.runner,
        start=start,
        by=runner,
        now=start - timedelta(days=9),
    )
    now = start - timedelta(hours=48) + late
    if late <= timedelta(0):
        assert cancel_appointment(appointment=booked, by=runner, now=now).late_fee_pence is None
        return
    with pytest.raises(DomainError) as refused:
        move_appointment(appointment=booked, start=start + timedelta(minutes=45), by=runner, now=now)
    assert (refused.value.code, "cancel it for £34" in refused.value.message) == ("too_late_to_change", True)
    with pytest.raises(DomainError) as refused:
        cancel_appointment(appointment=booked, by=runner, now=now)
    assert (refused.value.code, refused.value.extra) == ("late_fee", {"late_fee_pence": 3400})
    booked.refresh_from_db()
    assert (booked.state, booked.start) == ("booked", start)
    cancel_appointment(appointment=booked, by=runner, now=now, accept_fee=True)
    booked.refresh_from_db()
    assert (booked.state, booked.late_fee_pence) == ("cancelled", 3400)
    assert Event.objects.get(action="appointment.cancelled").changes["late_fee_pence"] == [3400, 3400]


@pytest.fixture
def tomorrow(visit, therapist, runner, thursday, now) -> Appointment:
    """A session that is less than the notice away at `thursday` minus three hours."""
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


def test_a_session_that_has_begun_cannot_be_cancelled(tomorrow, runner, thursday) -> None:
    with pytest.raises(DomainError) as refused:
        cancel_appointment(appointment=tomorrow, by=runner, now=thursday, accept_fee=True)
    assert refused.value.code == "too_late_to_change"
    assert cancel_appointment(appointment=tomorrow, by=runner, now=thursday - SECOND, accept_fee=True).late_fee_pence


def test_staff_waive_or_charge_and_waive_later(tomorrow, runner, staff, thursday, client_of, clock) -> None:
    clock.move_to(thursday - timedelta(hours=3))
    desk, address = client_of(staff), f"/appointments/{tomorrow.pk}/"
    page = desk.get(f"{address}cancel/").content.decode()
    assert "Waive the late fee of £34" in page
    desk.post(f"{address}cancel/", {"reason": "Caught a cold", "fee": "3400"})
    tomorrow.refresh_from_db()
    assert tomorrow.late_fee_pence == 3400
    assert "Waive £34" in desk.get(address).content.decode()
    with pytest.raises(Forbidden):
        waive_late_fee(appointment=tomorrow, by=runner, reason="Mine")
    assert desk.post(f"{address}waive/", {"reason": ""}).status_code == 302
    tomorrow.refresh_from_db()
    assert tomorrow.late_fee_pence == 3400
    desk.post(f"{address}waive/", {"reason": "First time"})
    tomorrow.refresh_from_db()
    assert tomorrow.late_fee_pence is None
    assert Event.objects.get(action="appointment.fee_waived").reason == "First time"


def test_the_clinic_cancels_late_for_nothing(tomorrow, staff, thursday, client_of, clock) -> None:
    clock.move_to(thursday - timedelta(hours=3))
    sent = {"reason": "Therapist ill", "fee": "3400", "waive": "on"}
    client_of(staff).post(f"/appointments/{tomorrow.pk}/cancel/", sent)
    tomorrow.refresh_from_db()
    assert (tomorrow.state, tomorrow.late_fee_pence) == ("cancelled", None)


def test_the_page_charges_only_what_it_has_named(tomorrow, runner, thursday, client_of, clock) -> None:
    browser, address = client_of(runner), f"/appointments/{tomorrow.pk}/"
    assert 'name="fee" value="0"' in browser.get(f"{address}cancel/").content.decode()
    clock.move_to(thursday - timedelta(hours=24) + SECOND)
    browser = client_of(runner)
    late = browser.post(f"{address}cancel/", {"fee": "0"})
    assert (late.status_code, "Cancel and pay £34" in late.content.decode()) == (422, True)
    assert browser.get(f"{address}receipt/").status_code == 404
    assert browser.post(f"{address}cancel/", {"fee": "3400"}).status_code == 302
    letter = write_letter(Reminder.objects.get(kind="cancelled"), thursday)
    assert "it costs £34." in letter.body
    assert "it costs £34." in letter.alternatives[0].content
    page = browser.get(f"{address}receipt/").content.decode()
    assert f"No. 20261126-{tomorrow.pk.hex[:8].upper()}" in page
    assert "Late cancellation: Follow-up" in page
    assert "£34" in page


def test_the_api_names_the_cost_first(tomorrow, runner, thursday, client_of, clock) -> None:
    clock.move_to(thursday - timedelta(hours=3))
    api, address = client_of(runner), f"/api/v1/appointments/{tomorrow.pk}/"
    shown = api.get(address).json()
    assert (shown["may_change"], shown["may_cancel"], shown["cancel_costs_pence"]) == (False, True, 3400)
    refused = api.post(f"{address}cancel/", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "late_fee")
    assert "£34" in refused.json()["message"]
    done = api.post(f"{address}cancel/", {"accept_fee": True}, content_type="application/json")
    assert (done.status_code, done.json()["state"], done.json()["late_fee_pence"]) == (200, "cancelled", 3400)


def test_a_waived_fee_is_another_version(tomorrow, runner, staff, thursday, client_of, clock) -> None:
    clock.move_to(thursday - timedelta(hours=3))
    cancel_appointment(appointment=tomorrow, by=runner, now=thursday - timedelta(hours=3), accept_fee=True)
    address = f"/api/v1/appointments/{tomorrow.pk}/"
    charged = client_of(runner).get(address).headers["ETag"]
    waive_late_fee(appointment=tomorrow, by=staff, reason="First time")
    waived = client_of(runner).get(address).headers["ETag"]
    assert (charged, waived) == ('"1-cancelled-3400"', '"1-cancelled"')


def test_a_later_price_changes_neither_the_receipt_nor_the_fee(tomorrow, visit, thursday) -> None:
    Service.objects.filter(pk=visit.pk).update(price_pence=9900)
    session = Appointment.objects.get(pk=tomorrow.pk)
    assert cost_of_cancelling(session, thursday - timedelta(hours=1)) == 3400
    session.state = Appointment.State.COMPLETED
    receipt = receipt_of(session)
    assert receipt is not None
    assert receipt.pence == 6800


@pytest.fixture
def hurried(visit, therapist, runner, thursday) -> Appointment:
    """Booked three hours before it begins, far inside the notice of 24 hours."""
    before = thursday - timedelta(hours=3)
    return book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=before
    )


@pytest.mark.parametrize(("after", "cost"), [(timedelta(minutes=3), 0), (timedelta(minutes=3) + SECOND, 3400)])
def test_what_is_booked_late_is_cancelled_free_as_long_as_it_can_be_undone(hurried, after, cost) -> None:
    assert cost_of_cancelling(hurried, hurried.booked_at + after) == cost


def test_what_is_moved_into_the_notice_is_free_for_the_undo_and_moving_on_adds_nothing(
    visit, therapist, runner, thursday, now
) -> None:
    later = thursday + timedelta(days=1)
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=later, by=runner, now=now
    )
    before, minutes = thursday - timedelta(hours=3), timedelta(minutes=3)
    moved = move_appointment(appointment=session, start=thursday, by=runner, now=before)
    assert moved.change_until == before + minutes
    again = move_appointment(appointment=moved, start=thursday + timedelta(minutes=45), by=runner, now=before + minutes)
    assert again.change_until == before + minutes
    undo(change=Change.objects.latest("at"), by=runner, now=before + minutes)
    session.refresh_from_db()
    assert (session.start, session.change_until) == (thursday, before + minutes)


def test_the_page_of_a_late_booking_says_until_when_it_is_free(hurried, runner, client_of, clock) -> None:
    clock.move_to(hurried.booked_at)
    page = client_of(runner).get(f"/appointments/{hurried.pk}/").content.decode()
    assert "Free until today 07:03, after that cancelling costs £34" in page
    assert client_of(runner).post(f"/appointments/{hurried.pk}/cancel/", {"fee": "0"}).status_code == 302
    hurried.refresh_from_db()
    assert (hurried.state, hurried.late_fee_pence) == ("cancelled", None)
