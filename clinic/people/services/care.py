"""Who cares for whom: while care lasts, the therapist may open the runner's chart."""

from datetime import datetime

from django.db import transaction

from clinic.audit.services import record
from clinic.people.models import CareRelationship, RunnerProfile, TherapistProfile, User


@transaction.atomic
def begin_care(
    *, runner: RunnerProfile, therapist: TherapistProfile, by: User | None, now: datetime
) -> CareRelationship:
    """From `now` the therapist may open the runner's chart. Calling it again changes nothing."""
    care, created = CareRelationship.objects.get_or_create(
        runner=runner, therapist=therapist, until=None, defaults={"since": now}
    )
    if created:
        record(by=by, action="care.begun", subject=care, runner=runner)
    return care


@transaction.atomic
def end_care(
    *, runner: RunnerProfile, therapist: TherapistProfile, by: User | None, now: datetime, reason: str = ""
) -> bool:
    """From `now` the chart is closed to the therapist. False when there was no care to end."""
    care = CareRelationship.objects.select_for_update().active().filter(runner=runner, therapist=therapist).first()
    if care is None:
        return False
    care.until = max(now, care.since)
    care.save(update_fields=["until"])
    record(by=by, action="care.ended", subject=care, runner=runner, reason=reason)
    return True
