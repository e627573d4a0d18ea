"""Planning the messages about exercises and races. Rows of the outbox; truth is checked again when they go out."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.reminders.models import Reminder
from clinic.reminders.models import State as Sending
from clinic.reminders.services import schedule
from exercises import doses
from exercises.models import Programme, Race, State

DAYS_AHEAD = 2
"""Today and so many days after it are planned; the planner runs every few minutes."""

RECOVERY_AT = time(8, 0)
RECOVERY_FOR = timedelta(hours=12)
EXERCISES_FOR = timedelta(hours=5)


def plan_exercise_reminders(now: datetime) -> int:
    """Write the exercise reminders of today and the coming days for every active programme. Returns how many are coming.

    Safe to call at any time, any number of times.
    """
    waiting = Reminder.objects.filter(kind="exercises_due", due_at__gt=now).exclude(
        state__in=(Sending.WITHDRAWN, Sending.SKIPPED)
    )
    standing = {
        (subject, occasion): due_at
        for subject, occasion, due_at in waiting.values_list("subject", "occasion", "due_at")
    }
    programmes = Programme.objects.active().with_plan()
    return sum(plan_days_of(programme, now=now, standing=standing) for programme in programmes.iterator(chunk_size=500))


def plan_days_of(
    programme: Programme, *, now: datetime, standing: Mapping[tuple[str, str], datetime] | None = None
) -> int:
    """The reminders of one programme, each at the runner's chosen hour of their own day, on days with exercises.

    `standing`: (subject, occasion) -> due instant of those that are planned already; they are left alone.
    """
    if programme.state != State.ACTIVE:
        return 0
    user = programme.runner.user
    today = now.astimezone(user.tz).date()
    planned = 0
    for ahead in range(DAYS_AHEAD + 1):
        on = today + timedelta(days=ahead)
        due_at = local_instant(on, programme.runner.exercise_reminder_at, user.tz)
        if due_at <= now or not has_exercises(programme, on):
            continue
        planned += 1
        if standing is not None and standing.get((programme.subject, on.isoformat())) == due_at:
            continue
        schedule(
            person=user,
            kind="exercises_due",
            subject=programme.subject,
            occasion=on.isoformat(),
            due_at=due_at,
            expires_at=due_at + EXERCISES_FOR,
            context={"on": on},
        )
    return planned


def plan_recovery(race: Race, *, now: datetime) -> None:
    """One message on the morning after the race, at eight by the runner's clock; none for a race that long over."""
    due_at = local_instant(race.on + timedelta(days=1), RECOVERY_AT, race.runner.user.tz)
    if due_at > now:
        schedule(
            person=race.runner.user,
            kind="race_recovery",
            subject=race.subject,
            occasion=race.on.isoformat(),
            due_at=due_at,
            expires_at=due_at + RECOVERY_FOR,
            context={"race": race.name},
        )


def has_exercises(programme: Programme, on: date) -> bool:
    phase = programme.phase_on(on)
    return phase is not None and any(doses.falls_on(each.days, on) for each in phase.prescriptions.all())


def local_instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a wall-clock time; one that the clocks skip comes just after the skipped hour."""
    return datetime.combine(on, at, zone).astimezone(ZoneInfo("UTC"))
