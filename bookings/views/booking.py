"""Booking, from the wish to the confirmation: choose, pick a time, log in if need be, check, book."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings import access, services
from bookings.instants import parse_instant
from bookings.models import Appointment, Service
from bookings.models.appointments import State
from bookings.prices import price_of
from bookings.services.holding import HOLD
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.times import Wish, times_page
from clinic.core.decorators import public
from clinic.core.errors import DomainError, Forbidden
from clinic.people.access import role_required
from clinic.people.models import RunnerProfile

PICKED = "picked_slot"


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
    rows = [
        (
            service,
            price_of(service, person),
            f"{reverse('bookings:times', args=[service.slug])}{'?' + urlencode({'therapist': person.slug}) if person else ''}",
        )
        for service in offered
    ]
    return render(request, "bookings/book.html", {"rows": rows, "person": person, "held": live_hold(request)})


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
        request.session[PICKED] = {"service": service.slug, "therapist": who, "start": start.isoformat()}
        return redirect("bookings:resume")
    return take(request, wish, clock, start)


@public
@never_cache
@require_safe
def resume(request: HttpRequest) -> HttpResponse:
    """The way back to a picked time: a visitor is asked to log in or sign up, a runner gets the hold."""
    picked = request.session.get(PICKED)
    start = parse_instant(picked["start"]) if picked else None
    if picked is None or start is None:
        return redirect("bookings:book")
    service = access.get_service(picked["service"])
    wish = Wish(service, access.get_therapist(picked["therapist"]) if picked["therapist"] else None, runner_of(request))
    clock = clock_of(request)
    if not request.user.is_authenticated:
        here = urlencode({"next": request.path})
        context = {
            "wish": wish,
            "start": start,
            "clock": clock,
            "price_pence": price_of(service, wish.therapist),
            "here": here,
        }
        return render(request, "bookings/resume.html", context)
    del request.session[PICKED]
    return take(request, wish, clock, start)


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
        ended = DomainError("Your five minutes are over, and the time is open to others again.", code="hold_ended")
        return times_page(request, wish_of(held), clock, refused=ended, wanted=held.start, status=409)
    context = {
        "held": held,
        "clock": clock,
        "price_pence": price_of(held.service, held.therapist),
        "change_until": held.change_until,
        "left": int((held.hold_expires_at - clock.now).total_seconds()),
        "whole": int(HOLD.total_seconds()),
        "times_url": times_url(held),
    }
    return render(request, "bookings/check.html", context)


def decide_on(request: HttpRequest, held: Appointment, clock: Clock) -> HttpResponse:
    """Book the held time, or give it back."""
    if request.POST.get("do") == "release":
        services.release_hold(appointment=held, by=signed_in(request), now=clock.now)
        return redirect(times_url(held))
    try:
        booked = services.confirm_hold(appointment=held, by=signed_in(request), now=clock.now)
    except DomainError as refused:
        return times_page(request, wish_of(held), clock, refused=refused, wanted=held.start, status=409)
    return redirect(f"{reverse('bookings:appointment', args=[booked.pk])}?booked=1")


def wish_of(held: Appointment) -> Wish:
    return Wish(held.service, held.therapist, held.runner)


def times_url(held: Appointment) -> str:
    """The times of the held service with its therapist."""
    return f"{reverse('bookings:times', args=[held.service.slug])}?{urlencode({'therapist': held.therapist.slug})}"


def runner_of(request: HttpRequest) -> RunnerProfile | None:
    """The profile of the runner asking; None for visitors and the team."""
    user = signed_in(request)
    return user.runner if user.is_authenticated and user.is_runner else None


def live_hold(request: HttpRequest) -> Appointment | None:
    """What the runner asking holds just now."""
    if runner_of(request) is None:
        return None
    clock = clock_of(request)
    mine = Appointment.objects.visible_to(signed_in(request)).with_people()
    return mine.filter(state=State.HELD, hold_expires_at__gt=clock.now).first()
