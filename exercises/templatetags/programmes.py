"""Parts about programmes on pages: `{% load programmes %}`."""

from typing import Any

from django import template
from django.template import Context

from exercises.offers import take_undo

register = template.Library()


@register.inclusion_tag("exercises/_undo.html", takes_context=True)
def undo_offer(context: Context) -> dict[str, Any]:
    """`{% undo_offer %}`: after a tap on "done as planned", five seconds to take it back."""
    request = context.get("request")
    return {"offer": take_undo(request) if request is not None else None, "csrf_token": context.get("csrf_token")}
