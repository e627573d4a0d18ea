from django.db.models import QuerySet
from rest_framework.generics import ListAPIView

from clinic.reminders.api.serializers import ReminderSerializer
from clinic.reminders.models import Reminder


class ReminderList(ListAPIView[Reminder]):
    """Own messages and their states; for staff everybody's. The latest first."""

    serializer_class = ReminderSerializer
    filterset_fields = ("state", "kind")
    ordering = ("-due_at", "-id")

    def get_queryset(self) -> QuerySet[Reminder]:
        if getattr(self, "swagger_fake_view", False):
            return Reminder.objects.none()
        return Reminder.objects.visible_to(self.request.user).select_related("person").order_by(*self.ordering)
