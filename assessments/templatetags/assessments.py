from typing import Any

from django import template

from assessments.plain_words import latest_told
from clinic.people.models import RunnerProfile

register = template.Library()


@register.inclusion_tag("assessments/_findings_for_runner.html")
def findings_for_runner(runner: RunnerProfile) -> dict[str, Any]:
    """The runner's last signed assessment in plain words, or what to do to get one."""
    return {"told": latest_told(runner)}


@register.filter
def at_key(mapping: dict, key: str) -> Any:
    """What `mapping` holds under `key`, None if nothing."""
    return mapping.get(key)
