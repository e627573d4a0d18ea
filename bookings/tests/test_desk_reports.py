"""Reports: exact arithmetic, every figure with the rows behind it, files that are safe to open."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings.models import Appointment, Override, Service, TimeOff, Travel, WeeklyHours, Workshop
from bookings.reports import figures as reports
from bookings.reports.charts import trend
from bookings.reports.opening import Timetable, offset_changes, open_seconds, week_edges
from bookings.reports.spreadsheet import harmless
from bookings.slots import Hours, instant
from clinic.people.models import User

pytestmark = pytest.mark.django_db
LONDON = "Europe/London"
NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
Enter = Callable[..., Appointment]


@pytest.fixture
def enter(visit: Service, runner: User, therapist: User) -> Enter:
    """A row of the book as it stands, written past the services; `ahead` is how long before it was booked."""

    def make(
        start: datetime, state: str = "completed", *, who: User = runner, ahead: float = 2, **fields: object
    ) -> Appointment:
        return Appointment.objects.create(
            **{
                "service": visit,
                "therapist": therapist.therapist,
                "runner": who.runner,
                "start": start,
                "end": start + timedelta(minutes=45),
                "busy_from": start,
                "busy_until": start + timedelta(minutes=45),
                "state": state,
                "zone": LONDON,
                "wall_start": start.isoformat(),
                "booked_at": start - timedelta(days=ahead),
                **fields,
            }
        )

    return make


@pytest.fixture
def october(enter: Enter, other_runner: User, therapist: User, hours: list[WeeklyHours]) -> None:
    """The weeks from 19 and 26 October 2026; on the 25th the clocks go back. The first Monday session is before the range."""
    enter(datetime(2026, 10, 16, 9, tzinfo=UTC))
    enter(datetime(2026, 10, 19, 8, tzinfo=UTC), ahead=1)
    enter(datetime(2026, 10, 20, 8, tzinfo=UTC), "no_show", who=other_runner, ahead=3)
    enter(datetime(2026, 10, 25, 23, 30, tzinfo=UTC), ahead=8)
    enter(datetime(2026, 10, 26, 0, 30, tzinfo=UTC), "booked", who=other_runner, ahead=9)
    late = datetime(2026, 10, 28, 9, tzinfo=UTC)
    enter(late, "cancelled", cancelled_at=late - timedelta(hours=23, minutes=59, seconds=59))
    enter(late, "cancelled", cancelled_at=late - timedelta(hours=24))
    enter(late, "cancelled", cancelled_at=late - timedelta(hours=30), late_fee_pence=3400)
    enter(late, "cancelled", cancelled_at=late - timedelta(hours=1), cancel_reason=reports.LOST)
    enter(late, "cancelled", cancelled_at=late, hold_expires_at=late)
    shop = Workshop.objects.create(slug="hills", title="Hills", capacity=9, made_at=NOW, made_by=therapist)
    enter(late + timedelta(hours=2), "booked", service=None, runner=None, workshop=shop)


def ask(**changes: object) -> reports.Question:
    return reports.Question(
        **{"first": date(2026, 10, 19), "last": date(2026, 11, 1), "zone": LONDON, "now": NOW, **changes}
    )


def test_every_figure_is_exact_across_the_clock_change(october: None, therapist: User, visit: Service) -> None:
    TimeOff.objects.create(
        therapist=therapist.therapist,
        start=datetime(2026, 10, 30, tzinfo=UTC),
        end=datetime(2026, 10, 31, tzinfo=UTC),
    )
    found = reports.report(ask(), by="therapist", therapists=[therapist.therapist])
    first, second = found.weeks[date(2026, 10, 19)], found.weeks[date(2026, 10, 26)]
    assert (first.booked, first.minutes, first.open_minutes) == (3, 135, 5 * 7 * 60)
    assert (second.booked, second.minutes, second.open_minutes) == (1, 45, 4 * 7 * 60)
    total = found.total
    assert (total.booked, total.due, total.no_show) == (4, 4, 1)
    assert (total.agreed, total.late, total.new, total.returning) == (7, 2, 1, 3)
    assert (total.no_show_rate, total.use) == (25.0, 100 * 180 / 3780)
    assert (first.lead, second.lead, total.lead) == (3.0, 9.0, 5.5)
    assert found.parts == {therapist.therapist.pk: total}
    by_service = reports.report(ask(), by="service", therapists=[therapist.therapist]).parts
    assert by_service == {visit.pk: total}


def test_every_figure_opens_to_as_many_rows_as_it_counts(
    october: None, therapist: User, staff: User, client_of: Callable[[User], Client]
) -> None:
    found = reports.report(ask(), by="week", therapists=[])
    desk = client_of(staff)
    for figure in (*reports.COUNTED, "returning"):
        assert reports.behind(ask(), figure).count() == getattr(found.total, figure)
        for monday, line in found.weeks.items():
            assert reports.behind(ask().week(monday), figure).count() == getattr(line, figure)
        page = desk.get("/reports/rows/", {"first": "2026-10-19", "last": "2026-11-01", "figure": figure})
        assert (
            page.context["page"].paginator.count
            == reports.behind(ask(now=page.context["question"].now), figure).count()
        )


def test_what_was_given_up_while_that_was_free_is_not_late(enter: Enter) -> None:
    start = datetime(2026, 10, 28, 9, tzinfo=UTC)
    for minutes in (3, 4):
        booked = start - timedelta(hours=2, minutes=10 * minutes)
        fields = {"booked_at": booked, "cancelled_at": booked + timedelta(minutes=minutes)}
        enter(start, "cancelled", **fields)
    question = reports.Question(date(2026, 10, 26), date(2026, 11, 1), LONDON, NOW)
    assert [each.booked_at for each in reports.behind(question, "late")] == [start - timedelta(hours=2, minutes=40)]


def test_open_hours_follow_the_clock_overrides_and_travel(therapist: User, hours: list[WeeklyHours]) -> None:
    """A night shift over the change lasts five real hours; a day in New York is cut where the range ends."""
    edges = week_edges(date(2026, 10, 19), date(2026, 11, 1), LONDON)
    assert [instant(each).isoformat()[:13] for each in edges] == ["2026-10-18T23", "2026-10-26T00", "2026-11-02T00"]
    night = Timetable(LONDON, [Hours(6, time(0), time(4), date(2026, 1, 1), None)])
    assert open_seconds(night, edges) == [5 * 3600, 4 * 3600]
    away = Timetable(
        LONDON,
        [Hours(6, time(20), time(0), date(2026, 1, 1), None)],
        abroad=[(date(2026, 11, 1), date(2026, 11, 1), "America/New_York")],
    )
    assert open_seconds(away, edges) == [4 * 3600, 0]
    assert offset_changes(LONDON, edges[0], edges[-1]) == [(edges[0], 3600), (1792890000, 0)]
    person = therapist.therapist
    Override.objects.create(therapist=person, on=date(2026, 10, 20), closed=True)
    Travel.objects.create(therapist=person, zone="Asia/Tokyo", first=date(2026, 10, 19), last=date(2026, 10, 19))
    found = reports.report(ask(last=date(2026, 10, 25)), by="week", therapists=[person])
    assert found.total.open_minutes == (5 * 7 - 7) * 60 - 8 * 0


def test_a_chart_leaves_gaps_and_says_what_it_shows() -> None:
    weeks = [(date(2026, 11, 2) + timedelta(weeks=n), value) for n, value in enumerate((10.0, 20.0, None, 40.0))]
    drawn = trend("Open time used", weeks, unit="%", whole=100)
    assert drawn.lines == ["M4 51.2L44 46.4"]
    assert (drawn.last, drawn.alone) == ((124.0, 36.8, "40 %"), [])
    assert drawn.spoken == "Open time used by week: from 10 % to 40 %, at most 40 %"
    assert trend("x", [], unit="").spoken == "x by week: nothing yet"


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-3", "@x", "\t=1", " =1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("Maya") == "Maya"


def test_files_hold_what_the_page_shows(
    october: None, runner: User, staff: User, client_of: Callable[[User], Client]
) -> None:
    User.objects.filter(pk=runner.pk).update(name="=HYPERLINK(1)")
    asked = {"first": "2026-10-19", "last": "2026-11-01", "as": "csv"}
    table = client_of(staff).get("/reports/", {**asked, "by": "week"}).content.decode("utf-8-sig").splitlines()
    assert table[1].startswith("From Mon 19 Oct,3,135,2100,6.4,3,1,33.3,3,0,0.0,3.0,1,2")
    assert table[3].startswith("All,4,180,4200,")
    rows = client_of(staff).get("/reports/rows/", {**asked, "figure": "late"})
    assert rows["Content-Disposition"] == 'attachment; filename="sessions-late-2026-10-19-2026-11-01.csv"'
    lines = rows.content.decode("utf-8-sig").splitlines()
    start = "2026-10-28,09:00,45,Nadia Okello,Follow-up,'=HYPERLINK(1),Cancelled,2026-10-26,2.0,2026-10-27"
    assert sorted(lines[1:]) == [f"{start} 03:00,34.00", f"{start} 09:00,"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?first=x&last=9999-99-99",
        "?first=2026-05-01&last=2026-01-01",
        "?first=2001-01-01&by=therapist",
        "?therapist=nobody&by=service&service=none",
    ],
)
def test_any_address_gives_a_page_to_the_desk_alone(
    query: str, october: None, staff: User, therapist: User, client_of: Callable[[User], Client]
) -> None:
    for page in ("/reports/", "/reports/rows/"):
        assert client_of(staff).get(page + query).status_code == 200
        assert client_of(therapist).get(page + query).status_code == 403


def test_three_rows_cost_no_more_than_one(
    enter: Enter,
    visit: Service,
    hours: list[WeeklyHours],
    staff: User,
    client_of: Callable[[User], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    desk, asked = client_of(staff), "first=2026-10-19&last=2026-11-01"
    desk.get("/reports/")
    for place in range(2):
        enter(datetime(2026, 10, 19, 8, tzinfo=UTC) + timedelta(days=place))
        with django_assert_num_queries(12):
            desk.get(f"/reports/?{asked}&by=therapist")
        with django_assert_num_queries(7):
            desk.get(f"/reports/rows/?{asked}")
        enter(datetime(2026, 10, 19, 12, tzinfo=UTC) + timedelta(days=place))
