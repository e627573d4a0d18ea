from typing import ClassVar

from django.conf import settings
from django.db import models


class IdempotentRequest(models.Model):
    """A creating call with an `Idempotency-Key`: its answer is kept, so that a repetition creates nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    started_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first call is still at work.")
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "key"],
                name="api_key_once",
                violation_error_message="This Idempotency-Key was used already.",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["started_at"])]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"
