"""What can be booked: services, and the clinic's treatment rooms."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from bookings.querysets import ServiceQuerySet
from clinic.people.models import TherapistProfile

SHORTEST_SESSION_MIN, LONGEST_SESSION_MIN = 5, 480
LONGEST_BUFFER_MIN = 120
LONGEST_BUSY = timedelta(minutes=LONGEST_SESSION_MIN + 2 * LONGEST_BUFFER_MIN)
"""No appointment keeps its therapist longer than this; the search for busy times reaches back so far and no further."""


class Place(models.TextChoices):
    """Where a session is held."""

    ONLINE = "online", "Online"
    CLINIC = "clinic", "In the clinic"


class Service(models.Model):
    """What can be booked: its length, buffers, price, place and the rules of notice. All `_min` fields are minutes."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(
        max_length=240, blank=True, help_text="One sentence for the runner: what happens in this session."
    )
    minutes = models.PositiveSmallIntegerField(help_text="Length of the session in real minutes.")
    buffer_before_min = models.PositiveSmallIntegerField(
        default=0, help_text="Minutes the therapist keeps free before."
    )
    buffer_after_min = models.PositiveSmallIntegerField(
        default=0, help_text="Minutes the therapist keeps free after, for notes."
    )
    price_pence = models.PositiveIntegerField()
    place = models.CharField(max_length=10, choices=Place, default=Place.ONLINE)
    min_notice_min = models.PositiveIntegerField(
        default=120, help_text="A session can be booked up to this many minutes before it starts."
    )
    horizon_days = models.PositiveSmallIntegerField(default=60, help_text="How many days ahead times are offered.")
    slot_step_min = models.PositiveSmallIntegerField(
        default=15, help_text="Minutes from one offered start to the next."
    )
    change_notice_h = models.PositiveSmallIntegerField(
        default=24, help_text="Runners move and cancel up to this many hours before."
    )
    late_fee_percent = models.PositiveSmallIntegerField(
        default=50, help_text="Part of the price that a cancellation after the notice costs."
    )
    takes_insurance = models.BooleanField(default=False, help_text="Whether insurance may pay for it.")
    equipment_kind = models.SlugField(
        max_length=30, blank=True, help_text="What it needs one piece of, as in treadmill. Empty: nothing."
    )
    credential = models.CharField(
        max_length=120, blank=True, help_text="Who gives it holds this credential, by its name. Empty: none is needed."
    )
    is_first_visit = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    therapists = models.ManyToManyField("people.TherapistProfile", related_name="services", blank=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position", "name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="service_length_possible",
                condition=Q(minutes__gte=SHORTEST_SESSION_MIN, minutes__lte=LONGEST_SESSION_MIN),
                violation_error_message="A session lasts between 5 minutes and 8 hours.",
            ),
            models.CheckConstraint(
                name="service_buffers_possible",
                condition=Q(buffer_before_min__lte=LONGEST_BUFFER_MIN, buffer_after_min__lte=LONGEST_BUFFER_MIN),
                violation_error_message="A buffer is at most 2 hours.",
            ),
            models.CheckConstraint(
                name="service_step_possible",
                condition=Q(slot_step_min__gte=5, slot_step_min__lte=240),
                violation_error_message="Starts are between 5 minutes and 4 hours apart.",
            ),
            models.CheckConstraint(
                name="service_horizon_possible",
                condition=Q(horizon_days__gte=1, horizon_days__lte=365),
                violation_error_message="Times are offered between 1 and 365 days ahead.",
            ),
            models.CheckConstraint(
                name="service_late_fee_possible",
                condition=Q(late_fee_percent__lte=100),
                violation_error_message="A late cancellation costs at most the price.",
            ),
            models.CheckConstraint(
                name="service_place_known",
                condition=Q(place__in=Place.values),
                violation_error_message="A session is online or in the clinic.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_online(self) -> bool:
        """Whether the session is held in a video room."""
        return self.place == Place.ONLINE

    def is_for(self, therapist: TherapistProfile) -> bool:
        """Whether the therapist may give it, as `engine.diaries.offering` has it: for a list whose credentials were read."""
        if self.is_first_visit and not therapist.takes_new_runners:
            return False
        return not self.credential or any(each.name == self.credential for each in therapist.credentials.all())

    @property
    def length(self) -> timedelta:
        """Length of the session in real time."""
        return timedelta(minutes=self.minutes)


class TreatmentRoom(models.Model):
    """A room of the clinic that holds one session at a time. A clinic that enters no rooms does not count them."""

    name = models.CharField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Equipment(models.Model):
    """A thing of the clinic that serves one session at a time, as a treadmill. `kind` is what services ask for."""

    name = models.CharField(max_length=60, unique=True)
    kind = models.SlugField(max_length=30)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position", "name"]
        verbose_name_plural = "equipment"

    def __str__(self) -> str:
        return self.name
