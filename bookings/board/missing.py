"""What is still missing before a session. Rooms above this one register what they know; the board asks for all at once."""

from collections.abc import Callable, Collection
from uuid import UUID

Finder = Callable[[Collection[UUID]], set[UUID]]

_finders: dict[str, Finder] = {}


def register(words: str, finder: Finder) -> None:
    """`finder` answers, in one query, which of these runners (by primary key) lack what `words` names, as in "intake"."""
    _finders[words] = finder


def missing_of(runner_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """What each of the runners still lacks, in words; who lacks nothing is not in it."""
    result: dict[UUID, list[str]] = {}
    if runner_ids:
        for words, finder in _finders.items():
            for runner_id in finder(runner_ids):
                result.setdefault(runner_id, []).append(words)
    return result
