"""A runner's chart: who they are, how they move, what was found, what they do, on one line of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString

from assessments.catalogue import LEFT, RIGHT, WHOLE, Measure, Side
from assessments.charts import Mark, Stretch, timeline, trend, words_of
from assessments.frames import stride_frames
from assessments.models import Assessment, Finding, Intake
from assessments.questions import red_flags, region_names
from assessments.readings import Readings, age_on
from assessments.record import series
from assessments.views.signed import exercises_of
from bookings.models import Appointment
from clinic.audit.services import record_reading
from clinic.core.joined import with_children
from clinic.people.access import PersonRequest, get_runner
from clinic.people.models import RunnerProfile
from exercises.adherence import Adherence, Day, count
from exercises.models import Prescription, Programme, SessionLog

WEEKS = 12
LOGS_SHOWN = 8
TRENDS_SHOWN = 7
FOLLOWED = (
    "pelvic_drop",
    "knee_contact",
    "knee_midstance",
    "heel_raise",
    "hip_abduction",
    "lunge_to_wall",
    "side_plank",
    "foot_inclination",
    "active_knee_extension",
    "cadence",
)


@dataclass(frozen=True)
class Trend:
    """One measure over all signed assessments; `said` is what the change is worth since the first one."""

    measure: Measure
    band: str
    left: SafeString
    right: SafeString
    meaning: str
    said: str
    detail: str
    rows: tuple[tuple[date, str, str], ...]


@dataclass(frozen=True)
class Logged:
    """What the runner wrote down of one day."""

    on: date
    pain: int | None
    effort: int | None
    note: str
    sets: int


def chart(request: PersonRequest, runner_id: UUID) -> HttpResponse:
    """The chart of a runner in care; every reading of it is written down. Runners have pages of their own."""
    runner = get_runner(request.user, runner_id)
    if request.user.is_runner:
        return redirect("dashboard:progress")
    now = timezone.now()
    record_reading(by=request.user, runner=runner, what="overview")
    standing = Assessment.objects.of(runner).exclude(state=Assessment.State.AMENDED)
    assessments = with_children(
        standing.order_by("-started_at", "-pk", "measurements__pk"),
        "measurements",
        ones=("runner", "therapist", "therapist__user", "signed_by"),
    )
    signed = sorted((each for each in assessments if not each.is_draft), key=lambda each: each.started_at)
    readings = series(signed)
    context = {
        "runner": runner,
        "now": now,
        "age": age_on(runner.birth_date, now),
        "draft": next((each for each in assessments if each.is_draft), None),
        "signed": signed[::-1],
        "trends": trends_of(readings),
        **intake_of(runner),
        **stride_of(request, signed, readings),
        **findings_of(signed),
        **life_of(runner, signed, now),
    }
    return render(request, "dashboard/chart.html", context)


def intake_of(runner: RunnerProfile) -> dict[str, Any]:
    last = Intake.objects.filter(runner=runner).select_related("cleared_by").first()
    if last is None:
        return {"intake": None, "regions": [], "flags": []}
    names = region_names()
    return {
        "intake": last,
        "regions": [names[key].lower() for key in last.regions if key in names],
        "flags": [red_flags()[key] for key in last.red_flags if key in red_flags()],
    }


def stride_of(request: PersonRequest, signed: Sequence[Assessment], readings: Sequence[Readings]) -> dict[str, Any]:
    """The frames of the last assessment with a film, of the chosen side; beside them, on demand, the one before."""
    filmed = [
        (each, read)
        for each, read in zip(signed, readings, strict=True)
        if stride_frames(read, LEFT) or stride_frames(read, RIGHT)
    ]
    if not filmed:
        return {"frames": []}
    last, read = filmed[-1]
    side = request.GET.get("side", "")
    if side not in (LEFT, RIGHT):
        side = last.involved_side or LEFT
    first = filmed[0] if len(filmed) > 1 else None
    against = first is not None and request.GET.get("against") == "first"
    return {
        "frames": stride_frames(read, side),
        "filmed": last,
        "side": side,
        "first_filmed": first[0] if first else None,
        "first_frames": stride_frames(first[1], side) if first and against else [],
    }


def findings_of(signed: Sequence[Assessment]) -> dict[str, Any]:
    if not signed:
        return {"findings": [], "exercises": {}, "assessment": None}
    found = Finding.objects.filter(assessment=signed[-1])
    in_order = ("position", "pk", "recommendations__position", "recommendations__pk")
    findings = with_children(found.order_by(*in_order), "recommendations", theirs=("decided_by",))
    return {"findings": findings, "exercises": exercises_of(findings), "assessment": signed[-1]}


def life_of(runner: RunnerProfile, signed: Sequence[Assessment], now: datetime) -> dict[str, Any]:
    """The last twelve weeks on one line, and what was logged; days are those of the runner's own calendar."""
    today = now.astimezone(runner.user.tz).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    last = first + timedelta(weeks=WEEKS)
    visits = list(
        Appointment.objects.standing()
        .filter(runner=runner, start__gte=now - timedelta(weeks=WEEKS + 1), start__lt=now + timedelta(weeks=3))
        .select_related("service", "therapist__user")
        .order_by("start")
    )
    programmes = with_children(
        Programme.objects.of(runner).overlapping(first, last).order_by("-starts_on", "-created_at", "phases__position"),
        "phases",
        ones=("runner", "runner__user", "therapist", "therapist__user"),
    )
    plan = Prescription.objects.select_related("exercise").order_by("position")
    prefetch_related_objects(programmes, Prefetch("phases__prescriptions", plan))
    logged = SessionLog.objects.filter(runner=runner).between(first, today)
    logs = with_children(logged.order_by("-on", "pk", "sets__number"), "sets")
    done = {log.on: {each.prescription_id for each in log.sets.all()} for log in logs}
    kept = count(programmes, done, first, today)
    return {
        "timeline": draw_timeline(runner, first, today, signed, visits, programmes, logs, kept),
        "events": events_of(runner, signed, visits, programmes, first, now),
        "weeks": weeks_of(kept.days),
        "fortnight": Adherence(kept.days[-14:]),
        "logs": [Logged(log.on, log.pain, log.effort, log.note, len(log.sets.all())) for log in logs[:LOGS_SHOWN]],
        "next_visit": next((each for each in visits if each.end > now and each.state in ("booked", "arrived")), None),
        "programme": next((each for each in programmes if each.state == "active"), None),
        "today": today,
    }


