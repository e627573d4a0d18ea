"""What other apps and the pages do with messages: plan, withdraw, retry, dismiss, choose."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from clinic.audit.services import plain, record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.models import Channel, Preference, Reminder, Rhythm, State


@transaction.atomic
def schedule(
    *,
    person: User,
    kind: str,
    subject: str,
    occasion: str,
    due_at: datetime,
    expires_at: datetime,
    context: Mapping[str, Any] | None = None,
    channel: str = Channel.EMAIL,
) -> Reminder:
    """Plan one message for `due_at` (an instant), of use until `expires_at`. Calling it again changes nothing.

    The key is person, subject, occasion, channel and kind. A message with this key that was withdrawn or skipped is
    planned anew; one that was sent stays sent. Call it inside the transaction of what the message is about.
    Raises KeyError for a kind that no app has registered and ValueError for instants without a zone or out of order.
    """
    kinds.get(kind)
    if due_at.tzinfo is None or expires_at.tzinfo is None:
        raise ValueError("A message needs instants with a time zone.")
    if expires_at <= due_at:
        raise ValueError("A message is of use for some time after it is due: expires_at must be later than due_at.")
    key = {"person": person, "subject": subject, "occasion": occasion, "channel": channel, "kind": kind}
    facts = {"due_at": due_at, "next_at": due_at, "expires_at": expires_at, "context": plain(dict(context or {}))}
    reminder, created = Reminder.objects.get_or_create(**key, defaults=facts)
    if not created:
        Reminder.objects.filter(pk=reminder.pk, state__in=(State.WITHDRAWN, State.SKIPPED)).update(
            **facts, state=State.DUE, attempts=0, note="", handed_over_at=None
        )
        Reminder.objects.filter(pk=reminder.pk, state=State.DUE, attempts=0).update(**facts)
        reminder.refresh_from_db()
    return reminder


class Planned(NamedTuple):
    """One message of several about the same thing: `due_at` and `expires_at` are instants."""

    kind: str
    occasion: str
    due_at: datetime
    expires_at: datetime
    context: Mapping[str, Any]


def schedule_new(*, person: User, subject: str, messages: Collection[Planned], channel: str = Channel.EMAIL) -> None:
    """Plan several messages about something new in one statement. A key that is planned already stays as it is.

    For what may have been withdrawn before and comes back, call `schedule`. Raises KeyError for an unknown kind.
    """
    for message in messages:
        kinds.get(message.kind)
    Reminder.objects.bulk_create(
        [
            Reminder(
                person=person,
                subject=subject,
                channel=channel,
                kind=message.kind,
                occasion=message.occasion,
                due_at=message.due_at,
                next_at=message.due_at,
                expires_at=message.expires_at,
                context=plain(dict(message.context)),
            )
            for message in messages
        ],
        ignore_conflicts=True,
    )


def withdraw(
    *, subject: str, kinds: Collection[str] | None = None, occasions: Collection[str] | None = None, reason: str
) -> int:
    """Take back every message about `subject` that has not gone out, of `kinds` or `occasions` alone if given. Returns how many.

    One that a dispatcher is holding is taken back too, unless it is leaving at this moment.
    """
    waiting = Reminder.objects.waiting().filter(subject=subject)
    if kinds is not None:
        waiting = waiting.filter(kind__in=kinds)
    if occasions is not None:
        waiting = waiting.filter(occasion__in=occasions)
    return waiting.update(state=State.WITHDRAWN, token=None, lease_until=None, note=reason[:200])


@transaction.atomic
def retry(*, reminder: Reminder, by: User, now: datetime) -> Reminder:
    """Try a failed or uncertain message once more, from `now`.

    Raises Conflict `not_waiting` when somebody else dealt with it and DomainError `too_late` when it is of no use any more.
    """
    if reminder.expires_at <= now:
        raise DomainError("It is too late for this message: what it told is over. Dismiss it.", code="too_late")
    changed = (
        Reminder.objects.needs_a_person()
        .filter(pk=reminder.pk)
        .update(state=State.DUE, next_at=now, attempts=0, handed_over_at=None, note=f"Tried again by {by.first_name}.")
    )
    return dealt_with(changed, reminder, by, "reminder.retried")


@transaction.atomic
def dismiss(*, reminder: Reminder, by: User, now: datetime) -> Reminder:
    """Take a failed or uncertain message off the list of what needs somebody. Raises Conflict `not_waiting`."""
    changed = Reminder.objects.needs_a_person().filter(pk=reminder.pk).update(dismissed_at=now)
    return dealt_with(changed, reminder, by, "reminder.dismissed")


def dealt_with(changed: int, reminder: Reminder, by: User, action: str) -> Reminder:
    if not changed:
        raise Conflict("Somebody dealt with this message already. Nothing was changed.", code="not_waiting")
    record(by=by, action=action, subject=reminder)
    reminder.refresh_from_db()
    return reminder


@transaction.atomic
def choose(
    *,
    person: User,
    by: User,
    wanted: Mapping[tuple[str, str], bool],
    quiet_from: time,
    quiet_to: time,
    daily_cap: int,
    now: datetime,
) -> Rhythm:
    """Keep what `person` wants to be told: (kind, channel) -> yes or no, quiet hours in their zone, messages a day.

    Kinds that cannot be turned off are left out. Raises DomainError `bad_rhythm` for an impossible limit.
    """
    if not 1 <= daily_cap <= 20:
        raise DomainError("Between 1 and 20 messages a day.", code="bad_rhythm", fields={"daily_cap": "From 1 to 20."})
    for (name, channel), yes in wanted.items():
        kind = kinds.find(name)
        if kind is not None and not kind.transactional:
            Preference.objects.update_or_create(
                person=person, kind=name, channel=channel, defaults={"wanted": yes, "changed_at": now}
            )
    rhythm, _ = Rhythm.objects.update_or_create(
        person=person, defaults={"quiet_from": quiet_from, "quiet_to": quiet_to, "daily_cap": daily_cap}
    )
    changes = {f"{name} by {channel}": [None, yes] for (name, channel), yes in wanted.items()}
    record(by=by, action="messages.chosen", subject=rhythm, changes=changes)
    return rhythm


@transaction.atomic
def pause(*, person: User, by: User, until: date | None) -> Rhythm:
    """Until that day (not included) only visits and changes are told; None ends the pause."""
    rhythm, _ = Rhythm.objects.update_or_create(person=person, defaults={"paused_until": until})
    record(by=by, action="messages.paused" if until else "messages.resumed", subject=rhythm)
    return rhythm


@transaction.atomic
def unsubscribe(*, person: User, kind: str, channel: str) -> bool:
    """Stop this kind of message to this person; from the link in a letter, without a log-in. True if it was on."""
    found = kinds.find(kind)
    if found is None or found.transactional:
        return False
    preference, created = Preference.objects.get_or_create(
        person=person, kind=kind, channel=channel, defaults={"wanted": False, "changed_at": timezone.now()}
    )
    if not created and not preference.wanted:
        return False
    Preference.objects.filter(pk=preference.pk).update(wanted=False, changed_at=timezone.now())
    record(by=None, action="messages.unsubscribed", subject=preference, reason="one-click link")
    return True
