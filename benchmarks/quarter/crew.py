"""The processes that play the clinic: each has a connection and a Django of its own, as the workers of the real one."""

import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from typing import Any

from benchmarks.quarter.acts import Act, Acts, Done

AT_ONCE = 4
"""Processes: on two cores more of them only wait for each other."""

SENDERS = 2
"""Of them, how many send what is due at the same time."""


class Sink:
    """Takes every message; writes one in ten in full, so that letters that cannot be written are seen."""

    repeats_safely = True

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.handed = 0

    def __call__(self) -> "Sink":
        return self

    def prepare(self, reminder: Any, now: datetime) -> str:
        from clinic.reminders.letters import write_letter

        self.handed += 1
        if self.handed % 10 == 0:
            write_letter(reminder, now)
        return str(reminder.key)

    def send(self, prepared: object) -> None:
        self.keys[str(prepared)] += 1

    def close(self) -> None:
        """Nothing is open."""


class Hands:
    """What one process does it with."""

    acts: Acts
    sink: Sink


def begin(acts: Acts) -> None:
    from clinic.reminders import posts

    Hands.acts, Hands.sink = acts, Sink()
    posts.POSTS = {"email": Hands.sink}  # type: ignore[dict-item]


def do(act: Act) -> Done:
    return Hands.acts.do(act)


def send(now: datetime) -> tuple[int, Counter[str]]:
    """Send what is due: how many, and the keys handed over since the last time."""
    from clinic.reminders.dispatch import dispatch

    sent = dispatch(now=now)["sent"]
    keys, Hands.sink.keys = Hands.sink.keys, Counter()
    return sent, keys


def tick(now: datetime) -> None:
    """The book's own minute; unlike in the clinic a step that fails is seen."""
    from bookings.services.ticking import STEPS

    for step in STEPS:
        step(now=now)


class Crew:
    """Hands acts out and collects what happened."""

    def __init__(self, acts: Acts) -> None:
        from django.db import connections

        connections.close_all()
        self.pool = ProcessPoolExecutor(
            AT_ONCE, mp_context=multiprocessing.get_context("fork"), initializer=begin, initargs=(acts,)
        )
        self.happened: Counter[str] = Counter()
        self.errors: list[str] = []
        self.keys: Counter[str] = Counter()

    def together(self, acts: Sequence[Act]) -> None:
        """All of them at once, as far as there are hands."""
        for done in self.pool.map(do, acts):
            self.happened += done.happened
            self.errors += [done.error] if done.error else []

    def tick(self, now: datetime, *, twice: bool = False) -> None:
        """The book's own minute, in two processes at once where `twice`."""
        self.collect([self.pool.submit(tick, now) for _ in range(1 + twice)])

    def send(self, now: datetime) -> int:
        """Two processes send what is due; how many messages left."""
        sent = 0
        for ended in self.collect([self.pool.submit(send, now) for _ in range(SENDERS)]):
            count, keys = ended
            sent += count
            self.keys += keys
        self.happened["messages sent"] += sent
        return sent

    def collect(self, futures: Sequence["Future[Any]"]) -> list[Any]:
        """Results; what failed is an error."""
        results = []
        for each in futures:
            try:
                results.append(each.result())
            except Exception as failed:
                self.errors.append(repr(failed))
        return results

    def close(self) -> None:
        self.pool.shutdown()
