"""Recording an assessment: start, fill in, sign, correct."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from assessments import access, entry, services
from assessments.catalogue import catalogue
from assessments.forms import DetailsForm, ReasonForm, confirmed_measures, typed_measures
from assessments.models import Assessment
from assessments.readings import Key
from assessments.record import previous, readings_of
from assessments.services.drafts import DETAILS, unconfirmed
from assessments.sheet import Sheet
from assessments.views.signed import signed_page
from clinic.audit.services import record_reading
from clinic.core.errors import DomainError
from clinic.core.kept import typed as typed_before
from clinic.people.access import PersonRequest, role_required


@role_required("therapist")
def new(request: PersonRequest, runner_id: UUID) -> HttpResponse:
    """Ask before a draft is made; a draft that stands open is gone on with."""
    runner = access.get_runner_in_care(request.user, runner_id)
    if request.method == "POST":
        draft = services.start_assessment(runner=runner, by=request.user, now=timezone.now())
        return redirect("assessments:edit", draft.pk)
    drafts = Assessment.objects.drafts().of(runner).select_related("therapist__user")
    last = Assessment.objects.signed().of(runner).order_by("-signed_at").first()
    return render(request, "assessments/new.html", {"runner": runner, "drafts": drafts, "last": last})


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, assessment_id: UUID) -> HttpResponse:
    """The sheet of a draft; of a signed assessment the closed page, for a runner in plain words."""
    assessment = access.get_assessment(request.user, assessment_id)
    if request.method == "POST":
        assessment = access.get_editable(request.user, assessment_id)
        return save(request, assessment)
    if not assessment.is_draft:
        return signed_page(request, assessment)
    record_reading(by=request.user, runner=assessment.runner, what="assessment")
    return sheet_page(request, assessment, data=typed_before(request))


def save(request: PersonRequest, assessment: Assessment) -> HttpResponse:
    """Store what is right, show what is not; what was typed stays in its field either way."""
    details = DetailsForm(request.POST)
    revision = request.POST.get("revision", "")
    try:
        saved = services.save_draft(
            assessment=assessment,
            by=request.user,
            now=timezone.now(),
            typed=typed_measures(request.POST),
            confirmed=confirmed_measures(request.POST),
            details={
                name: details.good().get(name) for name in DETAILS if name in details.good() and name in request.POST
            },
            revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 9 else None,
        )
    except DomainError as refusal:
        current = access.get_assessment(request.user, assessment.pk)
        if not current.is_draft:
            return signed_page(request, current, refusal=refusal)
        return sheet_page(request, current, data=request.POST, details=details, refusal=refusal)
    if saved.refused or details.errors or request.headers.get("HX-Request"):
        assessment = access.get_assessment(request.user, assessment.pk)
        return sheet_page(request, assessment, data=request.POST, details=details, wrong=saved.refused)
    return onward(request, saved)


def onward(request: PersonRequest, saved: services.Saved) -> HttpResponseRedirect:
    """Where the pressed button leads; while an unusual value waits for a yes, back to it."""
    goal = request.POST.get("go", "")
    if goal == "leave":
        return redirect("dashboard:chart", saved.assessment.runner_id)
    if goal == "summary" and not saved.asked:
        return redirect("assessments:summary", saved.assessment.pk)
    return redirect("assessments:edit", saved.assessment.pk)


def sheet_page(
    request: PersonRequest,
    assessment: Assessment,
    *,
    data: Any = None,
    details: DetailsForm | None = None,
    wrong: Any = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The sheet of a draft. `data` is what was typed and may not be stored; `refusal` is why it was not."""
    by_itself = bool(request.headers.get("HX-Request"))
    before = previous(assessment)
    readings = readings_of(assessment, readings_of(before) if before else None)
    refused = dict(wrong or {})
    if data is not None and wrong is None:
        refused = entry.parse(catalogue(), typed_measures(data)).refused
    waiting = unconfirmed(assessment)
    sheet = Sheet(
        readings,
        typed={name: data[name] for name in data} if data is not None else {},
        wrong=refused,
        asked=waiting,
        sure=confirmed_rows(assessment),
    )
    parts = sheet.parts()
    if details is None:
        initial = {name: getattr(assessment, name) for name in DETAILS}
        details = DetailsForm(data if data is not None and "revision" in data else None, initial=initial)
    filled, total = sum(part.filled for part in parts), sum(part.total for part in parts)
    steps = sum(bool(part.filled) for part in parts)
    return render(
        request,
        "assessments/sheet.html",
        {
            "assessment": assessment,
            "before": before,
            "parts": parts,
            "details": details,
            "findings": list(assessment.findings.all()),
            "filled": filled,
            "total": total,
            "steps_on": range(steps),
            "steps_off": range(len(parts) - steps),
            "refused": refused,
            "waiting": waiting,
            "refusal": refusal,
            "unsaved": data is not None and refusal is None and wrong is None and not by_itself,
        },
        status=refusal.status if refusal else 422 if (refused or details.errors) and not by_itself else 200,
    )


def confirmed_rows(assessment: Assessment) -> frozenset[Key]:
    """Keys of the unusual values that were said to be right."""
    return frozenset((row.key, row.side) for row in assessment.measurements.all() if row.confirmed)  # type: ignore[misc]


@require_POST
def sign(request: PersonRequest, assessment_id: UUID) -> HttpResponse:
    assessment = access.get_editable(request.user, assessment_id)
    try:
        services.sign(assessment=assessment, by=request.user, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect(
            "assessments:edit" if refusal.code in ("unconfirmed", "empty") else "assessments:summary", assessment.pk
        )
    messages.success(request, "Signed. It is closed now; a correction is a new version.")
    if services.accepted_slugs(assessment):
        return redirect("assessments:programme", assessment.pk)
    return redirect("assessments:edit", assessment.pk)


@require_POST
def amend(request: PersonRequest, assessment_id: UUID) -> HttpResponse:
    assessment = access.get_editable(request.user, assessment_id)
    if assessment.is_draft:
        return redirect("assessments:edit", assessment.pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return signed_page(request, assessment, amend_form=form)
    draft = services.amend(
        assessment=assessment, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now()
    )
    return redirect("assessments:edit", draft.pk)
