"""The library of movements, a runner's programme, and what the runner did of it."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from clinic.people.models import RunnerProfile, TherapistProfile


class Category(models.TextChoices):
    STRENGTH = "strength", "Strength"
    FLEXIBILITY = "flexibility", "Flexibility"
    BALANCE = "balance", "Balance"
    PLYOMETRIC = "plyometric", "Plyometrics"
    CORE = "core", "Core"
    DRILL = "drill", "Running drills"


class Exercise(models.Model):
    """A movement of the library; one with a `parent` is a variation of it."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=80)
    category = models.CharField(max_length=12, choices=Category.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="variations")
    summary = models.CharField(max_length=240)
    muscles = models.JSONField(default=list)
    equipment = models.JSONField(default=list)
    difficulty = models.PositiveSmallIntegerField(help_text="1 (easiest) to 5.")
    sets = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_s = models.PositiveSmallIntegerField(null=True, blank=True)
    rest_s = models.PositiveSmallIntegerField(default=0)
    per_side = models.BooleanField(default=False)
    cues = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    contraindications = models.JSONField(default=list)
    progression = models.CharField(max_length=160, blank=True, help_text="A slug, or words.")
    regression = models.CharField(max_length=160, blank=True, help_text="A slug, or words.")
    lay_words = models.JSONField(default=list)
    figure = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(category__in=Category.values), name="exercises_category_known", violation_error_message="Choose one of the six categories."),
            models.CheckConstraint(condition=Q(difficulty__range=(1, 5)), name="exercises_difficulty_1_to_5", violation_error_message="Difficulty goes from 1 to 5."),
            models.CheckConstraint(condition=Q(reps__isnull=False) ^ Q(hold_s__isnull=False), name="exercises_reps_or_hold", violation_error_message="An exercise has repetitions or a hold, not both."),
        ]

    def __str__(self) -> str:
        return self.name


class Programme(models.Model):
    """A runner's plan; at most one is active at a time."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    runner = models.ForeignKey(RunnerProfile, on_delete=models.PROTECT, related_name="programmes")
    therapist = models.ForeignKey(TherapistProfile, on_delete=models.PROTECT, related_name="programmes")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    starts_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-starts_on", "-created_at")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["runner"], condition=Q(state="active"), name="exercises_one_active_programme", violation_error_message="This runner has an active programme already. End it first."),
            models.CheckConstraint(condition=Q(state__in=["draft", "active", "ended"]), name="exercises_programme_state_known", violation_error_message="A programme is a draft, active or ended."),
        ]

    def __str__(self) -> str:
        return self.title


class Phase(models.Model):
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    weeks = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "position"], name="exercises_phase_position_once", violation_error_message="Two phases stand in the same place."),
            models.CheckConstraint(condition=Q(weeks__range=(1, 52)), name="exercises_phase_weeks", violation_error_message="A phase lasts 1 to 52 weeks."),
        ]

    def __str__(self) -> str:
        return self.title


class Prescription(models.Model):
    """One exercise with its dose in a phase, on the weekdays `days` (0 is Monday)."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="prescriptions")
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="prescriptions")
    position = models.PositiveSmallIntegerField()
    sets = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_s = models.PositiveSmallIntegerField(null=True, blank=True)
    rest_s = models.PositiveSmallIntegerField(default=60)
    load_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    per_side = models.BooleanField(default=False)
    days = models.JSONField(default=list)
    note = models.CharField(max_length=240, blank=True)
    reason = models.CharField(max_length=240, blank=True)

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["phase", "position"], name="exercises_prescription_position_once", violation_error_message="Two exercises stand in the same place."),
            models.CheckConstraint(condition=Q(sets__range=(1, 10)), name="exercises_prescription_sets", violation_error_message="A dose has 1 to 10 sets."),
            models.CheckConstraint(condition=Q(reps__isnull=False) ^ Q(hold_s__isnull=False), name="exercises_prescription_reps_or_hold", violation_error_message="A dose has repetitions or a hold, not both."),
        ]

    def __str__(self) -> str:
        return f"{self.exercise_id} {self.sets}x{self.reps or self.hold_s}"


class SessionLog(models.Model):
    """What a runner did of a programme on one day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="logs")
    runner = models.ForeignKey(RunnerProfile, on_delete=models.PROTECT, related_name="logs")
    on = models.DateField(help_text="The runner's own date.")
    pain = models.PositiveSmallIntegerField(null=True, blank=True)
    effort = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    logged_at = models.DateTimeField()

    class Meta:
        ordering = ("-on",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "on"], name="exercises_one_log_a_day", violation_error_message="This day has its log already."),
            models.CheckConstraint(condition=Q(pain__isnull=True) | Q(pain__range=(0, 10)), name="exercises_log_pain_0_to_10", violation_error_message="Pain goes from 0 to 10."),
            models.CheckConstraint(condition=Q(effort__isnull=True) | Q(effort__range=(0, 10)), name="exercises_log_effort_0_to_10", violation_error_message="Effort goes from 0 to 10."),
        ]

    def __str__(self) -> str:
        return f"{self.runner_id} on {self.on}"


class SetLog(models.Model):
    session_log = models.ForeignKey(SessionLog, on_delete=models.CASCADE, related_name="sets")
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="logs")
    number = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_s = models.PositiveSmallIntegerField(null=True, blank=True)
    load_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    as_planned = models.BooleanField(default=False)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session_log", "prescription", "number"], name="exercises_set_logged_once", violation_error_message="This set is logged already."),
        ]

    def __str__(self) -> str:
        return f"set {self.number}"


class Race(models.Model):
    runner = models.ForeignKey(RunnerProfile, on_delete=models.CASCADE, related_name="races")
    name = models.CharField(max_length=120)
    on = models.DateField()
    distance_km = models.DecimalField(max_digits=6, decimal_places=3)

    class Meta:
        ordering = ("on",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["runner", "on", "name"], name="exercises_race_entered_once", violation_error_message="You have entered this race already."),
            models.CheckConstraint(condition=Q(distance_km__gt=0), name="exercises_race_distance_positive", violation_error_message="A race is longer than 0 km."),
        ]

    def __str__(self) -> str:
        return self.name
