"""A simulated quarter of the clinic, and then plain SQL that looks for what must not be.

    python -m benchmarks.quarter                         on PostgreSQL, then on SQLite
    python -m benchmarks.quarter --database sqlite       on one of them
    python -m benchmarks.quarter --runners 100 --weeks 3 --first 2027-03-15 --seed 3

Thirteen weeks with the change of clocks in March 2027: runners book by preference, hold, confirm, let holds lapse, move,
cancel (late too), undo, wait, answer offers and take seats; callers ring, the desk moves and resizes past the rules,
therapists fall ill and go on holiday, workshops fill up and one is cancelled. Eight virtual users at once act at the same
simulated instant; every third hour the book's own minute runs, every hour the outbox sends. Exits with 1 on any violation
and on any error that is not a refusal.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from benchmarks import ground
from benchmarks.quarter.acts import Act, Acts
from benchmarks.quarter.clinic import LONDON, open_clinic
from benchmarks.quarter.violations import violations

POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/stridewell_bench_quarter")
AT_ONCE = 8
OPEN, CLOSE = 7, 21


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


class Quarter:
    """The run: what happened, and the errors that were no refusals."""

    def __init__(self, acts: Acts, dice: random.Random, sink: Sink) -> None:
        self.acts, self.dice, self.sink = acts, dice, sink
        self.happened: Counter[str] = Counter()
        self.errors: list[str] = []
        self.pool = ThreadPoolExecutor(AT_ONCE)

    def run(self) -> datetime:
        """All weeks, day by day; the instant at which it ends."""
        clinic = self.acts.clinic
        now = datetime.combine(clinic.first, clock(OPEN), LONDON).astimezone(UTC)
        ill = {
            clinic.first + timedelta(days=self.dice.randrange(clinic.weeks * 7)): each
            for each in clinic.therapists
            for _ in range(2)
        }
        for number in range(clinic.weeks * 7):
            day = clinic.first + timedelta(days=number)
            self.plans(day)
            if day in ill:
                self.count(self.acts.fall_ill, ill[day], datetime.combine(day, clock(OPEN), LONDON).astimezone(UTC))
            for hour in range(OPEN, CLOSE):
                now = datetime.combine(day, clock(hour), LONDON).astimezone(UTC)
                self.hour(now)
            self.count(self.acts.close_day, self.dice, now + timedelta(hours=1))
        self.pool.shutdown()
        self.last_minute(now + timedelta(minutes=59))
        return now

    def hour(self, now: datetime) -> None:
        """People act in one burst at a minute of the hour; the clinic's own minutes run around it."""
        from bookings.services.ticking import tick
        from clinic.reminders.dispatch import dispatch

        busy = now + timedelta(minutes=self.dice.randrange(5, 25))
        several = min(14, int(self.dice.expovariate(1 / 5))) if self.dice.random() < 0.5 else 0
        acts = [self.acts.draw(self.dice, busy) for _ in range(several)]
        if acts and self.dice.random() < 0.3:
            acts.append(acts[0])
        self.together(acts)
        if now.hour % 3 == 0 or several > 7:
            tick(now=now + timedelta(minutes=58))
        self.happened["messages sent"] += dispatch(now=now + timedelta(minutes=59))["sent"]

    def last_minute(self, now: datetime) -> None:
        """What is due by the end has been done: offers ended, messages sent."""
        from bookings.services.ticking import tick
        from clinic.reminders.dispatch import dispatch

        tick(now=now)
        while sent := dispatch(now=now)["sent"]:
            self.happened["messages sent"] += sent

    def plans(self, day: date) -> None:
        """What the desk plans ahead: a workshop every other week, a week off three weeks before it, one cancellation."""
        from bookings.models import Workshop
        from bookings.services import add_time_off
        from bookings.services.workshops import cancel_workshop, plan_workshop

        clinic, desk = self.acts.clinic, self.acts.clinic.desk
        now = datetime.combine(day, clock(OPEN), LONDON).astimezone(UTC)
        number = (day - clinic.first).days
        if number % 14 == 0:
            start = datetime.combine(day + timedelta(days=16), clock(18), LONDON).astimezone(UTC)
            plan_workshop(
                title=f"Running form {number}",
                capacity=10,
                therapist=clinic.therapists[number // 14 % 6],
                start=start,
                minutes=90,
                place="clinic",
                by=desk,
                now=now,
                override_reason="Workshops are in the evening.",
            )
            self.happened["workshops planned"] += 1
        if number == 50 and (workshop := Workshop.objects.filter(state="planned", booking__start__gt=now).first()):
            self.happened["workshop cancelled, people told"] += cancel_workshop(
                workshop=workshop, by=desk, now=now, reason="The hall is closed."
            )
        if number % 14 == 3:
            away = clinic.therapists[(number // 14) % 8]
            start = datetime.combine(day + timedelta(days=21), clock(0), LONDON).astimezone(UTC)
            added = add_time_off(
                therapist=away, start=start, end=start + timedelta(days=7), reason="Holiday", by=desk, now=now
            )
            self.happened["holidays entered"] += 1
            self.happened["holidays: sessions hit"] += len(added.hit)
            for session in added.hit:
                if session.workshop_id is None:
                    self.settle(self.move_away, session, now)

    def move_away(self, session: Any, now: datetime) -> str:
        from bookings.services import cancel_appointment

        cancel_appointment(appointment=session, by=self.acts.clinic.desk, now=now, reason="Your therapist is away.")
        return "holidays: cancelled"

    def settle(self, act: Any, *values: Any) -> None:
        """One act: what it did, or the refusal; anything else is an error."""
        from clinic.core.errors import DomainError

        try:
            self.happened[act(*values)] += 1
        except DomainError as refused:
            self.happened[f"refused: {refused.code}"] += 1
        except Exception:
            self.errors.append(traceback.format_exc())

    def count(self, act: Any, *values: Any) -> None:
        """One act that counts several things itself."""
        try:
            self.happened.update(act(*values))
        except Exception:
            self.errors.append(traceback.format_exc())

    def together(self, acts: Iterable[Act]) -> None:
        list(self.pool.map(self.settle, acts))


def play(kind: str, given: argparse.Namespace) -> bool:
    """The quarter on one database, in this process. True when nothing was violated."""
    print(
        f"quarter on {kind}: {given.weeks} weeks from {given.first}, {given.runners} runners, seed {given.seed}; {ground.machine()}",
        flush=True,
    )
    os.environ["REDIS_URL"] = ""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["VAR_DIR"] = folder
        url = POSTGRES if kind == "postgres" else f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        ground.end_in_order()
        ground.prepare(url)
        try:
            return report(kind, given)
        finally:
            ground.drop(url)


def report(kind: str, given: argparse.Namespace) -> bool:
    from bookings.models import Appointment
    from clinic.reminders import posts

    dice, sink = random.Random(given.seed), Sink()
    posts.POSTS = {"email": sink}  # type: ignore[dict-item]
    begun = time.perf_counter()
    clinic = open_clinic(given.first, weeks=given.weeks, runners=given.runners, dice=dice)
    quarter = Quarter(Acts(clinic), dice, sink)
    end = quarter.run()
    took = time.perf_counter() - begun
    states = Counter(Appointment.objects.sessions().order_by().values_list("state", flat=True))
    print(f"  {took:.0f} s; sessions by state: {dict(states)}")
    for name, count in sorted(quarter.happened.items()):
        print(f"    {name:44} {count:6}")
    found = violations(end + timedelta(minutes=59), kind)
    found["messages handed over twice"] = sum(count > 1 for count in sink.keys.values())
    found["errors that were no refusal"] = len(quarter.errors)
    print("  violations, by plain SQL:")
    for name, count in found.items():
        print(f"    {'ok    ' if not count else 'BROKEN'} {name:52} {count}")
    for error in Counter(each.splitlines()[-1] for each in quarter.errors).most_common(5):
        print(f"      {error[1]} x {error[0]}")
    if quarter.errors:
        print(quarter.errors[0])
    print(f"quarter on {kind}: {sum(found.values())} violations\n", flush=True)
    return not any(found.values())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", choices=("postgres", "sqlite"))
    options.add_argument("--runners", type=int, default=400)
    options.add_argument("--weeks", type=int, default=13)
    options.add_argument("--first", type=date.fromisoformat, default=date(2027, 2, 1), help="a Monday")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    if given.database:
        raise SystemExit(0 if play(given.database, given) else 1)
    broken = False
    for kind in ("postgres", "sqlite"):
        command = [sys.executable, "-m", "benchmarks.quarter", *sys.argv[1:], "--database", kind]
        broken |= subprocess.run(command, cwd=ground.ROOT).returncode != 0
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
