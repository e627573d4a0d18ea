"""The page of a therapist's other calendars: connect, see how each is, remove; the address stays hidden."""

from datetime import timedelta

import pytest

from bookings.models import OutsideBusy, OutsideCalendar
from bookings.services import book_slot

pytestmark = pytest.mark.usefixtures("hours", "clock")
SECRET = "https://calendar.example/private-k3y/basic.ics"
HOURS = "/hours/nadia-okello/"
PAGE = f"{HOURS}calendars/"


@pytest.fixture
def connected(therapist, now) -> OutsideCalendar:
    return OutsideCalendar.objects.create(
        therapist=therapist.therapist, name="Choir", address=SECRET, made_at=now, next_at=now
    )


def test_connect_read_again_and_remove(client_of, therapist, now):
    page = client_of(therapist)
    assert "None connected" in page.get(HOURS).text
    sent = page.post(PAGE, {"name": "Choir", "address": SECRET}, follow=True)
    assert "“Choir” is entered" in sent.text
    assert "calendar.example/•••" in sent.text
    assert "k3y" not in sent.text + page.get(HOURS).text
    made = OutsideCalendar.objects.get()
    assert (made.next_at, made.read_at) == (now, None), "the page fetched nothing"
    OutsideCalendar.objects.update(next_at=now + timedelta(hours=6), problem="The server does not answer.", failures=5)
    assert "The server does not answer." in page.get(HOURS).text
    page.post(f"/hours/calendars/{made.pk}/read/")
    assert OutsideCalendar.objects.get().next_at == now
    assert "is removed" in page.post(f"/hours/calendars/{made.pk}/remove/", follow=True).text
    assert not OutsideCalendar.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence", "status"),
    [
        ({"name": "Choir", "address": "calendar.example"}, "begin with https://", 422),
        ({"name": "Choir", "address": SECRET}, "connected already", 409),
        ({"name": "", "address": "https://other.example/\0"}, "", 400),
        ({"name": "Work", "address": ""}, "This field is required", 422),
    ],
)
def test_a_refusal_keeps_what_was_typed(client_of, therapist, connected, typed, sentence, status):
    answer = client_of(therapist).post(PAGE, typed)
    assert answer.status_code == status
    assert sentence in answer.text
    if status == 422 and typed["address"]:
        assert f'value="{typed["address"]}"' in answer.text
    assert OutsideCalendar.objects.count() == 1


def test_clashes_and_stale_copies_are_told_to_therapist_and_staff(
    client_of, therapist, staff, runner, visit, connected, thursday, now
):
    book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now)
    OutsideBusy.objects.create(
        calendar=connected, therapist=therapist.therapist, start=thursday, end=thursday + timedelta(hours=1)
    )
    OutsideCalendar.objects.update(good_at=now - timedelta(hours=25), problem="It does not answer.")
    for user in (therapist, staff):
        for path in (HOURS, PAGE):
            text = client_of(user).get(path).text
            assert "1 booked time that another calendar calls busy" in text
            assert "Not read for more than a day" in text
            assert "Maya Lindqvist" in text
    assert "Nadia Okello, Choir" in client_of(staff).get("/hours/").text


def test_other_therapists_find_nothing(client_of, other_therapist, runner, connected):
    for path in (PAGE, f"/hours/calendars/{connected.pk}/remove/", f"/hours/calendars/{connected.pk}/read/"):
        assert client_of(other_therapist).post(path, {"name": "x", "address": SECRET}).status_code == 404
        assert client_of(runner).post(path).status_code == 403
    assert OutsideCalendar.objects.count() == 1


def test_as_many_queries_for_three_calendars_as_for_one(
    client_of, therapist, staff, connected, now, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def counts() -> list[int]:
        found = []
        for path in (PAGE, HOURS, "/hours/"):
            browser = client_of(staff)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(path).status_code == 200
            found.append(len(queries))
        return found

    OutsideCalendar.objects.update(made_at=now - timedelta(days=3))
    one = counts()
    for number in range(2):
        OutsideCalendar.objects.create(
            therapist=therapist.therapist,
            name=f"Work {number}",
            address=f"{SECRET}{number}",
            made_at=now - timedelta(days=3),
            next_at=now,
        )
    assert counts() == one
