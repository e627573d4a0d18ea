"""Kinds of messages that exist in tests alone, their letters, and posts that fail on purpose."""

from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.models import Reminder
from clinic.reminders.services import schedule


@pytest.fixture(autouse=True)
def kinds_of_tests(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """`nudge` can be turned off, `told` cannot, `gentle` can be turned off and does not count towards the limit."""
    with_letters = deepcopy(settings.TEMPLATES)
    with_letters[0]["DIRS"] = [Path(__file__).parent / "templates", *with_letters[0]["DIRS"]]
    settings.TEMPLATES = with_letters
    monkeypatch.setattr(kinds, "_kinds", {})
    monkeypatch.setattr(kinds, "_planners", {})
    kinds.register(kinds.Kind("nudge", "plain", transactional=False, label="Nudges", summary="Now and then."))
    kinds.register(kinds.Kind("told", "plain", transactional=True, label="Answers", summary="To what you do."))
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


class Sink:
    """A post that keeps what it is given; `fails` is raised instead while it is set, `before` is called first."""

    repeats_safely = True
    sent: list[str]
    fails: Exception | None = None
    before: Any = None

    def __init__(self, *, repeats_safely: bool = True) -> None:
        self.sent, self.repeats_safely = [], repeats_safely

    def __call__(self) -> "Sink":
        return self

    def prepare(self, reminder: Reminder, now: datetime) -> str:
        return reminder.key

    def send(self, prepared: object) -> None:
        if self.before:
            self.before()
        if self.fails:
            raise self.fails
        self.sent.append(str(prepared))

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Sink:
    """Stands in for the e-mail server."""
    post = Sink()
    monkeypatch.setattr("clinic.reminders.posts.POSTS", {"email": post})
    return post


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Sink:
    """Stands in for a phone provider that knows no key: the same message twice is two messages."""
    post = Sink(repeats_safely=False)
    monkeypatch.setattr("clinic.reminders.posts.POSTS", {"sms": post})
    return post
