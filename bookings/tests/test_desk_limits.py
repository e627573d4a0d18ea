"""Journeys, limits of a day, and time off in plain days, on the hours page."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from bookings import services
from bookings.models import DailyCap, Service, Travel, WeeklyHours
from bookings.services.limits import remove_travel, set_daily_cap, set_travel
from bookings.templatetags.absences import stretch_words
from clinic.audit.models import Event
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import User

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 11, 26), date(2026, 11, 27)
LONDON = "Europe/London"


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Tuesday 24 November 2026, 09:00 in London; Nadia works 9 to 12 and 13 to 17."""


def test_a_journey_lists_the_sessions_it_leaves_outside_the_hours(
    visit: Service, therapist: User, other_therapist: User, runner: User, now: datetime
) -> None:
    nine = datetime(2026, 11, 26, 9, tzinfo=UTC)
    session = services.book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=nine, by=runner, now=now
    )
    act = {"therapist": therapist.therapist, "zone": "America/New_York", "first": FIRST, "last": LAST, "now": now}
    with pytest.raises(Forbidden):
        set_travel(**act, by=other_therapist)
    done = set_travel(**act, by=therapist)
    assert done.hit == [session]
    assert set_travel(**act, by=therapist).travel == done.travel
    for wrong, code in (
        ({"last": date(2026, 11, 25)}, "bad_days"),
        ({"zone": "Mars/Base"}, "unknown_zone"),
        ({"first": date(2026, 11, 1), "last": date(2026, 11, 2)}, "in_the_past"),
        ({"zone": "Asia/Tokyo"}, "overlapping_travel"),
        ({"first": date(2031, 1, 1), "last": date(2031, 1, 2)}, "too_far"),
    ):
        with pytest.raises(DomainError) as refused:
            set_travel(**{**act, **wrong}, by=therapist)
        assert refused.value.code == code
    assert Travel.objects.count() == 1
    assert remove_travel(travel=done.travel, by=therapist, now=now).hit == []
    assert list(Event.objects.filter(action__startswith="travel").order_by("pk").values_list("action", flat=True)) == [
        "travel.set",
        "travel.removed",
    ]


@pytest.mark.parametrize(
    ("taken_back", "left", "action"),
    [(2, None, "travel.removed"), (3, 0, "travel.ended"), (4, 1, None)],
)
def test_the_days_a_journey_has_had_stay_as_they_were(
    therapist: User, now: datetime, taken_back: int, left: int | None, action: str | None
) -> None:
    """Entered for the days 2 and 3 from now; taken back some days from now."""
    done = set_travel(
        therapist=therapist.therapist, zone="America/New_York", first=FIRST, last=LAST, by=therapist, now=now
    )
    remove_travel(travel=done.travel, by=therapist, now=now + timedelta(days=taken_back))
    expected = [] if left is None else [(FIRST, FIRST + timedelta(days=left))]
    assert list(Travel.objects.values_list("first", "last")) == expected
    said = Event.objects.filter(action__startswith="travel").exclude(action="travel.set")
    assert list(said.values_list("action", flat=True)) == ([action] if action else [])


def test_a_limit_is_set_changed_and_taken_back(visit: Service, gait: Service, therapist: User, runner: User) -> None:
    person = therapist.therapist
    gait.therapists.clear()
    assert set_daily_cap(therapist=person, service=None, most=5, by=therapist).most == 5
    assert set_daily_cap(therapist=person, service=None, most=4, by=therapist).most == 4
    assert set_daily_cap(therapist=person, service=visit, most=2, by=therapist).most == 2
    for wrong in ({"service": gait, "most": 2}, {"service": None, "most": 51}, {"service": None, "most": 0}):
        with pytest.raises(DomainError):
            set_daily_cap(therapist=person, by=therapist, **wrong)
    with pytest.raises(Forbidden):
        set_daily_cap(therapist=person, service=None, most=1, by=runner)
    assert set_daily_cap(therapist=person, service=None, most=None, by=therapist) is None
    assert [(each.service, each.most) for each in DailyCap.objects.all()] == [(visit, 2)]
    assert Event.objects.filter(action="daily_cap.set").count() == 4


def test_the_hours_page_keeps_what_was_typed_and_takes_things_back(
    therapist: User, other_therapist: User, staff: User, client_of: Callable[[User], Client]
) -> None:
    desk, page = client_of(staff), "/hours/nadia-okello/"
    wrong = desk.post(page, {"do": "travel", "zone": "Asia/Tokyo", "first": "2026-11-27", "last": "2026-11-26"})
    assert wrong.status_code == 422
    assert "The last day comes after the first" in wrong.content.decode()
    assert 'value="2026-11-27"' in wrong.content.decode()
    assert desk.post(page, {"do": "cap", "service": "", "most": "99"}).status_code == 422
    desk.post(page, {"do": "travel", "zone": "Asia/Tokyo", "first": "2026-11-26", "last": "2026-11-27"})
    desk.post(page, {"do": "cap", "service": "follow-up", "most": "3"})
    desk.post(page, {"do": "time_off", "first": "2026-11-30", "last": "2026-12-01", "reason": "Flu"})
    shown = desk.get(page).content.decode()
    for words in (
        "Thu 26 Nov to Fri 27 Nov",
        "clock of Tokyo",
        "3 a day",
        "Mon 30 Nov to Tue 1 Dec",
        "Move its sessions",
    ):
        assert words in shown
    assert "day=2026-11-30&amp;until=2026-12-01" in shown
    travel, cap = Travel.objects.get(), DailyCap.objects.get()
    for address in (f"/journeys/{travel.pk}/", f"/limits/{cap.pk}/"):
        assert client_of(other_therapist).post(address).status_code == 404
        assert client_of(therapist).post(address).status_code == 302
    assert not Travel.objects.exists()
    assert not DailyCap.objects.exists()


def test_time_off_is_written_in_plain_days() -> None:
    start = datetime(2026, 10, 24, 23, tzinfo=UTC)
    assert stretch_words(start, start + timedelta(hours=25), LONDON) == "Sun 25 Oct"
    assert stretch_words(start, start + timedelta(days=2, hours=1), LONDON) == "Sun 25 Oct to Mon 26 Oct"
    nine = datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert stretch_words(nine, nine + timedelta(hours=3), LONDON) == "Thu 26 Nov, 09:00 to 12:00"
    assert stretch_words(nine, nine + timedelta(days=1), LONDON) == "Thu 26 Nov 09:00 to Fri 27 Nov 09:00"
