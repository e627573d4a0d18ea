"""A therapist's calendars elsewhere: connect one, see how it is, remove it. Nothing is fetched while a page waits."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bookings.access import get_outside_calendar
from bookings.calendars.connected import overview
from bookings.services import outside
from bookings.views.hours import get_therapist
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required


class CalendarForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="Only you and the desk see it.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    address = forms.CharField(
        max_length=500,
        label="Private address (iCal)",
        help_text="It begins with https:// or webcal:// and ends in .ics most of the time.",
        widget=forms.TextInput(
            attrs={"class": "form-control", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


@role_required("staff", "therapist")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendars(request: HttpRequest, slug: str) -> HttpResponse:
    """The calendars that block this therapist's time, and the form for another."""
    person = get_therapist(signed_in(request), slug)
    now = timezone.now()
    form = CalendarForm(typed(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = outside.connect_calendar(therapist=person, by=signed_in(request), now=now, **form.cleaned_data)
            except DomainError as refused:
                field = next((name for name in refused.fields if name in form.fields), None)
                form.add_error(field, refused.message)
                status = refused.status
            else:
                messages.success(
                    request,
                    f"“{made.name}” is entered. Within five minutes it is read, and this page says whether that went well.",
                )
                return redirect("bookings:outside", person.slug)
    context = {"person": person, "form": form, **overview(person, now)}
    return render(request, "bookings/outside.html", context, status=status)


@role_required("staff", "therapist")
@require_POST
def remove(request: HttpRequest, calendar_id: int) -> HttpResponse:
    found = get_outside_calendar(signed_in(request), calendar_id)
    outside.disconnect_calendar(calendar=found, by=signed_in(request), now=timezone.now())
    messages.success(request, f"“{found.name}” is removed. Its times are open again.")
    return redirect("bookings:outside", found.therapist.slug)


@role_required("staff", "therapist")
@require_POST
def read(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Somebody has mended the calendar: it need not wait for its turn."""
    found = get_outside_calendar(signed_in(request), calendar_id)
    outside.read_soon(calendar=found, by=signed_in(request), now=timezone.now())
    messages.success(request, f"“{found.name}” is read within five minutes.")
    return redirect("bookings:outside", found.therapist.slug)
