"""A day that falls apart: the proposals the desk chose sent as offers, the rest put first on the waitlist."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from bookings import slots
from bookings.letters.offers import SESSION_GONE
from bookings.models import Appointment, Offer, TimeOff
from bookings.models.appointments import LOST, State
from bookings.replan import local
from bookings.services.changing import end_session
from bookings.services.hours import add_time_off
from bookings.services.offering import offer_instead
from bookings.services.offers import first_in_line, lock_with, withdraw_offer
from bookings.services.proposing import deadline, hit_by
from bookings.services.transactions import current, require, require_among, whole
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User


class Pick(NamedTuple):
    """What the desk decided for one session: a therapist's key and a start, or (both None) the head of the waitlist."""

    session: UUID
    therapist: int | None
    start: datetime | None


@dataclass
class Outcome:
    """What became of each pick, and by session why a time could not be had any more."""

    offered: list[Offer] = field(default_factory=list)
    waiting: list[Appointment] = field(default_factory=list)
    refused: dict[UUID, str] = field(default_factory=dict)


def send_offers(
    *,
    therapist: TherapistProfile,
    start: datetime,
    end: datetime,
    reason: str,
    picks: Sequence[Pick],
    by: User,
    now: datetime,
    stranded_only: bool = False,
) -> Outcome:
    """Enter the therapist's absence, then offer each picked time and put the rest at the head of the waitlist.

    The absence stands first, so that nobody books into it; `stranded_only` enters none, for the hours say so already. Each pick is an act of its own, and one whose time has gone
    meanwhile is in `refused` with the sentence. Picks of sessions outside the absence are left alone.
    Raises Forbidden `not_yours`, DomainError `bad_time_off`, `in_the_past`.
    """
    require(by.is_clinic_staff)
    if not stranded_only and not TimeOff.objects.filter(therapist=therapist, start__lte=start, end__gte=end).exists():
        add_time_off(therapist=therapist, start=start, end=end, reason=reason, by=by, now=now)
    hit: dict[Hashable, Appointment] = {
        each.pk: each for each in hit_by(therapist, start, end, now, stranded_only=stranded_only)
    }
    keys = {pick.therapist for pick in picks if pick.therapist is not None}
    people = TherapistProfile.objects.select_related("user").in_bulk(keys)
    outcome = Outcome()
    for pick in picks:
        session = hit.get(pick.session)
        if session is None:
            outcome.refused[pick.session] = "This session was moved or cancelled meanwhile."
            continue
        try:
            if pick.start is None or pick.therapist not in people:
                outcome.waiting.append(give_up(appointment=session, by=by, now=now))
            else:
                outcome.offered.append(offer_place(session, people[pick.therapist], pick.start, by=by, now=now))
        except DomainError as refused:
            outcome.refused[pick.session] = gone_words(refused, pick.start)
    return outcome


def offer_place(
    session: Appointment, therapist: TherapistProfile, start: datetime, *, by: User, now: datetime
) -> Offer:
    """One offer with its deadline. Raises DomainError `too_soon` where there is no time left to answer."""
    until = deadline(session, start, now)
    if until is None:
        raise DomainError("That is too soon to be answered. Call the runner instead.", code="too_soon")
    return offer_instead(appointment=session, start=start, therapist=therapist, by=by, now=now, answer_until=until)


def gone_words(refused: DomainError, start: datetime | None) -> str:
    if refused.status == 409 and refused.code == "slot_taken" and start is not None:
        at = local(settings.CLINIC_ZONE, slots.seconds(start))
        return f"{at:%H:%M} has just gone. Nothing was offered; this is a fresh proposal."
    return refused.message


@whole
def give_up(*, appointment: Appointment, by: User, now: datetime) -> Appointment:
    """Cancel a session the clinic cannot keep, free of charge, and put the runner first on the waitlist. They are written to.

    An open offer for it is taken back. Raises DomainError `not_booked`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff or by.pk == appointment.therapist.user_id)
    therapists = [appointment.therapist]
    offers = lock_with(
        Offer.objects.filter(moves=appointment),
        therapists=therapists,
        runner=appointment.runner,
        service=appointment.service,
    )
    session = current(appointment)
    require_among(session, therapists)
    if session.state != State.BOOKED:
        raise DomainError("This session was moved or cancelled meanwhile.", code="not_booked")
    for offer in offers:
        withdraw_offer(offer=offer, by=by, now=now, why=SESSION_GONE)
    wish = first_in_line(session, keeps=False, by=by, now=now)
    return end_session(session, by=by, now=now, reason=LOST, wish=wish)
