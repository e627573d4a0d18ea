"""The front desk fits a waiting person in: books the time at once, or offers it by e-mail."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bookings.models import Appointment, Change, Offer, WaitlistEntry
from bookings.models.waitlist import EntryState, OfferState
from bookings.services.offers import keep_for, withdraw_offer
from bookings.services.transactions import require, whole
from bookings.waitlist.deadlines import answer_until
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User


@whole
def fulfil(*, entry: WaitlistEntry, booked: Appointment, by: User, now: datetime) -> None:
    """The wish is answered by what was just booked for its runner; what was offered to it is let go. Twice changes nothing.

    Undoing the booking lets it wait again.
    """
    require(by.is_clinic_staff)
    if booked.runner_id != entry.runner_id:
        raise DomainError("This wish is somebody else's. Look at the waitlist.", code="not_waiting")
    done = WaitlistEntry.objects.filter(pk=entry.pk, state=EntryState.WAITING).update(
        state=EntryState.BOOKED, ended_at=now
    )
    if not done:
        return
    for offer in Offer.objects.filter(entry=entry, state=OfferState.OPEN):
        withdraw_offer(offer=offer, by=by, now=now)
    Change.objects.filter(appointment=booked, kind=Change.Kind.BOOKED).update(wish=entry)
    record(by=by, action="waitlist.booked", subject=entry, runner=entry.runner)


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
