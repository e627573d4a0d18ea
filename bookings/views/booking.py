"""Booking, from the wish to the confirmation: choose, pick a time, log in if need be, check, book."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings import access, services
from bookings.forms.runners import PayerForm
from bookings.instants import parse_instant
from bookings.models import Appointment, Offer, Service
from bookings.models.appointments import State
from bookings.prices import agreed_late_fee, agreed_price, price_of
from bookings.services.holding import HOLD, OVER
from bookings.services.preferring import last_seen, preference_of
from bookings.services.transactions import hold_ended
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.times import Wish, first_day, free_values, times_page, times_url
from bookings.views.visitors import held_visitor, last_visitor, take_for_visitor
from clinic.core.decorators import public
from clinic.core.errors import DomainError, Forbidden
from clinic.core.etags import etag_of
from clinic.people.access import role_required
from clinic.people.models import RunnerProfile, TherapistProfile


@public
@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """What to book; with `?therapist=` what can be booked with that one."""
    slug = request.GET.get("therapist", "")[:80]
    person = access.get_therapist(slug) if slug else None
    offered = Service.objects.active()
    if person:
        offered = offered.filter(therapists=person)
        if not person.takes_new_runners:
            offered = offered.filter(is_first_visit=False)
    seen, again = seen_before(request)
    rows = []
    for service in offered.first_visits_last() if seen else offered:
        whom = person or (again if again and service in again.services.all() and not service.is_first_visit else None)
        query = f"?{urlencode({'therapist': whom.slug})}" if whom else ""
        url = reverse("bookings:times", args=[service.slug]) + query
        rows.append((service, price_of(service, whom), url, whom if person is None else None))
    held = live_hold(request)
    context = {
        "rows": rows,
        "person": person,
        "clock": clock_of(request),
        "held": held,
        "held_url": held_url(held) if held else "",
    }
    return render(request, "bookings/book.html", context)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, slug: str) -> HttpResponse:
    """Two weeks of times of a service; a tap on one takes the hold."""
    service = access.get_service(slug)
    who = request.GET.get("therapist", "")[:80]
    wish = Wish(service, access.get_therapist(who) if who else None, runner_of(request))
    clock = clock_of(request)
    if request.method != "POST":
        return times_page(request, wish, clock)
    start = parse_instant(request.POST.get("slot"))
    if start is None:
        unreadable = DomainError("We could not read that time. Pick one of those below.", code="unreadable")
        return times_page(request, wish, clock, refused=unreadable, status=409)
    if not request.user.is_authenticated:
        return take_for_visitor(request, wish, clock, start)
    return take(request, wish, clock, start)


@public
@require_safe
def free(request: HttpRequest, slug: str) -> HttpResponse:
    """Which times of the page are still free; 304 while that is what the page knows already."""
    service = access.get_service(slug)
    who = request.GET.get("therapist", "")[:80]
    wish = Wish(service, access.get_therapist(who) if who else None, runner_of(request))
    clock = clock_of(request)
    values = free_values(wish, first_day(request, wish, clock, None), clock)
    tag = etag_of(*values)
    known = request.headers.get("If-None-Match", "")
    answer = HttpResponse(status=304) if known == tag else JsonResponse({"free": values})
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest) -> HttpResponse:
    """Back from the log-in: what this browser held as a visitor's becomes the runner's hold, by one tap."""
    clock = clock_of(request)
    visitor = last_visitor(request)
    if visitor is None:
        return redirect("bookings:book")
    runner, held = runner_of(request), visitor.hold
    if held.runner_id is not None:
        return (
            redirect("bookings:check", held.pk) if runner and runner.pk == held.runner_id else redirect("bookings:book")
        )
    wish = Wish(held.service, held.therapist, runner)
    if request.method == "POST":
        if runner is None or not held.is_live_hold(clock.now):
            return take(request, wish, clock, held.start)
        try:
            adopted = services.adopt_hold(visitor=visitor, runner=runner, by=signed_in(request), now=clock.now)
        except DomainError as refused:
            return times_page(request, wish, clock, refused=refused, wanted=held.start, status=409)
        return redirect("bookings:check", adopted.pk)
    context = {
        "wish": wish,
        "start": held.start,
        "clock": clock,
        "price_pence": agreed_price(held),
        "is_kept": held.is_live_hold(clock.now),
    }
    return render(request, "bookings/resume.html", context)


def take(request: HttpRequest, wish: Wish, clock: Clock, start: datetime) -> HttpResponse:
    """Hold `start` for the runner and go on to the check page; if it cannot be had, the page with the nearest times."""
    user = signed_in(request)
    if user.is_clinic_staff:
        query = {
            "service": wish.service.slug,
            "therapist": wish.therapist.slug if wish.therapist else "",
            "start": start.isoformat(),
        }
        return redirect(f"{reverse('bookings:book_for')}?{urlencode(query)}")
    if wish.runner is None:
        raise Forbidden(
            "Only runners book a time for themselves. Ask the front desk to book for a runner.", code="not_a_runner"
        )
    try:
        held = services.hold_slot(
            service=wish.service, therapist=wish.therapist, runner=wish.runner, start=start, by=user, now=clock.now
        )
    except DomainError as refused:
        return times_page(request, wish, clock, refused=refused, wanted=start, status=409)
    return redirect("bookings:check", held.pk)


@role_required("runner")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Look the held time over and book it, or let it go."""
    held = access.get_hold(signed_in(request), appointment_id)
    clock = clock_of(request)
    if held.hold_expires_at is None:
        return redirect("bookings:appointment", held.pk)
    if request.method == "POST":
        return decide_on(request, held, clock)
    if not held.is_live_hold(clock.now):
        return times_page(request, wish_of(held), clock, refused=hold_ended(held, OVER), wanted=held.start, status=409)
    return check_page(request, held, clock, PayerForm(service=held.service))


