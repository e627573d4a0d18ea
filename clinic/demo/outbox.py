"""Messages in every state: what went out in the last weeks, what is planned, and what went wrong; and the letters themselves."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from bookings.messages import USEFUL_UNTIL, VISITS
from bookings.models import Appointment
from bookings.models.appointments import State as Visit
from clinic.demo.mailbox import keep
from clinic.people.models import RunnerProfile, User
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Channel, Preference, Reminder, Rhythm, State

LOOK_BACK = timedelta(days=21)
LETTERS_KEPT = 40


def write_outbox(rows: list[Appointment], runners: list[RunnerProfile], *, now: datetime, chance: Random) -> None:
    reminders: list[Reminder] = []
    for row in rows:
        if row.start > now - LOOK_BACK:
            reminders += about(row, now)
    go_wrong(reminders, now, chance)
    Reminder.objects.bulk_create(reminders, batch_size=500)
    Preference.objects.bulk_create(
        Preference(person=runner.user, kind="exercises_due", wanted=False, changed_at=now - timedelta(days=20))
        for runner in runners[8::9]
    )
    Rhythm.objects.bulk_create(Rhythm(person=runner.user, daily_cap=1) for runner in runners[5::11])
    keep_letters(now, runners[0].user)


def about(row: Appointment, now: datetime) -> list[Reminder]:
    """The confirmation and both reminders of one session, in the state they are in by now."""
    cancelled = row.state == Visit.CANCELLED
    told = [letter(row, "booked", row.booked_at, now, sequence=0)]
    if cancelled and row.cancelled_at:
        told.append(letter(row, "cancelled", row.cancelled_at, now, sequence=row.sequence))
    for kind, before in VISITS.items():
        due_at = row.start - before
        if due_at <= row.booked_at:
            continue
        reminder = Reminder(
            person=row.runner.user,
            kind=kind,
            subject=row.subject,
            occasion=row.start.isoformat(),
            due_at=due_at,
            next_at=due_at,
            expires_at=row.start - USEFUL_UNTIL[kind] if USEFUL_UNTIL[kind] < before else row.start,
            context={"start": row.start.isoformat()},
            created_at=row.booked_at,
        )
        if row.cancelled_at and row.cancelled_at < due_at:
            reminder.state, reminder.note = State.WITHDRAWN, "The session was cancelled."
        elif due_at <= now:
            sent(reminder)
        told.append(reminder)
    return told


def letter(row: Appointment, kind: str, at: datetime, now: datetime, *, sequence: int) -> Reminder:
    reminder = Reminder(
        person=row.runner.user,
        kind=kind,
        subject=row.subject,
        occasion=f"change {sequence}",
        due_at=at,
        next_at=at,
        expires_at=max(row.start, at + timedelta(days=2)),
        context={"sequence": sequence, "was": None},
        created_at=at,
    )
    sent(reminder)
    return reminder


def sent(reminder: Reminder) -> None:
    reminder.state, reminder.attempts = State.SENT, 1
    reminder.sent_at = reminder.handed_over_at = reminder.due_at + timedelta(seconds=4)


def go_wrong(reminders: list[Reminder], now: datetime, chance: Random) -> None:
    """A few of the sent ones did not go as they should."""
    lately = [each for each in reminders if each.state == State.SENT and each.kind == "visit_24h"]
    wrong = chance.sample(lately, min(6, len(lately)))
    mishaps = [
        (State.FAILED, Channel.EMAIL, "The address was refused (550)."),
        (State.FAILED, Channel.EMAIL, "The mail server did not take it (TimeoutError). Given up after 6 attempts."),
        (State.UNKNOWN, Channel.SMS, "The sender stopped in the middle of handing it over."),
        (State.SKIPPED, Channel.EMAIL, "It fell in quiet hours and would come too late after them."),
        (State.SKIPPED, Channel.EMAIL, "Turned off by the person."),
        (State.SKIPPED, Channel.EMAIL, "Too late: what it tells is over."),
    ]
    for reminder, (state, channel, note) in zip(wrong, mishaps, strict=False):
        reminder.state, reminder.channel, reminder.note, reminder.sent_at = state, channel, note, None
        reminder.attempts = 6 if "Given up" in note else 1
        if state == State.SKIPPED:
            reminder.handed_over_at = None
    claimed = next((each for each in lately if each not in wrong and each.expires_at > now), None)
    if claimed is not None:
        claimed.state, claimed.sent_at, claimed.handed_over_at = State.CLAIMED, None, None
        claimed.lease_until, claimed.token = now + timedelta(seconds=60), UUID(int=chance.getrandbits(128), version=4)


def keep_letters(now: datetime, first_runner: User) -> None:
    """The newest letters as they were sent, for the mailbox; and all of runner@'s."""
    out = Reminder.objects.filter(state=State.SENT, channel=Channel.EMAIL).select_related("person").order_by("-sent_at")
    newest = {reminder.pk: reminder for reminder in (*out[:LETTERS_KEPT], *out.filter(person=first_runner))}
    for reminder in newest.values():
        keep(write_letter(reminder, reminder.sent_at or now), at=reminder.sent_at)
