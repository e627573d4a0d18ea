"""The reports: figures with their small charts, the sessions behind each figure, and both as files."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.instants import parse_day
from bookings.models import Service
from bookings.reports import charts as report_charts
from bookings.reports import figures as reports
from bookings.reports.figures import FIGURES, Line, Question
from bookings.reports.spreadsheet import csv_file
from bookings.services.exports import note_export
from bookings.views.reader import signed_in
from clinic.core.wording import clock, short_day
from clinic.people.access import role_required
from clinic.people.models import TherapistProfile

WEEKS_SHOWN, A_PAGE, LARGEST_FILE = 12, 50, 20_000
PARTS = {"week": "By week", "therapist": "By therapist", "service": "By service"}


class Named(NamedTuple):
    """A line of the table: what it is about, and the address words that ask for it alone."""

    name: str
    line: Line
    asks: str


@role_required("staff")
@require_safe
def reports_page(request: HttpRequest) -> HttpResponse:
    """The figures of a range of days, and the table by week, therapist or service."""
    now = timezone.now()
    people = list(TherapistProfile.objects.select_related("user").order_by("user__name"))
    offers = list(Service.objects.order_by("position", "name"))
    question, troubles = question_of(request.GET, people, offers, now)
    by = request.GET.get("by", "")
    by = by if by in PARTS else "week"
    working = [
        each for each in people if each.user.is_active and (question.therapist is None or each == question.therapist)
    ]
    found = reports.report(question, by=by, therapists=working)
    asked = asks_of(question)
    lines = named_lines(found, question, by, people, offers)
    if request.GET.get("as") == "csv":
        return table_file(question, by, [*lines, Named("All", found.total, urlencode(asked))])
    weeks = list(found.weeks.items())
    context = {
        "question": question,
        "troubles": troubles,
        "by": by,
        "parts": [(key, label, urlencode({**asked, "by": key})) for key, label in PARTS.items()],
        "therapists": people,
        "services": offers,
        "total": found.total,
        "lines": lines,
        "weeks": weeks,
        "asked": urlencode(asked),
        "csv": urlencode({**asked, "by": by, "as": "csv"}),
        "ranges": ranges(question, now),
        "charts": charts(weeks),
        "figures": FIGURES,
    }
    return render(request, "bookings/reports.html", context)


@role_required("staff")
@require_safe
def report_rows(request: HttpRequest) -> HttpResponse:
    """The sessions behind one figure."""
    now = timezone.now()
    people = list(TherapistProfile.objects.select_related("user").order_by("user__name"))
    offers = list(Service.objects.order_by("position", "name"))
    question, troubles = question_of(request.GET, people, offers, now)
    figure = request.GET.get("figure", "")
    figure = figure if figure in FIGURES else "booked"
    found = reports.behind(question, figure)
    asked = {**asks_of(question), "figure": figure}
    if request.GET.get("as") == "csv":
        note_export(by=signed_in(request), what=urlencode(asked))
        return rows_file(question, figure, found[:LARGEST_FILE])
    context = {
        "question": question,
        "troubles": troubles,
        "figure": FIGURES[figure],
        "page": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "words": urlencode(asked),
        "csv": urlencode({**asked, "as": "csv"}),
        "back": urlencode(asks_of(question)),
        "largest": LARGEST_FILE,
    }
    return render(request, "bookings/report_rows.html", context)


def question_of(
    asked: Mapping[str, str], people: list[TherapistProfile], offers: list[Service], now: datetime
) -> tuple[Question, list[str]]:
    """What the address asks, and sentences about what of it could not be used."""
    today = now.astimezone(report_zone()).date()
    sunday = today + timedelta(days=6 - today.weekday())
    usual = (sunday - timedelta(weeks=WEEKS_SHOWN) + timedelta(days=1), sunday)
    first, last = (parse_day(asked.get(name)) for name in ("first", "last"))
    troubles = []
    if (asked.get("first") and first is None) or (asked.get("last") and last is None):
        troubles.append("We could not read a day. Choose it again.")
    first, last = first or (usual[0] if last is None else last - timedelta(weeks=WEEKS_SHOWN)), last or usual[1]
    if last < first:
        troubles.append("The last day is before the first: we show the usual twelve weeks.")
        first, last = usual
    elif last - first > reports.LONGEST:
        first = last - reports.LONGEST
        troubles.append(f"A report covers a year at most: we show it from {short_day(first)} {first.year}.")
    therapist = next((each for each in people if each.slug == asked.get("therapist")), None)
    service = next((each for each in offers if each.slug == asked.get("service")), None)
    if (asked.get("therapist") and therapist is None) or (asked.get("service") and service is None):
        troubles.append("We do not know that therapist or session: the figures are of everybody.")
    return Question(first, last, settings.CLINIC_ZONE, now, therapist, service), troubles


def report_zone() -> ZoneInfo:
    return ZoneInfo(settings.CLINIC_ZONE)


def asks_of(question: Question) -> dict[str, str]:
    """The question as words of an address."""
    asked = {"first": question.first.isoformat(), "last": question.last.isoformat()}
    if question.therapist is not None:
        asked["therapist"] = question.therapist.slug
    if question.service is not None:
        asked["service"] = question.service.slug
    return asked


def named_lines(
    found: reports.Report, question: Question, by: str, people: list[TherapistProfile], offers: list[Service]
) -> list[Named]:
    """The table: weeks in order, people and services by name."""
    if by == "week":
        return [
            Named(f"From {short_day(on)}", line, urlencode(asks_of(question.week(on))))
            for on, line in found.weeks.items()
        ]
    asked = asks_of(question)
    rows: list[Any] = people if by == "therapist" else offers
    return [
        Named(
            each.user.name if by == "therapist" else each.name,
            found.parts[each.pk],
            urlencode({**asked, by: each.slug}),
        )
        for each in rows
        if each.pk in found.parts
    ]


def charts(weeks: list[tuple[date, Line]]) -> dict[str, report_charts.Trend]:
    """One small chart for each figure on top of the page."""

    def over(name: str, unit: str, value: str, whole: float | None = None) -> report_charts.Trend:
        return report_charts.trend(name, [(on, getattr(line, value)) for on, line in weeks], unit=unit, whole=whole)

    return {
        "use": over("Open time used", "%", "use", 100),
        "no_show": over("Did not come", "%", "no_show_rate", 10),
        "late": over("Cancelled late", "%", "late_rate", 10),
        "lead": over("Booked ahead", "days", "lead"),
        "new": over("First sessions", "%", "new_rate", 100),
    }


def ranges(question: Question, now: datetime) -> list[tuple[str, str, bool]]:
    """(label, address words, whether it is shown) of the ranges people ask for most."""
    today = now.astimezone(report_zone()).date()
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    wanted = [
        ("4 weeks", monday - timedelta(weeks=3), monday + timedelta(days=6)),
        ("12 weeks", monday - timedelta(weeks=11), monday + timedelta(days=6)),
        ("Last month", before, month - timedelta(days=1)),
        ("A year", monday - timedelta(weeks=51), monday + timedelta(days=6)),
        ("Next 4 weeks", monday, monday + timedelta(days=27)),
    ]
    asked = asks_of(question)
    return [
        (
            label,
            urlencode({**asked, "first": first.isoformat(), "last": last.isoformat()}),
            (first, last) == (question.first, question.last),
        )
        for label, first, last in wanted
    ]


HEAD = (
    "Sessions",
    "Session minutes",
    "Open minutes",
    "Open time used %",
    "Had their time",
    "Did not come",
    "Did not come %",
    "Agreed",
    "Cancelled late",
    "Cancelled late %",
    "Booked ahead, median days",
    "First sessions",
    "Later sessions",
)


def table_file(question: Question, by: str, lines: list[Named]) -> HttpResponse:
    def one(value: float | None) -> str:
        return "" if value is None else f"{value:.1f}"

    rows = [
        (
            each.name,
            line.booked,
            line.minutes,
            line.open_minutes,
            one(line.use),
            line.due,
            line.no_show,
            one(line.no_show_rate),
            line.agreed,
            line.late,
            one(line.late_rate),
            one(line.lead),
            line.new,
            line.returning,
        )
        for each in lines
        for line in (each.line,)
    ]
    name = f"report-by-{by}-{question.first}-{question.last}.csv"
    return csv_file(name, (PARTS[by].removeprefix("By ").capitalize(), *HEAD), rows)


def rows_file(question: Question, figure: str, found: Any) -> HttpResponse:
    zone = report_zone()
    head = (
        "Day",
        "Time",
        "Minutes",
        "Therapist",
        "Session",
        "Runner",
        "State",
        "Booked on",
        "Days ahead",
        "Cancelled",
        "Late fee £",
    )
    rows = (
        (
            each.start.astimezone(zone).date().isoformat(),
            clock(each.start, question.zone),
            each.minutes,
            each.therapist.user.name,
            each.service.name,
            each.runner.user.name,
            each.get_state_display(),
            each.booked_at.astimezone(zone).date().isoformat(),
            f"{max(0, each.lead) / 86_400:.1f}",
            f"{each.cancelled_at.astimezone(zone):%Y-%m-%d %H:%M}" if each.cancelled_at else "",
            f"{each.late_fee_pence / 100:.2f}" if each.late_fee_pence is not None else "",
        )
        for each in found
    )
    return csv_file(f"sessions-{figure}-{question.first}-{question.last}.csv", head, rows)
