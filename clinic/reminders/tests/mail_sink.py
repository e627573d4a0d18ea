"""A mail server on this machine that keeps Message-IDs, slow on purpose before and after it takes a message."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.controller import Controller


class Keeper:
    """`taken` counts the copies by Message-ID. `pause_s` passes before a message is taken, and again before the answer."""

    def __init__(self, pause_s: float) -> None:
        self.taken: Counter[str] = Counter()
        self.pause_s = pause_s

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        self.taken[BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]] += 1
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        return "250 Taken"


@contextmanager
def mail_sink(pause_s: float = 0.0) -> Iterator[tuple[Keeper, int]]:
    """The keeper and the port of a server that lives as long as the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keeper = Keeper(pause_s)
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield keeper, port
    finally:
        controller.stop()
