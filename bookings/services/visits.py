"""A time offered to a runner whose plan wants more visits than are booked."""

from datetime import date, datetime, timedelta

from bookings.models import Offer, Service, WaitlistEntry
from bookings.services.offering import keep_for
from bookings.services.transactions import lock, require, whole
from bookings.services.waitlist import join_waitlist
from bookings.waitlist.deadlines import UNASKED, answer_until
from clinic.core.errors import DomainError
from clinic.people.models import RunnerProfile, TherapistProfile, User


@whole
def offer_visit(
    *,
    service: Service,
    therapist: TherapistProfile,
    runner: RunnerProfile,
    start: datetime,
    last: date,
    by: User,
    now: datetime,
) -> Offer:
    """Keep `start` for the runner and write to them; the wish behind it waits for another time up to the day `last`.

    Raises what `keep_for` raises, DomainError `too_soon` where no time is left to answer; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    latest = start - timedelta(minutes=service.min_notice_min)
    until = answer_until(now=now, latest=latest, zone=runner.user.zone, length=UNASKED)
    if until is None:
        raise DomainError("That is too soon to be answered. Book it on the phone instead.", code="too_soon")
    lock(therapists=[therapist], runner=runner, service=service)
    entry: WaitlistEntry = join_waitlist(
        service=service,
        therapist=therapist,
        runner=runner,
        first=now.date(),
        last=max(last, now.date()),
        by=by,
        now=now,
        note="A visit of the programme.",
    )
    return keep_for(
        service=service,
        therapist=therapist,
        runner=runner,
        start=start,
        answer_until=until,
        by=by,
        now=now,
        entry=entry,
    )
