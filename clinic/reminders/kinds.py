"""The kinds of messages, and the planners that write rows ahead of time. Owning apps register theirs in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinic.reminders.models import Reminder

Attachment = tuple[str, str | bytes, str]
"""File name, content, MIME type."""


def always(reminder: "Reminder", now: datetime) -> str:
    return ""


def nothing_more(reminder: "Reminder") -> dict[str, Any]:
    return {}


def no_attachments(reminder: "Reminder") -> list[Attachment]:
    return []


@dataclass(frozen=True)
class Kind:
    """One kind of message.

    `template`: folder under templates/emails/ with subject.txt, body.txt and body.html.
    `still_true(reminder, now)`: asked just before sending; "" or the reason, in a sentence, why it is not sent after all.
    `extra(reminder)`: fresh facts for the letter, on top of the row's context. Nothing clinical.
    `transactional`: the answer to something the person or the clinic did; goes out at any hour and cannot be turned off.
    `capped`: counts towards the person's daily limit and stops when they pause their messages.
    `label`, `summary`: how the page of preferences calls it; without a label it is not offered there.
    """

    name: str
    template: str
    still_true: Callable[["Reminder", datetime], str] = always
    extra: Callable[["Reminder"], dict[str, Any]] = nothing_more
    attachments: Callable[["Reminder"], list[Attachment]] = no_attachments
    transactional: bool = True
    capped: bool = True
    label: str = ""
    summary: str = ""
    roles: tuple[str, ...] = field(default=("runner",))


_kinds: dict[str, Kind] = {}
_planners: dict[str, Callable[[datetime], int]] = {}
_steps: dict[str, Callable[..., object]] = {}


def register(kind: Kind) -> None:
    """Make `kind` known. Registering a name again replaces it."""
    _kinds[kind.name] = kind


def find(name: str) -> Kind | None:
    """The kind called `name`, or None for one that no app has registered."""
    return _kinds.get(name)


def get(name: str) -> Kind:
    """The kind called `name`. Raises KeyError naming what is known."""
    try:
        return _kinds[name]
    except KeyError:
        raise KeyError(
            f"No kind of message is called {name!r}. Known: {', '.join(sorted(_kinds)) or 'none'}."
        ) from None


def everything() -> list[Kind]:
    """Every kind, in the order of registration."""
    return list(_kinds.values())


def register_planner(name: str, plan: Callable[[datetime], int]) -> None:
    """`plan(now)` writes the rows that are coming up and returns how many; it is called every few minutes, so it must
    change nothing when called again."""
    _planners[name] = plan


def planners() -> dict[str, Callable[[datetime], int]]:
    """Every planner by name."""
    return dict(_planners)


def register_step(name: str, step: Callable[..., object]) -> None:
    """`step(now=...)` is what an app does by itself every minute; it may run twice at once. Celery's timetable names it
    too: the loop of `run_reminders` takes it where there is no Redis."""
    _steps[name] = step


def steps() -> dict[str, Callable[..., object]]:
    """Every step by name."""
    return dict(_steps)
