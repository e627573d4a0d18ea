"""What a runner does on one day: the rows of the list, with what is done already."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from clinic.people.models import RunnerProfile
from exercises import doses
from exercises.models import Exercise, Prescription, Programme, SessionLog, SetLog


@dataclass(frozen=True)
class Row:
    """One exercise of the day. `sets` are the sets written down so far, in order."""

    prescription: Prescription
    on: date
    sets: tuple[SetLog, ...] = field(default=())

    @property
    def exercise(self) -> Exercise:
        return self.prescription.exercise

    @property
    def dose(self) -> str:
        return doses.in_words(self.prescription)

    @property
    def done(self) -> bool:
        """As many sets as prescribed."""
        return len(self.sets) >= self.prescription.sets

    @property
    def next_set(self) -> int:
        """The number of the first set that is not written down."""
        taken = {each.number for each in self.sets}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    @property
    def pain(self) -> int | None:
        """The worst pain of its sets, 0 to 10; None when it was not asked."""
        return max((each.pain for each in self.sets if each.pain is not None), default=None)


def rows(programme: Programme | None, on: date, sets: Iterable[SetLog]) -> list[Row]:
    """The rows of the day `on`; `programme` comes with its plan, `sets` are those of the day. No query."""
    phase = programme.phase_on(on) if programme is not None else None
    if phase is None:
        return []
    done: dict[int, list[SetLog]] = {}
    for each in sets:
        done.setdefault(each.prescription_id, []).append(each)
    return [
        Row(each, on, tuple(sorted(done.get(each.pk, ()), key=lambda logged: logged.number)))
        for each in phase.prescriptions.all()
        if doses.falls_on(each.days, on)
    ]


def rows_of(programme: Programme, on: date) -> list[Row]:
    """The rows of one programme, which comes with its plan: one query more."""
    return rows(programme, on, SetLog.objects.filter(session_log__programme=programme, session_log__on=on))


def programme_on(runner: RunnerProfile, on: date) -> Programme | None:
    """The programme `runner` follows on the day `on`, with its plan."""
    return Programme.objects.of(runner).in_force(on).with_plan().order_by("-starts_on", "-created_at").first()


def for_runner(runner: RunnerProfile, on: date) -> list[Row]:
    """The exercises of `runner` on the day `on` of their own calendar, with what is done; empty on a day of rest."""
    programme = programme_on(runner, on)
    return rows_of(programme, on) if programme is not None else []


def log_on(programme: Programme, on: date) -> SessionLog | None:
    """What the runner wrote down of that day."""
    return SessionLog.objects.filter(programme=programme, on=on).first()
