"""Calendars of other programs: the private feed we give, and the outside calendars that block a therapist's time."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class CalendarFeed(models.Model):
    """A private address from which a person's calendar program reads their sessions; only the hash of its token is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_at__isnull=True),
                name="calendar_feed_once",
                violation_error_message="There is a private address already. Make a new one to replace it.",
            ),
        ]

    def __str__(self) -> str:
        return f"Feed of {self.user_id}"


class OutsideCalendar(models.Model):
    """A therapist's calendar elsewhere, read now and then; what it calls busy blocks bookings.

    When it cannot be read, `problem` says why and the last good copy goes on counting. `good_at` is when that copy was made.
    """

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="outside_calendars")
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=500, help_text="As secret as a password: shown with its end hidden.")
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="When it is to be read again.")
    read_at = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering: ClassVar = ["therapist", "name", "id"]
        indexes: ClassVar = [models.Index(fields=["next_at"], name="outside_calendar_next")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["therapist", "address"],
                name="outside_calendar_once",
                violation_error_message="This calendar is connected already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OutsideBusy(models.Model):
    """A time (half-open, UTC) that an outside calendar calls busy. What it is about is not kept."""

    calendar = models.ForeignKey(OutsideCalendar, on_delete=models.CASCADE, related_name="busy", db_index=True)
    therapist = models.ForeignKey(
        "people.TherapistProfile", on_delete=models.CASCADE, related_name="outside_busy", db_index=False
    )
    start = models.DateTimeField()
    end = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["therapist", "start"]
        verbose_name_plural = "outside busy times"
        indexes: ClassVar = [models.Index(fields=["therapist", "end"], include=["start"], name="outside_busy_end")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="outside_busy_end_after_start",
                condition=Q(end__gt=F("start")),
                violation_error_message="A busy time ends after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}–{self.end:%Y-%m-%d %H:%M} UTC"
