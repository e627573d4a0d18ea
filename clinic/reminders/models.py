"""The outbox: one row per message, and what each person wants to be told, how and when."""

import hashlib
from datetime import datetime, time, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

MAX_ATTEMPTS = 6
"""How often a message is tried before it is given up and shown to staff."""

CLOCK_FAULT = timedelta(hours=1)
"""A lease that ends later than this from now was given while the clock was wrong: it counts as run out."""


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "Phone"


class State(models.TextChoices):
    DUE = "due", "Planned"
    CLAIMED = "claimed", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Not certain"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SKIPPED = "skipped", "Not sent"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def of(self, person: object) -> "ReminderQuerySet":
        """Addressed to this user."""
        return self.filter(person=person)

    def visible_to(self, user: object) -> "ReminderQuerySet":
        """Staff see everybody's messages, others their own."""
        return self if user.is_clinic_staff else self.filter(person=user)  # type: ignore[attr-defined]

    def takeable(self, now: datetime) -> "ReminderQuerySet":
        """Rows that a dispatcher may claim at `now`: due ones, and claimed ones whose lease has run out."""
        return self.filter(
            Q(state=State.DUE, next_at__lte=now)
            | Q(state=State.CLAIMED, lease_until__lte=now)
            | Q(state=State.CLAIMED, lease_until__gt=now + CLOCK_FAULT)
        )

    def waiting(self) -> "ReminderQuerySet":
        """Not gone out yet, and not leaving at this moment."""
        return self.filter(Q(state=State.DUE) | Q(state=State.CLAIMED, handed_over_at__isnull=True))

    def needs_a_person(self) -> "ReminderQuerySet":
        """Failed, or of uncertain fate, and not dismissed yet: somebody should look."""
        return self.filter(state__in=(State.FAILED, State.UNKNOWN), dismissed_at__isnull=True)

    def coming(self, now: datetime, days: int = 7) -> "ReminderQuerySet":
        """Planned for the next `days` days, the next one first."""
        return self.filter(state=State.DUE, next_at__lt=now + timedelta(days=days)).order_by("next_at", "id")


class Reminder(models.Model):
    """One message due to one person at one time, about `subject` ("appointment:<id>") on one `occasion`.

    `due_at` is when it was promised for; `next_at` is when a dispatcher takes it next (later after a failed attempt, or
    when quiet hours are over). From `expires_at` on it is of no use any more. While a dispatcher holds it, `token` and
    `lease_until` are set; `handed_over_at` is set just before the message leaves, so that a crash in the hand-over can
    be told from a crash before it.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, help_text='What it is about, as in "appointment:<id>".')
    occasion = models.CharField(max_length=120, help_text="Which time of several, as in the start of the session.")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    due_at = models.DateTimeField(help_text="Instant it is promised for, UTC.")
    next_at = models.DateTimeField(help_text="Instant of the next attempt, UTC.")
    expires_at = models.DateTimeField(help_text="From this instant on it is of no use.")
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why it is in its state, in one sentence.")
    context = models.JSONField(default=dict, blank=True, help_text="What the letter needs; nothing clinical.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ("-due_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="due"), name="reminders_due"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="reminders_claimed"),
            models.Index(fields=["token"], condition=Q(token__isnull=False), name="reminders_token"),
            models.Index(fields=["subject"], name="reminders_subject"),
            models.Index(fields=["person", "-due_at"], name="reminders_person"),
            models.Index(fields=["-due_at", "-id"], name="reminders_newest"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "subject", "occasion", "channel", "kind"],
                name="reminders_once",
                violation_error_message="This message is planned already.",
            ),
            models.CheckConstraint(
                name="reminders_state_known",
                condition=Q(state__in=State.values),
                violation_error_message="A message is planned, being sent, sent, failed, not certain, withdrawn or not sent.",
            ),
            models.CheckConstraint(
                name="reminders_channel_known",
                condition=Q(channel__in=Channel.values),
                violation_error_message="Messages go by e-mail or phone.",
            ),
            models.CheckConstraint(
                name="reminders_claimed_by_token",
                condition=Q(state="claimed", token__isnull=False, lease_until__isnull=False)
                | (~Q(state="claimed") & Q(token__isnull=True, lease_until__isnull=True)),
                violation_error_message="A message that is being sent has a dispatcher and a lease, no other has.",
            ),
            models.CheckConstraint(
                name="reminders_sent_at_an_instant",
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                violation_error_message="A sent message knows when it was sent.",
            ),
            models.CheckConstraint(
                name="reminders_expire_after_due",
                condition=Q(expires_at__gt=F("due_at")),
                violation_error_message="A message is of use for some time after it is due.",
            ),
            models.CheckConstraint(
                name="reminders_attempts_bounded",
                condition=Q(attempts__lte=MAX_ATTEMPTS),
                violation_error_message=f"A message is tried {MAX_ATTEMPTS} times at most.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.person_id}, {self.state}"

    @property
    def key(self) -> str:
        """The same for every attempt at this message, and for no other: 40 hexadecimal digits."""
        parts = (str(self.person_id), self.subject, self.occasion, self.channel, self.kind)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]

    @property
    def state_word(self) -> str:
        return State(self.state).label

    @property
    def may_be_retried(self) -> bool:
        return self.state in (State.FAILED, State.UNKNOWN) and self.dismissed_at is None


class Preference(models.Model):
    """Whether one person wants one kind of message on one channel. No row: yes."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_preferences")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    wanted = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "kind", "channel"],
                name="reminders_preference_once",
                violation_error_message="There is a choice for this kind of message already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel}: {'yes' if self.wanted else 'no'}"


class Rhythm(models.Model):
    """When one person may be reached, and how often in a day. No row: the values below."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_rhythm")
    quiet_from = models.TimeField(default=time(21, 30), help_text="Wall-clock time in the person's own zone.")
    quiet_to = models.TimeField(default=time(6, 45))
    daily_cap = models.PositiveSmallIntegerField(default=2)
    paused_until = models.DateField(null=True, blank=True, help_text="Until this day nothing but visits and changes.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminders_cap_possible",
                condition=Q(daily_cap__gte=1, daily_cap__lte=20),
                violation_error_message="Between 1 and 20 messages a day.",
            ),
        ]

    def __str__(self) -> str:
        return f"quiet {self.quiet_from:%H:%M} to {self.quiet_to:%H:%M}, {self.daily_cap} a day"


class Pulse(models.Model):
    """When a dispatcher last looked at the outbox."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S} UTC"
