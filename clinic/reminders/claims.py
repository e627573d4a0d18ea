"""Who holds a reminder: claiming, handing over, and letting go. Each step is one conditional UPDATE that names the token."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.backoff import wait_after
from clinic.reminders.models import MAX_ATTEMPTS, Reminder, ReminderQuerySet, State
from clinic.reminders.quiet import day_of

LEASE = timedelta(seconds=90)
"""A dispatcher that says nothing for so long has died. Longer than any one hand-over (EMAIL_TIMEOUT, a few round trips)."""

BATCH = 20


@contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """On PostgreSQL, commits inside do not wait for the disk, as SQLite's do not in its WAL mode.

    If the database server itself dies, the marks of its last half second are lost: those messages go again under the
    same key. So it is for channels alone where a second copy does no harm.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit TO on")


def claim(*, now: datetime, most: int = BATCH, safe_channels: Sequence[str]) -> list[Reminder]:
    """Take up to `most` reminders that are due at `now`, the longest overdue first, and nobody else's.

    Rows of a dispatcher that died in the hand-over come back on `safe_channels`, where a second copy does no harm;
    elsewhere they end as unknown. Rows that outlive every attempt end as failed, so that one bad row stops nobody.
    """
    token = uuid.uuid4()
    with transaction.atomic(durable=True):
        bury(now, safe_channels)
        takeable = Reminder.objects.takeable(now)
        first = takeable.order_by("next_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            first = first.select_for_update(skip_locked=True)
        chosen = list(first.values_list("pk", flat=True)[:most])
        if not chosen:
            return []
        takeable.filter(pk__in=chosen).update(
            state=State.CLAIMED, token=token, lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    return list(Reminder.objects.filter(token=token).select_related("person").order_by("next_at", "id"))


def bury(now: datetime, safe_channels: Sequence[str]) -> None:
    """End the rows whose dispatcher died and that nobody may, or should, try again."""
    died = Reminder.objects.takeable(now).filter(state=State.CLAIMED)
    gone = {"token": None, "lease_until": None}
    died.exclude(channel__in=safe_channels).filter(handed_over_at__isnull=False).update(
        state=State.UNKNOWN, note="The sender stopped in the middle of handing it over.", **gone
    )
    died.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED, note=f"The sender stopped {MAX_ATTEMPTS} times while it had this message.", **gone
    )


def held(reminder: Reminder) -> ReminderQuerySet:
    """The row, if the token still holds."""
    return Reminder.objects.filter(pk=reminder.pk, state=State.CLAIMED, token=reminder.token)


def hand_over(reminder: Reminder, *, now: datetime, cap: int | None) -> bool | str:
    """Mark that the message leaves now, and renew the lease. False when somebody else holds the row by now.

    With a `cap`, a sentence instead when the person has had so many messages today: the count is taken under a lock on
    the person, so two dispatchers cannot both see room for one more.
    """
    mine = held(reminder).filter(lease_until__gt=now)
    leaving = {"handed_over_at": now, "lease_until": now + LEASE}
    if cap is None:
        return bool(mine.update(**leaving))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=reminder.person_id)
        if sent_today(reminder, now) >= cap:
            return f"The daily limit of {cap} message{'s' if cap > 1 else ''} was reached."
        return bool(mine.update(**leaving))


def sent_today(reminder: Reminder, now: datetime) -> int:
    """How many messages that count towards the limit the person has had, or is being sent, on their own day."""
    day = day_of(now, zone=reminder.person.zone)
    counted = [kind.name for kind in kinds.everything() if kind.capped and not kind.transactional]
    return (
        Reminder.objects.filter(person_id=reminder.person_id, kind__in=counted)
        .filter(
            Q(state=State.SENT, sent_at__gte=day.start, sent_at__lt=day.end)
            | Q(state=State.CLAIMED, handed_over_at__gte=day.start, handed_over_at__lt=day.end)
        )
        .exclude(pk=reminder.pk)
        .count()
    )


def let_go(reminder: Reminder, state: str, *, note: str = "", **facts: object) -> bool:
    """End this dispatcher's hold with the row in `state`. False when the token did not hold any more: nothing changes."""
    return bool(held(reminder).update(state=state, note=note[:200], token=None, lease_until=None, **facts))


def put_back(reminder: Reminder, *, at: datetime, note: str) -> bool:
    """Not now, and it does not count as an attempt: next at `at`."""
    return let_go(reminder, State.DUE, note=note, next_at=at, attempts=F("attempts") - 1)


def try_later(reminder: Reminder, *, now: datetime, note: str) -> bool:
    """After a failure that may heal: later, or given up when the attempts are used or it would come too late."""
    again = now + wait_after(reminder.attempts, key=reminder.key)
    if reminder.attempts >= MAX_ATTEMPTS:
        return let_go(reminder, State.FAILED, note=f"{note} Given up after {MAX_ATTEMPTS} attempts.")
    if again >= reminder.expires_at:
        return let_go(reminder, State.FAILED, note=f"{note} A later attempt would come too late.")
    return let_go(reminder, State.DUE, note=note, next_at=again, handed_over_at=None)
