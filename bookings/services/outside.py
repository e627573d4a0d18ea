"""Calendars that therapists keep elsewhere: connecting one, reading what is due, and what becomes of what was read.

Nothing here fetches inside a request: a request only says that a calendar is to be read. What was read last goes on
counting until something newer was read whole, so a slow or dead calendar neither slows a booking nor falsifies it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from bookings.calendars import ics
from bookings.models import OutsideBusy, OutsideCalendar
from bookings.outside.addresses import target_of
from bookings.outside.limits import Limits, Unreadable
from bookings.services.hours import require_keeper
from bookings.services.stranded import settle_busy
from bookings.services.transactions import lock_therapist, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import TherapistProfile, User

log = structlog.get_logger(__name__)

MOST = 5
EVERY = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=6)
LEASE = timedelta(minutes=5)
BACK, AHEAD = timedelta(days=1), timedelta(days=400)
SIDE_BY_SIDE = 4
RAN_ON = timedelta(minutes=3)
"""A call takes no more calendars after this; the next one goes on."""

TOO_HEAVY = "This calendar takes longer to read than we can wait. Choose a smaller one."

Reader = Callable[[dict[str, Any], Limits], dict[str, Any]]


@whole
def connect_calendar(
    *, therapist: TherapistProfile, name: str, address: str, by: User, now: datetime
) -> OutsideCalendar:
    """From now on what this calendar calls busy blocks the therapist's time. It is read within minutes, not here.

    Raises DomainError `bad_address`, `bad_name`, `too_many_calendars`; Conflict `connected_already`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    name, address = name.strip(), address.strip()
    if not 1 <= len(name) <= 60:
        raise DomainError(
            "Give the calendar a name of at most 60 characters.",
            code="bad_name",
            fields={"name": "1 to 60 characters."},
        )
    try:
        target_of(address)
    except Unreadable as why:
        raise DomainError(str(why), code="bad_address", fields={"address": str(why)}) from None
    lock_therapist(therapist)
    standing = OutsideCalendar.objects.filter(therapist=therapist)
    if standing.filter(address=address).exists():
        raise Conflict("This calendar is connected already.", code="connected_already")
    if standing.count() >= MOST:
        raise DomainError(f"{MOST} calendars are the most there can be. Remove one first.", code="too_many_calendars")
    calendar = OutsideCalendar.objects.create(therapist=therapist, name=name, address=address, made_at=now, next_at=now)
    record(by=by, action="outside_calendar.connected", subject=calendar, changes={"name": [None, name]})
    return calendar


@whole
def disconnect_calendar(*, calendar: OutsideCalendar, by: User, now: datetime) -> None:
    """The calendar blocks nothing any more, and its address is forgotten. Raises Forbidden `not_yours`."""
    require_keeper(by, calendar.therapist)
    lock_therapist(calendar.therapist)
    record(by=by, action="outside_calendar.removed", subject=calendar, changes={"name": [calendar.name, None]})
    calendar.delete()


@whole
def read_soon(*, calendar: OutsideCalendar, by: User, now: datetime) -> None:
    """Let the calendar be read at the next occasion and not when its turn comes. Raises Forbidden `not_yours`."""
    require_keeper(by, calendar.therapist)
    OutsideCalendar.objects.filter(pk=calendar.pk, next_at__gt=now + LEASE).update(next_at=now)
    record(by=by, action="outside_calendar.read_asked", subject=calendar)


def read_due(*, now: datetime, read: Reader | None = None, limits: Limits | None = None) -> int:
    """Read every calendar that is due at `now`, a few side by side, and say how many were.

    Must not be called inside a transaction. Any number of processes may call it at once: each calendar is claimed by one
    of them, and one that dies with it is due again after LEASE.
    """
    read, limits = read or ask_process, limits or usual_limits()
    done, started = 0, time.monotonic()
    while time.monotonic() - started < RAN_ON.total_seconds():
        claimed = claim(now=now, most=SIDE_BY_SIDE)
        if not claimed:
            break
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = list(pool.map(lambda each: read(question(each, now, limits), limits), claimed))
        for calendar, answer in zip(claimed, answers, strict=True):
            settle(calendar=calendar, answer=answer, now=now)
            done += 1
    return done


