"""Reads of the exercise tables, named as the clinic talks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Prefetch, Q

if TYPE_CHECKING:
    from clinic.people.models import RunnerProfile, User


class ExerciseQuerySet(models.QuerySet):
    def active(self) -> ExerciseQuerySet:
        """Exercises of today's library; retired ones only stand in old programmes."""
        return self.filter(is_active=True)

    def with_ladder(self) -> ExerciseQuerySet:
        """With the easier, the harder and the parent exercise, in one query."""
        return self.select_related("parent", "progression", "regression")


class ProgrammeQuerySet(models.QuerySet):
    def active(self) -> ProgrammeQuerySet:
        """The programmes runners follow now; at most one each."""
        return self.filter(state="active")

    def visible_to(self, user: User) -> ProgrammeQuerySet:
        """A runner's own, for a therapist those of the runners in care, for anybody else none. Drafts are the therapist's."""
        if user.is_runner:
            return self.filter(runner__user=user).exclude(state="draft")
        if user.is_therapist:
            return self.filter(runner__care__therapist__user=user, runner__care__until__isnull=True).distinct()
        return self.none()

    def of(self, runner: RunnerProfile) -> ProgrammeQuerySet:
        return self.filter(runner=runner)

    def in_force(self, on: date) -> ProgrammeQuerySet:
        """Begun by the day `on` and not ended by then."""
        return (
            self.exclude(state="draft").filter(starts_on__lte=on).filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
        )

    def overlapping(self, first: date, last: date) -> ProgrammeQuerySet:
        """In force on some day from `first` to `last`, both included."""
        return (
            self.exclude(state="draft")
            .filter(starts_on__lte=last)
            .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=first))
        )

    def with_plan(self) -> ProgrammeQuerySet:
        """With people, phases, prescriptions and their exercises: three queries however many."""
        from exercises.models import Prescription  # noqa: PLC0415 (models import this module)

        plan = Prefetch("phases__prescriptions", Prescription.objects.select_related("exercise").order_by("position"))
        return self.select_related("runner__user", "therapist__user").prefetch_related("phases", plan)


class SessionLogQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> SessionLogQuerySet:
        """A runner's own, for a therapist those of the runners in care, for anybody else none."""
        if user.is_runner:
            return self.filter(runner__user=user)
        if user.is_therapist:
            return self.filter(runner__care__therapist__user=user, runner__care__until__isnull=True).distinct()
        return self.none()

    def between(self, first: date, last: date) -> SessionLogQuerySet:
        """Of the days from `first` to `last`, both included."""
        return self.filter(on__gte=first, on__lte=last)


class RaceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> RaceQuerySet:
        """A runner's own, for a therapist those of the runners in care, for anybody else none."""
        if user.is_runner:
            return self.filter(runner__user=user)
        if user.is_therapist:
            return self.filter(runner__care__therapist__user=user, runner__care__until__isnull=True).distinct()
        return self.none()

    def upcoming(self, on: date) -> RaceQuerySet:
        """On the day `on` or later, the next one first."""
        return self.filter(on__gte=on).order_by("on", "pk")

    def run_before(self, on: date) -> RaceQuerySet:
        """Over by the day `on`, the last one first."""
        return self.filter(on__lt=on).order_by("-on", "-pk")
