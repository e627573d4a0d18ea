from typing import ClassVar

from django.db import models

from clinic.core.constraints import AppendOnly


class EventQuerySet(models.QuerySet["Event"]):
    def about_runner(self, runner_id: object) -> "EventQuerySet":
        return self.filter(runner_id=str(runner_id))

    def readings(self) -> "EventQuerySet":
        return self.filter(action="chart.read")


class Event(models.Model):
    """One thing that one person did to one record, or one reading of a runner's chart. Written once, kept for good.

    It points at nothing by foreign key, so that no deletion can take it along.
    """

    at = models.DateTimeField(db_index=True, help_text="Instant of the act, UTC.")
    actor_id = models.CharField(max_length=40, blank=True, help_text="User id; empty when the system acted.")
    actor_role = models.CharField(max_length=20, blank=True)
    by_link = models.BooleanField(default=False, help_text="By the signed link of a letter, without a log-in.")
    action = models.CharField(max_length=60, help_text="What was done, as in appointment.moved.")
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    runner_id = models.CharField(max_length=40, blank=True, help_text="Whose record it is.")
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict, help_text="Field name -> [before, after].")
    request_id = models.CharField(max_length=64, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["runner_id", "-at"], name="audit_by_runner"),
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
        ]
        constraints: ClassVar = [
            AppendOnly(
                name="audit_event_written_once",
                violation_error_message="The record of who did what cannot be changed or deleted.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
