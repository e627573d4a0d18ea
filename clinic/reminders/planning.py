"""Rows that are written ahead of time, and old ones that lose their details."""

from datetime import datetime, timedelta

import structlog

from clinic.reminders import kinds
from clinic.reminders.models import Reminder, State

log = structlog.get_logger(__name__)

KEEP_DETAILS = timedelta(days=60)
"""So long after its day a message still knows what it said; then only that it was sent, or not, stays."""


def plan_ahead(*, now: datetime) -> int:
    """Let every app write the reminders that are coming up. One that fails does not keep the others from theirs."""
    planned = 0
    for name, plan in kinds.planners().items():
        try:
            planned += plan(now)
        except Exception:
            log.exception("reminders.planner_failed", planner=name)
    return planned


def take_steps(*, now: datetime) -> None:
    """Let every app do what it does each minute. One that fails does not keep the others from theirs."""
    for name, step in kinds.steps().items():
        try:
            step(now=now)
        except Exception:
            log.exception("reminders.step_failed", step=name)


def forget_details(*, now: datetime) -> int:
    """Empty the context of messages that are over for `KEEP_DETAILS`. Returns how many."""
    over = Reminder.objects.exclude(state__in=(State.DUE, State.CLAIMED)).exclude(context={})
    return over.filter(due_at__lt=now - KEEP_DETAILS).update(context={})
