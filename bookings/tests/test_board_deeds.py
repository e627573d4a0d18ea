"""What the desk does on the board: lit gaps, moves, lengths, rooms, marks, undo, the stamp; who has to be named in a refusal."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from bookings import services
from bookings.board.fitting import fits_of, light
from bookings.board.layout import Window, lay_lane
from bookings.models import Appointment, Change, Place, Service, TreatmentRoom, WaitlistEntry, WeeklyHours, Workshop
from bookings.services.resizing import resize_appointment
from bookings.services.waiting import offer_to
from clinic.audit.models import Event
from clinic.core.errors import DomainError
from clinic.core.periods import Period
from clinic.people.models import User

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
DAY = "?day=2026-11-26"
PART = {"headers": {"X-Board-Part": "1"}}


@pytest.fixture(autouse=True)
def ready(visit: Service, hours: list[WeeklyHours], clock: time_machine.Traveller) -> None:
    """Something can be booked, and it is Tuesday 24 November 2026, 09:00 in London."""


@pytest.fixture
def book(visit: Service, now: datetime) -> Callable[..., Appointment]:
    def at(person: User, start: datetime, service: Service = visit) -> Appointment:
        return services.book_slot(
            service=service, therapist=service.therapists.get(), runner=person.runner, start=start, by=person, now=now
        )

    return at


@pytest.fixture
def session(book: Callable[..., Appointment], runner: User) -> Appointment:
    return book(runner, NINE)


@pytest.fixture
def desk(client_of: Callable[[User], Client], staff: User) -> Client:
    return client_of(staff)


def do(desk: Client, session: Appointment, deed: str, **sent: Any) -> Any:
    return desk.post(f"/board/{session.pk}/{deed}/", {"board": DAY, **sent}, **PART)


def test_a_session_is_moved_where_it_is_dropped_and_the_move_taken_back(desk: Client, session: Appointment) -> None:
    answer = do(desk, session, "move", on="2026-11-26", at="10:30", therapist="nadia-okello")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.lstrip().startswith('<div id="board-work"')
    assert "Moved M. Lindqvist to 10:30 with Nadia." in page
    session.refresh_from_db()
    assert session.start == NINE + timedelta(minutes=90)
    act = Change.objects.get(kind="moved")
    assert desk.post(f"/board/undo/{act.pk}/", {"board": DAY}, **PART).status_code == 200
    session.refresh_from_db()
    assert session.start == NINE


def test_a_drop_on_somebody_says_who_it_is_and_what_is_free(
    desk: Client, session: Appointment, book: Callable[..., Appointment], other_runner: User
) -> None:
    book(other_runner, NINE + timedelta(minutes=90))
    answer = do(desk, session, "move", on="2026-11-26", at="10:45", therapist="nadia-okello")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Maya Lindqvist was not moved." in page
    assert "10:45 is taken: Nadia has Omar Haddad from 10:30 to 11:15." in page
    assert 'value="nadia-okello@2026-11-26T09:45Z"' in page
    session.refresh_from_db()
    assert session.start == NINE


def test_a_drop_on_an_offered_time_says_to_whom_it_is_offered(
    desk: Client, session: Appointment, visit: Service, other_runner: User, staff: User, now: datetime
) -> None:
    wish = {"service": visit, "therapist": None, "runner": other_runner.runner, "first": NINE.date(), "last": None}
    entry = services.join_waitlist(**wish, by=staff, now=now)
    offer_to(entry=entry, therapist=visit.therapists.get(), start=NINE + timedelta(minutes=90), by=staff, now=now)
    page = do(desk, session, "move", on="2026-11-26", at="10:45", therapist="nadia-okello").content.decode()
    assert "10:45 is taken: Nadia has a time offered to Omar Haddad from 10:30 to 11:15." in page


def test_a_drop_outside_the_hours_asks_for_a_reason_and_takes_it(desk: Client, session: Appointment) -> None:
    sent = {"on": "2026-11-26", "at": "18:00", "therapist": "nadia-okello"}
    refused = do(desk, session, "move", **sent).content.decode()
    assert "Nadia does not work from 18:00 to 18:45." in refused
    assert "Past the rule, because" in refused
    assert '<input type="hidden" name="at" value="18:00">' in refused
    assert do(desk, session, "move", **sent, override="on", reason="Flies home").status_code == 200
    assert Event.objects.get(action="appointment.moved").reason == "Flies home"


def test_what_a_colleague_has_cancelled_meanwhile_is_not_moved_and_no_time_is_offered(
    desk: Client, session: Appointment, staff: User, now: datetime
) -> None:
    services.cancel_appointment(appointment=session, by=staff, now=now)
    refused = do(desk, session, "move", on="2026-11-26", at="10:30", therapist="nadia-okello").content.decode()
    assert "Only a booked session can be moved. This one is cancelled." in refused
    assert "Free near it" not in refused


@pytest.mark.parametrize(
    ("deed", "sent"),
    [
        ("move", {"on": "2026-11-26", "at": "10:30", "therapist": "nadia-okello"}),
        ("resize", {"minutes": "60"}),
        ("mark", {"state": "arrived"}),
    ],
)
@pytest.mark.parametrize("script", [True, False])
def test_a_deed_on_an_older_picture_of_the_session_changes_nothing_and_says_what_stands(
    desk: Client, session: Appointment, staff: User, now: datetime, deed: str, sent: dict[str, str], script: bool
) -> None:
    was = session.version
    moved = services.move_appointment(appointment=session, start=NINE + timedelta(minutes=45), by=staff, now=now)
    address, body = f"/board/{session.pk}/{deed}/", {"board": DAY, **sent}
    old = body | {"version": was} if script else body
    answer = desk.post(address if script else f"{address}?version={was}", old, **(PART if script else {}))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "the session is now Thursday 26 November, 09:45 to 10:30 with Nadia Okello, booked." in page
    session.refresh_from_db()
    assert (session.version, session.length) == (moved.version, timedelta(minutes=45))
    assert f'data-version="{moved.version}"' in page


def test_a_mark_set_twice_is_set(
    client_of: Callable[[User], Client], staff: User, session: Appointment, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE - timedelta(minutes=8))
    desk = client_of(staff)
    for _ in range(2):
        assert do(desk, session, "mark", state="arrived", version=session.version).status_code == 200
    assert Appointment.objects.get().state == "arrived"


def test_a_session_grows_up_to_the_next_one_and_no_further(
    desk: Client, session: Appointment, book: Callable[..., Appointment], other_runner: User
) -> None:
    book(other_runner, NINE + timedelta(minutes=90))
    assert do(desk, session, "resize", minutes="90").status_code == 200
    session.refresh_from_db()
    assert (session.end, session.sequence) == (NINE + timedelta(minutes=90), 1)
    assert "Follow-up, 90 min" in desk.get(f"/appointments/{session.pk}/").content.decode()
    answer = do(desk, session, "resize", minutes="95")
    assert answer.status_code == 409
    assert "There is no room for that: Nadia has Omar Haddad from 10:30 to 11:15." in answer.content.decode()
    assert Appointment.objects.get(pk=session.pk).end == NINE + timedelta(minutes=90)
    assert Change.objects.filter(kind="resized").count() == 1


@pytest.mark.parametrize("minutes", ["", "many", "0", "4", "900", "99999"])
def test_no_length_that_cannot_be_is_a_fault_of_ours(desk: Client, session: Appointment, minutes: str) -> None:
    assert do(desk, session, "resize", minutes=minutes).status_code == 422
    assert Appointment.objects.get().end == NINE + timedelta(minutes=45)


def test_only_staff_change_a_length(session: Appointment, therapist: User, now: datetime) -> None:
    with pytest.raises(DomainError, match="not yours"):
        resize_appointment(appointment=session, minutes=60, by=therapist, now=now)
    assert Appointment.objects.get().end == NINE + timedelta(minutes=45)


def test_a_wish_nothing_can_meet_is_told_the_next_time_at_another_hour(
    desk: Client, session: Appointment, runner: User, visit: Service, now: datetime
) -> None:
    entry = WaitlistEntry.objects.create(
        runner=runner.runner, service=visit, first=now.date(), weekdays=0b1000000, made_at=now, made_by=runner
    )
    page = desk.get(f"/board/{DAY}&pick={entry.pk}").content.decode()
    assert "For two weeks nothing is free at the times wished for." in page
    assert (
        f"runner={runner.runner.pk}&amp;wish={entry.pk}&amp;therapist=nadia-okello&amp;start=2026-11-27T09:00Z" in page
    )


def test_arrivals_are_marked_on_the_board_and_say_since_when(
    client_of: Callable[[User], Client], staff: User, session: Appointment, clock: time_machine.Traveller
) -> None:
    far = client_of(staff).get(f"/board/{DAY}").content.decode()
    assert "has arrived" not in far
    clock.move_to(NINE - timedelta(minutes=8))
    desk = client_of(staff)
    assert "Maya Lindqvist has arrived" in desk.get(f"/board/{DAY}").content.decode()
    page = do(desk, session, "mark", state="arrived").content.decode()
    assert "Since 08:52, online" in page
    assert "M. Lindqvist: arrived." in page


def test_somebody_elses_act_is_not_mine_to_undo(
    client_of: Callable[[User], Client], session: Appointment, runner: User, staff: User
) -> None:
    act = Change.objects.get()
    assert client_of(staff).post(f"/board/undo/{act.pk}/", {"board": DAY}).status_code == 404
    assert Appointment.objects.get().state == "booked"


def test_the_gaps_that_fit_a_waiting_person_light_up_and_the_best_is_named(
    desk: Client, session: Appointment, visit: Service, other_runner: User, staff: User, now: datetime
) -> None:
    entry = WaitlistEntry.objects.create(
        runner=other_runner.runner, service=visit, first=date(2026, 11, 24), parts=2, made_at=now, made_by=staff
    )
    page = desk.get(f"/board/{DAY}&pick={entry.pk}").content.decode()
    assert "1 gap fits Omar on Thu 26 Nov." in page
    assert '<b class="strong">13:00 with Nadia</b> leaves no odd rest.' in page
    assert f"start=2026-11-26T13:00Z&amp;runner={other_runner.runner.pk}&amp;wish={entry.pk}" in page
    offered = desk.post(
        f"/board/offer/{entry.pk}/", {"board": DAY, "place": "nadia-okello@2026-11-26T13:00Z"}, **PART
    ).content.decode()
    assert "13:00 Offered: O. Haddad" in offered
    hold = Appointment.objects.get(state="held")
    assert (hold.runner, hold.start) == (other_runner.runner, NINE + timedelta(hours=4))


def test_the_offered_time_can_be_booked_on_the_phone_and_a_refusal_leaves_the_offer(
    desk: Client, session: Appointment, visit: Service, other_runner: User, staff: User, now: datetime
) -> None:
    entry = WaitlistEntry.objects.create(
        runner=other_runner.runner, service=visit, first=date(2026, 11, 24), made_at=now, made_by=staff
    )
    desk.post(f"/board/offer/{entry.pk}/", {"board": DAY, "place": "nadia-okello@2026-11-26T13:00Z"})
    call = {"service": "follow-up", "therapist": "nadia-okello", "runner": str(other_runner.runner.pk), "do": "book"}
    taken = desk.post("/board/new/", call | {"wish": str(entry.pk), "start": "2026-11-26T09:00Z"})
    entry.refresh_from_db()
    assert (taken.status_code, entry.state, entry.offers.get().state) == (409, "waiting", "open")
    assert desk.post("/board/new/", call | {"wish": str(entry.pk), "start": "2026-11-26T13:00Z"}).status_code == 302
    entry.refresh_from_db()
    assert (entry.state, entry.offers.get().state) == ("booked", "withdrawn")
    assert Appointment.objects.get(runner=other_runner.runner, state="booked").start == NINE + timedelta(hours=4)


def test_the_best_gap_wastes_least() -> None:
    day = datetime(2026, 11, 26, tzinfo=UTC)

    def span(first: float, last: float) -> Period:
        return Period(day + timedelta(hours=first), day + timedelta(hours=last))

    lane = lay_lane(
        key=1, head=None, on=date(2026, 11, 26), zone="Europe/London", window=Window(),
        work=[span(9, 10), span(12, 13.5), span(15, 15.75)], absences=[], visits=[], now=day,
    )  # fmt: skip
    starts = [day + timedelta(minutes=m) for m in (540, 555, 720, 735, 750, 765, 900)]
    found = fits_of(lane, starts, length=timedelta(minutes=45), before=timedelta(), after=timedelta())
    assert [(fit.start.hour, fit.start.minute, fit.odd_minutes) for fit in found] == [
        (9, 0, 15),
        (12, 0, 0),
        (15, 0, 0),
    ]
    best = light(found)
    assert best is not None
    assert best.start == day + timedelta(hours=15)


def test_the_stamp_changes_with_every_kind_of_change(
    desk: Client, session: Appointment, staff: User, visit: Service, other_runner: User, now: datetime
) -> None:
    def stamp(known: str = "") -> Any:
        return desk.get(f"/board/stamp/{DAY}", headers={"If-None-Match": known})

    seen = [stamp()["ETag"]]
    assert stamp(seen[0]).status_code == 304
    resize_appointment(appointment=session, minutes=60, by=staff, now=now)
    seen.append(stamp()["ETag"])
    services.add_time_off(
        therapist=session.therapist, start=NINE, end=NINE + timedelta(hours=9), reason="ill", by=staff, now=now
    )
    seen.append(stamp()["ETag"])
    WaitlistEntry.objects.create(
        runner=other_runner.runner, service=visit, first=date(2026, 11, 24), made_at=now, made_by=staff
    )
    seen.append(stamp(seen[-1])["ETag"])
    assert len(set(seen)) == 4


def test_rooms_are_columns_too_and_a_session_changes_its_room(
    desk: Client, gait: Service, book: Callable[..., Appointment], runner: User
) -> None:
    rooms = [TreatmentRoom.objects.create(name=f"Room {n}", position=n) for n in (1, 2)]
    session = book(runner, NINE + timedelta(minutes=60), gait)
    assert session.treatment_room == rooms[0]
    page = desk.get(f"/board/{DAY}&by=rooms").content.decode()
    assert page.index("Room 1") < page.index("M. </i>Lindqvist") < page.index(f'data-lane="room-{rooms[1].pk}"')
    answer = do(desk, session, "move", on="2026-11-26", at="10:00", lane=f"room-{rooms[1].pk}")
    assert "is in Room 2 now" in answer.content.decode()
    assert Appointment.objects.get().treatment_room == rooms[1]
    both = do(desk, session, "move", on="2026-11-26", at="11:00", lane=f"room-{rooms[0].pk}")
    assert "one after the other" in both.content.decode()


@pytest.mark.parametrize(
    "query", ["", "&view=week", "&view=month", "&by=rooms", "&view=month&therapist=nadia-okello", "&as=table"]
)
def test_rows_without_a_runner_or_a_service_have_their_place(
    desk: Client, visit: Service, therapist: User, staff: User, now: datetime, query: str
) -> None:
    shop = Workshop.objects.create(
        slug="calf", title="Calf school", capacity=12, seats_taken=9, made_at=now, made_by=staff
    )
    row = {"therapist": therapist.therapist, "zone": "Europe/London", "wall_start": "-", "booked_at": now}
    end = NINE + timedelta(hours=1)
    Appointment.objects.create(
        **row, workshop=shop, start=NINE, end=end, busy_from=NINE, busy_until=end, place=Place.CLINIC, booked_by=staff
    )
    Appointment.objects.create(
        **row, service=visit, start=end, end=end + timedelta(minutes=45), busy_from=end,
        busy_until=end + timedelta(minutes=45), state="held", hold_expires_at=now + timedelta(minutes=5),
    )  # fmt: skip
    page = desk.get(f"/board/{DAY}{query}").content.decode()
    if "rooms" in query or query == "&view=month":
        return
    assert "Calf school" in page
    assert "9 of 12 seats" in page
    assert "Being booked" in page


def test_a_first_visit_and_a_missing_intake_are_marked(desk: Client, session: Appointment) -> None:
    page = desk.get(f"/board/{DAY}").content.decode()
    assert "09:00 New: <i" in page
    assert "intake not filled in" in page
