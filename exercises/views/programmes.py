"""A programme as its runner and the therapist see it."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.audit.services import record_reading
from clinic.people.access import PersonRequest, role_required
from clinic.people.models import Role
from exercises import access, adherence, doses, services
from exercises.models import Programme, State


@role_required(Role.RUNNER)
@require_safe
def programme(request: PersonRequest) -> HttpResponse:
    own = Programme.objects.of(request.user.runner).active().with_plan().first()
    if own is None:
        return render(request, "exercises/no_programme.html")
    return show(request, own)


@role_required(Role.RUNNER, Role.THERAPIST)
@require_safe
def programme_detail(request: PersonRequest, programme_id: UUID) -> HttpResponse:
    shown = access.get_programme(request.user, programme_id)
    record_reading(by=request.user, runner=shown.runner, what="programme")
    return show(request, shown)


@role_required(Role.THERAPIST)
@require_POST
def end(request: PersonRequest, programme_id: UUID) -> HttpResponse:
    ending = access.get_programme(request.user, programme_id)
    today = timezone.now().astimezone(ending.runner.user.tz).date()
    services.end_programme(programme=ending, by=request.user, on=today, reason=request.POST.get("reason", "")[:200])
    messages.success(
        request, f"{ending.title} has ended. {ending.runner.user.first_name} sees no more exercises from it."
    )
    return redirect("exercises:programme_detail", ending.pk)


def show(request: PersonRequest, shown: Programme) -> HttpResponse:
    on = timezone.now().astimezone(shown.runner.user.tz).date()
    current = shown.phase_on(on) if shown.state == State.ACTIVE else None
    context = {
        "programme": shown,
        "base": "desk.html" if request.user.is_therapist else "base.html",
        "on": on,
        "week": shown.week_on(on),
        "phases": [
            (phase, phase == current, doses.minutes(phase.prescriptions.all()))
            for phase in sorted(shown.phases.all(), key=lambda each: each.position)
        ],
        "kept": adherence.of_runner(shown.runner, first=max(shown.starts_on, earliest(on)), last=last_day(shown, on)),
        "earlier": Programme.objects.of(shown.runner).visible_to(request.user).exclude(pk=shown.pk)[:10],
    }
    return render(request, "exercises/programme.html", context)


def earliest(on: date) -> date:
    """Adherence is told over eight weeks at most: what was longer ago says little about today."""
    return date.fromordinal(on.toordinal() - 55)


def last_day(shown: Programme, on: date) -> date:
    return min(on, date.fromordinal(shown.ended_on.toordinal() - 1)) if shown.ended_on else on
