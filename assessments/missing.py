"""What the front desk sees of the intake: whether it was answered, nothing of what it says."""

from collections.abc import Collection
from uuid import UUID

from assessments.models import Intake
from bookings.board import missing


def without_intake(runner_ids: Collection[UUID]) -> set[UUID]:
    """Those of the runners who have not answered the intake; one query."""
    answered = Intake.objects.filter(runner__in=list(runner_ids)).order_by().values_list("runner_id", flat=True)
    return set(runner_ids) - set(answered.distinct())


def register() -> None:
    missing.register("intake", without_intake)
