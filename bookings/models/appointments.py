"""A session of one runner with one therapist, from the hold to its end."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bookings.models.catalogue import Place, Service
from bookings.querysets import AppointmentQuerySet
from clinic.core.constraints import NoOverlap
from clinic.core.fields import OrderedJSONField
from clinic.core.periods import Period
from clinic.people.models import RunnerProfile

UNDO = timedelta(minutes=3)
"""So long an act can be undone, and so long its letter waits: an undone act was told to nobody."""


class State(models.TextChoices):
    """Where an appointment stands."""

    HELD = "held", "Held"
    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "Did not come"


ACTIVE_STATES = (State.HELD, State.BOOKED, State.ARRIVED, State.COMPLETED, State.NO_SHOW)
"""States that keep the time: everything but cancelled. A hold keeps it until `hold_expires_at`."""


LOST = "The clinic could not keep it."
"""Why a session was cancelled that the clinic had to take away; the runner is not charged, and reports leave it out."""


class Payer(models.TextChoices):
    """Who pays for a session."""

    SELF = "self", "Paid by yourself"
    INSURANCE = "insurance", "Insurance"


class Series(models.Model):
    """Sessions that were booked together from one plan, as in "twice a week for four weeks"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"Series of {self.made_at:%Y-%m-%d}"


