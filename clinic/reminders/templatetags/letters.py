from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from clinic.reminders.told import Told, tell

register = template.Library()


@register.simple_tag(takes_context=True)
def told(context: template.Context, instant: datetime | str) -> Told:
    """`{% told start as when %}`: the instant (or its ISO text) for the person the letter goes to."""
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    person: Any = context["person"]
    return tell(moment, zone=person.zone, clinic_zone=settings.CLINIC_ZONE, now=context.get("now") or timezone.now())
