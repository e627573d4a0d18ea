"""The private address from which a person's calendar program reads their sessions: made, replaced, revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from bookings.models import CalendarFeed
from clinic.audit.services import record
from clinic.core.errors import Forbidden
from clinic.people.models import User

NOTED_EVERY = timedelta(hours=1)
"""How exactly it is kept when a feed was read last."""


def hashed(token: str) -> str:
    """What is kept of a token. It is random and long: one round of a fast hash guards it."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_feed(*, by: User, now: datetime) -> tuple[CalendarFeed, str]:
    """A new private address for `by`, and its token, which is never shown again. The old address opens nothing any more.

    Raises Forbidden `no_own_sessions` for staff, who have none.
    """
    if by.is_clinic_staff:
        raise Forbidden("Only runners and therapists have sessions of their own to show.", code="no_own_sessions")
    User.objects.select_for_update().get(pk=by.pk)
    replaced = CalendarFeed.objects.filter(user=by, revoked_at=None).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(user=by, token_hash=hashed(token), made_at=now)
    record(by=by, action="calendar_feed.made", subject=feed, changes={"replaced": [None, replaced]})
    return feed, token


@transaction.atomic
def revoke_feed(*, by: User, now: datetime) -> bool:
    """The private address of `by` opens nothing any more. Returns whether there was one."""
    feed = CalendarFeed.objects.select_for_update().filter(user=by, revoked_at=None).first()
    if feed is None:
        return False
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    record(by=by, action="calendar_feed.revoked", subject=feed)
    return True


def reader_of(*, token: str, now: datetime) -> User | None:
    """Whose sessions this token opens: None for one that is unknown, revoked, or of a closed account, all alike.

    It is found by its hash, so how long that takes tells nothing about any token. Two statements at most.
    """
    feed = CalendarFeed.objects.select_related("user").filter(token_hash=hashed(token), revoked_at=None).first()
    if feed is None or not feed.user.is_active:
        return None
    long_ago = Q(read_at=None) | Q(read_at__lte=now - NOTED_EVERY)
    if feed.read_at is None or feed.read_at <= now - NOTED_EVERY:
        CalendarFeed.objects.filter(long_ago, pk=feed.pk).update(read_at=now)
    return feed.user