def draw_timeline(  # noqa: PLR0917 (the rows of one drawing)
    runner: RunnerProfile,
    first: date,
    today: date,
    signed: Sequence[Assessment],
    visits: Sequence[Appointment],
    programmes: Sequence[Programme],
    logs: Sequence[SessionLog],
    kept: Adherence,
) -> SafeString:
    zone, last = runner.user.tz, first + timedelta(weeks=WEEKS)
    marks = []
    for place, each in enumerate(signed):
        on = each.started_at.astimezone(zone).date()
        if first <= on < last:
            marks.append(Mark(on, "assessment", "First" if place == 0 else "Re-test"))
    for visit in visits:
        on = visit.start.astimezone(zone).date()
        if first <= on < last:
            kind = (
                "missed"
                if visit.state == "no_show"
                else "coming"
                if visit.state == "booked" and on >= today
                else "visit"
            )
            marks.append(Mark(on, kind))
    stretches = [
        Stretch(
            max(begins, first),
            min(ends, last),
            phase.title if len(each.phases.all()) > 1 else each.title,
            each.state == "active",
        )
        for each in programmes
        for begins, ends, phase in phases_of(each, last)
        if begins < last and ends > first
    ]
    pain = [(log.on, log.pain) for log in reversed(logs) if log.pain is not None]
    return timeline(
        first=first,
        today=today,
        weeks=WEEKS,
        programmes=stretches,
        marks=marks,
        pain=pain,
        days_done=weeks_of(kept.days),
        label=said(marks, pain, kept),
    )


def phases_of(programme: Programme, last: date) -> Iterable[tuple[date, date, Any]]:
    """Begin, end (the first day after) and phase of each part; the last one goes on until the programme is ended."""
    end = programme.ended_on or last
    begins = programme.starts_on
    phases = sorted(programme.phases.all(), key=lambda phase: phase.position)
    for place, phase in enumerate(phases):
        ends = end if place == len(phases) - 1 else min(begins + timedelta(weeks=phase.weeks), end)
        if ends > begins:
            yield begins, ends, phase
        begins = ends


def said(marks: Sequence[Mark], pain: Sequence[tuple[date, int]], kept: Adherence) -> str:
    """The timeline in one sentence."""
    tests = sum(mark.kind == "assessment" for mark in marks)
    visits = sum(mark.kind == "visit" for mark in marks)
    words = [f"Twelve weeks: {tests} assessment{'' if tests == 1 else 's'}, {visits} visit{'' if visits == 1 else 's'}"]
    if pain:
        words.append(f"pain from {pain[0][1]} to {pain[-1][1]} of 10")
    if kept.days_planned:
        words.append(f"exercises on {kept.days_done} of {kept.days_planned} planned days")
    return "; ".join(words)


