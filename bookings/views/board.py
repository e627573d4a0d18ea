"""The front desk's board: a day or a week of all therapists side by side, or the same as a table; booking for a caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings import board as layout
from bookings import services
from bookings.availability import Slot, find_slots
from bookings.diaries import offering
from bookings.forms import CallerForm
from bookings.fortnight import nearest
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment, Service
from bookings.prices import price_of
from bookings.schedule import Schedule, read_schedule
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import find_runners

DAYS_OFFERED = 7
TIMES_OFFERED = 24


@dataclass(frozen=True, slots=True)
class Page:
    """Which days the board shows and how: `view` day or week, `form` board or table, `person` for one therapist's week."""

    on: date
    view: str
    form: str
    person: str

    @property
    def days(self) -> list[date]:
        return layout.week_of(self.on) if self.view == "week" else [self.on]

    def url(self, **changes: object) -> str:
        """The same board with something changed."""
        query = {"day": self.on.isoformat(), "view": self.view, "as": self.form, "therapist": self.person} | {
            key: str(value) for key, value in changes.items()
        }
        plain = {"view": "day", "as": "board", "therapist": ""}
        return "?" + urlencode({key: value for key, value in query.items() if value != plain.get(key)})


@role_required("staff")
@never_cache
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = now.astimezone(clinic_tz()).date()
    page = Page(
        on=parse_day(request.GET.get("day")) or today,
        view="week" if request.GET.get("view") == "week" else "day",
        form="table" if request.GET.get("as") == "table" else "board",
        person=request.GET.get("therapist", "")[:80],
    )
    people = list(TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name"))
    shown = [person for person in people if person.slug == page.person] or people
    schedule = read_schedule(therapists=shown, days=page.days, zone=settings.CLINIC_ZONE, now=now)
    window = schedule.window(shown)
    lanes = {(person.pk, on): schedule.lane(person, on, window) for person in shown for on in page.days}
    step = timedelta(days=7 if page.view == "week" else 1)
    context = {
        "page": page,
        "today": today,
        "now": now,
        "zone": settings.CLINIC_ZONE,
        "people": people,
        "window": window,
        "now_row": window.row_at(now.astimezone(clinic_tz())) if today in page.days else None,
        "urls": {
            "earlier": page.url(day=page.on - step),
            "later": page.url(day=page.on + step),
            "today": page.url(day=today),
            "day": page.url(view="day", therapist=""),
            "week": page.url(view="week"),
            "board": page.url(**{"as": "board"}),
            "table": page.url(**{"as": "table"}),
            "everybody": page.url(therapist=""),
        },
        **arranged(page, shown, lanes, schedule),
    }
    return render(request, "bookings/board.html", context)


def arranged(
    page: Page, people: Sequence[TherapistProfile], lanes: dict[tuple[int, date], layout.Lane], schedule: Schedule
) -> dict[str, Any]:
    """The lanes as the page wants them: side by side, as a matrix of the week, or as rows of a table."""
    if page.form == "table":
        rows = [(lane.on, block, lane.head) for lane in lanes.values() for block in lane.blocks]
        return {"style": "table", "rows": sorted(rows, key=lambda row: (row[0], row[1].row, row[2].user.name))}
    if page.view == "day":
        return {
            "style": "lanes",
            "lanes": [(lane, page.url(view="week", therapist=lane.head.slug)) for lane in lanes.values()],
        }
    if len(people) == 1:
        return {
            "style": "lanes",
            "one": people[0],
            "lanes": [(lane, page.url(view="day", day=lane.on, therapist="")) for lane in lanes.values()],
        }
    days = [
        on
        for on in page.days
        if on.weekday() < 5 or any(schedule.work(person.pk, on) or lanes[person.pk, on].visits for person in people)
    ]
    matrix = [(person, page.url(therapist=person.slug), [lanes[person.pk, on] for on in days]) for person in people]
    return {"style": "matrix", "matrix": matrix, "columns": [(on, page.url(view="day", day=on)) for on in days]}


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def book_for(request: HttpRequest) -> HttpResponse:
    """Book for a caller: find the runner or take their details, choose what, with whom and when."""
    now = timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    service, therapist, runner = wish_of(request, asked)
    start = parse_instant(asked.get("start"))
    on = parse_day(asked.get("day")) or (start or now).astimezone(clinic_tz()).date()
    form = CallerForm(
        typed(request),
        known=runner is not None,
        initial={"on": on, "at": start.astimezone(clinic_tz()).time() if start else None},
    )
    refused: DomainError | None = None
    wanted = start
    if request.method == "POST" and service is not None and form.is_valid():
        wanted = form.cleaned_data["instant"]
        try:
            booked = book_now(form, service=service, therapist=therapist, runner=runner, by=signed_in(request), now=now)
        except DomainError as error:
            refused = error
        else:
            messages.success(
                request,
                f"Booked: {booked.runner.user.name}, {booked.start.astimezone(clinic_tz()):%A %-d %B %H:%M} with {booked.therapist.user.name}.",
            )
            return redirect("bookings:appointment", booked.pk)
    words = request.GET.get("q", "").strip()[:80]
    times = offered_times(service, therapist, runner, on, now)
    context = {
        "services": Service.objects.active(),
        "service": service,
        "therapists": offering(service).select_related("user").order_by("user__name") if service else [],
        "therapist": therapist,
        "runner": runner,
        "on": on,
        "start": wanted,
        "is_listed": any(slot.start == wanted for slot in times),
        "times": times,
        "near": nearest(times, wanted) if refused and wanted else [],
        "words": words,
        "found": find_runners(words=words) if words else [],
        "form": form,
        "refused": refused,
        "zone": settings.CLINIC_ZONE,
        "price_pence": price_of(service, therapist) if service else 0,
        "choice": {
            "service": service.slug if service else "",
            "therapist": therapist.slug if therapist else "",
            "day": on.isoformat(),
            "start": wanted.isoformat() if wanted else "",
        },
    }
    return render(
        request,
        "bookings/book_for.html",
        context,
        status=refused.status if refused else 422 if request.method == "POST" else 200,
    )


def book_now(
    form: CallerForm,
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile | None,
    by: User,
    now: datetime,
) -> Appointment:
    """The one booking: for the runner found, or for the caller whose details were typed."""
    typed_in = form.cleaned_data
    reason = typed_in["reason"] if typed_in["start"] in ("", "other") else ""
    if runner is not None:
        return services.book_slot(
            service=service,
            therapist=therapist,
            runner=runner,
            start=typed_in["instant"],
            by=by,
            now=now,
            override_reason=reason,
        )
    return services.book_for_caller(
        service=service,
        therapist=therapist,
        start=typed_in["instant"],
        name=typed_in["name"],
        email=typed_in["email"],
        phone=typed_in["phone"],
        by=by,
        now=now,
        override_reason=reason,
    )


def wish_of(request: HttpRequest, asked: Any) -> tuple[Service | None, TherapistProfile | None, RunnerProfile | None]:
    """What was chosen so far; what is not known is as good as not chosen, except a runner (404)."""
    service = Service.objects.active().filter(slug=asked.get("service", "")[:60]).first()
    if service is None and not asked.get("service"):
        service = Service.objects.active().first()
    therapist = TherapistProfile.objects.select_related("user").filter(slug=asked.get("therapist", "")[:80]).first()
    try:
        runner_id = UUID(asked.get("runner", ""))
    except ValueError:
        return service, therapist, None
    return service, therapist, get_contact(signed_in(request), runner_id)


def offered_times(
    service: Service | None, therapist: TherapistProfile | None, runner: RunnerProfile | None, on: date, now: datetime
) -> list[Slot]:
    """Free times of the week from `on`, by the clinic's clock, one per start."""
    if service is None:
        return []
    last = on + timedelta(days=DAYS_OFFERED - 1)
    found = find_slots(
        service=service,
        therapists=[therapist] if therapist else None,
        first=on,
        last=last,
        zone=settings.CLINIC_ZONE,
        runner=runner,
        now=now,
    )
    return list({slot.start: slot for slot in found}.values())[:TIMES_OFFERED]


def clinic_tz() -> ZoneInfo:
    return ZoneInfo(settings.CLINIC_ZONE)
