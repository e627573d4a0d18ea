"""A series from a plan: the same wall time each week, conflicts named before anything is stored, all or nothing."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from bookings.models import Appointment, Series, WeeklyHours
from bookings.models.waitlist import EVERY_DAY, PartOfDay
from bookings.services import book_slot
from bookings.services.series import Pick, book_series, cancel_rest, plan_series, rest_of
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
MONDAY = date(2026, 11, 30)
MONDAYS_AND_THURSDAYS = 0b0001001


def plan(visit, therapist, runner, now, **more):
    asked = {
        "service": visit,
        "therapist": therapist.therapist if therapist else None,
        "runner": runner.runner,
        "weekdays": MONDAYS_AND_THURSDAYS,
        "per_week": 2,
        "weeks": 4,
        "parts": PartOfDay.AFTERNOON,
        "first": MONDAY,
        "zone": "Europe/London",
        "now": now,
    } | more
    return plan_series(**asked)


def test_twice_a_week_for_four_weeks(visit, therapist, runner, now) -> None:
    proposals = plan(visit, therapist, runner, now)
    assert [each.start for each in proposals] == [
        datetime(2026, 11, 30, 13, tzinfo=UTC) + timedelta(days=day) for day in (0, 3, 7, 10, 14, 17, 21, 24)
    ]
    assert {each.conflict for each in proposals} == {""}


def test_with_anyone_it_stays_with_one_who_knows_the_runner(visit, therapist, runner, now) -> None:
    from bookings.tests.test_engine_availability import more_therapists

    more_therapists(visit, 2)
    assert {each.therapist for each in plan(visit, None, runner, now)} == {therapist.therapist}


def test_twelve_weeks_keep_nine_o_clock_across_the_change(visit, therapist, runner, now) -> None:
    therapist.zone = "Europe/London"
    visit.horizon_days = 365
    visit.save()
    proposals = plan(visit, therapist, runner, now, parts=1, per_week=1, weekdays=1, weeks=12, first=date(2027, 2, 1))
    starts = [each.start for each in proposals]
    assert [start.astimezone(ZoneInfo("Europe/London")).time() for start in starts] == [time(9)] * 12
    assert [start.hour for start in starts] == [9] * 8 + [8] * 4


@pytest.mark.parametrize(
    ("first", "starts"),
    [
        (date(2027, 3, 21), [datetime(2027, 3, 21, 1, tzinfo=UTC), None, datetime(2027, 4, 4, 0, tzinfo=UTC)]),
        (
            date(2027, 10, 24),
            [datetime(2027, 10, day, 0, tzinfo=UTC) for day in (24, 31)] + [datetime(2027, 11, 7, 1, tzinfo=UTC)],
        ),
    ],
)
def test_skipped_and_repeated_times(visit, therapist, runner, now, first, starts) -> None:
    """Sundays at 01:00 in London: skipped on 28 March, there twice on 31 October, where the first one is taken."""
    WeeklyHours.objects.create(
        therapist=therapist.therapist, weekday=6, starts=time(1), ends=time(2), valid_from=date(2026, 1, 1)
    )
    visit.horizon_days = 365
    visit.save()
    proposals = plan(visit, therapist, runner, now, weekdays=64, per_week=1, weeks=3, parts=1, first=first)
    assert [each.start for each in proposals] == starts
    assert [each.conflict for each in proposals] == ["" if start else "not_on_the_clock" for start in starts]


def test_conflicts_are_named_with_the_nearest_alternatives(visit, therapist, runner, other_runner, now) -> None:
    taken = datetime(2026, 12, 7, 13, tzinfo=UTC)
    rest_of_monday = [taken - timedelta(days=7, minutes=-45 * n) for n in range(1, 5)]
    for start in (taken, *rest_of_monday):
        book_slot(
            service=visit,
            therapist=therapist.therapist,
            runner=other_runner.runner,
            start=start,
            by=other_runner,
            now=now,
        )
    visit.horizon_days = 20
    visit.save()
    proposals = plan(visit, therapist, runner, now)
    found = {each.target.on: each for each in proposals if each.conflict}
    clash = found.pop(taken.date())
    assert (clash.conflict, clash.start, clash.suggested.start) == ("slot_taken", None, taken + timedelta(minutes=45))
    assert [each.start for each in clash.alternatives[:2]] == [taken + timedelta(minutes=45 * n) for n in (1, 2)]
    assert {(each.conflict, len(each.alternatives)) for each in found.values()} == {("too_far", 0)}
    assert Series.objects.count() == 0


def test_all_are_booked_and_told_in_one_letter(visit, therapist, runner, now) -> None:
    picks = [each.suggested for each in plan(visit, therapist, runner, now)]
    series = book_series(service=visit, runner=runner.runner, picks=picks, by=runner, now=now)
    booked = Appointment.objects.filter(series=series)
    assert sorted(each.start for each in booked) == [each.start for each in picks]
    [letter] = Reminder.objects.exclude(kind__startswith="visit")
    assert (letter.kind, letter.due_at) == ("series_booked", now + timedelta(minutes=3))
    assert Reminder.objects.filter(kind__startswith="visit").count() == 16
    mail = write_letter(letter, now)
    [(_, content, mimetype)] = mail.attachments
    events = Calendar.from_ical(content).walk("VEVENT")
    assert mimetype == "text/calendar; method=PUBLISH"
    assert {str(event["UID"]).partition("@")[0] for event in events} == {str(each.pk) for each in booked}
    assert mail.subject.startswith("Booked: 8 sessions with Nadia Okello")
    assert "Follow-up" not in mail.body


def test_an_insurance_the_service_does_not_take_books_nothing(visit, therapist, runner, now) -> None:
    picks = [each.suggested for each in plan(visit, therapist, runner, now)]
    with pytest.raises(DomainError) as refused:
        book_series(
            service=visit, runner=runner.runner, picks=picks, by=runner, now=now, payer="insurance", insurer="Aviva"
        )
    assert (refused.value.code, Appointment.objects.count()) == ("no_insurance", 0)


def test_one_time_that_is_gone_stops_them_all(visit, therapist, runner, other_runner, now) -> None:
    picks = [each.suggested for each in plan(visit, therapist, runner, now)]
    book_slot(
        service=visit,
        therapist=therapist.therapist,
        runner=other_runner.runner,
        start=picks[3].start,
        by=other_runner,
        now=now,
    )
    before = Reminder.objects.count()
    with pytest.raises(Conflict) as refused:
        book_series(service=visit, runner=runner.runner, picks=[*picks, picks[0]], by=runner, now=now)
    assert [(each["start"], each["code"]) for each in refused.value.extra["refused"]] == [
        (picks[0].start, "slot_taken"),
        (picks[3].start, "slot_taken"),
    ]
    assert (Appointment.objects.count(), Series.objects.count(), Reminder.objects.count()) == (1, 0, before)


def test_the_rest_is_cancelled_in_one_letter(visit, therapist, runner, other_runner, now) -> None:
    picks = [each.suggested for each in plan(visit, therapist, runner, now)]
    series = book_series(service=visit, runner=runner.runner, picks=picks, by=runner, now=now)
    then = picks[2].start - timedelta(hours=3)
    with pytest.raises(Forbidden):
        cancel_rest(series=series, by=other_runner, now=then)
    Reminder.objects.filter(kind="series_booked").update(state="sent", sent_at=now)
    assert [each.start for each in cancel_rest(series=series, by=runner, now=then)] == [
        each.start for each in picks[3:]
    ]
    assert [each.start for each in rest_of(series, now=then)] == [picks[2].start]
    [letter] = Reminder.objects.filter(state="due").exclude(kind__startswith="visit")
    assert (letter.kind, write_letter(letter, then).subject.partition(" with")[0]) == (
        "series_cancelled",
        "Cancelled: 5 sessions",
    )
    files = write_letter(letter, then).attachments
    assert {mimetype for _, _, mimetype in files} == {"text/calendar; method=CANCEL"}
    assert len({name for name, _, _ in files}) == 5
    calendars = [Calendar.from_ical(content) for _, content, _ in files]
    assert {str(each["METHOD"]) for each in calendars} == {"CANCEL"}
    told = [
        [(event["DTSTART"].dt, event["SEQUENCE"], str(event["STATUS"])) for event in each.walk("VEVENT")]
        for each in calendars
    ]
    assert told == [[(each.start, 1, "CANCELLED")] for each in picks[3:]]
    with pytest.raises(DomainError) as refused:
        cancel_rest(series=series, by=runner, now=then)
    assert refused.value.code == "nothing_left"


def test_a_plan_out_of_bounds_is_refused(visit, therapist, runner, now) -> None:
    for more in ({"weeks": 0}, {"per_week": 6}, {"weeks": 27}, {"weeks": 26, "per_week": 5}):
        with pytest.raises(DomainError) as refused:
            plan(visit, therapist, runner, now, **more)
        assert refused.value.code == "bad_series"
    assert plan(visit, therapist, runner, now, weekdays=EVERY_DAY, parts=PartOfDay.EVENING) == []
    with pytest.raises(DomainError):
        book_series(service=visit, runner=runner.runner, picks=[], by=runner, now=now)
    with pytest.raises(Forbidden):
        book_series(
            service=visit,
            runner=runner.runner,
            picks=[Pick(therapist.therapist, now + timedelta(days=2))],
            by=therapist.__class__(pk=0, role="runner"),
            now=now,
        )