def weeks_of(days: Sequence[Day]) -> list[tuple[date, int, int]]:
    """(Monday, days done, days planned) of each week that had something planned."""
    weeks: dict[date, list[Day]] = {}
    for day in days:
        weeks.setdefault(day.on - timedelta(days=day.on.weekday()), []).append(day)
    summed = [(monday, Adherence(tuple(of_week))) for monday, of_week in weeks.items()]
    return [(monday, week.days_done, week.days_planned) for monday, week in summed if week.days_planned]


def events_of(  # noqa: PLR0917 (all that the drawing shows)
    runner: RunnerProfile,
    signed: Sequence[Assessment],
    visits: Sequence[Appointment],
    programmes: Sequence[Programme],
    first: date,
    now: datetime,
) -> list[tuple[date, str, str]]:
    """What the drawing shows, as rows of a table: day, kind, words; newest first."""
    zone = runner.user.tz
    rows = [(each.started_at.astimezone(zone).date(), "Assessment", f"signed by {each.signed_by}") for each in signed]
    for visit in visits:
        state = visit.get_state_display().lower() if visit.end <= now or visit.state != "booked" else "coming"
        rows.append(
            (
                visit.start.astimezone(zone).date(),
                "Session",
                f"{visit.service.name}, {visit.therapist.user.name}, {state}",
            )
        )
    rows += [(each.starts_on, "Programme", each.title) for each in programmes]
    return sorted((row for row in rows if row[0] >= first), reverse=True)


def trends_of(readings: Sequence[Readings]) -> list[Trend]:
    """The measures that were taken at least once, those with a change first named, at most seven."""
    if not readings:
        return []
    book = readings[-1].book
    found = [trend_of(readings, book[key]) for key in FOLLOWED]
    return [each for each in found if each is not None][:TRENDS_SHOWN]


def trend_of(readings: Sequence[Readings], measure: Measure) -> Trend | None:
    points: dict[Side, list[tuple[date, Any]]] = {
        side: [(read.taken.date(), value) for read in readings if (value := read.get(measure.key, side)) is not None]
        for side in measure.sides
    }
    if not any(points.values()):
        return None
    newest = readings[-1]
    low, high = newest.low_end(measure), newest.high_end(measure)
    drawn = {
        side: trend(
            measure,
            points[side],
            side="measured" if side == WHOLE else side,
            low=low,
            high=high,
            flagged=newest.flagged(measure, side),
        )
        for side in measure.sides
    }
    meaning, word, detail = worth(readings, measure, points)
    rows = tuple(
        (
            read.taken.date(),
            *(
                measure.show(read.get(measure.key, side)) or "–"
                for side in (*measure.sides, *((WHOLE,) if not measure.two_sided else ()))
            ),
        )
        for read in readings
    )
    return Trend(
        measure=measure,
        band=words_of(low, high, measure),
        left=drawn.get(LEFT, drawn.get(WHOLE, SafeString(""))),
        right=drawn.get(RIGHT, SafeString("")),
        meaning=meaning,
        said=word,
        detail=detail,
        rows=rows,  # type: ignore[arg-type]
    )


def worth(
    readings: Sequence[Readings], measure: Measure, points: dict[Side, list[tuple[date, Any]]]
) -> tuple[str, str, str]:
    """Meaning, word and detail of the change since the first reading, on the involved side if there is one."""
    side: Side = (readings[-1].involved or LEFT) if measure.two_sided else WHOLE  # type: ignore[assignment]
    values = points[side] or next((each for each in points.values() if each), [])
    letter = f"{side[0].upper()} " if measure.two_sided else ""
    index = readings[-1].symmetry(measure.key) if measure.symmetry == "ratio" else None
    tail = (
        f"symmetry {index:.0f} %"
        if index is not None
        else f"error {measure.error.normalize():f}"
        if measure.error is not None
        else "error not known"
    )
    if len(values) < 2:
        return "", "one reading", tail
    first, last = values[0][1], values[-1][1]
    alone = Readings({(measure.key, side): first}, book=readings[-1].book)
    change = Readings({(measure.key, side): last}, before=alone, book=readings[-1].book).change(measure.key, side)
    if change is None:
        return "", "one reading", tail
    by = f"{letter}{'+' if change.by > 0 else '−' if change.by < 0 else ''}{measure.show(abs(change.by))}, {tail}"
    worse = (measure.better == "higher" and change.by < 0) or (measure.better == "lower" and change.by > 0)
    if not change.is_real:
        return "", change.kind, by
    return ("amber", f"{change.kind}, worse", by) if worse else ("ok", change.kind, by)
