"""The first pages: the home page for everybody, today for each kind of person, light and dark."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bookings.views.clock import clock_of
from clinic.core.back import own_page
from clinic.core.decorators import public
from clinic.core.viewer import THEME_COOKIE, THEMES
from clinic.dashboard import runner_day, therapist_day
from clinic.dashboard.free_soon import free_soon
from clinic.people.access import PersonRequest
from clinic.people.services import choose_theme
from exercises.offers import take_undo

A_YEAR = 365 * 24 * 3600


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    clock = clock_of(request)
    facts = {"soon": free_soon(zone=clock.zone, now=clock.now), "zone": clock.zone, "clock": clock}
    return render(request, "dashboard/home.html", facts)


@require_safe
def today(request: PersonRequest) -> HttpResponse:
    """The page each person starts their day on."""
    if request.user.is_clinic_staff:
        return redirect("bookings:board")
    if request.user.is_therapist:
        return render(
            request,
            "dashboard/therapist_today.html",
            {"day": therapist_day.for_therapist(request.user.therapist, now=timezone.now())},
        )
    facts = {"day": runner_day.for_runner(request.user.runner, now=timezone.now()), "offer": take_undo(request)}
    return render(request, "dashboard/runner_today.html", facts)


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the device has it: kept with the account, else with this browser."""
    chosen = request.POST.get("theme", "")
    chosen = chosen if chosen in THEMES else ""
    response = redirect(own_page(request, request.headers.get("Referer", "")) or "/")
    if request.user.is_authenticated:
        choose_theme(theme=chosen, by=request.user)
    else:
        response.set_cookie(THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return response


@public
@require_safe
def running(request: HttpRequest) -> HttpResponse:
    """How "can I run today?" is decided."""
    return render(request, "dashboard/running.html")
