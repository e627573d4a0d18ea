"""The pages of wishes, offers and series, and their API, as a runner and the front desk use them."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.letters.offers import link_ends, link_token
from bookings.models import Appointment, Change, Offer, WaitlistEntry
from bookings.receipts import receipt_of
from bookings.services import book_slot, cancel_appointment, join_waitlist, mark_completed, offer_free_times
from clinic.people.models import Role
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder
from conftest import person

pytestmark = pytest.mark.usefixtures("hours", "clock")
API = "/api/v1"


@pytest.fixture
def wish(visit, runner, thursday, now) -> WaitlistEntry:
    day = thursday.date()
    return join_waitlist(service=visit, therapist=None, runner=runner.runner, first=day, last=day, by=runner, now=now)


@pytest.fixture
def offer(wish, now) -> Offer:
    offer_free_times(now=now)
    return Offer.objects.get()


def test_a_runner_joins_and_leaves(client_of, runner, visit, now) -> None:
    browser = client_of(runner)
    page = browser.get("/waitlist/new/?service=follow-up").content.decode()
    assert page.count('type="checkbox"') == 10
    sent = {"service": "follow-up", "days": [1, 8], "parts": [4], "first": "2026-11-26", "last": "", "note": ""}
    assert browser.post("/waitlist/new/", sent).headers["Location"] == "/waitlist/"
    entry = WaitlistEntry.objects.get()
    assert (entry.weekdays, entry.parts, entry.therapist, entry.last) == (9, 4, None, None)
    assert "Mon, Thu, after 17:00. From Thu 26 Nov" in browser.get("/waitlist/").content.decode()
    browser.post(f"/waitlist/{entry.pk}/leave/")
    entry.refresh_from_db()
    assert entry.state == "withdrawn"


def test_a_broken_link_is_no_fault_of_ours(client_of, runner, visit) -> None:
    assert client_of(runner).get("/waitlist/new/?for=abc").status_code == 404


def test_what_was_typed_stays_when_the_days_are_wrong(client_of, runner, visit) -> None:
    sent = {"service": "follow-up", "days": [1], "parts": [4], "first": "2026-11-26", "last": "2026-11-25"}
    answer = client_of(runner).post("/waitlist/new/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The last day cannot be before the first." in page
    assert 'value="2026-11-25"' in page
    assert page.count(" checked") == 2
    assert WaitlistEntry.objects.count() == 0


def test_staff_add_somebody_and_see_the_line(client_of, staff, runner, wish, other_runner, clock) -> None:
    clock.shift(timedelta(seconds=1))
    browser = client_of(staff)
    assert str(other_runner.runner.pk) in browser.get("/waitlist/new/?q=omar").content.decode()
    sent = {"service": "follow-up", "runner": other_runner.runner.pk, "days": [1], "parts": [1], "first": "2026-11-26"}
    browser.post("/waitlist/new/", sent | {"note": "Calls at noon"})
    page = browser.get("/waitlist/").content.decode().partition("<ol")[2]
    assert page.index("Maya Lindqvist") < page.index("Omar Haddad") < page.index("Calls at noon")
    assert "Omar Haddad" not in browser.get("/waitlist/?q=maya").content.decode()


@pytest.mark.parametrize("who", ["runner", "staff"])
def test_the_list_costs_the_same_for_one_and_three(client_of, visit, runner, staff, offer, thursday, now, who) -> None:
    browser = client_of({"runner": runner, "staff": staff}[who])
    counts = []
    for days in (0, 1, 2):
        if days:
            day = thursday.date() + timedelta(days=days)
            owner = runner if who == "runner" else person(Role.RUNNER, f"More{days} Hale")
            join_waitlist(service=visit, therapist=None, runner=owner.runner, first=day, last=day, by=owner, now=now)
            offer_free_times(now=now)
        browser.get("/waitlist/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get("/waitlist/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2] <= 12


def test_an_offer_is_taken_in_the_app(client_of, runner, other_runner, offer) -> None:
    browser, url = client_of(runner), f"/offers/{offer.pk}/"
    assert client_of(other_runner).get(url).status_code == 404
    assert "Take it" in browser.get(url).content.decode()
    assert browser.post(url, {"do": "take"}).headers["Location"] == f"/appointments/{offer.hold_id}/"
    assert Appointment.objects.get(pk=offer.hold_id).state == "booked"


def test_a_taken_offer_is_undone_where_one_lands(client_of, runner, offer, clock) -> None:
    browser, url = client_of(runner), f"/offers/{offer.pk}/"
    session_url = browser.post(url, {"do": "take"}).headers["Location"]
    assert f'href="{session_url}"' in browser.get(url).content.decode()
    assert "Until then you can undo it" in browser.get(url).content.decode()
    undo_url = reverse("bookings:undo", args=[Change.objects.get().pk])
    assert f'action="{undo_url}"' in browser.get(session_url).content.decode()
    page = browser.post(undo_url, follow=True)
    assert page.redirect_chain == [("/waitlist/", 302)]
    assert "goes to the next in line. The wish waits again." in page.content.decode()
    assert "Declined." in browser.get(url).content.decode()
    clock.shift(timedelta(minutes=3))
    assert browser.post(url, {"do": "take"}).status_code == 409


def test_the_link_of_the_letter_answers_without_a_log_in_and_only_when_pressed(client, offer, clock) -> None:
    letter = write_letter(Reminder.objects.get(kind="waitlist_offer"), offer.made_at)
    url = f"/offers/{link_token(offer)}/"
    assert url in letter.body
    assert "Follow-up" not in letter.body + letter.subject
    for _ in range(2):
        page = client.get(url)
        assert (page.status_code, Offer.objects.get().state) == (200, "open")
    assert "Follow-up" not in page.content.decode()
    assert client.get(url[:-3] + "xx/").status_code == 404
    assert client.post(url, {"do": "take"}).status_code == 302
    assert Appointment.objects.get(pk=offer.hold_id).state == "booked"
    assert "Booked" in client.get(url).content.decode()
    assert client.post(url, {"do": "decline"}).status_code == 409
    clock.move_to(offer.answer_until)
    assert client.get(url).status_code == 200


def test_an_offer_that_has_ended_says_so(client, offer, clock) -> None:
    url = f"/offers/{link_token(offer)}/"
    clock.move_to(offer.answer_until)
    assert "This offer has ended" in client.get(url).content.decode()
    answer = client.post(url, {"do": "take"})
    assert (answer.status_code, Offer.objects.get().hold.state) == (409, "held")
    assert "You keep your place" in answer.content.decode()


def test_days_later_the_link_tells_nobody_what_was_offered(client, offer, clock) -> None:
    url = f"/offers/{link_token(offer)}/"
    clock.move_to(link_ends(offer) - timedelta(seconds=1))
    assert "26 November" in client.get(url).content.decode()
    clock.move_to(link_ends(offer))
    for answer in (client.get(url), client.post(url, {"do": "take"})):
        page = answer.content.decode()
        assert (answer.status_code, "This link has ended" in page, 'href="/waitlist/"' in page) == (410, True, True)
        assert not [word for word in ("Nadia", "26 November", "£68") if word in page]
    assert Offer.objects.get().state == "open"


def test_an_earlier_time_in_exchange(client_of, runner, visit, therapist, thursday, now) -> None:
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    browser = client_of(runner)
    assert "You keep" in browser.get(f"/waitlist/new/?for={session.pk}").content.decode()
    sent = {"for": session.pk, "days": [1, 2, 4, 8], "parts": [1, 2], "first": "2026-11-24", "last": "2026-11-26"}
    browser.post("/waitlist/new/", sent)
    offer_free_times(now=now)
    offer = Offer.objects.get()
    browser.post(f"/offers/{offer.pk}/", {"do": "take"})
    session.refresh_from_db()
    assert (session.start, session.sequence) == (offer.hold.start, 1)
    assert session.start < thursday
    undone = browser.post(reverse("bookings:undo", args=[session.changes.get(kind="moved").pk]), follow=True)
    assert "Undone. The session is Thursday 26 November, 10:00. Nobody was told. The wish waits again." in (
        undone.content.decode()
    )


def test_a_taken_exchange_leads_to_its_session_when_that_is_cancelled_too(
    client_of, runner, visit, therapist, thursday, now
) -> None:
    booked = {"service": visit, "therapist": therapist.therapist, "runner": runner.runner, "by": runner, "now": now}
    session = book_slot(**booked, start=thursday)
    join_waitlist(**booked | {"therapist": None}, first=now.date(), last=None, exchange_for=session)
    offer_free_times(now=now)
    browser, url = client_of(runner), f"/offers/{Offer.objects.get().pk}/"
    browser.post(url, {"do": "take"})
    cancel_appointment(appointment=session, by=runner, now=now)
    assert f'href="/appointments/{session.pk}/"' in browser.get(url).content.decode()


PLAN = "/book/follow-up/series/?per_week=2&weeks=3&days=1&days=8&parts=2&first=2026-11-30&therapist=nadia-okello"


def picks_of(page: str) -> dict[str, str]:
    import re

    found = re.findall(r'type="(?:checkbox|radio)" name="(pick-\d+)" value="([^"]*)" checked', page)
    return dict(found) | {"beats": re.findall(r'name="beats" value="([^"]*)"', page)[0]}


def test_a_series_is_booked_from_one_page(client_of, runner, visit) -> None:
    browser = client_of(runner)
    page = browser.get(PLAN).content.decode()
    assert "Book all 6" in page
    sent = picks_of(page)
    del sent["pick-5"]
    assert browser.post(PLAN, sent).headers["Location"] == "/appointments/"
    booked = Appointment.objects.all()
    assert (booked.count(), len({each.series_id for each in booked})) == (5, 1)
    series = booked[0].series_id
    assert "Cancel all 5" in browser.get(f"/series/{series}/cancel/").content.decode()
    browser.post(f"/series/{series}/cancel/")
    assert {each.state for each in Appointment.objects.all()} == {"cancelled"}


def test_who_pays_for_a_series_is_asked_once_and_kept_on_each(client_of, runner, staff, visit, now) -> None:
    browser = client_of(runner)
    page = browser.get(PLAN).content.decode()
    assert ("£408</b> in all, £68 each" in page, "Who pays?" in page) == (True, False)
    visit.takes_insurance = True
    visit.save()
    page = browser.get(PLAN).content.decode()
    assert "Who pays?" in page
    sent = picks_of(page) | {"payer": "insurance"}
    nameless = browser.post(PLAN, sent)
    assert (nameless.status_code, "Nothing is booked yet." in nameless.content.decode()) == (422, True)
    assert Appointment.objects.count() == 0
    again = picks_of(nameless.content.decode()) | {"payer": "insurance", "insurer": " Aviva  Health "}
    browser.post(PLAN, again)
    kept = set(Appointment.objects.values_list("payer", "insurer", "price_pence"))
    assert kept == {("insurance", "Aviva Health", 6800)}
    first = Appointment.objects.with_people().earliest("start")
    done = mark_completed(appointment=first, by=staff, now=first.start)
    assert receipt_of(done).payer == "Insurance: Aviva Health"


def test_staff_say_who_pays_for_a_runners_series(client_of, runner, staff, visit) -> None:
    visit.takes_insurance = True
    visit.save()
    desk, plan = client_of(staff), f"{PLAN}&runner={runner.runner.pk}"
    page = desk.get(plan).content.decode()
    assert "The runner, after the visit" in page
    desk.post(plan, picks_of(page) | {"payer": "insurance", "insurer": "Bupa"})
    assert set(Appointment.objects.values_list("payer", "insurer")) == {("insurance", "Bupa")}


def test_a_race_lost_shows_the_page_again_with_the_rest_as_picked(
    client_of, runner, other_runner, visit, therapist, now
):
    browser = client_of(runner)
    sent = picks_of(browser.get(PLAN).content.decode())
    del sent["pick-0"]
    gone = datetime.fromisoformat(sent["pick-2"].partition("~")[0])
    book_slot(
        service=visit, therapist=therapist.therapist, runner=other_runner.runner, start=gone, by=other_runner, now=now
    )
    answer = browser.post(PLAN, sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "has just gone" in page
    again = picks_of(page)
    assert "pick-0" not in again
    assert again["pick-2"] not in ("", sent["pick-2"])
    assert {key: again[key] for key in sent if key != "pick-2"} == {key: sent[key] for key in sent if key != "pick-2"}
    assert Appointment.objects.filter(runner=runner.runner).count() == 0
    assert browser.post(PLAN, again).status_code == 302
    assert Appointment.objects.filter(runner=runner.runner).count() == 5


@pytest.mark.parametrize(
    "query", ["weeks=99", "per_week=x&weeks=4", "weeks=4&first=0001-01-01&days=1&parts=1&per_week=1"]
)
def test_a_plan_nobody_could_mean_is_no_error_of_ours(client_of, runner, visit, query) -> None:
    assert client_of(runner).get(f"/book/follow-up/series/?{query}").status_code == 422
    odd = {"beats": "x 9-99:99", "pick-0": "nonsense", "pick-1": "2026-99-99~x"}
    assert client_of(runner).post(PLAN, odd).status_code == 422


def test_over_the_api(client_of, runner, other_runner, visit, therapist, now) -> None:
    me = client_of(runner)

    def post(path: str, **body: object):
        return me.post(f"{API}/{path}", body, content_type="application/json")

    refused = post("waitlist/", service="follow-up", first="2026-11-26", last="2026-11-25")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_days")
    made = post("waitlist/", service="follow-up", first="2026-11-26", weekdays=[3], parts=["morning"])
    assert (made.status_code, made.json()["weekdays"], made.json()["parts"]) == (201, [3], ["morning"])
    offer_free_times(now=now)
    [kept] = me.get(f"{API}/offers/").json()["results"]
    assert (kept["open"], kept["entry"], kept["instead_of"]) == (True, made.json()["id"], None)
    assert client_of(other_runner).get(f"{API}/offers/{kept['id']}/").status_code == 404
    assert post(f"offers/{kept['id']}/accept/").json()["state"] == "booked"
    assert post(f"offers/{kept['id']}/decline/").json()["code"] == "offer_ended"
    assert me.get(f"{API}/waitlist/").json()["results"] == []
    again = post("waitlist/", service="follow-up", first="2026-12-01").json()
    assert me.delete(f"{API}/waitlist/{again['id']}/").status_code == 204
    slug = therapist.therapist.slug
    taken = [{"therapist": slug, "start": start} for start in ("2026-12-03T09:00:00Z", kept["start"])]
    clash = post("series/", service="follow-up", sessions=taken)
    assert (clash.status_code, [each["start"] for each in clash.json()["refused"]]) == (409, [kept["start"]])
    assert post("series/", service="follow-up", sessions=taken[:1]).status_code == 201


def test_an_offered_time_is_no_hold_to_confirm(client_of, runner, offer) -> None:
    browser = client_of(runner)
    assert browser.get(f"/book/check/{offer.hold_id}/").status_code == 404
    assert browser.post(f"/book/check/{offer.hold_id}/").status_code == 404
    confirmed = browser.post(f"{API}/appointments/", {"hold": str(offer.hold_id)}, content_type="application/json")
    assert confirmed.status_code == 404
    page = browser.get("/appointments/").content.decode()
    assert f"/offers/{offer.pk}/" in page
    assert "/book/check/" not in page
    assert Offer.objects.get().state == "open"
