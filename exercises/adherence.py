"""How much of the plan was done. Days without exercises count for nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from clinic.people.models import RunnerProfile
from exercises import doses
from exercises.models import Programme, SetLog


@dataclass(frozen=True)
class Day:
    """`planned` and `done` count exercises; an exercise is done with its first set, since half is more than nothing."""

    on: date
    planned: int
    done: int

    @property
    def state(self) -> str:
        """ "rest", "done" (something of the plan) or "missed"."""
        if not self.planned:
            return "rest"
        return "done" if self.done else "missed"


@dataclass(frozen=True)
class Adherence:
    """Days in order. `days_done` of `days_planned`; `share` of the planned exercises, 0 to 1, None when none were planned."""

    days: tuple[Day, ...]

    @property
    def days_planned(self) -> int:
        return sum(1 for day in self.days if day.planned)

    @property
    def days_done(self) -> int:
        return sum(1 for day in self.days if day.planned and day.done)

    @property
    def share(self) -> float | None:
        planned = sum(day.planned for day in self.days)
        return sum(day.done for day in self.days) / planned if planned else None


def count(programmes: Iterable[Programme], logged: Mapping[date, set[int]], first: date, last: date) -> Adherence:
    """Every day from `first` to `last`, both included. `logged`: day -> prescriptions with at least one set. No query."""
    known = sorted(programmes, key=lambda each: (each.starts_on, each.created_at), reverse=True)
    days = []
    for step in range((last - first).days + 1):
        on = first + timedelta(days=step)
        programme = next(
            (each for each in known if each.starts_on <= on and (each.ended_on is None or on < each.ended_on)), None
        )
        phase = programme.phase_on(on) if programme is not None else None
        planned = (
            {each.pk for each in phase.prescriptions.all() if doses.falls_on(each.days, on)}
            if phase is not None
            else set()
        )
        days.append(Day(on, len(planned), len(planned & logged.get(on, set()))))
    return Adherence(tuple(days))


def of_runner(runner: RunnerProfile, *, first: date, last: date) -> Adherence:
    """Of one runner, over the days from `first` to `last` of their own calendar: four queries."""
    programmes = Programme.objects.of(runner).overlapping(first, last).with_plan()
    rows = SetLog.objects.filter(session_log__runner=runner, session_log__on__gte=first, session_log__on__lte=last)
    logged: dict[date, set[int]] = {}
    for on, prescription in rows.values_list("session_log__on", "prescription"):
        logged.setdefault(on, set()).add(prescription)
    return count(programmes, logged, first, last)
