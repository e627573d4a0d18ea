"""Repeat the ten checks of booking: `python -m benchmarks.checks N`, or `all`.

    python -m benchmarks.checks 1                        on PostgreSQL, then on SQLite
    python -m benchmarks.checks 1 --database sqlite      on one of them
    python -m benchmarks.checks all

Each makes a database of its own, drops it at the end, talks to 127.0.0.1 alone, ends only what it started, prints its
figures with a verdict each, and exits with 1 when anything is broken.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import ground
from benchmarks.checks.stage import Verdicts

CHECKS = {
    1: "one_booking",
    2: "listed_is_bookable",
    3: "change_days",
    4: "zones",
    5: "one_call",
    6: "holds",
    7: "capacity",
    8: "moving",
    9: "reminders",
    10: "calendars",
}
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/stridewell_bench_check_{number}")
KINDS = ("postgres", "sqlite")


def run(number: int, kind: str) -> bool:
    """One check on one database, in this process. True when nothing is broken."""
    check = importlib.import_module(f"benchmarks.checks.{CHECKS[number]}")
    print(f"check {number} on {kind}: {check.__doc__.splitlines()[0]}  [{ground.machine()}]", flush=True)
    os.environ["REDIS_URL"] = ""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["VAR_DIR"] = folder
        url = POSTGRES.format(number=number) if kind == "postgres" else f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        verdicts = Verdicts(kind)
        ground.end_in_order()
        ground.prepare(url)
        try:
            check.run(verdicts)
        finally:
            ground.drop(url)
    print(verdicts.summary(f"check {number} on {kind}"), flush=True)
    return not verdicts.broken


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("number", choices=[*map(str, CHECKS), "all"])
    options.add_argument("--database", choices=KINDS)
    given = options.parse_args()
    numbers = list(CHECKS) if given.number == "all" else [int(given.number)]
    if given.database and len(numbers) == 1:
        raise SystemExit(0 if run(numbers[0], given.database) else 1)
    broken = False
    for number in numbers:
        for kind in (given.database,) if given.database else KINDS:
            command = [sys.executable, "-m", "benchmarks.checks", str(number), "--database", kind]
            broken |= subprocess.run(command, cwd=ground.ROOT).returncode != 0
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
