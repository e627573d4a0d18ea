"""Reading an assessment: the closed page of a therapist, the plain one of the runner, the list."""

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render

from assessments.forms import ReasonForm
from assessments.frames import stride_frames
from assessments.models import Assessment, Recommendation
from assessments.plain_words import told
from assessments.record import previous, readings_of
from assessments.sheet import Sheet
from clinic.audit.services import record_reading
from clinic.core.errors import DomainError
from clinic.people.access import PersonRequest, role_required
from exercises.models import Exercise

A_PAGE = 25


def signed_page(
    request: PersonRequest,
    assessment: Assessment,
    *,
    refusal: DomainError | None = None,
    amend_form: ReasonForm | None = None,
) -> HttpResponse:
    """A signed assessment: for its runner in plain words, for a therapist as it was recorded, closed."""
    if request.user.is_runner:
        return render(request, "assessments/for_runner.html", {"assessment": assessment, "told": told(assessment)})
    record_reading(by=request.user, runner=assessment.runner, what="assessment")
    before = previous(assessment)
    readings = readings_of(assessment, readings_of(before) if before else None)
    findings = list(assessment.findings.with_offers())
    status = refusal.status if refusal else 422 if amend_form is not None else 200
    return render(
        request,
        "assessments/signed.html",
        {
            "assessment": assessment,
            "before": before,
            "parts": [part for part in Sheet(readings).parts() if part.filled],
            "frames": stride_frames(readings, assessment.involved_side or "left"),
            "findings": findings,
            "exercises": exercises_of(findings),
            "amend_form": amend_form or ReasonForm(),
            "newer": Assessment.objects.filter(amends=assessment).first(),
            "refusal": refusal,
        },
        status=status,
    )


def exercises_of(findings: list) -> dict[str, Exercise]:
    """The library's exercises offered in `findings` (recommendations prefetched), by slug."""
    slugs = {
        offer.text
        for finding in findings
        for offer in finding.recommendations.all()
        if offer.kind == Recommendation.Kind.EXERCISE
    }
    return Exercise.objects.in_bulk(slugs, field_name="slug")


@role_required("therapist")
def listing(request: PersonRequest) -> HttpResponse:
    """Drafts that wait for a signature first, then what is signed, newest first."""
    seen = Assessment.objects.visible_to(request.user).select_related("runner__user", "therapist__user", "signed_by")
    counted = seen.annotate(found=Count("findings", distinct=True))
    page = Paginator(counted.exclude(state=Assessment.State.DRAFT).order_by("-signed_at", "-pk"), A_PAGE)
    return render(
        request,
        "assessments/list.html",
        {"drafts": counted.drafts().order_by("-saved_at"), "page": page.get_page(request.GET.get("page"))},
    )
