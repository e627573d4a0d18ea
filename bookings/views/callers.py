"""Booking for a caller: find the runner or take their details, choose what, with whom and when."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import services
from bookings.availability import Slot, find_slots
from bookings.diaries import offering
from bookings.forms import CallerForm
from bookings.fortnight import nearest
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment, Service
from bookings.prices import price_of
from bookings.views.board import clinic_tz
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import find_runners

DAYS_OFFERED = 7
TIMES_OFFERED = 24


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
