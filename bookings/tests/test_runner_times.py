"""The times page: what suits the runner, what it costs, and what others take meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from bookings.models import Appointment, TimePreference
from bookings.services import book_slot, choose_times
from clinic.core.errors import DomainError, Forbidden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours", "clock", "visit")]
TIMES = "/book/follow-up/?therapist=nadia-okello"
FREE = "/book/follow-up/free/?therapist=nadia-okello"
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
MON_TO_FRI, AFTERNOONS = 0b0011111, 0b010


def test_a_page_learns_what_has_gone_and_pays_little_for_asking(
    client: Client, visit, therapist, runner, now, django_assert_num_queries
) -> None:
    first = client.get(FREE)
    assert "2026-11-26T09:00Z" in first.json()["free"]
    with django_assert_num_queries(5):
        again = client.get(FREE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=NINE, by=runner, now=now)
    changed = client.get(FREE, headers={"If-None-Match": first["ETag"]})
    assert set(first.json()["free"]) - set(changed.json()["free"]) == {"2026-11-26T09:00Z"}


def test_price_payer_and_policy_stand_before_the_slot_is_taken(client: Client, visit) -> None:
    page = client.get(TIMES).content.decode()
    assert "£68, out of pocket" in page
    assert "Free to change until 24 h before, then cancelling costs half of the price" in page
    visit.takes_insurance = True
    visit.save()
    assert "£68, insurance accepted" in client.get(TIMES).content.decode()


def test_insurance_needs_its_name_and_is_kept(client_of, visit, runner) -> None:
    visit.takes_insurance = True
    visit.save()
    browser = client_of(runner)
    check = browser.post(TIMES, {"slot": "2026-11-26T09:00Z"})["Location"]
    nameless = browser.post(check, {"do": "book", "payer": "insurance", "insurer": " "})
    assert (nameless.status_code, Appointment.objects.get().state) == (422, "held")
    browser.post(check, {"do": "book", "payer": "insurance", "insurer": "Aviva"})
    booked = Appointment.objects.get()
    assert (booked.state, booked.payer, booked.insurer) == ("booked", "insurance", "Aviva")


def test_what_suits_is_marked_and_nothing_is_hidden(client_of, runner, now) -> None:
    browser = client_of(runner)
    before = browser.get(TIMES).content.decode()
    assert "suits you" not in before
    sent = {"weekdays": ["0", "1", "2", "3", "4"], "parts": ["2"], "same_therapist": "on", "next": TIMES}
    assert browser.post("/book/preferences/", sent)["Location"] == TIMES
    kept = TimePreference.objects.get(runner=runner.runner)
    assert (kept.weekdays, kept.parts, kept.same_therapist) == (MON_TO_FRI, AFTERNOONS, True)
    after = browser.get(TIMES).content.decode()
    assert "Suit you: weekdays, afternoons" in after
    assert "suits you" in after
    assert 'value="2026-11-26T09:00Z"' in after, "10:00 in Stockholm is no afternoon, and stays"


def test_a_wish_without_a_day_is_no_wish(client_of, runner, other_runner, now) -> None:
    browser = client_of(runner)
    assert browser.post("/book/preferences/", {"parts": ["2"]}).status_code == 422
    with pytest.raises(DomainError):
        choose_times(runner=runner.runner, weekdays=0, parts=1, same_therapist=True, by=runner, now=now)
    with pytest.raises(Forbidden):
        choose_times(runner=runner.runner, weekdays=1, parts=1, same_therapist=True, by=other_runner, now=now)
    assert not TimePreference.objects.exists()


def test_the_therapist_seen_last_comes_first_for_a_follow_up(
    client_of, visit, therapist, other_therapist, runner, now
) -> None:
    visit.therapists.add(other_therapist.therapist)
    seen = book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=NINE, by=runner, now=now)
    earlier = timedelta(days=7)
    Appointment.objects.update(
        start=NINE - earlier,
        end=seen.end - earlier,
        busy_from=NINE - earlier,
        busy_until=seen.end - earlier,
        state="completed",
    )
    browser = client_of(runner)
    page = browser.get("/book/").content.decode()
    assert "/book/follow-up/?therapist=nadia-okello" in page
    assert "with Nadia again" in page
    assert "seen last" in browser.get("/book/follow-up/").content.decode()
    TimePreference.objects.create(runner=runner.runner, same_therapist=False)
    assert "again" not in browser.get("/book/").content.decode()
