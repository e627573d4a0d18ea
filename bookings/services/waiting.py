"""The front desk fits a waiting person in: books the time at once, or offers it by e-mail."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bookings.engine.diaries import offering
from bookings.models import Appointment, Change, Offer, WaitlistEntry
from bookings.models.waitlist import EntryState
from bookings.services.booking import attempt, book_slot
from bookings.services.changing import move_appointment
from bookings.services.offering import keep_for
from bookings.services.offers import lock_with, withdraw_offer
from bookings.services.transactions import require, whole
from bookings.waitlist.deadlines import answer_until
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User


@whole
def book_for_wish(*, entry: WaitlistEntry, by: User, now: datetime, **wanted: Any) -> Appointment:
    """Book what `wanted` says (as for `book_slot`) for the waiting person; what is offered to their wish is let go,
    and may be the very time that is booked. With `therapist` None everybody who offers the service is locked first. A session they wished to exchange for it moves there, and keeps its payer.
    Undoing it lets the wish wait again.

    Raises what `book_slot` raises; DomainError `not_waiting` for somebody else's wish; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    if wanted["runner"].pk != entry.runner_id:
        raise DomainError("This wish is somebody else's. Look at the waitlist.", code="not_waiting")
    session, service = entry.exchange_for, wanted["service"]
    people = [wanted["therapist"]] if wanted["therapist"] is not None else list(offering(service))
    if session is not None:
        people.append(session.therapist)
    offers = lock_with(Offer.objects.filter(entry=entry), therapists=people, runner=entry.runner, service=service)
    waits = WaitlistEntry.objects.filter(pk=entry.pk, state=EntryState.WAITING).update(
        state=EntryState.BOOKED, ended_at=now
    )
    if waits:
        for offer in offers:
            withdraw_offer(offer=offer, by=by, now=now)
    reason = wanted.get("override_reason", "")
    if waits and session is not None and session.is_coming(now) and session.service == service:
        booked = exchange(session, therapist=wanted["therapist"], start=wanted["start"], reason=reason, by=by, now=now)
    else:
        booked = book_slot(by=by, now=now, **wanted)
    if waits:
        Change.objects.filter(appointment=booked, sequence=booked.sequence).update(wish=entry)
        record(by=by, action="waitlist.booked", subject=entry, runner=entry.runner)
    return booked


def exchange(
    session: Appointment, *, therapist: TherapistProfile | None, start: datetime, reason: str, by: User, now: datetime
) -> Appointment:
    """Move the session to `start` with `therapist`; None is anyone, its own before all others. Raises what a move raises."""

    def move(chosen: TherapistProfile) -> Appointment:
        return move_appointment(
            appointment=session,
            start=start,
            therapist=chosen,
            by=by,
            now=now,
            reason=reason or "In exchange, on the phone.",
            override=bool(reason.strip()),
        )

    if therapist is not None:
        return move(therapist)
    try:
        return move(session.therapist)
    except DomainError:
        return attempt(move, service=session.service, therapist=None, runner=session.runner, start=start, now=now)


def offer_to(*, entry: WaitlistEntry, therapist: TherapistProfile, start: datetime, by: User, now: datetime) -> Offer:
    """Keep the time for the waiting person and write to them: two waking hours to answer.

    Raises DomainError `too_near` when there is too little time to answer, and what `keep_for` raises; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    latest = start.astimezone(ZoneInfo("UTC"))
    until = answer_until(now=now, latest=latest, zone=entry.runner.user.zone)
    if until is None:
        raise DomainError(
            f"There is too little time for {entry.runner.user.first_name} to answer an e-mail. Call, and book it.",
            code="too_near",
        )
    return keep_for(
        service=entry.service,
        therapist=therapist,
        runner=entry.runner,
        start=start,
        answer_until=until,
        by=by,
        now=now,
        entry=entry,
        gives_up=entry.exchange_for,
    )
