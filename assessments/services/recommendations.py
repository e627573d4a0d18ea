from datetime import datetime

from django.db import transaction

from assessments.models import Assessment, Recommendation
from assessments.services.care import require_care
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User


@transaction.atomic
def decide(*, recommendation: Recommendation, by: User, decision: str, now: datetime) -> Recommendation:
    """Accept, decline or reopen an offer; the row keeps who decided and when. The same decision twice changes nothing.

    Raises Forbidden `not_in_care`, DomainError `bad_decision`, Conflict `replaced` on an assessment with a newer version.
    """
    assessment = recommendation.finding.assessment
    require_care(by, assessment.runner)
    if decision not in Recommendation.Decision.values:
        raise DomainError("Accept it or decline it.", code="bad_decision")
    if assessment.state == Assessment.State.AMENDED:
        raise Conflict("A newer version of this assessment stands. Decide there.", code="replaced")
    current = Recommendation.objects.select_for_update().get(pk=recommendation.pk)
    if current.decision == decision:
        return current
    before, current.decision = current.decision, decision
    reopened = decision == Recommendation.Decision.OPEN
    current.decided_by, current.decided_at = (None, None) if reopened else (by, now)
    current.full_clean()
    current.save()
    record(
        by=by,
        action=f"recommendation.{decision}",
        subject=current,
        runner=assessment.runner,
        changes={"decision": [before, decision]},
    )
    return current
