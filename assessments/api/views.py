"""Assessments over the API: therapists write, sign and read; runners read their own once signed."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from assessments import access, services
from assessments.api.serializers import AssessmentOut, DraftIn, FindingOut, NewIn, RunnerFindingOut
from assessments.entry import field_key
from assessments.models import Assessment, Recommendation
from assessments.services.drafts import DETAILS
from clinic.audit.services import record_reading
from clinic.core.errors import Forbidden
from clinic.core.etags import etag_of, require_match
from clinic.people.access import Call

Cursor: Any = api_settings.DEFAULT_PAGINATION_CLASS


class NewestFirst(Cursor):
    ordering = ("-started_at", "id")


def given(data: dict[str, Any]) -> dict[str, Any]:
    """Checked input as the verbs take it."""
    return {
        "typed": {field_key(name): text for name, text in data["measurements"].items()},
        "confirmed": [field_key(name) for name in data["confirmed"]],
        "details": {name: data[name] for name in DETAILS if name in data},
    }


def version(assessment: Assessment) -> str:
    """The ETag of the assessment as it stands."""
    return etag_of(assessment.pk, assessment.revision, assessment.state)


def shown(assessment: Assessment, code: int = status.HTTP_200_OK) -> Response:
    return Response(AssessmentOut(assessment).data, status=code, headers={"ETag": version(assessment)})


class AssessmentsView(generics.ListAPIView):
    request: Call
    queryset = Assessment.objects.none()  # for the schema; see get_queryset
    serializer_class = AssessmentOut
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Assessment]:
        seen = Assessment.objects.visible_to(self.request.user)
        return seen.select_related("therapist", "runner").prefetch_related("measurements")

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        for assessment in {each.runner_id: each for each in page or ()}.values():
            record_reading(by=self.request.user, runner=assessment.runner, what="assessments")
        return page

    @extend_schema(request=NewIn, responses={201: AssessmentOut})
    def post(self, request: Call) -> Response:
        """A draft with its first values; the open draft of this therapist for the runner is gone on with."""
        if not request.user.is_therapist:
            raise Forbidden("Only a therapist records assessments.", code="not_a_therapist")
        form = NewIn(data=request.data)
        form.is_valid(raise_exception=True)
        runner = access.get_runner_in_care(request.user, form.validated_data["runner"])
        draft = services.start_and_save(
            runner=runner, by=request.user, now=timezone.now(), **given(form.validated_data)
        )
        return shown(access.get_assessment(request.user, draft.pk), status.HTTP_201_CREATED)


class AssessmentView(APIView):
    @extend_schema(responses=AssessmentOut)
    def get(self, request: Call, assessment_id: UUID) -> Response:
        found = access.get_assessment(request.user, assessment_id)
        record_reading(by=request.user, runner=found.runner, what="assessment")
        return shown(found)

    @extend_schema(request=DraftIn, responses=AssessmentOut)
    def patch(self, request: Call, assessment_id: UUID) -> Response:
        """Change a draft; a signed one answers 409, with `If-Match` one that was changed meanwhile 412."""
        assessment = access.get_editable(request.user, assessment_id)
        require_match(request, version(assessment))
        form = DraftIn(data=request.data)
        form.is_valid(raise_exception=True)
        services.save_draft(
            assessment=assessment,
            by=request.user,
            now=timezone.now(),
            all_or_nothing=True,
            revision=assessment.revision if "If-Match" in request.headers else None,
            **given(form.validated_data),
        )
        return shown(access.get_assessment(request.user, assessment_id))


class SignView(APIView):
    @extend_schema(request=None, responses=AssessmentOut)
    def post(self, request: Call, assessment_id: UUID) -> Response:
        """Close it for good."""
        assessment = access.get_editable(request.user, assessment_id)
        require_match(request, version(assessment))
        services.sign(assessment=assessment, by=request.user, now=timezone.now())
        return shown(access.get_assessment(request.user, assessment_id))


class FindingsView(APIView):
    @extend_schema(responses=FindingOut(many=True))
    def get(self, request: Call, assessment_id: UUID) -> Response:
        """What the rules found. A runner gets the plain sentences and what the therapist accepted."""
        assessment = access.get_assessment(request.user, assessment_id)
        record_reading(by=request.user, runner=assessment.runner, what="findings")
        findings = assessment.findings.prefetch_related("recommendations")
        if not request.user.is_runner:
            return Response(FindingOut(findings, many=True).data)
        accepted = Recommendation.Decision.ACCEPTED
        told = [
            {
                "lay": each.lay,
                "side": each.side,
                "recommendations": [offer for offer in each.recommendations.all() if offer.decision == accepted],
            }
            for each in findings
        ]
        return Response(RunnerFindingOut(told, many=True).data)
