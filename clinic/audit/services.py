from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Model
from django.utils import timezone

from clinic.audit.models import Event


@contextmanager
def acting_by_link() -> Iterator[None]:
    """Whatever is recorded inside was done by the signed link of a letter, and says so."""
    with structlog.contextvars.bound_contextvars(by_link=True):
        yield


def record(
    *,
    by: Any,
    action: str,
    subject: Model,
    runner: Any = None,
    reason: str = "",
    changes: Mapping[str, Any] | None = None,
) -> Event:
    """Write down that `by` (a User, or None for the system) did `action` to `subject`, in the caller's transaction.

    `runner` is the RunnerProfile whose record it is. `changes` maps field names to [before, after].
    """
    event = noted(by=by, action=action, subject=subject, runner=runner, reason=reason, changes=changes)
    event.save(force_insert=True)
    return event


def noted(
    *,
    by: Any,
    action: str,
    subject: Model,
    runner: Any = None,
    reason: str = "",
    changes: Mapping[str, Any] | None = None,
) -> Event:
    """As `record`, but not yet written: for `record_all`, where one act leaves several events."""
    known = structlog.contextvars.get_contextvars()
    return Event(
        at=timezone.now(),
        actor_id=str(by.pk) if by is not None and by.pk else "",
        actor_role=getattr(by, "role", ""),
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        runner_id=str(runner.pk) if runner is not None else "",
        reason=reason,
        changes=plain(changes or {}),
        request_id=known.get("request_id", ""),
        by_link=known.get("by_link", False),
    )


def record_all(events: Iterable[Event]) -> None:
    """Write several `noted` events in one statement, in the caller's transaction and in their order."""
    Event.objects.bulk_create(events)


def record_reading(*, by: Any, runner: Any, what: str) -> Event | None:
    """Write down that `by` has read `what` ("overview", "assessment", …) of `runner`'s chart.

    Runners reading their own record leave no event: returns None.
    """
    if by.pk == runner.user_id:
        return None
    return record(by=by, action="chart.read", subject=runner, runner=runner, reason=what)


def plain(value: Any) -> Any:
    """`value` as JSON can hold it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case Model():
            return str(value.pk)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return str(value)
