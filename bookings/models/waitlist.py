"""What times people wish for, the waitlist, and freed times offered to one person at a time."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

EVERY_DAY, EVERY_PART = 0b1111111, 0b111


class PartOfDay(models.IntegerChoices):
    """Bits of `TimeWish.parts`, by the wall clock of the person who wishes."""

    MORNING = 1, "Mornings, before 12:00"
    AFTERNOON = 2, "Afternoons, 12:00 to 17:00"
    EVENING = 4, "Evenings, from 17:00"


def part_of(local: datetime) -> PartOfDay:
    """The part of the day in which a clock shows `local`."""
    return PartOfDay.MORNING if local.hour < 12 else PartOfDay.AFTERNOON if local.hour < 17 else PartOfDay.EVENING


class TimeWish(models.Model):
    """Days and hours that suit somebody, on their own wall clock; `weekdays` has bit 0 for Monday, `parts` see PartOfDay."""

    weekdays = models.PositiveSmallIntegerField(default=EVERY_DAY)
    parts = models.PositiveSmallIntegerField(default=EVERY_PART)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                name="%(class)s_wish_possible",
                condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY, parts__gte=1, parts__lte=EVERY_PART),
                violation_error_message="Choose at least one day and one part of the day.",
            ),
        ]

    def suits(self, local: datetime) -> bool:
        """Whether a session that begins when the person's own clock shows `local` is one they wished for."""
        return bool(self.weekdays >> local.weekday() & 1) and bool(self.parts & part_of(local))


class TimePreference(TimeWish):
    """What suits a runner in general: shown first in every list of times, never a rule."""

    runner = models.OneToOneField("people.RunnerProfile", on_delete=models.CASCADE, related_name="time_preference")
    same_therapist = models.BooleanField(default=True, help_text="For follow-ups, the therapist seen last comes first.")

    def __str__(self) -> str:
        return f"Times of {self.runner_id}"


class EntryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BOOKED = "booked", "Booked"
    WITHDRAWN = "withdrawn", "Withdrawn"


class WaitlistEntry(TimeWish):
    """A runner's wish for a time that is not free now, or for an earlier one.

    `therapist` empty means anyone; `first`..`last` are days of the runner's calendar, both included, `last` empty without
    end. With `exchange_for` the later session is given up for the new time in the same act. Those of higher `priority`
    (sessions the clinic had to take away) come first, then who asked first.
    """

    State = EntryState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    runner = models.ForeignKey("people.RunnerProfile", on_delete=models.PROTECT, related_name="waitlist_entries")
    service = models.ForeignKey("bookings.Service", on_delete=models.PROTECT, related_name="waitlist_entries")
    therapist = models.ForeignKey(
        "people.TherapistProfile", on_delete=models.PROTECT, related_name="waitlist_entries", null=True, blank=True
    )
    first = models.DateField()
    last = models.DateField(null=True, blank=True)
    exchange_for = models.ForeignKey(
        "bookings.Appointment", on_delete=models.PROTECT, related_name="wishes", null=True, blank=True
    )
    priority = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=EntryState, default=EntryState.WAITING)
    note = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TimeWish.Meta):
        abstract = False
        ordering: ClassVar = ["-priority", "made_at", "id"]
        verbose_name_plural = "waitlist entries"
        indexes: ClassVar = [
            models.Index(
                fields=["service", "-priority", "made_at"], condition=Q(state="waiting"), name="waitlist_in_order"
            ),
        ]
        constraints: ClassVar = [
            *TimeWish.Meta.constraints,
            models.CheckConstraint(
                name="waitlist_days_in_order",
                condition=Q(last__isnull=True) | Q(last__gte=F("first")),
                violation_error_message="The last day cannot be before the first.",
            ),
            models.CheckConstraint(
                name="waitlist_state_known",
                condition=Q(state__in=EntryState.values),
                violation_error_message="A wish is waiting, booked or withdrawn.",
            ),
        ]

    def __str__(self) -> str:
        return f"Wish of {self.made_at:%Y-%m-%d %H:%M} UTC, {self.state}"

    @property
    def subject(self) -> str:
        """The name reminders and audit events know this wish by."""
        return f"waitlist:{self.pk}"

    def suits(self, local: datetime) -> bool:
        """As for any wish, and on one of its days."""
        in_time = self.first <= local.date() and (self.last is None or local.date() <= self.last)
        return in_time and super().suits(local)


class OfferState(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Offer(models.Model):
    """A time kept for one person until `answer_until`: its `hold` stands in the book like any other hold.

    It answers a wish of the waitlist (`entry`), or offers a new time for a session that cannot be kept (`moves`), or both.
    """

    State = OfferState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers", null=True, blank=True)
    moves = models.ForeignKey(
        "bookings.Appointment", on_delete=models.PROTECT, related_name="offers", null=True, blank=True
    )
    hold = models.OneToOneField("bookings.Appointment", on_delete=models.PROTECT, related_name="offer")
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OPEN)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    answer_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made_at"]
        indexes: ClassVar = [
            models.Index(fields=["answer_until"], condition=Q(state="open"), name="offer_open"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(state="open"),
                name="offer_one_at_a_time",
                violation_error_message="This wish has an open offer already.",
            ),
            models.UniqueConstraint(
                fields=["moves"],
                condition=Q(state="open"),
                name="offer_one_for_a_session",
                violation_error_message="There is an open offer for this session already.",
            ),
            models.CheckConstraint(
                name="offer_answers_something",
                condition=Q(entry__isnull=False) | Q(moves__isnull=False),
                violation_error_message="An offer answers a wish or replaces a session.",
            ),
            models.CheckConstraint(
                name="offer_state_known",
                condition=Q(state__in=OfferState.values),
                violation_error_message="This state of an offer is not known.",
            ),
        ]

    def __str__(self) -> str:
        return f"Offer of {self.made_at:%Y-%m-%d %H:%M} UTC, {self.state}"

    @property
    def subject(self) -> str:
        """The name reminders and audit events know this offer by."""
        return f"offer:{self.pk}"
