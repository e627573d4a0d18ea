"""Availability in one call, flat: a fortnight of all therapists in at most six statements, whatever the numbers.

`benchmarks/slots.py` measures it against a floor of the same run, at 40,000 and 400,000 appointments (on SQLite at 40,000
in process). Here the statements are counted besides, for 2 to 20 therapists and at 4, 77 and 100 % full.
"""

import math
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import ground
from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist

SHARES = (0.04, 0.77, 1.0)
TARGET_MS, TARGET_HTTP_MS, TARGET_CALLS, TARGET_RATIO = 25, 40, 100, 1.2


def run(verdicts: Verdicts) -> None:
    counted(verdicts)
    small = measured(verdicts, 40_000)
    if verdicts.kind == "postgres":
        large = measured(verdicts, 400_000)
        ratio = large["in process"] / small["in process"]
        cpu = large["of it our own CPU"] / small["of it our own CPU"]
        verdicts.say(
            "400,000 to 40,000, by our own CPU (by the clock)",
            f"{cpu:.2f} ({ratio:.2f}), target {TARGET_RATIO}",
            cpu <= TARGET_RATIO,
        )


def counted(verdicts: Verdicts) -> None:
    """SQL statements of one search while the clinic grows and fills."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bookings.availability import search_slots
    from bookings.services import book_slot

    now = datetime(2027, 2, 1, 7, tzinfo=UTC)
    service = make_service(slot_step_min=60, horizon_days=30)

    def search() -> tuple[int, list[Any]]:
        with CaptureQueriesContext(connection) as queries:
            found = search_slots(
                service=service,
                first=now.date(),
                last=now.date() + timedelta(days=13),
                zone="Europe/London",
                now=now,
            ).slots
        return len(queries), found

    people: list[Any] = []
    statements = []
    for size in (2, 10, 20):
        people += [make_therapist(f"t{number}", service, opens=9, closes=11) for number in range(len(people), size)]
        statements.append(search()[0])
    verdicts.say("statements for 2, 10, 20 therapists", " ".join(map(str, statements)), max(statements) <= 6)
    by_key = {each.pk: each for each in people}
    runners = dict(zip(by_key, make_runners(len(people)), strict=True))
    wanted, taken = search()[1], 0
    for share in SHARES:
        until = round(share * len(wanted))
        for slot in wanted[taken:until]:
            user = runners[slot.therapist_id]
            who = {"therapist": by_key[slot.therapist_id], "runner": user.runner, "by": user}
            book_slot(service=service, start=slot.start, now=now, **who)
        taken = until
        count, left = search()
        verdicts.say(
            f"statements at {share:.0%} full",
            f"{count}, {len(left)} of {len(wanted)} times left",
            count <= 6 and len(left) == len(wanted) - taken,
        )


def measured(verdicts: Verdicts, size: int) -> dict[str, float]:
    """The figures of `benchmarks/slots.py` in a process of its own: milliseconds and calls a second by name."""
    postgres = verdicts.kind == "postgres"
    url = (
        "postgres://postgres@127.0.0.1:5432/stridewell_bench_check_slots"
        if postgres
        else f"sqlite:///{os.environ['VAR_DIR']}/bench_slots.sqlite3"
    )
    servers = ["gthread"] if postgres and size == 40_000 else []
    command = [sys.executable, str(ground.ROOT / "benchmarks/slots.py"), "--database", url, "--appointments", str(size)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    try:
        ended = subprocess.run(
            [*command, "--calls", "100", "--servers", *servers],
            cwd=ground.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
    finally:
        ground.drop(url)
    lines = ended.stdout.splitlines()
    if ended.returncode:
        verdicts.say(f"{size:,}: benchmarks/slots.py", ended.stderr.splitlines()[-1:], False)
        return {"in process": math.inf, "of it our own CPU": math.inf}
    figures: dict[str, float] = {}
    for line in lines:
        for name in ("SQL statements", "in process", "of it our own CPU", "floor", "ratio", "HTTP"):
            figure = re.search(r"   +([\d.]+)", line.strip())
            if figure and line.strip().startswith(name):
                figures.setdefault(name, float(figure[1]))  # the list of all comes before the first free with anyone
        if "calls/s" in line:
            figures["calls"] = float(re.findall(r"(\d+) calls/s", line)[0])
    verdicts.say(f"{size:,}: SQL statements", int(figures["SQL statements"]), figures["SQL statements"] <= 6)
    verdicts.timed(f"{size:,}: in process, median", figures["in process"], TARGET_MS)
    print(
        f"          {size:,}: floor {figures['floor']} ms, ratio {figures['ratio']}, our own CPU {figures['of it our own CPU']} ms"
    )
    if servers:
        verdicts.timed(f"{size:,}: over HTTP, median", figures["HTTP"], TARGET_HTTP_MS)
        verdicts.timed(
            f"{size:,}: one call at {TARGET_CALLS} a second would take", 1000 / figures["calls"], 1000 / TARGET_CALLS
        )
        print(f"          {figures['calls']:.0f} calls a second on two workers (target {TARGET_CALLS})")
    return figures
