"""Programmes, what was done of them, and races."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from clinic.demo.complaints import Complaint
from clinic.people.models import RunnerProfile, TherapistProfile
from exercises.doses import usual_dose
from exercises.models import Exercise, Prescription, Programme, SessionLog, SetLog
from exercises.services import create_programme, enter_race

RACES = (
    ("Quayside 10", Decimal(10)),
    ("Gorge Half", Decimal("21.1")),
    ("Harbour 5", Decimal(5)),
    ("Severn Marathon", Decimal("42.2")),
    ("Downs Trail 25", Decimal(25)),
)
WORDS = (
    "",
    "",
    "",
    "",
    "Felt easy.",
    "Knee a bit stiff at first.",
    "Short of time, did the rest in the evening.",
    "Good day.",
)


def give_programme(
    *,
    runner: RunnerProfile,
    therapist: TherapistProfile,
    complaint: Complaint,
    slugs: list[str],
    library: dict[str, Exercise],
    starts_on: date,
    now: datetime,
    weeks: int,
) -> Programme:
    """Four or five exercises: what the findings offered, filled up with what the complaint needs."""
    wanted = [slug for slug in dict.fromkeys((*slugs, *complaint.exercises)) if slug in library][:5]
    programme = create_programme(
        runner=runner,
        therapist=therapist,
        by=therapist.user,
        title=complaint.title,
        doses=[usual_dose(library[slug]) for slug in wanted],
        weeks=weeks,
        starts_on=starts_on,
        now=now,
    )
    Programme.objects.filter(pk=programme.pk).update(created_at=datetime.combine(starts_on, time(17), UTC))
    return programme


def write_logs(
    programmes: list[Programme],
    *,
    today: date,
    diligence: dict[UUID, float],
    pain: dict[UUID, tuple[int, int]],
    chance: Random,
) -> None:
    """What each runner did, day by day: less at weekends, pain going down with a bad day in between."""
    logs: list[SessionLog] = []
    sets: list[SetLog] = []
    for programme in programmes:
        days = [programme.starts_on + timedelta(days=n) for n in range((today - programme.starts_on).days)]
        for place, day in enumerate(days):
            phase = programme.phase_on(day)
            due = [each for each in phase.prescriptions.all() if day.weekday() in each.days] if phase else []
            share = diligence[programme.runner_id] - (0.15 if day.weekday() > 4 else 0)
            if not due or chance.random() > share:
                continue
            first, last = pain[programme.runner_id]
            level = first + (last - first) * place / max(1, len(days)) + chance.gauss(0, 0.8)
            log = SessionLog(
                programme=programme,
                runner_id=programme.runner_id,
                on=day,
                pain=min(10, max(0, round(level + (2 if chance.random() < 0.03 else 0)))),
                effort=min(10, max(1, round(chance.gauss(5, 1.2)))),
                note=chance.choice(WORDS),
                logged_at=datetime.combine(day, time(chance.randint(6, 20), chance.randint(0, 59)), UTC),
            )
            logs.append(log)
            done = due if chance.random() < share + 0.1 else due[: max(1, len(due) - 1)]
            sets += [one for each in done for one in sets_of(log, each, chance)]
    SessionLog.objects.bulk_create(logs, batch_size=500)
    SetLog.objects.bulk_create(sets, batch_size=1000)


def sets_of(log: SessionLog, prescription: Prescription, chance: Random) -> list[SetLog]:
    short = chance.random() < 0.06
    return [
        SetLog(
            session_log=log,
            prescription=prescription,
            number=number,
            reps=max(1, prescription.reps - 2) if short and prescription.reps else prescription.reps,
            hold_s=prescription.hold_s,
            load_kg=prescription.load_kg,
            as_planned=not (short and prescription.reps),
        )
        for number in range(1, prescription.sets + 1)
    ]


def enter_races(runners: list[RunnerProfile], *, today: date, now: datetime, chance: Random) -> None:
    """Every third runner has a race ahead, some one behind them; runner@ ran one yesterday week and has a half ahead."""
    for number, runner in enumerate(runners):
        if number % 3 == 0:
            name, distance = RACES[number // 3 % len(RACES)] if number else RACES[1]
            ahead = today + timedelta(days=41 if not number else chance.randint(2, 90))
            enter_race(runner=runner, name=name, on=ahead, distance_km=distance, by=runner.user, now=now)
        if number % 7 == 0:
            behind = today - timedelta(days=9 if not number else chance.randint(0, 50))
            enter_race(runner=runner, name="Harbour 5", on=behind, distance_km=Decimal(5), by=runner.user, now=now)
