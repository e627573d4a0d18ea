"""The one function that sends what is due. Any number of processes may call it at once, by a Celery tick or by a loop."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta

import structlog

from clinic.reminders import claims, kinds, posts
from clinic.reminders.health import beat
from clinic.reminders.kinds import Kind
from clinic.reminders.models import Reminder, State
from clinic.reminders.wishes import Wishes

log = structlog.get_logger(__name__)

RAN_ON = timedelta(seconds=60)
"""A call stops taking new batches after this: the next tick goes on."""


class Clock:
    """The `now` that the door read, carried on by the monotonic clock: a change of the wall clock does not reach it."""

    def __init__(self, now: datetime) -> None:
        self.now, self.started = now, time.monotonic()

    def read(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.started)


def never() -> bool:
    return False


def dispatch(*, now: datetime, limit: int = 500, stop: Callable[[], bool] = never) -> Counter[str]:
    """Send up to `limit` reminders that are due at `now` (an instant), and say how many ended how.

    Must not be called inside a transaction: it claims in short ones and sends outside them. `stop()` is asked between
    two messages; what is held then goes back. The counts are by state, with "postponed", "later" (a failed attempt
    that comes again), "lost" (somebody else holds the row by now) and "returned".
    """
    ways = Ways()
    beat(now)
    try:
        with claims.without_waiting_for_the_disk() if ways.all_repeat_safely() else nullcontext():
            return send_due(Clock(now), limit, ways, stop)
    finally:
        ways.close()


def send_due(clock: Clock, limit: int, ways: "Ways", stop: Callable[[], bool]) -> Counter[str]:
    """Batch after batch until nothing is due, the limit is reached, or it is time to stop."""
    tally = Counter[str]()
    while limit > 0 and not stop() and clock.read() < clock.now + RAN_ON:
        batch = claims.claim(now=clock.read(), most=min(limit, claims.BATCH), safe_channels=ways.safe_channels())
        if not batch:
            break
        limit -= len(batch)
        wishes = Wishes(batch)
        for reminder in batch:
            if stop():
                claims.put_back(reminder, at=reminder.next_at, note=reminder.note)
                tally["returned"] += 1
            else:
                tally[deliver(reminder, wishes, ways, clock)] += 1
    return tally


class Ways:
    """The posts of one call, opened when first needed."""

    def __init__(self) -> None:
        self.open: dict[str, posts.Post] = {}

    def to(self, channel: str) -> posts.Post | None:
        if channel not in self.open and channel in posts.POSTS:
            self.open[channel] = posts.POSTS[channel]()
        return self.open.get(channel)

    def safe_channels(self) -> list[str]:
        return [channel for channel in posts.POSTS if (post := self.to(channel)) and post.repeats_safely]

    def all_repeat_safely(self) -> bool:
        return len(self.safe_channels()) == len(posts.POSTS)

    def close(self) -> None:
        for post in self.open.values():
            post.close()


def deliver(reminder: Reminder, wishes: Wishes, ways: Ways, clock: Clock) -> str:
    """Bring one claimed reminder to its next state and say which it is."""
    kind, post = kinds.find(reminder.kind), ways.to(reminder.channel)
    if kind is None or post is None:
        missing = (
            "This kind of message is not known any more." if kind is None else "No provider for this channel is set up."
        )
        return ended(claims.let_go(reminder, State.FAILED, note=missing), State.FAILED)
    try:
        reason = why_not(reminder, kind, wishes, clock.read())
        if reason:
            return skip(reminder, reason)
        quiet_end = wishes.quiet_until(reminder, kind, clock.read())
        if quiet_end is not None:
            return postpone(reminder, quiet_end)
        prepared = post.prepare(reminder, clock.read())
    except Exception as error:
        log.exception("reminder.not_prepared", reminder=reminder.pk, kind=reminder.kind)
        note = f"It could not be written ({type(error).__name__})."
        return ended(claims.try_later(reminder, now=clock.read(), note=note), "later")
    leaving = claims.hand_over(reminder, now=clock.read(), cap=wishes.cap(reminder, kind))
    if isinstance(leaving, str):
        return skip(reminder, leaving)
    if not leaving:
        return "lost"
    return hand(reminder, post, prepared, clock)


def hand(reminder: Reminder, post: posts.Post, prepared: object, clock: Clock) -> str:
    """The hand-over itself, and what came of it."""
    try:
        post.send(prepared)
    except posts.Refused as refused:
        return ended(claims.let_go(reminder, State.FAILED, note=str(refused)), State.FAILED)
    except posts.NotNow as busy:
        return ended(claims.try_later(reminder, now=clock.read(), note=str(busy)), "later")
    except Exception as error:
        log.exception("reminder.fate_unknown", reminder=reminder.pk, kind=reminder.kind)
        note = f"The hand-over broke off ({type(error).__name__}): it may have gone out."
        return ended(claims.let_go(reminder, State.UNKNOWN, note=note), State.UNKNOWN)
    return ended(claims.let_go(reminder, State.SENT, sent_at=clock.read()), State.SENT)


def why_not(reminder: Reminder, kind: Kind, wishes: Wishes, now: datetime) -> str:
    """Why this message should not go out after all, or ""."""
    if reminder.expires_at <= now:
        return "Too late: what it tells is over."
    if not reminder.person.is_active:
        return "The account is closed."
    return wishes.refusal(reminder, kind, now) or kind.still_true(reminder, now)


def skip(reminder: Reminder, reason: str) -> str:
    """Not sent, with its reason; uncertain instead when an earlier dispatcher died in the hand-over."""
    if reminder.handed_over_at is not None:
        note = f"It may have gone out before the sender stopped. Not repeated: {reason}"
        return ended(claims.let_go(reminder, State.UNKNOWN, note=note), State.UNKNOWN)
    return ended(claims.let_go(reminder, State.SKIPPED, note=reason), State.SKIPPED)


def postpone(reminder: Reminder, quiet_end: datetime) -> str:
    if quiet_end >= reminder.expires_at:
        return skip(reminder, "It fell in quiet hours and would come too late after them.")
    return ended(claims.put_back(reminder, at=quiet_end, note="Waits for the end of quiet hours."), "postponed")


def ended(held: bool, outcome: str) -> str:
    return str(outcome) if held else "lost"
