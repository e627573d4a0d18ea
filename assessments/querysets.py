from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import OuterRef, Prefetch, Subquery

if TYPE_CHECKING:
    from clinic.people.models import RunnerProfile, TherapistProfile, User


class IntakeQuerySet(models.QuerySet):
    def latest_of_each_runner(self) -> IntakeQuerySet:
        newest = self.model._default_manager.filter(runner=OuterRef("runner")).order_by("-answered_at", "-pk")
        return self.filter(pk=Subquery(newest.values("pk")[:1]))

    def blocking(self) -> IntakeQuerySet:
        """Latest answers with a red flag that no therapist has cleared."""
        return self.latest_of_each_runner().exclude(red_flags=[]).filter(cleared_at__isnull=True)

    def in_care_of(self, therapist: TherapistProfile) -> IntakeQuerySet:
        return self.filter(runner__care__therapist=therapist, runner__care__until__isnull=True).distinct()


class AssessmentQuerySet(models.QuerySet):
    def drafts(self) -> AssessmentQuerySet:
        return self.filter(state="draft")

    def signed(self) -> AssessmentQuerySet:
        """Signed and in force: a replaced version is not among them."""
        return self.filter(state="signed")

    def of(self, runner: RunnerProfile) -> AssessmentQuerySet:
        return self.filter(runner=runner)

    def visible_to(self, user: User) -> AssessmentQuerySet:
        """A runner's own signed ones; a therapist's runners in care; for anybody else none."""
        if user.is_runner:
            return self.filter(runner__user=user, state="signed")
        if user.is_therapist:
            return self.filter(runner__care__therapist__user=user, runner__care__until__isnull=True).distinct()
        return self.none()


class FindingQuerySet(models.QuerySet):
    def with_offers(self) -> FindingQuerySet:
        """With what is offered for each, and who decided: one query more."""
        from assessments.models import Recommendation  # noqa: PLC0415 (models import this module)

        return self.prefetch_related(Prefetch("recommendations", Recommendation.objects.select_related("decided_by")))