def check_page(
    request: HttpRequest, held: Appointment, clock: Clock, form: PayerForm, *, status: int = 200
) -> HttpResponse:
    """The held time, what it costs, and until when it can be changed for nothing."""
    expires_at = held.hold_expires_at or clock.now
    context = {
        "held": held,
        "clock": clock,
        "form": form,
        "price_pence": agreed_price(held),
        "late_fee_pence": agreed_late_fee(held),
        "change_until": held.change_until,
        "left": int((expires_at - clock.now).total_seconds()),
        "whole": int(HOLD.total_seconds()),
        "times_url": times_url(held),
    }
    return render(request, "bookings/check.html", context, status=status)


def decide_on(request: HttpRequest, held: Appointment, clock: Clock) -> HttpResponse:
    """Book the held time, or give it back."""
    if request.POST.get("do") == "release":
        services.release_hold(appointment=held, by=signed_in(request), now=clock.now)
        return redirect(times_url(held))
    form = PayerForm(request.POST, service=held.service)
    if not form.is_valid():
        return check_page(request, held, clock, form, status=422)
    try:
        booked = services.confirm_hold(
            appointment=held,
            by=signed_in(request),
            now=clock.now,
            payer=form.cleaned_data.get("payer", ""),
            insurer=form.cleaned_data.get("insurer", ""),
        )
    except DomainError as refused:
        return times_page(request, wish_of(held), clock, refused=refused, wanted=held.start, status=409)
    return redirect(f"{reverse('bookings:appointment', args=[booked.pk])}?booked=1")


def wish_of(held: Appointment) -> Wish:
    return Wish(held.service, held.therapist, held.runner)


def runner_of(request: HttpRequest) -> RunnerProfile | None:
    """The profile of the runner asking; None for visitors and the team."""
    user = signed_in(request)
    return user.runner if user.is_authenticated and user.is_runner else None


def seen_before(request: HttpRequest) -> tuple[TherapistProfile | None, TherapistProfile | None]:
    """Whom the runner asking saw last; and the same one, with what they offer, where the runner wants to see them again."""
    runner = runner_of(request)
    seen = last_seen(runner, timezone.now()) if runner is not None else None
    if seen is None or not preference_of(runner).same_therapist:
        return seen, None
    prefetch_related_objects([seen], "services")
    return seen, seen


def held_url(held: Appointment) -> str:
    """Where a held time is booked: by its runner, or by the visitor whose browser keeps it."""
    return reverse("bookings:check", args=[held.pk]) if held.runner_id else reverse("bookings:details")


def live_hold(request: HttpRequest) -> Appointment | None:
    """What the runner asking, or a visitor's browser, holds just now."""
    clock = clock_of(request)
    if not request.user.is_authenticated:
        visitor = held_visitor(request, clock.now)
        return visitor.hold if visitor else None
    if runner_of(request) is None:
        return None
    mine = Appointment.objects.visible_to(signed_in(request)).with_people()
    held = mine.filter(state=State.HELD, hold_expires_at__gt=clock.now)
    return held.exclude(offer__state=Offer.State.OPEN).first()
