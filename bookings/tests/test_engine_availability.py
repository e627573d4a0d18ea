"""Free times read from the database: the same instants for everybody, in few queries, listed exactly when bookable."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.availability import find_slots, next_slots, search_slots
from bookings.models import Appointment, Override, Service, TimeOff, TreatmentRoom, WeeklyHours
from bookings.services import book_slot, hold_slot
from bookings.soonest import first_with_anyone
from clinic.core.errors import DomainError
from clinic.people.models import Role, TherapistProfile, User
from conftest import person

FIRST, LAST = date(2026, 11, 24), date(2026, 12, 7)


def starts(service: Service, now: datetime, **more: object) -> list[datetime]:
    return [
        slot.start
        for slot in find_slots(
            service=service, now=now, **{"first": FIRST, "last": LAST, "zone": "Europe/London", **more}
        )
    ]  # type: ignore[arg-type]


def more_therapists(service: Service, count: int) -> list[TherapistProfile]:
    found = []
    for number in range(count):
        therapist = person(Role.THERAPIST, f"Colleague{number} Reed").therapist
        service.therapists.add(therapist)
        for day in range(5):
            WeeklyHours.objects.create(therapist=therapist, weekday=day, starts=time(9), ends=time(17))
        found.append(therapist)
    return found


def test_a_plain_week(visit, hours, now) -> None:
    found = starts(visit, now, first=FIRST, last=date(2026, 11, 25))
    assert [f"{each:%d %H:%M}" for each in found] == [
        "24 11:15", "24 13:00", "24 13:45", "24 14:30", "24 15:15", "24 16:00",
        "25 09:00", "25 09:45", "25 10:30", "25 11:15", "25 13:00", "25 13:45", "25 14:30", "25 15:15", "25 16:00",
    ]  # fmt: skip


def test_the_same_instants_from_everywhere(visit, hours, now) -> None:
    expected = starts(visit, now)
    for zone in ("Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles"):
        found = starts(visit, now, zone=zone, first=FIRST - timedelta(days=2), last=LAST + timedelta(days=2))
        assert [each for each in found if each <= expected[-1]] == expected


def test_days_are_the_readers_days(visit, therapist, now) -> None:
    WeeklyHours.objects.create(therapist=therapist.therapist, weekday=3, starts=time(23), ends=time(0))
    assert starts(visit, now, first=date(2026, 11, 27), last=date(2026, 11, 27), zone="Pacific/Kiritimati") == [
        datetime(2026, 11, 26, 23, 0, tzinfo=UTC)
    ]
    assert starts(visit, now, first=date(2026, 11, 26), last=date(2026, 11, 26), zone="Pacific/Kiritimati") == []


def test_hours_follow_the_wall_clock_across_a_change(visit, therapist, hours) -> None:
    now = datetime(2027, 3, 25, 9, 0, tzinfo=UTC)
    found = starts(visit, now, first=date(2027, 3, 26), last=date(2027, 3, 29))
    assert [f"{each:%d %H:%M}" for each in found if each.astimezone(ZoneInfo("Europe/London")).hour == 9] == [
        "26 09:00",
        "26 09:45",
        "29 08:00",
        "29 08:45",
    ]


def test_dates_far_off_are_harmless(visit, hours, now) -> None:
    assert starts(visit, now, first=date(9999, 12, 31), last=date(9999, 12, 31)) == []
    assert starts(visit, now, first=date.min, last=date.min) == []
    assert starts(visit, now, first=LAST, last=FIRST) == []
    assert len(starts(visit, now, first=date.min, last=date.max)) > 300
    with pytest.raises(DomainError):
        starts(visit, now, zone="Mars/Olympus")


def test_hours_for_another_place_do_not_count(visit, gait, therapist, now) -> None:
    WeeklyHours.objects.create(therapist=therapist.therapist, weekday=3, starts=time(9), ends=time(10), place="clinic")
    assert starts(visit, now) == []
    assert [f"{each:%d %H:%M}" for each in starts(gait, now)] == ["26 09:00", "03 09:00"]


def test_own_hold_stays_on_the_list_for_its_runner_alone(
    visit, hours, therapist, runner, other_runner, thursday, now
) -> None:
    hold_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now)
    assert thursday in starts(visit, now, runner=runner.runner)
    assert thursday not in starts(visit, now, runner=other_runner.runner)
    assert thursday not in starts(visit, now)
    assert thursday in starts(visit, now + timedelta(minutes=5))


def test_whom_anyone_means(visit, hours, therapist, thursday, now) -> None:
    profile = therapist.therapist
    profile.is_listed = False
    profile.save()
    assert starts(visit, now) == []
    assert thursday in starts(visit, now, therapists=[profile])
    visit.is_first_visit, profile.takes_new_runners = True, False
    visit.save(), profile.save()
    assert starts(visit, now, therapists=[profile]) == []
    Service.objects.update(is_active=False, is_first_visit=False)
    visit.refresh_from_db()
    assert starts(visit, now, therapists=[profile]) == []


def test_next_of_each_and_first_with_anyone(visit, hours, therapist, now) -> None:
    full, empty = more_therapists(visit, 2)
    TimeOff.objects.create(therapist=full, start=now, end=now + timedelta(days=20))
    WeeklyHours.objects.filter(therapist=empty).delete()
    found = next_slots(service=visit, zone="Europe/London", now=now)
    assert {key: f"{slot.start:%m-%d %H:%M}" for key, slot in found.items()} == {
        therapist.therapist.pk: "11-24 11:15",
        full.pk: "12-14 09:00",
    }
    assert first_with_anyone(service=visit, zone="Europe/London", now=now).therapist_id == therapist.therapist.pk
    searched = search_slots(service=visit, first=FIRST, last=LAST, zone="Europe/London", now=now)
    assert searched.next == found
    later = search_slots(service=visit, first=FIRST + timedelta(days=3), last=LAST, zone="Europe/London", now=now)
    assert {key: slot.start for key, slot in later.next.items()} == {key: slot.start for key, slot in found.items()}


@pytest.mark.parametrize("place", ["online", "clinic"])
def test_queries_do_not_grow(visit, hours, runner, now, place) -> None:
    Service.objects.update(place=place)
    visit.refresh_from_db()
    TreatmentRoom.objects.create(name="Room 1")

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            search_slots(service=visit, first=FIRST, last=LAST, zone="Europe/London", runner=runner.runner, now=now)
        return len(queries)

    alone = counted()
    therapists = more_therapists(visit, 3)
    TreatmentRoom.objects.create(name="Room 2")
    for number, therapist in enumerate(therapists):
        Override.objects.create(therapist=therapist, on=LAST, closed=True)
        TimeOff.objects.create(therapist=therapist, start=now, end=now + timedelta(days=number * 9 + 1))
        for day in range(5):
            someone = person(Role.RUNNER, f"Runner{number}x{day} Hale")
            slot = find_slots(
                service=visit,
                therapists=[therapist],
                first=FIRST,
                last=date(2026, 12, 20),
                zone="Europe/London",
                now=now,
            )[day]
            book_slot(service=visit, therapist=therapist, runner=someone.runner, start=slot.start, by=someone, now=now)
    assert (alone, counted()) == (3, 4)


@given(
    day=st.integers(-1, 9),
    minute=st.integers(0, 24 * 12 - 1),
    which=st.integers(0, 2),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_accepted_exactly_when_listed(
    crowded: tuple[Service, list[TherapistProfile], User, datetime], day: int, minute: int, which: int
) -> None:
    service, therapists, asker, now = crowded
    therapist = therapists[which]
    start = datetime(2027, 3, 25, 0, 0, tzinfo=UTC) + timedelta(days=day, minutes=minute * 5)
    listed = start in starts(
        service, now, therapists=[therapist], first=date(2027, 3, 20), last=date(2027, 4, 20), runner=asker.runner
    )
    before = Appointment.objects.count()
    accepted = False
    with transaction.atomic():
        try:
            book_slot(service=service, therapist=therapist, runner=asker.runner, start=start, by=asker, now=now)
            accepted = True
        except DomainError:
            assert Appointment.objects.count() == before
        finally:
            transaction.set_rollback(accepted)
    assert accepted == listed


@pytest.fixture
def crowded(visit: Service, therapist: User, runner: User) -> tuple[Service, list[TherapistProfile], User, datetime]:
    """Three therapists in three zones over a clock change, with buffers, overrides, time off, sessions and a live hold."""
    now = datetime(2027, 3, 25, 8, 0, tzinfo=UTC)
    Service.objects.update(minutes=50, buffer_before_min=5, buffer_after_min=10, slot_step_min=15, horizon_days=8)
    visit.refresh_from_db()
    colleagues = [therapist.therapist, *more_therapists(visit, 1)]
    abroad = person(Role.THERAPIST, "Abroad Silva", zone="America/Santiago").therapist
    visit.therapists.add(abroad)
    colleagues.append(abroad)
    for each in colleagues:
        for weekday in range(7):
            WeeklyHours.objects.create(therapist=each, weekday=weekday, starts=time(0), ends=time(7, 20))
            WeeklyHours.objects.create(therapist=each, weekday=weekday, starts=time(20), ends=time(0))
    Override.objects.create(
        therapist=colleagues[0], on=date(2027, 3, 28), starts=time(0, 30), ends=time(1, 30), closed=True
    )
    Override.objects.create(therapist=colleagues[0], on=date(2027, 3, 27), starts=time(11), ends=time(12, 5))
    TimeOff.objects.create(therapist=colleagues[1], start=now + timedelta(days=1), end=now + timedelta(days=2))
    for number, each in enumerate(colleagues):
        someone = person(Role.RUNNER, f"Busy{number} Hale")
        for slot in find_slots(
            service=visit, therapists=[each], first=date(2027, 3, 25), last=date(2027, 4, 4), zone="UTC", now=now
        )[::9][:6]:
            try:
                book_slot(service=visit, therapist=each, runner=someone.runner, start=slot.start, by=someone, now=now)
            except DomainError:
                continue
    mine = find_slots(
        service=visit, therapists=[colleagues[0]], first=date(2027, 3, 26), last=date(2027, 4, 4), zone="UTC", now=now
    )
    book_slot(service=visit, therapist=colleagues[0], runner=runner.runner, start=mine[0].start, by=runner, now=now)
    hold_slot(
        service=visit,
        therapist=colleagues[0],
        runner=person(Role.RUNNER, "Holder Hale").runner,
        start=mine[20].start,
        by=User.objects.get(name="Holder Hale"),
        now=now,
    )
    return visit, colleagues, runner, now
