"""Intakes, assessments with their measurements, and what was concluded from them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from assessments.querysets import AssessmentQuerySet, FindingQuerySet, IntakeQuerySet
from assessments.seal import SealedByAssessment, SealedOnceSigned


class Goal(models.TextChoices):
    FIRST_5K = "first_5k", "Run my first 5 km"
    MARATHON_BEST = "marathon_best", "Run a marathon faster"
    BACK = "back_from_injury", "Come back from an injury"
    PAIN_FREE = "pain_free", "Run without pain"


class InvolvedSide(models.TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"


class BodySide(models.TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"
    WHOLE = "none", "Not sided"


class Intake(models.Model):
    """What a runner answered before the first visit; each new answer is a new row, the last one counts."""

    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="intakes")
    goal = models.CharField(max_length=20, choices=Goal.choices)
    weekly_km = models.DecimalField(
        max_digits=5, decimal_places=1, null=True, blank=True, help_text="Kilometres a week."
    )
    regions = models.JSONField(default=list, blank=True, help_text="Keys of body.yaml.")
    pain = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 to 10.")
    red_flags = models.JSONField(default=list, blank=True, help_text="Keys of red_flags.yaml answered with yes.")
    note = models.TextField(blank=True, max_length=2000)
    answered_at = models.DateTimeField()
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_reason = models.TextField(blank=True, max_length=1000)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ("-answered_at", "-pk")
        indexes: ClassVar = [models.Index(fields=["runner", "-answered_at"], name="intake_latest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pain__isnull=True) | Q(pain__lte=10),
                name="intake_pain_0_to_10",
                violation_error_message="Pain goes from 0 to 10.",
            ),
            models.CheckConstraint(
                condition=Q(weekly_km__isnull=True) | Q(weekly_km__gte=0, weekly_km__lte=400),
                name="intake_weekly_km_possible",
                violation_error_message="Kilometres a week go from 0 to 400.",
            ),
            models.CheckConstraint(
                condition=Q(goal__in=Goal.values),
                name="intake_goal_known",
                violation_error_message="Choose one of the goals.",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True, cleared_by__isnull=True)
                | (Q(cleared_at__isnull=False, cleared_by__isnull=False) & ~Q(cleared_reason="")),
                name="intake_cleared_with_reason",
                violation_error_message="Write why the answer does not stop the programme any more.",
            ),
        ]

    def __str__(self) -> str:
        return f"Intake of {self.answered_at:%Y-%m-%d}"

    @property
    def blocks(self) -> bool:
        """Whether an answer stops the programme until a therapist has looked at it."""
        return bool(self.red_flags) and self.cleared_at is None


class Assessment(models.Model):
    """What a therapist recorded about a runner. Signed it is closed for good; a correction is a new version of it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"
        AMENDED = "amended", "Replaced by a newer version"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="assessments")
    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.PROTECT, related_name="assessments")
    appointment = models.ForeignKey(
        "bookings.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="assessments"
    )
    amends = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="newer")
    amend_reason = models.TextField(blank=True, max_length=1000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    involved_side = models.CharField(max_length=5, choices=InvolvedSide.choices, blank=True)
    speed_kmh = models.DecimalField("speed", max_digits=4, decimal_places=1, null=True, blank=True, help_text="km/h")
    steps = models.PositiveSmallIntegerField("steps a side", null=True, blank=True)
    catalogue_version = models.PositiveIntegerField()
    rules_version = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=0, help_text="Rises with every save of the draft.")
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True, max_length=8000)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-pk")
        indexes: ClassVar = [models.Index(fields=["runner", "-started_at"], name="assessment_of_runner")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "signed", "amended"]),
                name="assessment_state_known",
                violation_error_message="An assessment is a draft, signed or amended.",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", signed_at__isnull=True, signed_by__isnull=True)
                | (~Q(state="draft") & Q(signed_at__isnull=False, signed_by__isnull=False)),
                name="assessment_signed_by_somebody",
                violation_error_message="A signed assessment says who signed it and when.",
            ),
            models.CheckConstraint(
                condition=Q(speed_kmh__isnull=True) | Q(speed_kmh__gte=1, speed_kmh__lte=40),
                name="assessment_speed_possible",
                violation_error_message="Speed goes from 1 to 40 km/h.",
            ),
            models.CheckConstraint(
                condition=Q(amends__isnull=True) | ~Q(amend_reason=""),
                name="assessment_amended_with_reason",
                violation_error_message="Write what the new version corrects.",
            ),
            SealedOnceSigned(
                name="assessment_signed_for_good",
                violation_error_message="This assessment is signed. Make a new version to correct it.",
            ),
        ]

    def __str__(self) -> str:
        return f"Assessment of {self.started_at:%Y-%m-%d}, {self.state}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT


class Measurement(models.Model):
    """One value of an assessment: a number in the measure's unit, or a word (a choice or a short text)."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="measurements")
    key = models.CharField(max_length=40, help_text="Key of the measure in the catalogue.")
    side = models.CharField(max_length=5, choices=BodySide.choices, default=BodySide.WHOLE)
    value = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    word = models.CharField(max_length=120, blank=True)
    confirmed = models.BooleanField(default=False, help_text="Unusual, and said to be right.")

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assessment", "key", "side"],
                name="measurement_once_a_side",
                violation_error_message="This measure has a value on this side already.",
            ),
            models.CheckConstraint(
                condition=(Q(value__isnull=False) & Q(word="")) | (Q(value__isnull=True) & ~Q(word="")),
                name="measurement_number_or_word",
                violation_error_message="A measurement is a number or a word.",
            ),
            models.CheckConstraint(
                condition=Q(side__in=BodySide.values),
                name="measurement_side_known",
                violation_error_message="A measurement is of the left, the right or the whole.",
            ),
            SealedByAssessment(
                name="measurement_signed_for_good",
                violation_error_message="This assessment is signed. Make a new version to correct it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.side}"


class Finding(models.Model):
    """What a rule, or the therapist, concludes from measurements; with its reason and its source."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=40)
    side = models.CharField(max_length=5, choices=BodySide.choices, default=BodySide.WHOLE)
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=120)
    verdict = models.CharField(max_length=20)
    reason = models.TextField()
    lay = models.TextField()
    source = models.TextField()
    mark = models.CharField(max_length=3)
    grade = models.CharField(max_length=20)
    rules_version = models.PositiveIntegerField()

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ("position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assessment", "rule", "side"],
                name="finding_once_a_side",
                violation_error_message="This finding stands already.",
            ),
            SealedByAssessment(
                name="finding_signed_for_good",
                violation_error_message="This assessment is signed. Make a new version to correct it.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Recommendation(models.Model):
    """Something offered for a finding. Only a therapist decides, and the row keeps who did and when."""

    class Kind(models.TextChoices):
        EXERCISE = "exercise", "Exercise"
        CUE = "cue", "Cue"
        CADENCE = "cadence", "Cadence target"
        SHOE = "shoe", "Shoe advice"
        ADVICE = "advice", "Advice"

    class Decision(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="recommendations")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.CharField(max_length=250, help_text="Slug of the library for an exercise, words for the rest.")
    target = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Steps a minute, for a cadence target.")
    position = models.PositiveSmallIntegerField(default=0)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["finding", "kind", "text"],
                name="recommendation_once_a_finding",
                violation_error_message="This is offered for the finding already.",
            ),
            models.CheckConstraint(
                condition=Q(decision="open", decided_by__isnull=True, decided_at__isnull=True)
                | (Q(decision__in=["accepted", "declined"]) & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="recommendation_decided_by_somebody",
                violation_error_message="A decision says who took it and when.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.text}"
