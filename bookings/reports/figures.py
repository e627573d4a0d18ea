"""What the book says about a range of days: how full it was, who did not come, who is new. The database does the counting.

Every figure is a named part of the sessions of that range, so that the list behind it is the same filter once more.
Held times and workshops are no sessions. Days are those of the clinic's calendar; a session belongs to the day it begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, Sum, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from bookings import slots
from bookings.models import Appointment, Service
from bookings.models.appointments import LOST, UNDO, State
from bookings.reports import opening
from bookings.reports.epoch import Epoch
from clinic.people.models import TherapistProfile

LONGEST = timedelta(days=370)
MANY = BigIntegerField()


class Figure(NamedTuple):
    """A part of the sessions: its name on the page and what it counts, in words."""

    label: str
    words: str


FIGURES: Mapping[str, Figure] = {
    "booked": Figure("Sessions", "Every session that was not cancelled, those still to come included."),
    "due": Figure("Had their time", "Sessions that were not cancelled and whose start has passed."),
    "no_show": Figure("Did not come", "Sessions marked “did not come”."),
    "agreed": Figure(
        "Agreed", "Every session that was booked, cancelled ones too, but not those the clinic could not keep."
    ),
    "late": Figure("Cancelled late", "Cancelled after the free notice of the service had passed, or with a late fee."),
    "cancelled": Figure("Cancelled", "Every cancelled session, whoever cancelled it."),
    "new": Figure("First sessions", "The runner’s first session with us that was not cancelled."),
    "returning": Figure("Later sessions", "Sessions of runners who had one before."),
}
COUNTED = ("booked", "due", "no_show", "agreed", "late", "new")


@dataclass(frozen=True)
class Question:
    """Which sessions are asked about: days `first` to `last` of `zone`, both included; None means everybody, everything."""

    first: date
    last: date
    zone: str
    now: datetime
    therapist: TherapistProfile | None = None
    service: Service | None = None

    @property
    def period(self) -> slots.Range:
        return opening.bounds(self.first, self.last, self.zone)

    def week(self, monday: date) -> "Question":
        """The same, of one week alone."""
        return replace(self, first=max(self.first, monday), last=min(self.last, monday + timedelta(days=6)))


@dataclass(frozen=True)
class Line:
    """The figures of one therapist, service or week, or of all: counts, minutes, and `lead`, the median in days."""

    booked: int = 0
    due: int = 0
    no_show: int = 0
    agreed: int = 0
    late: int = 0
    new: int = 0
    minutes: int = 0
    open_minutes: int = 0
    lead: float | None = None

    @property
    def returning(self) -> int:
        return self.booked - self.new

    @property
    def use(self) -> float | None:
        """Session minutes of the open minutes, in per cent; None where nobody was open."""
        return percent(self.minutes, self.open_minutes)

    @property
    def no_show_rate(self) -> float | None:
        return percent(self.no_show, self.due)

    @property
    def late_rate(self) -> float | None:
        return percent(self.late, self.agreed)

    @property
    def new_rate(self) -> float | None:
        return percent(self.new, self.booked)


class Report(NamedTuple):
    """The whole range, its weeks by their Monday, and the parts asked for by the key of what they are about."""

    total: Line
    weeks: dict[date, Line]
    parts: dict[int, Line]


def percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def sessions_of(question: Question) -> Any:
    """Every session the question is about, with `lead` (seconds from booking to start) and what the figures need."""
    low, high = question.period
    found: Any = Appointment.objects.sessions().filter(start__gte=slots.instant(low), start__lt=slots.instant(high))
    if question.therapist is not None:
        found = found.filter(therapist=question.therapist)
    if question.service is not None:
        found = found.filter(service=question.service)
    earlier = Appointment.objects.standing().filter(runner=OuterRef("runner")).order_by()
    earlier = earlier.filter(Q(start__lt=OuterRef("start")) | Q(start=OuterRef("start"), pk__lt=OuterRef("pk")))
    return found.annotate(
        lead=Epoch("start") - Epoch("booked_at"),
        too_late=Epoch("cancelled_at") - Epoch("start") + F("service__change_notice_h") * 3600,
        kept=Epoch("cancelled_at") - Epoch(Coalesce("moved_at", "booked_at")),
        came_before=Exists(earlier),
    )


def part(figure: str, now: datetime) -> Q:
    """Which of the sessions `figure` counts."""
    stands, lost = ~Q(state=State.CANCELLED), Q(state=State.CANCELLED, cancel_reason=LOST)
    cost_something = Q(too_late__gt=0, kept__gt=UNDO.total_seconds()) | Q(late_fee_pence__isnull=False)
    return {
        "booked": stands,
        "due": stands & Q(start__lt=now),
        "no_show": Q(state=State.NO_SHOW),
        "agreed": ~lost,
        "late": Q(state=State.CANCELLED) & cost_something & ~lost,
        "cancelled": Q(state=State.CANCELLED),
        "new": stands & Q(came_before=False),
        "returning": stands & Q(came_before=True),
    }[figure]


def behind(question: Question, figure: str) -> Any:
    """The sessions a figure counts, nearest first, with their people."""
    return sessions_of(question).filter(part(figure, question.now)).with_people().order_by("start", "pk")


def report(question: Question, *, by: str, therapists: Sequence[TherapistProfile]) -> Report:
    """The figures of the range: all together, week by week, and by "therapist" or "service" where `by` says so.

    `therapists` are those whose open hours count. Sums come from the database in grouped form, whatever the number of
    sessions: two queries, two more for the parts, four for the hours.
    """
    mondays = opening.mondays(question.first, question.last)
    opened = opening.opened(therapists, question.first, question.last, question.zone)
    all_open = sum(map(sum, opened.values())) // 60
    weekly, week_leads, lead = counted(question, week_number(question))
    weeks = {
        monday: replace(
            line_of(weekly.get(number)),
            open_minutes=sum(each[number] for each in opened.values()) // 60,
            lead=week_leads.get(number),
        )
        for number, monday in enumerate(mondays)
    }
    total = replace(added(weeks.values()), open_minutes=all_open, lead=lead)
    if by == "week":
        return Report(total, weeks, {})
    named, leads, _ = counted(question, F(f"{by}_id"))
    keys = named.keys() | (opened.keys() if by == "therapist" and question.service is None else set())
    parts = {
        key: replace(
            line_of(named.get(key)),
            open_minutes=sum(opened.get(key, ())) // 60 if by == "therapist" else all_open,
            lead=leads.get(key),
        )
        for key in keys
    }
    return Report(total, weeks, parts)


def counted(question: Question, key: Any) -> tuple[dict[int, dict[str, int]], dict[int, float], float | None]:
    """Counts by `key`, the median lead time in days by `key`, and that of all."""
    found = sessions_of(question).annotate(key=key)
    counts = {figure: Count("pk", filter=part(figure, question.now)) for figure in COUNTED}
    length = Sum(Epoch("end") - Epoch("start"), filter=part("booked", question.now))
    grouped = found.order_by().values("key").annotate(**counts, length=length)
    return {each.pop("key"): each for each in grouped}, *medians(found, question.now)


def medians(found: Any, now: datetime) -> tuple[dict[int, float], float | None]:
    """The median lead time of the booked sessions, in days, by their `key` and over all; exact, in one query."""

    def places(*partition: str) -> tuple[Window, Window]:
        by = [F(each) for each in partition] or None
        rank = Window(RowNumber(), partition_by=by, order_by=[F("lead").asc(), F("pk").asc()])
        return rank, Window(Count("pk"), partition_by=by)

    (rank, many), (rank_all, many_all) = places("key"), places()
    ranked = found.filter(part("booked", now)).annotate(
        twice=rank * 2, many=many, twice_all=rank_all * 2, many_all=many_all
    )
    middle = Q(twice__gte=F("many"), twice__lte=F("many") + 2)
    middle_all = Q(twice_all__gte=F("many_all"), twice_all__lte=F("many_all") + 2)
    by_key: dict[int, list[int]] = {}
    of_all: list[int] = []
    rows = (
        ranked.filter(middle | middle_all)
        .order_by()
        .values_list("key", "lead", "twice", "many", "twice_all", "many_all")
    )
    for key, lead, twice, count, twice_all, count_all in rows:
        if count <= twice <= count + 2:
            by_key.setdefault(key, []).append(lead)
        if count_all <= twice_all <= count_all + 2:
            of_all.append(lead)
    return {key: days(leads) for key, leads in by_key.items()}, days(of_all) if of_all else None


def days(middle: Sequence[int]) -> float:
    """The mean of the middle one or two lead times (seconds), in days."""
    return max(0.0, sum(middle) / len(middle) / 86_400)


def week_number(question: Question) -> Any:
    """Which week of the range a session begins in, 0 the first, by the clinic's calendar; in SQL, for both databases."""
    low, high = question.period
    monday = opening.mondays(question.first, question.last)[0]
    begin = slots.day_range("UTC", monday, None, None)[0]
    changes = opening.offset_changes(question.zone, low, high)
    offset = Case(
        *[When(start__gte=slots.instant(at), then=Value(east)) for at, east in reversed(changes)],
        default=Value(changes[0][1]),
        output_field=MANY,
    )
    return (Epoch("start") + offset - Value(begin, output_field=MANY)) / Value(opening.WEEK, output_field=MANY)


def line_of(row: Mapping[str, int] | None) -> Line:
    """A row of `counted` as a line."""
    if row is None:
        return Line()
    return Line(**{name: row[name] for name in COUNTED}, minutes=(row["length"] or 0) // 60)


def added(lines: Any) -> Line:
    """The counts of several lines together; medians do not add up."""
    names = (*COUNTED, "minutes")
    rows = list(lines)
    return Line(**{name: sum(getattr(each, name) for each in rows) for name in names})
