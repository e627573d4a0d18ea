"""A runner's races, and the way back after each."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.audit.services import record_reading
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import PersonRequest, role_required
from clinic.people.models import Role
from exercises import access, services
from exercises.forms import RaceForm
from exercises.models import Race
from exercises.recovery import after, told

USUAL_KM = (("5", "5 km"), ("10", "10 km"), ("21.098", "Half marathon"), ("42.195", "Marathon"))


@role_required(Role.RUNNER)
@require_http_methods(["GET", "HEAD", "POST"])
def races(request: PersonRequest) -> HttpResponse:
    runner, now = request.user.runner, timezone.now()
    form = RaceForm(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            race = services.enter_race(runner=runner, by=request.user, now=now, **form.cleaned_data)
        except DomainError as refused:
            show_refusal(form, refused)
        else:
            messages.success(
                request, f"{race.name} is in your list. The morning after, we send you the way back to running."
            )
            return redirect("exercises:races")
    today = now.astimezone(request.user.tz).date()
    own = Race.objects.visible_to(request.user)
    context = {
        "form": form,
        "coming": [(race, (race.on - today).days) for race in own.upcoming(today)],
        "over": own.run_before(today)[:20],
        "usual_km": USUAL_KM,
    }
    return render(request, "exercises/races.html", context, status=422 if request.method == "POST" else 200)


@role_required(Role.RUNNER, Role.THERAPIST)
@require_safe
def recovery(request: PersonRequest, race_id: int) -> HttpResponse:
    race = access.get_race(request.user, race_id)
    record_reading(by=request.user, runner=race.runner, what="race")
    today = timezone.now().astimezone(race.runner.user.tz).date()
    context = {"race": race, "way": after(race.distance_km), "told": told(), "days_since": (today - race.on).days}
    return render(request, "exercises/recovery.html", context)


@role_required(Role.RUNNER)
@require_POST
def withdraw(request: PersonRequest, race_id: int) -> HttpResponse:
    race = access.get_race(request.user, race_id)
    services.withdraw_race(race=race, by=request.user)
    messages.success(request, f"{race.name} is off your list.")
    return redirect("exercises:races")


def show_refusal(form: Any, refused: DomainError) -> None:
    """The sentences of a refusal beside the fields they are about."""
    for field, sentence in refused.fields.items():
        form.add_error(field if field in form.fields else None, sentence)
    if not refused.fields:
        form.add_error(None, refused.message)
