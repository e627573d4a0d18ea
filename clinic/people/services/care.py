"""Who cares for whom: while care lasts, the therapist may open the runner's chart."""

from datetime import datetime

from django.db import connection, transaction

from clinic.audit.models import Event
from clinic.audit.services import noted, record, record_all
from clinic.people.models import CareRelationship, RunnerProfile, TherapistProfile, User

BEGIN = """
INSERT INTO people_carerelationship (runner_id, therapist_id, since) VALUES (%s, %s, %s)
ON CONFLICT (runner_id, therapist_id) WHERE until IS NULL DO NOTHING RETURNING id
"""
"""One statement that writes care or finds it there, whoever else begins it in the same moment."""


@transaction.atomic
def begin_care(*, runner: RunnerProfile, therapist: TherapistProfile, by: User | None, now: datetime) -> None:
    """From `now` the therapist may open the runner's chart. Calling it again changes nothing."""
    record_all(care_begun(runner=runner, therapist=therapist, by=by, now=now))


def care_begun(*, runner: RunnerProfile, therapist: TherapistProfile, by: User | None, now: datetime) -> list[Event]:
    """As `begin_care`, and leaves its event to the caller, who writes it with others (`record_all`); none where care lasts."""
    values = [
        RunnerProfile._meta.pk.get_db_prep_value(runner.pk, connection),
        therapist.pk,
        connection.ops.adapt_datetimefield_value(now),
    ]
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, values)
        written = cursor.fetchone()
    if written is None:
        return []
    care = CareRelationship(pk=written[0], runner=runner, therapist=therapist, since=now)
    return [noted(by=by, action="care.begun", subject=care, runner=runner)]


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
