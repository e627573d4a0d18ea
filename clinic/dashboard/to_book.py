"""The front desk's list of runners whose plan wants more visits than are booked."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.instants import parse_instant
from bookings.models import Service
from bookings.services.visits import offer_visit
from clinic.core.errors import DomainError
from clinic.core.wording import clock, near_day
from clinic.dashboard.underbooked import Fitting, Short, fitting, short_of_visits
from clinic.people.access import PersonRequest, role_required

A_PAGE = 25


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def to_book(request: PersonRequest) -> HttpResponse:
    """The list; `?runner=` opens the next times that fit one of them, and POST offers one of these."""
    now = timezone.now()
    rows = short_of_visits(now=now)
    chosen = chosen_row(rows, request.POST.get("runner") or request.GET.get("runner", ""))
    refused, status = "", 200
    if request.method == "POST":
        try:
            return offer(request, chosen)
        except DomainError as error:
            refused, status = error.message, error.status
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    found: Fitting | None = fitting(chosen, now=now) if chosen is not None else None
    context = {
        "page": page,
        "chosen": chosen,
        "found": found,
        "refused": refused,
        "missing": sum(row.missing for row in rows),
        "words": "",
        "now": now,
    }
    return render(request, "dashboard/to_book.html", context, status=status)


def chosen_row(rows: list[Short], key: str) -> Short | None:
    try:
        runner = UUID(key)
    except ValueError:
        return None
    return next((row for row in rows if row.runner.pk == runner), None)


def offer(request: PersonRequest, row: Short | None) -> HttpResponse:
    """Offer the time that was sent to the runner of `row`. Raises DomainError where it cannot be."""
    start = parse_instant(request.POST.get("start"))
    if row is None or start is None:
        raise DomainError("That runner lacks no visit any more, or the time could not be read.", code="bad_offer")
    service = get_object_or_404(Service.objects.active(), slug=request.POST.get("service", ""))
    made = offer_visit(
        service=service,
        therapist=row.therapist,
        runner=row.runner,
        start=start,
        last=row.last,
        by=request.user,
        now=timezone.now(),
    )
    zone = request.user.tz
    day = near_day(start.astimezone(zone).date(), timezone.now().astimezone(zone).date())
    until = f"{near_day(made.answer_until.astimezone(zone).date(), timezone.now().astimezone(zone).date())} {clock(made.answer_until, request.user.zone)}"
    messages.success(
        request,
        f"{day.capitalize()} {clock(start, request.user.zone)} is kept for {row.runner.user.name}, who is written to. Answer until {until}.",
    )
    return redirect(reverse("dashboard:to_book"))
