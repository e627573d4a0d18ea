"""Availability in one call, flat: a fortnight of all therapists in at most six statements, whatever the numbers.

`benchmarks/slots.py` measures it against a floor of the same run, at 40,000 and 400,000 appointments (on SQLite at 40,000
in process). Here the statements are counted besides, from 2 to 40 therapists and from empty to full days.
"""

import math
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from benchmarks import ground
from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist

TARGET_MS, TARGET_HTTP_MS, TARGET_CALLS, TARGET_RATIO = 25, 40, 100, 1.2


def run(verdicts: Verdicts) -> None:
    counted(verdicts)
    small = measured(verdicts, 40_000)
    if verdicts.kind == "postgres":
        large = measured(verdicts, 400_000)
        ratio = large["in process"] / small["in process"]
        cpu = large["CPU"] / small["CPU"]
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
    found, statements = [], []
    people = []
    for size in (2, 10, 40):
        people += [make_therapist(f"t{number}", service, opens=9, closes=11) for number in range(len(people), size)]
        for booked in (0, 1, 14):
            for offset in range(1, booked):
                for therapist, user in zip(people[:2], make_runners(2), strict=True):
                    start = datetime(2027, 2, 1 + offset, 9, tzinfo=UTC)
                    if not any(slot.start == start and slot.therapist_id == therapist.pk for slot in found):
                        continue
                    book_slot(service=service, therapist=therapist, runner=user.runner, start=start, by=user, now=now)
            with CaptureQueriesContext(connection) as queries:
                found = search_slots(
                    service=service,
                    first=now.date(),
                    last=now.date() + timedelta(days=13),
                    zone="Europe/London",
                    now=now,
                ).slots
            statements.append(len(queries))
    verdicts.say("statements, 2 to 40 therapists, empty to full", " ".join(map(str, statements)), max(statements) <= 6)


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
        return {"in process": math.inf, "CPU": math.inf}
    figures: dict[str, float] = {}
    for line in lines:
        numbers = [float(each) for each in re.findall(r"\d+\.\d+|\d+", line.partition("  (target")[0])]
        for name in ("SQL statements", "in process", "CPU", "floor", "ratio", "HTTP"):
            if line.strip().startswith(name) or (name == "CPU" and "our own CPU" in line):
                figures[name] = numbers[0] if name != "HTTP" else numbers[1]
        if "calls/s" in line:
            figures["calls"] = float(re.findall(r"(\d+) calls/s", line)[0])
    verdicts.say(f"{size:,}: SQL statements", int(figures["SQL statements"]), figures["SQL statements"] <= 6)
    verdicts.timed(f"{size:,}: in process, median", figures["in process"], TARGET_MS)
    print(f"          {size:,}: floor {figures['floor']} ms, ratio {figures['ratio']}, our own CPU {figures['CPU']} ms")
    if servers:
        verdicts.timed(f"{size:,}: over HTTP, median", figures["HTTP"], TARGET_HTTP_MS)
        verdicts.timed(
            f"{size:,}: one call at {TARGET_CALLS} a second would take", 1000 / figures["calls"], 1000 / TARGET_CALLS
        )
        print(f"          {figures['calls']:.0f} calls a second on two workers (target {TARGET_CALLS})")
    return figures
