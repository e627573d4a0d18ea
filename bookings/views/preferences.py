"""Which times suit the runner."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bookings.forms.runners import TimesForm
from bookings.services.preferring import choose_times, preference_of
from bookings.views.reader import signed_in
from clinic.core.back import own_page
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required


@role_required("runner")
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Days, parts of the day, and whether the same therapist comes first."""
    user = signed_in(request)
    form = TimesForm(typed(request), known=preference_of(user.runner))
    back = own_page(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST" and form.is_valid():
        weekdays, parts = form.bits
        try:
            choose_times(
                runner=user.runner,
                weekdays=weekdays,
                parts=parts,
                same_therapist=form.cleaned_data["same_therapist"],
                by=user,
                now=timezone.now(),
            )
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "Saved. Times that suit you come first from now on.")
            return redirect(back or "bookings:book")
    status = 422 if request.method == "POST" else 200
    return render(request, "bookings/preferences.html", {"form": form, "next": back}, status=status)
