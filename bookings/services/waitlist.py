"""Wishes for times that are not free now: joining, leaving, and the step that offers freed times in order."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.engine.diaries import offering
from bookings.letters.offers import WISH_ENDED
from bookings.models import Appointment, Offer, Service, WaitlistEntry
from bookings.models.appointments import State
from bookings.models.waitlist import EVERY_DAY, EVERY_PART, EntryState, OfferState
from bookings.services.offering import keep_for
from bookings.services.offers import lock_with, withdraw_offer
from bookings.services.transactions import lock_runner, require, whole
from bookings.waitlist.matching import Matcher
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import RunnerProfile, TherapistProfile, User

MOST_WISHES = 10
"""Wishes one runner may have waiting at once."""

AT_A_TIME = 500
"""Wishes looked at together, each such part of the line with the same few queries."""

MADE_AT_ONCE = 100
"""Offers one step makes; the next minute goes on in order."""

TRIES = 6
"""Times one step tries for one wish: each may have gone meanwhile."""

FURTHEST = timedelta(days=365)


@whole
def join_waitlist(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    first: date,
    last: date | None,
    by: User,
    now: datetime,
    weekdays: int = EVERY_DAY,
    parts: int = EVERY_PART,
    exchange_for: Appointment | None = None,
    note: str = "",
) -> WaitlistEntry:
    """Wait for a time of the service; days and parts of the day are of the runner's own calendar and clock.

    With `exchange_for` a free time before that session moves it there; it keeps its service. The same wish once more
    returns the one that waits. The runner's row is locked: who locks therapists in the same act does so before. Raises DomainError `not_offered`, `bad_days`, `bad_wish`, `not_booked`, `too_many_wishes`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff or by.pk == runner.user_id)
    if exchange_for is not None:
        require(exchange_for.runner_id == runner.pk)
        if exchange_for.state != State.BOOKED or exchange_for.start <= now:
            raise DomainError("Only a session that is still to come can be exchanged.", code="not_booked")
        service = exchange_for.service
    if therapist is not None and not offering(service).filter(pk=therapist.pk).exists():
        sentence = f"{therapist} does not offer this session. Choose another therapist, or anyone."
        raise DomainError(sentence, code="not_offered", fields={"therapist": sentence})
    check_days(first, last, runner, now)
    if not (1 <= weekdays <= EVERY_DAY and 1 <= parts <= EVERY_PART):
        raise DomainError("Choose at least one day and one part of the day.", code="bad_wish")
    lock_runner(runner)
    waiting = WaitlistEntry.objects.filter(runner=runner, state=EntryState.WAITING)
    wish = {
        "service": service,
        "therapist": therapist,
        "first": first,
        "last": last,
        "weekdays": weekdays,
        "parts": parts,
        "exchange_for": exchange_for,
    }
    standing = waiting.filter(**wish).first()
    if standing is not None:
        return standing
    if waiting.count() >= MOST_WISHES:
        raise DomainError(
            f"You have {MOST_WISHES} wishes waiting. Take one back before you add another.", code="too_many_wishes"
        )
    entry = WaitlistEntry(runner=runner, note=note.strip()[:200], made_at=now, made_by=by, **wish)
    entry.save(force_insert=True)
    record(by=by, action="waitlist.joined", subject=entry, runner=runner)
    return entry


def check_days(first: date, last: date | None, runner: RunnerProfile, now: datetime) -> None:
    """Raises DomainError `bad_days` for days that are over, out of order, or more than a year ahead."""
    today = now.astimezone(ZoneInfo(runner.user.zone)).date()
    field, sentence = "last", ""
    if last is not None and last < first:
        sentence = "The last day cannot be before the first."
    elif last is not None and last < today:
        sentence = "That day is over. Choose today or later."
    elif first > today + FURTHEST:
        field, sentence = "first", "That is more than a year ahead. Check the year."
    if sentence:
        raise DomainError(sentence, code="bad_days", fields={field: sentence})


