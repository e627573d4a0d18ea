"""Reads of the booking tables, named as the clinic talks."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from clinic.people.models import RunnerProfile, User


class ServiceQuerySet(models.QuerySet):
    def active(self) -> ServiceQuerySet:
        """Services that can be booked today."""
        return self.filter(is_active=True)

    def first_visits_last(self) -> ServiceQuerySet:
        """In the order of somebody who has been here before."""
        return self.order_by("is_first_visit", "position", "name")


class HoursQuerySet(models.QuerySet):
    def in_force(self, on: date) -> HoursQuerySet:
        """Weekly hours valid on the day `on`."""
        return self.between(on, on)

    def between(self, first: date, last: date | None) -> HoursQuerySet:
        """Weekly hours valid on any day from `first` to `last` (None: without end), both included."""
        begun = self if last is None else self.filter(valid_from__lte=last)
        return begun.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first))


class TimeOffQuerySet(models.QuerySet):
    def overlapping(self, start: datetime, end: datetime) -> TimeOffQuerySet:
        """Absences that touch the half-open period."""
        return self.filter(start__lt=end, end__gt=start)

    def upcoming(self, now: datetime) -> TimeOffQuerySet:
        """Absences that are not over at `now`."""
        return self.filter(end__gt=now)


class AppointmentQuerySet(models.QuerySet):
    def active(self) -> AppointmentQuerySet:
        """Everything that is not cancelled, holds included, also lapsed ones that nobody has taken over yet."""
        return self.exclude(state="cancelled")

    def live(self, now: datetime) -> AppointmentQuerySet:
        """What keeps its time at `now`: active appointments and holds that have not lapsed."""
        return self.active().exclude(state="held", hold_expires_at__lte=now)

    def sessions(self) -> AppointmentQuerySet:
        """Real sessions, cancelled ones included: no holds, live or lapsed, and no workshops."""
        return self.filter(hold_expires_at__isnull=True, workshop__isnull=True)

    def standing(self) -> AppointmentQuerySet:
        """Real sessions that were not cancelled."""
        return self.sessions().exclude(state="cancelled")

    def upcoming(self, now: datetime) -> AppointmentQuerySet:
        """Booked or running sessions that have not ended at `now`, nearest first."""
        return self.sessions().filter(state__in=("booked", "arrived"), end__gt=now).order_by("start", "id")

    def seated(self, runner: RunnerProfile, now: datetime) -> AppointmentQuerySet:
        """Workshops in which the runner has a seat of their own and that have not ended at `now`, nearest first."""
        return self.filter(
            state="booked",
            end__gt=now,
            workshop__seats__runner=runner,
            workshop__seats__friend="",
            workshop__seats__state="taken",
        ).order_by("start", "id")

    def past(self, now: datetime) -> AppointmentQuerySet:
        """Sessions that have ended at `now`, or were cancelled, latest first."""
        return self.sessions().filter(Q(end__lte=now) | Q(state="cancelled")).order_by("-start", "id")

    def overlapping(self, start: datetime, end: datetime) -> AppointmentQuerySet:
        """Sessions (without their buffers) that touch the half-open period."""
        return self.filter(start__lt=end, end__gt=start)

    def visible_to(self, user: User) -> AppointmentQuerySet:
        """What `user` may see: runners their own, therapists their own, staff all, everybody else nothing."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_clinic_staff:
            return self
        if user.is_therapist:
            return self.filter(therapist__user=user)
        return self.filter(runner__user=user)

    def with_people(self) -> AppointmentQuerySet:
        """With service, therapist, runner, room, equipment and workshop in the same query."""
        return self.select_related(
            "service", "therapist__user", "runner__user", "treatment_room", "equipment", "workshop"
        )
