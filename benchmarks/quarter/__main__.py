"""A simulated quarter of the clinic, and then plain SQL that looks for what must not be.

    python -m benchmarks.quarter                         on PostgreSQL, then on SQLite
    python -m benchmarks.quarter --database sqlite       on one of them
    python -m benchmarks.quarter --runners 100 --weeks 3 --first 2027-03-15 --seed 3

Thirteen weeks with the changes of clocks in March 2027: runners book by preference, hold, confirm, let holds lapse, move,
cancel (late too), undo, wait, exchange, answer offers, book series and take seats; visitors book without an account, callers
ring, the desk moves and resizes past the rules, replans the days of therapists who fall ill and gives up the sessions of
their holidays, one travels, workshops fill up and one is cancelled. Several processes act at the same simulated instant;
every third hour the book's own minute runs, every hour the outbox sends. Exits with 1 on any violation and on any error
that is not a refusal.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

from benchmarks import ground
from benchmarks.quarter.acts import Act, Acts
from benchmarks.quarter.clinic import LONDON, open_clinic
from benchmarks.quarter.crew import Crew
from benchmarks.quarter.violations import violations

POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/stridewell_bench_quarter")
OPEN, CLOSE = 7, 21
RUNNERS_PER_ACT = 60
"""So many runners make one act an hour, on average."""

OUGHT_TO_HAPPEN = (
    *("book: done", "book: undone", "hold: abandoned", "move: done", "cancel: done", "cancel: late, with its fee"),
    *("visitor: booked", "visitor: went away", "series: four booked", "offer: accepted", "offer: declined"),
    *("waitlist: joined", "waitlist: joined in exchange", "desk: booked for a caller", "desk: moved past the rules"),
    *("ill: offered another time", "holidays", "seat: taken", "seat: given back", "workshop: planned", "came"),
)
"""In three weeks or more: what a run that is worth something has seen."""


class Quarter:
    """The run: day by day, hour by hour."""

    def __init__(self, acts: Acts, crew: Crew, dice: random.Random) -> None:
        self.acts, self.crew, self.dice = acts, crew, dice
        clinic = acts.clinic
        self.ill = {
            clinic.first + timedelta(days=dice.randrange(clinic.weeks * 7)): number
            for number in range(len(clinic.therapists))
            for _ in range(2)
        }

    def run(self) -> datetime:
        """All weeks; the instant at which it ends."""
        clinic = self.acts.clinic
        for number in range(clinic.weeks * 7):
            day = clinic.first + timedelta(days=number)
            self.crew.together(self.plans(number, at(day, OPEN)))
            for hour in range(OPEN, CLOSE):
                self.hour(at(day, hour), self.sudden(day) if hour == OPEN + 1 else [])
            self.crew.together(self.over(at(day, CLOSE)))
        end = at(day, CLOSE)
        self.crew.tick(end)
        while self.crew.send(end):
            pass
        return end

    def hour(self, now: datetime, sudden: list[Act]) -> None:
        """People act in one burst at a minute of the hour; the clinic's own minutes run around it."""
        busy = now + timedelta(minutes=self.dice.randrange(5, 25))
        most = 2 * len(self.acts.clinic.runners) // RUNNERS_PER_ACT
        acts = [self.acts.draw(self.dice, busy) for _ in range(self.dice.randint(0, most))]
        if acts and self.dice.random() < 0.3:
            acts.append(acts[0])
        self.crew.together([*acts[:2], *(each._replace(now=busy) for each in sudden), *acts[2:]])
        if now.hour % 3 == 0:
            self.crew.tick(now + timedelta(minutes=58), twice=now.hour == 12)
        self.crew.send(now + timedelta(minutes=59))

    def sudden(self, day: date) -> list[Act]:
        """A therapist calls in ill while people book."""
        return [Act("fall_ill", self.ill[day], self.dice.random(), at(day, OPEN))] if day in self.ill else []

    def plans(self, number: int, now: datetime) -> list[Act]:
        """What the desk plans on the day: a workshop every other week, a week off three weeks before it, one cancellation."""
        acts = []
        if number % 14 == 0:
            acts.append(Act("plan_workshop", number // 14, 0, now))
        if number % 14 == 3:
            acts.append(Act("go_on_holiday", number // 14 % 8, 0, now))
        if number == 50 or (number == 15 and self.acts.clinic.weeks < 8):
            acts.append(Act("cancel_workshop", number, 0, now))
        return acts

    def over(self, now: datetime) -> list[Act]:
        """Every session that has ended, to be marked."""
        from bookings.models import Appointment

        over = Appointment.objects.sessions().filter(state__in=("booked", "arrived"), end__lte=now)
        return [Act("close_session", key, self.dice.random(), now) for key in over.values_list("pk", flat=True)]


def at(day: date, hour: int) -> datetime:
    """A whole hour of the clinic's clock, as an instant."""
    return datetime.combine(day, clock(hour), LONDON).astimezone(UTC)


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

    dice = random.Random(given.seed)
    begun = time.perf_counter()
    clinic = open_clinic(given.first, weeks=given.weeks, runners=given.runners, dice=dice)
    acts = Acts(clinic)
    crew = Crew(acts)
    try:
        end = Quarter(acts, crew, dice).run()
    finally:
        crew.close()
    took = time.perf_counter() - begun
    states = Counter(Appointment.objects.sessions().order_by().values_list("state", flat=True))
    print(f"  {took:.0f} s; sessions by state: {dict(states)}")
    for name, count in sorted(crew.happened.items()):
        print(f"    {name:44} {count:6}")
    found = violations(end, kind)
    found["messages handed over twice"] = sum(count > 1 for count in crew.keys.values())
    found["errors that were no refusal"] = len(crew.errors)
    found["things that ought to happen and never did"] = sum(not crew.happened[each] for each in OUGHT_TO_HAPPEN)
    print("  violations, by plain SQL:")
    for name, count in found.items():
        print(f"    {'ok    ' if not count else 'BROKEN'} {name:52} {count}")
    for error in Counter(each.splitlines()[-1] for each in crew.errors).most_common(5):
        print(f"      {error[1]} x {error[0]}")
    if crew.errors:
        print(crew.errors[0])
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
