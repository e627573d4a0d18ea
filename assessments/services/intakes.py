from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from assessments.models import Intake
from assessments.questions import red_flags as known_flags
from assessments.questions import region_names
from assessments.services.care import require_care
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import RunnerProfile, User


@transaction.atomic
def answer_intake(
    *,
    runner: RunnerProfile,
    by: User,
    goal: str,
    weekly_km: Decimal | None,
    regions: Sequence[str],
    pain: int | None,
    red_flags: Sequence[str],
    note: str,
    now: datetime,
) -> Intake:
    """Keep what the runner answered; the newest row counts, the older ones stay.

    A second post of the same answers returns the first row. Raises Forbidden for anybody but the runner, DomainError
    `bad_answer` with the fields at fault.
    """
    if by.pk != runner.user_id:
        raise Forbidden("Only the runner answers these questions.", code="not_yours")
    wrong = {}
    if set(regions) - set(region_names()):
        wrong["regions"] = "Choose places from the list."
    if set(red_flags) - set(known_flags()):
        wrong["red_flags"] = "Choose answers from the list."
    if wrong:
        raise DomainError(" ".join(wrong.values()), code="bad_answer", fields=wrong)
    answers = {
        "goal": goal,
        "weekly_km": weekly_km,
        "regions": [key for key in region_names() if key in regions],
        "pain": pain,
        "red_flags": [key for key in known_flags() if key in red_flags],
        "note": note.strip(),
    }
    RunnerProfile.objects.select_for_update().get(pk=runner.pk)
    last = Intake.objects.filter(runner=runner).first()
    if last is not None and all(getattr(last, name) == value for name, value in answers.items()):
        return last
    intake = Intake(runner=runner, answered_at=now, **answers)
    try:
        intake.full_clean()
    except ValidationError as refused:
        fields = {name: " ".join(sentences) for name, sentences in refused.message_dict.items()}
        raise DomainError(" ".join(fields.values()), code="bad_answer", fields=fields) from refused
    intake.save()
    record(
        by=by,
        action="intake.answered",
        subject=intake,
        runner=runner,
        changes={"red_flags": [[], answers["red_flags"]]},
    )
    return intake


@transaction.atomic
def clear_red_flags(*, intake: Intake, by: User, reason: str, now: datetime) -> Intake:
    """A therapist has looked at the red flags of `intake`; the programme goes on, and the reason stands beside them.

    Raises Forbidden `not_in_care`, DomainError `no_reason`, Conflict `nothing_to_clear`.
    """
    require_care(by, intake.runner)
    if not reason.strip():
        raise DomainError(
            "Write what you found: it stays in the chart.", code="no_reason", fields={"reason": "Write a reason."}
        )
    changed = (
        Intake.objects.filter(pk=intake.pk, cleared_at__isnull=True)
        .exclude(red_flags=[])
        .update(cleared_by=by, cleared_at=now, cleared_reason=reason.strip()[:1000])
    )
    if not changed:
        raise Conflict("There is no open red flag any more.", code="nothing_to_clear")
    intake.refresh_from_db()
    record(by=by, action="red_flags.cleared", subject=intake, runner=intake.runner, reason=reason.strip()[:1000])
    return intake
