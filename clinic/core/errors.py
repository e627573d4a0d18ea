"""What a service raises when a rule of the clinic refuses: a code for programs, a sentence for people."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal. `code` is stable; `message` says what happened and what to do next.

    `fields` names the inputs at fault, each with its own sentence. `extra` travels to the page or the API answer
    (such as the nearest free times). `status` is the HTTP status the doors answer with.
    """

    status = 422

    def __init__(self, message: str, *, code: str, fields: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fields = dict(fields or {})
        self.extra = extra


class Conflict(DomainError):
    """Somebody else was first, or the record changed meanwhile."""

    status = 409


class Forbidden(DomainError):
    """Known to the person, but not theirs to do."""

    status = 403


class TooMany(DomainError):
    """Asked too often; try again later."""

    status = 429
