"""The front desk's board: a day, a week or a month of all therapists or rooms, or the same as a table."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.board import layout
from bookings.board.missing import missing_of
from bookings.board.page import Page, light_gaps, page_of, waiting, wanted_of, wish_words
from bookings.board.schedule import Column, Schedule, people_columns, read_schedule, room_columns
from bookings.board.stamp import stamp_of
from bookings.models import Appointment, Change, Service
from bookings.models.appointments import State
from bookings.services.attendance import EARLIEST
from bookings.services.resizing import RESIZABLE
from bookings.services.undoing import UNDO
from bookings.views.appointments import allowed_marks
from bookings.views.reader import signed_in
from clinic.people.access import role_required
from clinic.people.models import User
from clinic.reminders.models import Reminder

PART = "X-Board-Part"
WAITING_SHOWN = 6
UNDOABLE_SHOWN = 3


@role_required("staff")
@never_cache
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The whole page, or with the header X-Board-Part only what changes on it."""
    now = timezone.now()
    page = page_of(request.GET, today=clinic_today(now))
    return board_page(request, page, now=now)


@role_required("staff")
@require_safe
def stamp(request: HttpRequest) -> HttpResponse:
    """Whether the days shown have changed since the stamp in If-None-Match: 304 when not, else 204 with the new one."""
    now = timezone.now()
    page = page_of(request.GET, today=clinic_today(now))
    found = stamp_of(page.days, now=now)
    same = found in request.headers.get("If-None-Match", "")
    answer = HttpResponseNotModified() if same else HttpResponse(status=204)
    answer["ETag"], answer["Cache-Control"] = found, "private, no-cache"
    return answer


def board_page(request: HttpRequest, page: Page, *, now: datetime, status: int = 200, **more: Any) -> HttpResponse:
    """The board with what a deed on it has answered (`refused`, `said`)."""
    part = request.headers.get(PART) == "1"
    context = context_of(page, by=signed_in(request), now=now) | more
    return render(request, "bookings/_board.html" if part else "bookings/board.html", context, status=status)


def context_of(page: Page, *, by: User, now: datetime) -> dict[str, Any]:
    """Everything the board's templates show."""
    zone, today = settings.CLINIC_ZONE, clinic_today(now)
    columns = people_columns() if page.by == "people" else room_columns()
    shown = [column for column in columns if column.slug == page.person] or columns
    one = shown[0] if len(shown) == 1 and page.person else None
    brief = page.view == "month" and one is None
    mark = stamp_of(page.days, now=now)
    schedule = read_schedule(columns=shown, days=page.days, zone=zone, now=now, brief=brief)
    window = schedule.window(shown)
    lanes = {(column.key, on): schedule.lane(column, on, window) for on in page.days for column in shown}
    entries, services = waiting(), list(Service.objects.active())
    wanted = wanted_of(page, entries, services)
    can_light = wanted is not None and page.by == "people" and wanted.takes_time
    lit = light_gaps(wanted, lanes, shown, page=page, now=now) if wanted and can_light else None
    if not brief:
        mark_missing(schedule, now)
    return {
        "page": page,
        "columns": columns,
        "one": one,
        "today": today,
        "now": now,
        "soon": now + EARLIEST,
        "zone": zone,
        "window": window,
        "now_row": window.row_at(now.astimezone(clinic_tz())) if today in page.days else None,
        "stamp": mark,
        "urls": urls_of(page, today),
        "entries": [(entry, page.url(pick=entry.pk, service="", visit=""), wish_words(entry)) for entry in entries],
        "entries_shown": WAITING_SHOWN,
        "services": services,
        "wanted": wanted,
        "lit": lit,
        "undoable": undoable(by, now),
        "in_doubt": list(Reminder.objects.needs_a_person().select_related("person")[:2]),
        **arranged(page, shown, lanes, one=one, window=window),
        **(card_of(wanted.visit, now) if wanted and wanted.visit else {}),
    }


def card_of(visit: Appointment, now: datetime) -> dict[str, Any]:
    """What can be done with the session that is picked."""
    return {
        "marks": allowed_marks(visit, now),
        "may_move": visit.state == State.BOOKED,
        "may_resize": visit.state in RESIZABLE,
        "card_minutes": visit.minutes,
        "card_rows": visit.minutes // layout.STEP_MIN,
    }


