"""Stored assessments as Readings for the engine, and the assessment to compare with."""

from collections.abc import Iterable

from assessments.models import Assessment, Measurement
from assessments.readings import Readings, age_on


def readings_from(assessment: Assessment, rows: Iterable[Measurement], before: Readings | None = None) -> Readings:
    """`assessment` with the given measurement rows as Readings."""
    return Readings(
        {(row.key, row.side): row.value if row.value is not None else row.word for row in rows},  # type: ignore[misc]
        involved=assessment.involved_side,
        speed=assessment.speed_kmh,
        age=age_on(assessment.runner.birth_date, assessment.started_at),
        taken=assessment.started_at,
        before=before,
    )


def readings_of(assessment: Assessment, before: Readings | None = None) -> Readings:
    return readings_from(assessment, assessment.measurements.all(), before)


def previous(assessment: Assessment) -> Assessment | None:
    """The last signed assessment of the same runner before this one, not counting the version it corrects."""
    return (
        Assessment.objects.signed()
        .of(assessment.runner)
        .filter(started_at__lt=assessment.started_at)
        .exclude(pk=assessment.pk)
        .order_by("-started_at")
        .prefetch_related("measurements")
        .select_related("runner")
        .first()
    )


def series(runner_assessments: Iterable[Assessment]) -> list[Readings]:
    """Readings of several assessments, oldest first, each knowing the one before it."""
    result: list[Readings] = []
    for assessment in sorted(runner_assessments, key=lambda each: each.started_at):
        result.append(readings_of(assessment, result[-1] if result else None))
    return result
