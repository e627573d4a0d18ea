"""The rail of the desk: the places of the person reading, for the front desk with what waits behind them."""

from dataclasses import dataclass

from django import template
from django.db.models import Count, Value
from django.template import Context

from bookings.models import WaitlistEntry
from clinic.core.navigation import Step, steps
from clinic.reminders.models import Reminder

register = template.Library()

WAITLIST, MESSAGES = "bookings:waitlist", "reminders:messages"


@dataclass(frozen=True, slots=True)
class Counted:
    """A place and how much waits there; `is_hot` where somebody should look."""

    step: Step
    n: int
    is_hot: bool


@register.simple_tag(takes_context=True)
def rail_places(context: Context) -> list[Counted]:
    """`{% rail_places as places %}`: for staff the wishes on the waitlist and the messages in doubt are counted, in one query."""
    request = context["request"]
    counts = waiting_at() if request.user.is_clinic_staff else {}
    return [Counted(step, counts.get(step.view, 0), step.view == MESSAGES) for step in steps(request)]


def waiting_at() -> dict[str, int]:
    """How much waits, by the view it is seen on; one query."""
    wishes = WaitlistEntry.objects.filter(state="waiting").order_by().annotate(view=Value(WAITLIST))
    doubtful = Reminder.objects.needs_a_person().order_by().annotate(view=Value(MESSAGES))
    counted = [each.values_list("view").annotate(n=Count("pk")) for each in (wishes, doubtful)]
    return dict(counted[0].union(counted[1]))
