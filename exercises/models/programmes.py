"""Programmes, their phases and what they prescribe."""

import uuid
from datetime import date, timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from exercises import doses
from exercises.models.library import AMOUNT, Exercise
from exercises.querysets import ProgrammeQuerySet


class State(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    ENDED = "ended", "Ended"


def validate_days(value: object) -> None:
    """Raises ValidationError unless `value` is a list of different weekdays, 0 for Monday to 6."""
    days = value if isinstance(value, list) else []
    known = all(type(day) is int and 0 <= day <= 6 for day in days)
    if not known or not days or len(set(days)) != len(days):
        raise ValidationError("Choose at least one day of the week, each once.", code="bad_days")


class Programme(models.Model):
    """What a runner does from `starts_on` (a day of the runner's own calendar) until the therapist ends it."""

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="programmes")
    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.PROTECT, related_name="programmes")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    starts_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="The first day it does not hold any more.")
    visits_planned = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Sessions with the therapist within its weeks; empty: not planned."
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_on", "-created_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="exercises_programme_state_known",
                condition=Q(state__in=State.values),
                violation_error_message="A programme is a draft, active or ended.",
            ),
            models.CheckConstraint(
                name="exercises_programme_visits_possible",
                condition=Q(visits_planned__isnull=True) | Q(visits_planned__range=(1, 60)),
                violation_error_message="A programme plans 1 to 60 visits.",
            ),
            models.UniqueConstraint(
                fields=["runner"],
                condition=Q(state="active"),
                name="exercises_one_active_programme",
                violation_error_message="This runner follows a programme already. End it first.",
            ),
            models.CheckConstraint(
                name="exercises_programme_ends_after_start",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("starts_on")),
                violation_error_message="A programme ends on the day it starts, or later.",
            ),
            models.CheckConstraint(
                name="exercises_programme_end_is_known",
                condition=Q(state="ended", ended_on__isnull=False) | (~Q(state="ended") & Q(ended_on__isnull=True)),
                violation_error_message="An ended programme has the day it ended, and no other has one.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("exercises:programme_detail", args=[self.pk])

    @property
    def subject(self) -> str:
        """What messages about it carry."""
        return f"programme:{self.pk}"

    def phase_on(self, on: date) -> "Phase | None":
        """The phase the day `on` belongs to; the last one goes on until the programme is ended. None before the start."""
        if on < self.starts_on:
            return None
        ordered = sorted(self.phases.all(), key=lambda phase: phase.position)
        begins = self.starts_on
        for phase in ordered:
            begins += timedelta(weeks=phase.weeks)
            if on < begins:
                return phase
        return ordered[-1] if ordered else None

    def week_on(self, on: date) -> int:
        """Which week of the programme the day `on` is in; 1 is the first, 0 before it starts."""
        return max(0, (on - self.starts_on).days // 7 + 1) if on >= self.starts_on else 0

    @property
    def weeks(self) -> int:
        return sum(phase.weeks for phase in self.phases.all())


class Phase(models.Model):
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=80)
    weeks = models.PositiveSmallIntegerField(default=4)

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "position"],
                name="exercises_phase_place_once",
                violation_error_message="There is a phase at this place already.",
            ),
            models.CheckConstraint(
                name="exercises_phase_1_to_52_weeks",
                condition=Q(weeks__range=(1, 52)),
                violation_error_message="A phase takes 1 to 52 weeks.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Prescription(models.Model):
    """One exercise with its dose. `days` are weekdays (0 is Monday) of the runner's own calendar."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="prescriptions")
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="prescriptions")
    position = models.PositiveSmallIntegerField()
    sets = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_s = models.PositiveSmallIntegerField("hold, seconds", null=True, blank=True)
    rest_s = models.PositiveSmallIntegerField("rest, seconds", default=60)
    load_kg = models.DecimalField("load, kg", max_digits=5, decimal_places=2, null=True, blank=True)
    per_side = models.BooleanField(default=False)
    days = models.JSONField(default=list, validators=[validate_days])
    note = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is in the programme; clinical.")

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["phase", "position"],
                name="exercises_prescription_place_once",
                violation_error_message="There is an exercise at this place already.",
            ),
            models.CheckConstraint(
                name="exercises_prescription_dose_possible",
                condition=AMOUNT & Q(sets__range=doses.SETS, rest_s__range=doses.REST_S),
                violation_error_message="A dose is 1 to 10 sets of 1 to 100 repetitions, or of 1 to 600 seconds, with up to 600 seconds of rest.",
            ),
            models.CheckConstraint(
                name="exercises_prescription_load_possible",
                condition=Q(load_kg__isnull=True) | Q(load_kg__range=doses.LOAD_KG),
                violation_error_message="A load is between 0 and 300 kg.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise_id}: {self.dose_words}"

    @property
    def dose_words(self) -> str:
        return doses.in_words(self)

    @property
    def days_words(self) -> str:
        return doses.days_in_words(self.days)
