"""The mailbox of the demonstration: what a mail server would have carried away."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Letter(models.Model):
    """One e-mail that was sent in the demonstration. `message_id` is unique: the same message twice is kept once."""

    message_id = models.CharField(max_length=255, unique=True)
    at = models.DateTimeField(default=timezone.now)
    sender = models.CharField(max_length=255)
    to = models.CharField(max_length=500)
    subject = models.CharField(max_length=500)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="demo_letters_newest")]

    def __str__(self) -> str:
        return self.subject


class Enclosure(models.Model):
    """A file that came with a letter."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="enclosures")
    name = models.CharField(max_length=200)
    mimetype = models.CharField(max_length=100)
    content = models.BinaryField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
