"""What runners did, and the races they entered."""

import uuid
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from exercises import doses
from exercises.models.programmes import Prescription, Programme
from exercises.querysets import RaceQuerySet, SessionLogQuerySet

MOST_SETS = 20
NOTE_LENGTH = 1000


class SessionLog(models.Model):
    """What a runner did of a programme on one day of their own calendar. `pain` and `effort` run from 0 to 10.

    `pain` is the worst of the day; null means not asked, never zero.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="logs")
    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="logs")
    on = models.DateField()
    pain = models.PositiveSmallIntegerField(null=True, blank=True)
    effort = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    logged_at = models.DateTimeField(default=timezone.now)

    objects = SessionLogQuerySet.as_manager()

    class Meta:
        ordering = ("-on", "-logged_at")
        indexes: ClassVar = [models.Index(fields=["runner", "-on"], name="exercises_log_runner_day")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "on"],
                name="exercises_one_log_a_day",
                violation_error_message="There is a log for this day already.",
            ),
            models.CheckConstraint(
                name="exercises_log_pain_0_to_10",
                condition=Q(pain__isnull=True) | Q(pain__range=(0, 10)),
                violation_error_message="Pain is a number from 0 to 10.",
            ),
            models.CheckConstraint(
                name="exercises_log_effort_0_to_10",
                condition=Q(effort__isnull=True) | Q(effort__range=(0, 10)),
                violation_error_message="Effort is a number from 0 to 10.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.runner_id} on {self.on}"


class SetLog(models.Model):
    """One set that was done. `pain` during it, 0 to 10, null when not asked. On each side where the prescription says so."""

    session_log = models.ForeignKey(SessionLog, on_delete=models.CASCADE, related_name="sets")
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="logs")
    number = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_s = models.PositiveSmallIntegerField(null=True, blank=True)
    load_kg = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    pain = models.PositiveSmallIntegerField(null=True, blank=True)
    as_planned = models.BooleanField(default=True)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session_log", "prescription", "number"],
                name="exercises_set_once",
                violation_error_message="This set is logged already.",
            ),
            models.CheckConstraint(
                name="exercises_set_possible",
                condition=Q(number__range=(1, MOST_SETS))
                & (Q(reps__isnull=True) | Q(reps__lte=doses.REPS[1]))
                & (Q(hold_s__isnull=True) | Q(hold_s__lte=doses.HOLD_S[1]))
                & (Q(load_kg__isnull=True) | Q(load_kg__range=doses.LOAD_KG)),
                violation_error_message="A set is up to 100 repetitions or 600 seconds, with up to 300 kg.",
            ),
            models.CheckConstraint(
                name="exercises_set_pain_0_to_10",
                condition=Q(pain__isnull=True) | Q(pain__range=(0, 10)),
                violation_error_message="Pain is a number from 0 to 10.",
            ),
        ]

    def __str__(self) -> str:
        return f"set {self.number} of {self.prescription_id}"


class Race(models.Model):
    """A race a runner has entered, on a day of their own calendar. `distance_km` in kilometres."""

    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="races")
    name = models.CharField(max_length=120)
    on = models.DateField()
    distance_km = models.DecimalField("distance, km", max_digits=7, decimal_places=3)
    created_at = models.DateTimeField(default=timezone.now)

    objects = RaceQuerySet.as_manager()

    class Meta:
        ordering = ("on", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["runner", "on", "name"],
                name="exercises_race_once",
                violation_error_message="You have entered this race already.",
            ),
            models.CheckConstraint(
                name="exercises_race_distance_possible",
                condition=Q(distance_km__gte=Decimal("0.1"), distance_km__lte=1000),
                violation_error_message="A race is between 0.1 and 1,000 km long.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """What messages about it carry."""
        return f"race:{self.pk}"
