"""Who may see which message: its addressee, and staff."""

from django.http import Http404

from clinic.people.models import User
from clinic.reminders.models import Reminder


def get_reminder(user: User, pk: int) -> Reminder:
    """The message, for staff. Raises Http404 for everybody else and for messages that do not exist."""
    found = Reminder.objects.select_related("person").filter(pk=pk).first() if user.is_clinic_staff else None
    if found is None:
        raise Http404("No such message.")
    return found
