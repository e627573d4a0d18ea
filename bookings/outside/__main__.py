"""The process that reads one calendar: a question as JSON in, an answer as JSON out, and no secret of ours inside."""

import json
import resource
import sys
from datetime import datetime
from typing import Any

from bookings.outside.fetch import fetch
from bookings.outside.limits import Limits, Unreadable
from bookings.outside.parse import Question, busy_times


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """`{"problem"}`, or `{"changed", "etag", "last_modified", "busy": [[start, end], …], "unread"}` (instants, UTC)."""
    limits = Limits(**asked["limits"])
    try:
        got = fetch(asked["address"], etag=asked["etag"], last_modified=asked["last_modified"], limits=limits)
        told = {"changed": got.body is not None, "etag": got.etag, "last_modified": got.last_modified}
        if got.body is None:
            return told
        question = Question(
            datetime.fromisoformat(asked["first"]),
            datetime.fromisoformat(asked["until"]),
            asked["zone"],
            asked["own_host"],
        )
        read = busy_times(got.body, question, limits=limits)
    except Unreadable as why:
        return {"problem": str(why)}
    busy = [[period.start.isoformat(), period.end.isoformat()] for period in read.busy]
    return {**told, "busy": busy, "unread": read.unread}


def confine(limits: Limits) -> None:
    """However the file is made, this process ends: it has so much work and so much memory, and writes no file."""
    work = int(limits.read_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (work, work))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    confine(Limits(**asked["limits"]))
    json.dump(answer(asked), sys.stdout)
