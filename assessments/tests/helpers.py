"""Ways to get to a recorded assessment quickly."""

from decimal import Decimal

from assessments import services
from assessments.entry import field_key

USUAL = {
    "pelvic_drop.left": "8.1",
    "pelvic_drop.right": "4.9",
    "lunge_to_wall.left": "8.5",
    "lunge_to_wall.right": "11.2",
    "heel_raise.left": "22",
    "heel_raise.right": "24",
    "knee_contact.left": "17",
    "cadence": "168",
}


def typed(values):
    return {field_key(name): text for name, text in values.items()}


def draft_of(runner, therapist, now, values=None, **details):
    """A draft with `values` (USUAL if none) by name."""
    draft = services.start_assessment(runner=runner.runner, by=therapist, now=now)
    return services.save_draft(
        assessment=draft,
        by=therapist,
        now=now,
        typed=typed(USUAL if values is None else values),
        details={"speed_kmh": Decimal("10.2"), **details},
    ).assessment


def signed_of(runner, therapist, now, values=None, **details):
    return services.sign(assessment=draft_of(runner, therapist, now, values, **details), by=therapist, now=now)


def stored(assessment):
    """What the database holds of the assessment, to prove that a refusal changed nothing."""
    assessment.refresh_from_db()
    rows = assessment.measurements.order_by("key", "side").values_list("key", "side", "value", "word", "confirmed")
    return (
        assessment.state,
        assessment.note,
        assessment.revision,
        list(rows),
        list(assessment.findings.order_by("pk").values_list("rule", "side", "reason")),
    )
