"""Hours that close over what is held or offered: it ends, whoever confirms is told, and no session is left stranded."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.core import mail

from bookings.models import Appointment, HoursPlace, Offer
from bookings.services import (
    DayRange,
    HoursRange,
    accept_offer,
    add_time_off,
    book_slot,
    confirm_hold,
    hold_slot,
    offer_instead,
    set_override,
    set_weekly_hours,
)
from bookings.services.holding import GRACE, HOLD
from bookings.services.limits import remove_travel, set_travel
from bookings.tests.test_engine_races import at_once
from clinic.audit.models import Event
from clinic.core.errors import Conflict
from clinic.reminders.models import Reminder

CHANGED = "The therapist’s hours have changed, and this time cannot be kept. Nothing was booked. Choose another one."
TIMES = "/book/follow-up/?therapist=nadia-okello"


@pytest.fixture
def held(visit, hours, therapist, runner, thursday, now) -> Appointment:
    return hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )


@pytest.fixture
def close(therapist, staff, now, thursday) -> Callable[..., object]:
    """The staff close Thursday in one of the ways there are."""

    def act(how: str = "day", at=now, on: date | None = None):
        on = on or thursday.date()
        asked = {"therapist": therapist.therapist, "by": staff, "now": at}
        match how:
            case "day":
                return set_override(on=on, ranges=[], replace=True, **asked)
            case "part of the day":
                return set_override(on=on, ranges=[DayRange(time(9, 30), time(10), closed=True)], **asked)
            case "other place":
                clinic = [DayRange(time(9), time(17), HoursPlace.CLINIC)]
                return set_override(on=on, ranges=clinic, replace=True, **asked)
            case "week":
                return set_weekly_hours(ranges=[HoursRange(3, time(10), time(17))], valid_from=now.date(), **asked)
            case "week for a time":
                ranges = [HoursRange(2, time(9), time(17))]
                return set_weekly_hours(ranges=ranges, valid_from=now.date(), valid_until=on, **asked)
            case "journey":
                return set_travel(zone="America/New_York", first=on, last=on, **asked)
            case "time off":
                return add_time_off(start=thursday, end=thursday + timedelta(hours=1), reason="", **asked)
        raise AssertionError(how)

    return act


WAYS = ["day", "part of the day", "other place", "week", "week for a time", "journey", "time off"]


@pytest.mark.parametrize("how", WAYS)
def test_a_hold_ends_when_the_hours_close_over_it(held, close, runner, now, how) -> None:
    change = close(how)
    assert ([each.pk for each in change.holds], change.hit, change.offers) == ([held.pk], [], [])
    with pytest.raises(Conflict) as refused:
        confirm_hold(appointment=held, by=runner, now=now)
    assert (refused.value.code, refused.value.message) == ("hold_ended", CHANGED)
    held.refresh_from_db()
    assert held.state == "cancelled"
    assert Reminder.objects.count() == 0


@pytest.mark.parametrize("how", WAYS)
def test_a_booked_session_stays_and_is_named(visit, held, close, runner, now, how) -> None:
    booked = confirm_hold(appointment=held, by=runner, now=now)
    change = close(how)
    assert (change.hit, change.holds) == ([booked], [])
    booked.refresh_from_db()
    assert booked.state == "booked"


def test_a_hold_that_ran_out_a_moment_ago_is_no_way_in(held, close, runner, now) -> None:
    late = now + HOLD + GRACE / 2
    close(at=late)
    with pytest.raises(Conflict, match="hours have changed"):
        confirm_hold(appointment=held, by=runner, now=late)


def test_holds_beside_the_change_stay(held, close, runner, now, thursday) -> None:
    assert close(on=thursday.date() + timedelta(days=1)).holds == []
    assert confirm_hold(appointment=held, by=runner, now=now).state == "booked"


def test_the_way_home_ends_holds_made_by_the_clock_abroad(
    visit, hours, therapist, runner, staff, now, thursday
) -> None:
    day = thursday.date()
    trip = set_travel(
        therapist=therapist.therapist, zone="America/New_York", first=day, last=day, by=staff, now=now
    ).travel
    evening = thursday.replace(hour=18)
    held = hold_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=evening, by=runner, now=now
    )
    assert [each.pk for each in remove_travel(travel=trip, by=staff, now=now).holds] == [held.pk]


def test_an_open_offer_into_a_closed_day_is_taken_back_and_its_runner_told(
    visit, hours, therapist, other_runner, staff, close, thursday, now
) -> None:
    ours = {"service": visit, "therapist": therapist.therapist, "now": now}
    booked = book_slot(**ours, runner=other_runner.runner, start=thursday + timedelta(days=4), by=other_runner)
    offer = offer_instead(
        appointment=booked,
        start=thursday,
        therapist=therapist.therapist,
        by=staff,
        now=now,
        answer_until=now + timedelta(hours=2),
    )
    Reminder.objects.filter(kind="waitlist_offer").update(state="sent", sent_at=now)
    assert (close().offers, close().offers) == ([offer], [])
    offer.refresh_from_db()
    assert offer.state == Offer.State.WITHDRAWN
    told = Reminder.objects.get(kind="offer_expired")
    assert (told.person, told.subject) == (other_runner, offer.subject)
    assert Event.objects.filter(action="offer.withdrawn").count() == 1
    with pytest.raises(Conflict, match="cannot be kept any more") as refused:
        accept_offer(offer=offer, by=other_runner, now=now)
    assert refused.value.code == "offer_ended"
    booked.refresh_from_db()
    assert booked.start == thursday + timedelta(days=4)


def test_the_runner_gets_409_and_the_nearest_times(held, close, client_of, runner, clock) -> None:
    browser, address = client_of(runner), f"/book/check/{held.pk}/"
    assert browser.get(address).status_code == 200
    close()
    for answer in (browser.get(address), browser.post(address, {"do": "book"})):
        page = answer.content.decode()
        assert answer.status_code == 409
        assert CHANGED in page
        assert 'value="2026-11-27T09:00Z"' in page
        assert 'value="2026-11-26T09:00Z"' not in page


def test_a_visitor_with_the_code_gets_409_and_the_nearest_times(visit, hours, close, client, clock) -> None:
    client.post(TIMES, {"slot": "2026-11-26T09:00Z"})
    client.post("/book/you/", {"name": "Ava Novak", "email": "ava@mail.example", "phone": "", "consent": "on"})
    code = re.search(r"^\d{6}$", mail.outbox[0].body, re.MULTILINE).group()
    assert len(close().holds) == 1
    answer = client.post("/book/code/", {"code": code})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert CHANGED in page
    assert 'value="2026-11-27T09:00Z"' in page
    assert Appointment.objects.exclude(state="cancelled").count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["day", "week", "time off"])
def test_a_closing_written_while_a_hold_is_confirmed(held, close, runner, now, how) -> None:
    """Either the session is booked and named, or the hold has ended: never booked and unnamed."""
    changes: list = []
    ends = at_once([lambda: changes.append(close(how)), lambda: confirm_hold(appointment=held, by=runner, now=now)])
    held.refresh_from_db()
    [change] = changes
    if held.state == "booked":
        assert ends == {"done": 2}
        assert (change.hit, change.holds) == ([held], [])
    else:
        assert ends == {"done": 1, "hold_ended": 1}
        assert (held.state, change.hit, [each.pk for each in change.holds]) == ("cancelled", [], [held.pk])


@pytest.mark.django_db(transaction=True)
def test_a_closing_written_while_a_hold_is_taken(visit, hours, close, therapist, runner, now, thursday) -> None:
    changes: list = []
    ends = at_once(
        [
            lambda: changes.append(close()),
            lambda: hold_slot(
                service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
            ),
        ]
    )
    assert ends in ({"done": 2}, {"done": 1, "outside_hours": 1})
    assert Appointment.objects.exclude(state="cancelled").count() == 0
    assert len(changes[0].holds) == ends["done"] - 1