def urls_of(page: Page, today: date) -> dict[str, str]:
    """Where the controls of the board lead."""
    return {
        "earlier": page.url(day=page.earlier),
        "later": page.url(day=page.later),
        "today": page.url(day=today),
        "day": page.url(view="day", therapist=""),
        "week": page.url(view="week"),
        "month": page.url(view="month"),
        "board": page.url(**{"as": "board"}),
        "table": page.url(**{"as": "table"}),
        "people": page.url(by="people", therapist=""),
        "rooms": page.url(by="rooms", therapist="", pick="", service="", visit=""),
        "everybody": page.url(therapist=""),
        "nobody": page.url(pick="", service="", visit=""),
    }


Lanes = Mapping[tuple[Any, date], layout.Lane]


def arranged(
    page: Page, columns: Sequence[Column], lanes: Lanes, *, one: Column | None, window: layout.Window
) -> dict[str, Any]:
    """The lanes as the page wants them: side by side, as a matrix, as a month, or as rows of a table."""
    if page.form == "table":
        rows = [(lane.on, block, lane.head) for lane in lanes.values() for block in lane.blocks]
        return {"style": "table", "rows": sorted(rows, key=lambda row: (row[0], row[1].row, row[2].name))}
    if page.view == "day":
        return {
            "style": "lanes",
            "lanes": [(lane, page.url(view="week", therapist=lane.head.slug)) for lane in lanes.values()],
        }
    days = [(on, page.url(view="day", day=on, therapist="")) for on in page.days]
    if page.view == "month":
        if one is not None:
            return {"style": "calendar", "weeks": weeks_of(lanes, days)}
        table = [
            (column, page.url(therapist=column.slug), [(lanes[column.key, on], url) for on, url in days])
            for column in columns
        ]
        return {"style": "month", "matrix": table, "dates": days}
    if one is not None:
        return {
            "style": "lanes",
            "lanes": [(lane, page.url(view="day", day=lane.on, therapist="")) for lane in lanes.values()],
        }
    days = [
        (on, url)
        for on, url in days
        if on.weekday() < 5
        or any(
            lanes[column.key, on].visits or (column.is_person and lanes[column.key, on].is_open) for column in columns
        )
    ]
    matrix = [
        (column, page.url(therapist=column.slug), [lanes[column.key, on] for on, _ in days]) for column in columns
    ]
    return {"style": "matrix", "matrix": matrix, "dates": days}


def weeks_of(lanes: Lanes, days: list[tuple[date, str]]) -> list[list[tuple[layout.Lane, str] | None]]:
    """The lanes of one column's month by calendar week; None where the month has no such day."""
    cells: list[tuple[layout.Lane, str] | None] = [None] * days[0][0].weekday()
    cells += [(lane, url) for lane, (_, url) in zip(lanes.values(), days, strict=True)]
    cells += [None] * (-len(cells) % 7)
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def mark_missing(schedule: Schedule, now: datetime) -> None:
    """Give every coming session on the board its `missing`: what its runner has not filled in yet."""
    coming = [each for each in schedule.sessions() if each.runner_id and each.state == State.BOOKED and each.end > now]
    found = missing_of({each.runner_id for each in coming})
    for session in coming:
        session.missing = found.get(session.runner_id, [])


def undoable(by: User, now: datetime) -> list[Change]:
    """What `by` did in the last minutes and can still take back, the latest act on each session, a series' once, newest first."""
    acts = Change.objects.filter(by=by, at__gt=now - UNDO, undone_at=None).select_related(
        "appointment__runner__user", "appointment__therapist__user", "appointment__service"
    )
    latest: dict[Any, Change] = {}
    for act in acts:
        latest.setdefault(act.appointment_id, act)
    lines: dict[Any, Change] = {}
    for act in latest.values():
        if act.sequence == act.appointment.sequence:
            line = lines.setdefault((act.appointment.series_id or act.appointment_id, act.kind, act.at), act)
            line.until = act.at + UNDO  # type: ignore[attr-defined]  # for the page's countdown
            line.sessions = getattr(line, "sessions", 0) + 1  # type: ignore[attr-defined]  # of a series
    return list(lines.values())[:UNDOABLE_SHOWN]


def clinic_tz() -> ZoneInfo:
    return ZoneInfo(settings.CLINIC_ZONE)


def clinic_today(now: datetime) -> date:
    return now.astimezone(clinic_tz()).date()