def claim(*, now: datetime, most: int) -> list[OutsideCalendar]:
    """Up to `most` calendars that are due, taken from everybody else for LEASE, the longest overdue first."""
    claimed: list[OutsideCalendar] = []
    due = OutsideCalendar.objects.filter(next_at__lte=now, therapist__user__is_active=True).order_by("next_at", "id")
    for calendar in due.select_related("therapist__user")[: most * 2]:
        if len(claimed) == most:
            break
        held_until = now + LEASE
        if OutsideCalendar.objects.filter(pk=calendar.pk, next_at=calendar.next_at).update(next_at=held_until):
            calendar.next_at = held_until
            claimed.append(calendar)
    return claimed


def question(calendar: OutsideCalendar, now: datetime, limits: Limits) -> dict[str, Any]:
    """What the reading process is asked. Once a day the whole file is read: the days it is read for move on."""
    same_day = calendar.good_at is not None and calendar.good_at.date() == now.date() and not calendar.problem
    return {
        "address": calendar.address,
        "etag": calendar.etag if same_day else "",
        "last_modified": calendar.last_modified if same_day else "",
        "first": (now - BACK).replace(microsecond=0).isoformat(),
        "until": (now + AHEAD).replace(microsecond=0).isoformat(),
        "zone": calendar.therapist.user.zone,
        "own_host": ics.own_host(),
        "limits": limits.as_json(),
    }


def usual_limits() -> Limits:
    return Limits(networks=tuple(settings.OUTSIDE_CALENDAR_NETWORKS))


def ask_process(asked: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The answer of a process that knows none of our secrets and is stopped when its time is over."""
    kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "bookings.outside"],
            cwd=settings.BASE_DIR,
            env={**kept, "PYTHONTZPATH": ""},
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=limits.whole_s,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {"problem": TOO_HEAVY}
    except (subprocess.TimeoutExpired, ValueError):
        answer = {"problem": TOO_HEAVY}
    return dict(answer)


@transaction.atomic
def settle(*, calendar: OutsideCalendar, answer: dict[str, Any], now: datetime) -> None:
    """Keep what was read, in one transaction; or why it was not, and try again later and later.

    What is held in a time that is busy now ends, so that nobody confirms it. Nothing happens when the calendar was removed
    meanwhile, or somebody else holds it by now.
    """
    lock_therapist(calendar.therapist)
    problem = str(answer.get("problem", ""))[:200]
    if problem:
        failures = calendar.failures + 1
        facts: dict[str, Any] = {
            "failures": failures,
            "problem": problem,
            "next_at": now + min(EVERY * 2 ** min(failures - 1, 10), LONGEST_WAIT),
        }
    else:
        facts = {
            "failures": 0,
            "problem": unread_words(int(answer.get("unread", 0))) if answer["changed"] else calendar.problem,
            "good_at": now,
            "next_at": now + EVERY,
            "etag": answer["etag"] or ("" if answer["changed"] else calendar.etag),
            "last_modified": answer["last_modified"] or ("" if answer["changed"] else calendar.last_modified),
        }
    held = OutsideCalendar.objects.filter(pk=calendar.pk, next_at=calendar.next_at)
    if not held.update(read_at=now, **facts):
        return
    if problem:
        log.info("outside_calendar.unreadable", calendar=calendar.pk, failures=facts["failures"])
    elif answer["changed"]:
        replace_busy(calendar, {(parsed(start), parsed(end)) for start, end in answer["busy"]})
        settle_busy(calendar.therapist, now=now)


def parsed(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def unread_words(unread: int) -> str:
    if not unread:
        return ""
    entries = "entry" if unread == 1 else "entries"
    return f"{unread} {entries} of it could not be read and {'blocks' if unread == 1 else 'block'} no time."


def replace_busy(calendar: OutsideCalendar, wanted: Collection[tuple[datetime, datetime]]) -> None:
    """Write what changed and leave the rest alone."""
    standing = {(row.start, row.end): row.pk for row in OutsideBusy.objects.filter(calendar=calendar)}
    gone = [key for period, key in standing.items() if period not in wanted]
    OutsideBusy.objects.filter(pk__in=gone).delete()
    new = sorted(period for period in wanted if period not in standing)
    OutsideBusy.objects.bulk_create(
        [
            OutsideBusy(calendar=calendar, therapist_id=calendar.therapist_id, start=start, end=end)
            for start, end in new
        ],
        batch_size=500,
    )
