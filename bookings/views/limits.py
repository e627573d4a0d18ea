"""Journeys and limits of a day, beside the hours of a therapist: entered on the hours page, taken back here."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from bookings.models import DailyCap, Travel
from bookings.services.limits import remove_travel, set_daily_cap
from bookings.views.hours import get_therapist, said_and_done
from bookings.views.reader import signed_in
from clinic.people.access import role_required


@role_required("staff", "therapist")
@require_POST
def journey(request: HttpRequest, travel_id: int) -> HttpResponse:
    """Take a journey back."""
    travel = get_object_or_404(Travel.objects.select_related("therapist__user"), pk=travel_id)
    person = get_therapist(signed_in(request), travel.therapist.slug)
    done = remove_travel(travel=travel, by=signed_in(request), now=timezone.now())
    return said_and_done(request, person, "Taken back: the hours go by the home clock again.", done)


@role_required("staff", "therapist")
@require_POST
def cap(request: HttpRequest, cap_id: int) -> HttpResponse:
    """Take a limit back."""
    limit = get_object_or_404(DailyCap.objects.select_related("therapist__user", "service"), pk=cap_id)
    person = get_therapist(signed_in(request), limit.therapist.slug)
    set_daily_cap(therapist=person, service=limit.service, most=None, by=signed_in(request))
    messages.success(request, "Taken back: there is no such limit any more.")
    return redirect("bookings:hours_of", person.slug)
