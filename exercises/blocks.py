"""Reasons to give nobody a programme just now. Rooms above this one register what they know; every programme asks."""

from collections.abc import Callable

from clinic.core.errors import Conflict
from clinic.people.models import RunnerProfile

Block = Callable[[RunnerProfile], str]

_blocks: dict[str, Block] = {}


def register(code: str, block: Block) -> None:
    """`block` answers the sentence that refuses a programme for a runner, or "" when nothing stands in the way."""
    _blocks[code] = block


def refuse_if_blocked(runner: RunnerProfile) -> None:
    """Raises Conflict with the code and the sentence of the first block that stands."""
    for code, block in _blocks.items():
        if sentence := block(runner):
            raise Conflict(sentence, code=code)
