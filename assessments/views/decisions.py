"""From findings to a programme: the summary, the decisions, the doses."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from assessments import access, services
from assessments.forms import DoseForm, ProgrammeForm, all_right
from assessments.models import Assessment, Intake, Recommendation
from assessments.services.drafts import unconfirmed
from assessments.views.signed import exercises_of
from clinic.audit.services import record_reading
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import PersonRequest
from exercises import doses
from exercises.models import Exercise, Programme

USUAL_WEEKS = 4


def summary(request: PersonRequest, assessment_id: UUID) -> HttpResponse:
    """What the rules found, with their reasons; the therapist accepts and declines, then signs."""
    assessment = access.get_editable(request.user, assessment_id)
    record_reading(by=request.user, runner=assessment.runner, what="assessment summary")
    return render(request, "assessments/summary.html", summary_context(assessment))


def summary_context(assessment: Assessment) -> dict[str, Any]:
    findings = list(assessment.findings.with_offers())
    offers = [offer for finding in findings for offer in finding.recommendations.all()]
    return {
        "assessment": assessment,
        "findings": findings,
        "exercises": exercises_of(findings),
        "accepted": [offer for offer in offers if offer.decision == Recommendation.Decision.ACCEPTED],
        "open_offers": sum(offer.decision == Recommendation.Decision.OPEN for offer in offers),
        "waiting": len(unconfirmed(assessment)) if assessment.is_draft else 0,
        "measured": assessment.measurements.count(),
    }


@require_POST
def decide(request: PersonRequest, pk: int) -> HttpResponse:
    """Accept, decline or reopen one offer; with htmx the summary comes back at once."""
    recommendation = access.get_recommendation(request.user, pk)
    services.decide(
        recommendation=recommendation,
        by=request.user,
        decision=request.POST.get("decision", ""),
        now=timezone.now(),
    )
    assessment = recommendation.finding.assessment
    if request.headers.get("HX-Request"):
        return render(request, "assessments/_findings.html", summary_context(assessment))
    page = "assessments:summary" if assessment.is_draft or request.POST.get("from") != "chart" else "dashboard:chart"
    target = assessment.runner_id if page == "dashboard:chart" else assessment.pk
    return redirect(page, target)


def programme(request: PersonRequest, assessment_id: UUID) -> HttpResponse:
    """The accepted exercises with their doses; one button and the programme stands."""
    assessment = access.get_editable(request.user, assessment_id)
    record_reading(by=request.user, runner=assessment.runner, what="accepted exercises")
    today = timezone.now().astimezone(assessment.runner.user.tz).date()
    data = typed(request)
    reasons = services.accepted_slugs(assessment)
    library = Exercise.objects.active().in_bulk(reasons, field_name="slug")
    rows = [DoseForm(library[slug], reason, data) for slug, reason in reasons.items() if slug in library]
    frame = ProgrammeForm(
        data,
        today=today,
        initial={"key": uuid4(), "title": title_for(assessment), "weeks": USUAL_WEEKS, "starts_on": today},
    )
    refusal = None
    if request.method == "POST" and all((frame.is_valid(), all_right(rows))):
        try:
            built = services.build_programme(
                assessment=assessment,
                by=request.user,
                doses=[row.dose() for row in rows if row.taken],
                now=timezone.now(),
                **frame.cleaned_data,
            )
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, f"The programme stands. {assessment.runner.user.first_name} sees it now.")
            return redirect("exercises:programme_detail", built.pk)
    usual = [doses.usual_dose(row.exercise) for row in rows]
    context = {
        "assessment": assessment,
        "rows": rows,
        "frame": frame,
        "refusal": refusal,
        "minutes": doses.minutes(usual),
        "running": Programme.objects.active().of(assessment.runner).first(),
        "red_flag": Intake.objects.blocking().filter(runner=assessment.runner).first(),
    }
    wrong = refusal.status if refusal else 422 if request.method == "POST" else 200
    return render(request, "assessments/programme.html", context, status=wrong)


def title_for(assessment: Assessment) -> str:
    """A first name for the programme, from what was found most clearly."""
    first = assessment.findings.exclude(verdict="to discuss").first()
    return f"After {first.title.lower()}"[:80] if first else "First weeks"
