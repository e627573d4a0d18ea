"""What reading one calendar may cost, and the sentence a person reads when it cannot be read."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Limits:
    """`fetch_s`: for resolving, connecting, redirects and the whole body together. `read_s`: work for making sense of
    it, `entry_s` of it for one entry or series.

    `most_bytes` counts what arrives and what it unpacks to. `networks` are private ones that may be read all the same.
    """

    connect_s: float = 5
    fetch_s: float = 10
    read_s: float = 30
    entry_s: float = 2
    most_bytes: int = 5_000_000
    most_entries: int = 20_000
    redirects: int = 3
    memory: int = 1 << 30
    networks: tuple[str, ...] = field(default=())

    @property
    def whole_s(self) -> float:
        """When the process is stopped from outside, come what may."""
        return self.fetch_s + self.read_s + 5

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Unreadable(Exception):
    """Says in one sentence why a calendar cannot be read; without its address, which is a secret."""
