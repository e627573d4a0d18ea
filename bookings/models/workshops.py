"""Group sessions and the places in them."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Workshop(models.Model):
    """A group session with a capacity. When it is, with whom and where stands in its `booking`, a row of the book.

    `seats_taken` counts seats that are taken or offered; it never passes `capacity`, whoever writes it.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=240, blank=True, help_text="One sentence for the runner.")
    description = models.TextField(blank=True)
    capacity = models.PositiveSmallIntegerField()
    seats_taken = models.PositiveSmallIntegerField(default=0)
    price_pence = models.PositiveIntegerField(default=0)
    change_notice_h = models.PositiveSmallIntegerField(
        default=24, help_text="Seats are given back free of charge up to this many hours before."
    )
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    cancel_reason = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField(
        null=True, blank=True, help_text="When the clinic last moved it: seats taken before can be given back free."
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering: ClassVar = ["title", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="workshop_not_oversold",
                condition=Q(seats_taken__lte=F("capacity")),
                violation_error_message="Every seat is taken. Join the waitlist: the next free seat is yours in turn.",
            ),
            models.CheckConstraint(
                name="workshop_capacity_possible",
                condition=Q(capacity__gte=1, capacity__lte=500),
                violation_error_message="A workshop has between 1 and 500 seats.",
            ),
            models.CheckConstraint(
                name="workshop_state_known",
                condition=Q(state__in=("planned", "cancelled")),
                violation_error_message="A workshop is planned or cancelled.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """The name reminders and audit events know this workshop by."""
        return f"workshop:{self.pk}"

    @property
    def seats_words(self) -> str:
        """ "9 of 12 seats"."""
        return f"{self.seats_taken} of {self.capacity} seats"

    @property
    def free_until(self) -> datetime:
        """Until when (UTC) a seat is given back free of charge; needs its `booking`."""
        return self.booking.start - timedelta(hours=self.change_notice_h)


class SeatState(models.TextChoices):
    TAKEN = "taken", "Taken"
    WAITING = "waiting", "On the waitlist"
    OFFERED = "offered", "Offered"
    CANCELLED = "cancelled", "Cancelled"


class Seat(models.Model):
    """One place in a workshop: the runner's own, or with `friend` that of somebody they bring.

    `waiting` seats count for nothing until one is `offered`, until `offered_until`; offered and taken ones are counted in
    the workshop's `seats_taken`.
    """

    State = SeatState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workshop = models.ForeignKey(Workshop, on_delete=models.PROTECT, related_name="seats")
    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="seats")
    friend = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=SeatState, default=SeatState.TAKEN)
    offered_until = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="Rises with every change, for calendars.")
    made_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True, help_text="Later than made_at after a time in line.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    attended = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["made_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="seat_offered"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workshop", "runner", "friend"],
                condition=~Q(state="cancelled"),
                name="seat_once",
                violation_error_message="You have this seat already.",
            ),
            models.CheckConstraint(
                name="seat_offer_has_deadline",
                condition=~Q(state="offered") | Q(offered_until__isnull=False),
                violation_error_message="An offered seat needs the time until which it is kept.",
            ),
            models.CheckConstraint(
                name="seat_state_known",
                condition=Q(state__in=SeatState.values),
                violation_error_message="This state of a seat is not known.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.friend or 'Seat'}, {self.state}"

    @property
    def subject(self) -> str:
        """The name reminders and audit events know this seat by."""
        return f"seat:{self.pk}"
