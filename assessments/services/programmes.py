from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from assessments.models import Assessment
from assessments.services.care import require_care
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User
from exercises import services as exercises
from exercises.doses import Dose
from exercises.models import Programme


@transaction.atomic
def build_programme(
    *,
    assessment: Assessment,
    by: User,
    title: str,
    doses: Sequence[Dose],
    weeks: int,
    starts_on: date,
    now: datetime,
    key: UUID | None = None,
    visits_planned: int | None = None,
) -> Programme:
    """A programme from the exercises accepted in a signed assessment; it takes the place of the running one.

    A second call with the same `key` returns what the first one made. Raises DomainError `not_signed`, `no_exercises`, `not_accepted`, Conflict `replaced`, and `red_flag` while an answer of
    the runner's intake stops every programme.
    """
    therapist = require_care(by, assessment.runner)
    if assessment.state == Assessment.State.DRAFT:
        raise DomainError("Sign the assessment first: the programme rests on it.", code="not_signed")
    if assessment.state == Assessment.State.AMENDED:
        raise Conflict("A newer version of this assessment stands. Build the programme from that one.", code="replaced")
    if not doses:
        raise DomainError("Tick at least one exercise.", code="no_exercises")
    accepted = accepted_slugs(assessment)
    if strange := [dose.exercise.name for dose in doses if dose.exercise.slug not in accepted]:
        raise DomainError(f"{strange[0]} was not accepted in this assessment.", code="not_accepted")
    programme: Programme = exercises.create_programme(
        runner=assessment.runner,
        therapist=therapist,
        by=by,
        title=title,
        doses=list(doses),
        weeks=weeks,
        starts_on=starts_on,
        now=now,
        key=key,
        visits_planned=visits_planned,
    )
    record(
        by=by,
        action="assessment.programme_built",
        subject=assessment,
        runner=assessment.runner,
        changes={"programme": [None, str(programme.pk)]},
    )
    return programme


def accepted_slugs(assessment: Assessment) -> dict[str, str]:
    """Slugs of the accepted exercises, each with the findings it is for, in the order of the findings."""
    reasons: dict[str, list[str]] = {}
    for finding in assessment.findings.prefetch_related("recommendations"):
        for offer in finding.recommendations.all():
            if offer.kind == "exercise" and offer.decision == "accepted":
                reasons.setdefault(offer.text, []).append(finding.title)
    return {slug: "; ".join(titles)[:200] for slug, titles in reasons.items()}
