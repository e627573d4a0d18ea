"""What runners have logged in the last two weeks: pain of each day, exercise days done and missed. Two queries for any number of runners."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count

from clinic.dashboard.verdict import Pain
from clinic.people.models import RunnerProfile
from exercises.models import Phase, Programme, SessionLog

FORTNIGHT = 14


class Day(NamedTuple):
    """`state`: done, missed, rest, next (planned today, not done yet), out (before the programme)."""

    on: date
    state: str


@dataclass
class Fortnight:
    """The last 14 days of one runner, today included."""

    pains: list[Pain] = field(default_factory=list)  # oldest first
    days: list[Day] = field(default_factory=list)  # oldest first

    @property
    def last_pain(self) -> Pain | None:
        return self.pains[-1] if self.pains else None

    @property
    def planned(self) -> int:
        """Exercise days so far, today only once it is done."""
        return sum(day.state in ("done", "missed") for day in self.days)

    @property
    def done(self) -> int:
        return sum(day.state == "done" for day in self.days)


class Stretch(NamedTuple):
    """A phase of an active programme on the calendar: from `first` up to, not including, `end`; planned `weekdays`."""

    first: date
    end: date
    weekdays: frozenset[int]


def fortnights(runners: Iterable[RunnerProfile], *, until: date) -> dict[Any, Fortnight]:
    """By the runner's primary key: what each has logged from 13 days before `until` (the runner's own date) to `until`."""
    keys = [runner.pk for runner in runners]
    first = until - timedelta(days=FORTNIGHT - 1)
    found = {key: Fortnight() for key in keys}
    done: dict[Any, set[date]] = defaultdict(set)
    logs = (
        SessionLog.objects.filter(runner__in=keys, on__range=(first, until))
        .annotate(sets_done=Count("sets"))
        .order_by("on")
    )
    for runner, on, pain, sets in logs.values_list("runner_id", "on", "pain", "sets_done"):
        pains = found[runner].pains
        if pain is not None and pains and pains[-1].on == on:
            pains[-1] = Pain(on, max(pain, pains[-1].pain))
        elif pain is not None:
            pains.append(Pain(on, pain))
        if sets:
            done[runner].add(on)
    plans = stretches(keys)
    for key, fortnight in found.items():
        if key in plans:
            fortnight.days = [
                Day(on, state_of(on, plans[key], done[key], until))
                for on in (first + timedelta(days=n) for n in range(FORTNIGHT))
            ]
    return found


def stretches(keys: Sequence[Any]) -> dict[Any, list[Stretch]]:
    """The phases of each runner's active programme, in order."""
    rows = (
        Phase.objects.filter(programme__runner__in=keys, programme__state=Programme.State.ACTIVE)
        .order_by("programme", "position")
        .values_list("programme__runner_id", "programme__starts_on", "position", "weeks", "prescriptions__days")
    )
    phases: dict[Any, dict[int, tuple[date, int, set[int]]]] = defaultdict(dict)
    for runner, starts_on, position, weeks, days in rows:
        phases[runner].setdefault(position, (starts_on, weeks, set()))[2].update(days or ())
    plans: dict[Any, list[Stretch]] = {}
    for runner, parts in phases.items():
        at = min(starts_on for starts_on, _, _ in parts.values())
        plans[runner] = []
        for _, weeks, weekdays in parts.values():
            end = at + timedelta(weeks=weeks)
            plans[runner].append(Stretch(at, end, frozenset(weekdays)))
            at = end
        plans[runner][-1] = plans[runner][-1]._replace(end=date.max)  # the last phase goes on until the programme ends
    return plans


def state_of(on: date, plan: Sequence[Stretch], done: set[date], today: date) -> str:
    """How the day `on` stands in the plan."""
    if on in done:
        return "done"
    phase = next((each for each in plan if each.first <= on < each.end), None)
    if phase is None:
        return "out"
    if on.weekday() not in phase.weekdays:
        return "rest"
    return "next" if on == today else "missed"