@whole
def leave_waitlist(*, entry: WaitlistEntry, by: User, now: datetime) -> WaitlistEntry:
    """Take a wish back; what is offered to it at this moment goes to the next. Twice changes nothing. Raises Forbidden."""
    require(by.is_clinic_staff or by.pk == entry.runner.user_id)
    offers = Offer.objects.filter(entry=entry)
    standing = lock_with(offers, therapists=[], runner=entry.runner, service=entry.service)
    if end_wish(entry=entry, by=by, now=now):
        for offer in standing:
            withdraw_offer(offer=offer, by=by, now=now, why="" if by.pk == entry.runner.user_id else WISH_ENDED)
    entry.refresh_from_db()
    return entry


@whole
def end_wish(*, entry: WaitlistEntry, by: User | None, now: datetime) -> bool:
    """End a wish that waits; False where it waits no more."""
    ended = WaitlistEntry.objects.filter(pk=entry.pk, state=EntryState.WAITING).update(
        state=EntryState.WITHDRAWN, ended_at=now
    )
    if ended:
        record(by=by, action="waitlist.left" if by else "waitlist.ended", subject=entry, runner=entry.runner)
    return bool(ended)


def offer_free_times(*, now: datetime) -> int:
    """Offer what is free to those who wait for it: in order of priority and time, one offer per wish. Returns how many.

    A time that was freed less than three minutes ago waits, for its act may be undone. Nobody is asked twice for a start
    they declined or let pass. Correct when run twice at once: each offer is made under the locks of a booking.
    """
    end_stale_wishes(now)
    line = (
        WaitlistEntry.objects.filter(state=EntryState.WAITING, service__is_active=True, runner__user__is_active=True)
        .exclude(offers__state=OfferState.OPEN)
        .select_related(
            "service", "runner__user", "therapist", "exchange_for__service", "exchange_for__therapist__user"
        )
        .order_by("-priority", "made_at", "id")
    )
    entries, made = list(line), 0
    for first in range(0, len(entries), AT_A_TIME):
        matcher = Matcher(entries[first : first + AT_A_TIME], now)
        for entry in matcher.entries:
            made += offer_one(matcher, entry)
            if made == MADE_AT_ONCE:
                return made
    return made


def offer_one(matcher: Matcher, entry: WaitlistEntry) -> bool:
    """Offer the wish the first time that suits and can still be had."""
    for tried, match in enumerate(matcher.matches(entry)):
        if tried == TRIES:
            break
        try:
            offer = keep_for(
                service=entry.service,
                therapist=match.therapist,
                runner=entry.runner,
                start=match.start,
                answer_until=match.answer_until,
                by=None,
                now=matcher.now,
                entry=entry,
                gives_up=entry.exchange_for,
            )
        except DomainError as refused:
            if refused.code in ("offered_already", "not_waiting", "not_booked"):
                return False
            continue
        matcher.take(offer.hold)
        return True
    return False


def end_stale_wishes(now: datetime) -> None:
    """End wishes that can never be fulfilled: their days are over, or the session to exchange is gone or too near."""
    waiting = WaitlistEntry.objects.filter(state=EntryState.WAITING)
    over = set(waiting.filter(last__lt=now.date() - timedelta(days=1)).values_list("pk", flat=True))
    for entry in waiting.filter(exchange_for__isnull=False).select_related("exchange_for__service"):
        if is_stale(entry, now):
            over.add(entry.pk)
    end_wishes(over, now)


def is_stale(entry: WaitlistEntry, now: datetime) -> bool:
    """Whether the session of the wish cannot be exchanged any more; one the clinic took away until it begins."""
    session = entry.exchange_for
    if session is None:
        return False
    if entry.priority:
        return session.state != State.BOOKED or session.start <= now
    return session.state != State.BOOKED or session.change_until <= now


def end_wishes(keys: set[uuid.UUID], now: datetime) -> None:
    """Withdraw these wishes, those with an open offer left alone: that is answered first."""
    if not keys:
        return
    ending = WaitlistEntry.objects.filter(pk__in=keys, state=EntryState.WAITING).exclude(offers__state=OfferState.OPEN)
    for entry in ending.select_related("runner"):
        end_wish(entry=entry, by=None, now=now)
