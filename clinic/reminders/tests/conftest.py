"""Two kinds of messages that exist in tests alone, and a sink for letters."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.models import Reminder
from clinic.reminders.services import schedule


@pytest.fixture(autouse=True)
def test_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`nudge` can be turned off, `told` cannot, `gentle` can be turned off and does not count towards the limit."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    monkeypatch.setattr(kinds, "_planners", {})
    kinds.register(kinds.Kind("nudge", "plain", transactional=False, label="Nudges", summary="Now and then"))
    kinds.register(kinds.Kind("told", "plain", transactional=True))
    kinds.register(kinds.Kind("gentle", "plain", transactional=False, capped=False))


def plan(person: User, now: datetime, **changes: Any) -> Reminder:
    """A message due at `now`, of use for a day."""
    facts: dict[str, Any] = {
        "kind": "nudge",
        "subject": "visit:1",
        "occasion": "first",
        "due_at": now,
        "expires_at": now + timedelta(days=1),
        "context": {},
    }
    return schedule(person=person, **(facts | changes))
