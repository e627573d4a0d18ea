from rest_framework import serializers

from clinic.reminders.models import Reminder


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    """A message and its state. Instants are UTC; `zone` is the addressee's, to show them in."""

    person = serializers.EmailField(source="person.email", read_only=True)
    zone = serializers.CharField(source="person.zone", read_only=True)

    class Meta:
        model = Reminder
        fields = (
            "id",
            "person",
            "zone",
            "kind",
            "subject",
            "channel",
            "state",
            "due_at",
            "next_at",
            "expires_at",
            "sent_at",
            "attempts",
            "note",
        )
        read_only_fields = fields