class Appointment(models.Model):
    """A session of one runner with one therapist.

    `start`..`end` is the session, `busy_from`..`busy_until` what it takes of the therapist's day, buffers included; all
    half-open, UTC. `zone` and `wall_start` keep what was agreed: the therapist's zone and the local time with its offset,
    so that a later change of zone rules can be found and told. A hold is an appointment with `hold_expires_at`; one that
    lapsed is `cancelled` and keeps it.

    Two kinds of row are no session and have no runner: the hold of a visitor without an account (`visitor` tells who),
    and the time a workshop takes of its therapist and room (`workshop`, without a service). `sessions()` leaves them out.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Typed as always there, as they are for every session; only workshops and visitors' holds go without.
    service: "models.ForeignKey[Service, Service]" = models.ForeignKey(  # type: ignore[misc]
        "bookings.Service",
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        db_index=False,
    )
    therapist = models.ForeignKey(
        "people.TherapistProfile", on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    runner: "models.ForeignKey[RunnerProfile, RunnerProfile]" = models.ForeignKey(  # type: ignore[misc]
        "people.RunnerProfile",
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        db_index=False,
    )
    workshop = models.OneToOneField(
        "bookings.Workshop", on_delete=models.PROTECT, related_name="booking", null=True, blank=True
    )
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="appointments", null=True, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    busy_from = models.DateTimeField()
    busy_until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.BOOKED)
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=60)
    wall_start = models.CharField(max_length=32)
    place = models.CharField(max_length=10, choices=Place, default=Place.ONLINE)
    treatment_room = models.ForeignKey(
        "bookings.TreatmentRoom",
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        db_index=False,
    )
    equipment = models.ForeignKey(
        "bookings.Equipment",
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        db_index=False,
    )
    video_key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, help_text="Rises with every change, for calendars.")
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        help_text="Empty: a visitor without an account.",
    )
    booked_at = models.DateTimeField()
    moved_at = models.DateTimeField(
        null=True, blank=True, help_text="When its free minutes last began anew with another time."
    )
    price_pence = models.PositiveIntegerField(
        null=True, blank=True, help_text="The price that was agreed; later prices do not change it."
    )
    payer = models.CharField(max_length=10, choices=Payer, default=Payer.SELF)
    insurer = models.CharField(max_length=80, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    late_fee_pence = models.PositiveIntegerField(
        null=True, blank=True, help_text="What a cancellation after the notice costs; empty where it is free."
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["start", "id"]
        indexes: ClassVar = [
            models.Index(
                fields=["therapist", "busy_from"],
                include=["busy_until", "state", "hold_expires_at"],
                condition=Q(state__in=ACTIVE_STATES),
                name="appointment_busy",
            ),
            models.Index(fields=["therapist", "start"], name="appointment_therapist_start"),
            models.Index(fields=["runner", "start"], name="appointment_runner_start"),
            models.Index(
                fields=["treatment_room", "busy_from"],
                include=["busy_until"],
                condition=Q(state__in=ACTIVE_STATES, treatment_room__isnull=False),
                name="appointment_room_busy",
            ),
            models.Index(
                fields=["equipment", "busy_from"],
                include=["busy_until"],
                condition=Q(state__in=ACTIVE_STATES, equipment__isnull=False),
                name="appointment_equipment_busy",
            ),
            models.Index(fields=["start"], name="appointment_start"),
            models.Index(fields=["hold_expires_at"], condition=Q(state=State.HELD), name="appointment_held"),
        ]
        constraints: ClassVar = [
            NoOverlap(
                name="therapist_no_overlap",
                over=["therapist"],
                start="busy_from",
                end="busy_until",
                condition=Q(state__in=ACTIVE_STATES),
                violation_error_message="That time has just gone. Here are the nearest free ones.",
            ),
            NoOverlap(
                name="runner_no_overlap",
                over=["runner"],
                start="start",
                end="end",
                condition=Q(state__in=ACTIVE_STATES),
                violation_error_message="There is already a session at that time. Choose another time, or move the other session.",
            ),
            NoOverlap(
                name="room_no_overlap",
                over=["treatment_room"],
                start="busy_from",
                end="busy_until",
                condition=Q(state__in=ACTIVE_STATES, treatment_room__isnull=False),
                violation_error_message="Every treatment room is taken at that time. Choose another time.",
            ),
            NoOverlap(
                name="equipment_no_overlap",
                over=["equipment"],
                start="busy_from",
                end="busy_until",
                condition=Q(state__in=ACTIVE_STATES, equipment__isnull=False),
                violation_error_message="The equipment this session needs is taken at that time. Choose another time.",
            ),
            models.CheckConstraint(
                name="appointment_is_for_somebody",
                condition=Q(workshop__isnull=False, service__isnull=True, runner__isnull=True)
                | Q(workshop__isnull=True, service__isnull=False, runner__isnull=False)
                | Q(workshop__isnull=True, service__isnull=False, hold_expires_at__isnull=False),
                violation_error_message="A session needs its service and its runner.",
            ),
            models.CheckConstraint(
                name="appointment_payer_known",
                condition=Q(payer__in=Payer.values),
                violation_error_message="A session is paid by the runner or by insurance.",
            ),
            models.CheckConstraint(
                name="appointment_end_after_start",
                condition=Q(end__gt=F("start")),
                violation_error_message="A session ends after it begins.",
            ),
            models.CheckConstraint(
                name="appointment_busy_covers_session",
                condition=Q(busy_from__lte=F("start"), busy_until__gte=F("end")),
                violation_error_message="The therapist's time must cover the whole session.",
            ),
            models.CheckConstraint(
                name="appointment_hold_has_expiry",
                condition=~Q(state=State.HELD) | Q(hold_expires_at__isnull=False),
                violation_error_message="A hold needs the time at which it ends.",
            ),
            models.CheckConstraint(
                name="appointment_state_known",
                condition=Q(state__in=State.values),
                violation_error_message="This state of an appointment is not known.",
            ),
            models.CheckConstraint(
                name="appointment_place_known",
                condition=Q(place__in=Place.values),
                violation_error_message="A session is online or in the clinic.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} UTC, {self.state}"

    @property
    def period(self) -> Period:
        """The session itself, without buffers (UTC)."""
        return Period(self.start, self.end)

    @property
    def subject(self) -> str:
        """The name reminders and audit events know this appointment by."""
        return f"appointment:{self.pk}"

    @property
    def is_online(self) -> bool:
        return self.place == Place.ONLINE

    @property
    def change_until(self) -> datetime:
        """Until when (UTC) the runner may move or cancel for nothing: the service's notice before the start, in real hours.

        What was booked, or moved, into that notice can be given up as long as it can be undone.
        """
        if self.state == State.HELD:
            return self.notice_from
        return max(self.notice_from, min((self.moved_at or self.booked_at) + UNDO, self.start))

    @property
    def notice_from(self) -> datetime:
        """When the service's notice begins (UTC): from then on what others could have had is not given up for nothing."""
        return self.start - timedelta(hours=self.service.change_notice_h)

    @property
    def length(self) -> timedelta:
        """How long the session is, in real time."""
        return self.end - self.start

    @property
    def minutes(self) -> int:
        """How long the session is, in whole real minutes; its service may say otherwise."""
        return int(self.length.total_seconds() // 60)

    def is_live_hold(self, now: datetime) -> bool:
        """Whether this is a hold that still keeps its time at `now`."""
        return self.state == State.HELD and self.hold_expires_at is not None and self.hold_expires_at > now

    @property
    def version(self) -> str:
        """What stands, as a short word: another one after every change, that of a late fee too."""
        fee = f"-{self.late_fee_pence}" if self.late_fee_pence is not None else ""
        return f"{self.sequence}-{self.state}{fee}"

    def is_coming(self, now: datetime) -> bool:
        """Whether this is a booked session that has not begun at `now`."""
        return self.state == State.BOOKED and self.start > now


class Visitor(models.Model):
    """Somebody without an account who holds a time: what they typed, and the code that proves the address is theirs.

    Only the code's hash is kept. Until it is proven nothing here is matched with anybody's record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hold = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="visitor")
    session_hash = models.CharField(max_length=64, help_text="Which browser asked.")
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    zone = models.CharField(max_length=60)
    code_hash = models.CharField(max_length=128, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Visitor of {self.made_at:%Y-%m-%d %H:%M} UTC"


class Change(models.Model):
    """One act on an appointment and how it stood before, so that it can be undone for three minutes.

    `offer` is the offer that was taken by it, `wish` the wish of the waitlist it fulfilled: undone, the one is declined and
    the other waits again. A cancellation names the wish it began: undone, that ends.
    """

    class Kind(models.TextChoices):
        BOOKED = "booked", "Booked"
        MOVED = "moved", "Moved"
        RESIZED = "resized", "Length changed"
        CANCELLED = "cancelled", "Cancelled"
        MARKED = "marked", "Marked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    before = OrderedJSONField(default=dict, help_text="Fields as they stood; instants in ISO 8601.")
    sequence = models.PositiveIntegerField(help_text="The appointment's sequence after the change.")
    offer = models.ForeignKey(
        "bookings.Offer", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    wish = models.ForeignKey(
        "bookings.WaitlistEntry", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-at"]
        indexes: ClassVar = [models.Index(fields=["by", "-at"], name="change_by")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="change_kind_known",
                condition=Q(kind__in=("booked", "moved", "resized", "cancelled", "marked")),
                violation_error_message="This kind of change is not known.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M} UTC"
