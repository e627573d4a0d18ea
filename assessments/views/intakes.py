"""The runner's questions before the first visit, and what a therapist does about red flags."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from assessments import access, services
from assessments.catalogue import number
from assessments.forms import IntakeForm, ReasonForm
from assessments.models import Intake
from assessments.questions import advice, most_urgent, red_flags
from bookings.models import Appointment
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import PersonRequest, role_required

FIELDS = ("goal", "weekly_km", "regions", "pain", "red_flags", "note")


@role_required("runner")
def intake(request: PersonRequest) -> HttpResponse:
    """The questions, filled with the last answers, so that nothing is asked twice."""
    runner = request.user.runner
    last = Intake.objects.filter(runner=runner).first()
    form = IntakeForm(typed(request), initial=answers_of(last))
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_intake(runner=runner, by=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("assessments:intake_done")
    status = 422 if request.method == "POST" else 200
    return render(request, "assessments/intake.html", {"form": form, "last": last}, status=status)


def answers_of(last: Intake | None) -> dict[str, Any]:
    """The last answers, for the fields of the form."""
    if last is None:
        return {}
    answers = {name: getattr(last, name) for name in FIELDS}
    return {**answers, "weekly_km": number(last.weekly_km)}


@role_required("runner")
def intake_done(request: PersonRequest) -> HttpResponse:
    """What happens next; with a red flag first what to do about it."""
    last = Intake.objects.filter(runner=request.user.runner).first()
    if last is None:
        return redirect("assessments:intake")
    coming = Appointment.objects.filter(runner=request.user.runner).upcoming(timezone.now()).first()
    return render(request, "assessments/intake_done.html", {"intake": last, "coming": coming, **flag_context(last)})


def flag_context(intake: Intake) -> dict[str, Any]:
    """The open red flags of `intake` with what to do about the most urgent."""
    open_flags = intake.red_flags if intake.blocks else []
    return {
        "flags": [red_flags()[key] for key in open_flags if key in red_flags()],
        "urgency": most_urgent(open_flags),
        "advice": advice(open_flags),
    }


@require_POST
def clear_red_flags(request: PersonRequest, pk: int) -> HttpResponse:
    intake = access.get_intake(request.user, pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            services.clear_red_flags(
                intake=intake, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now()
            )
            messages.success(request, "Noted. The programme may go on.")
        except DomainError as refusal:
            messages.error(request, refusal.message)
    else:
        messages.error(request, "Write what you found: it stays in the chart.")
    return redirect("dashboard:chart", intake.runner_id)
