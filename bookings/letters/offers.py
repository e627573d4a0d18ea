"""What somebody is told about a time that is kept for them, and the signed link that answers it without a log-in."""

from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from bookings.letters.facts import page, time_facts
from bookings.models import Appointment, Offer
from bookings.models.waitlist import OfferState
from clinic.people.models import User
from clinic.reminders.kinds import Kind, register
from clinic.reminders.models import Reminder, State
from clinic.reminders.services import schedule, withdraw

LINK_SALT = "bookings.offer"
OPENS_FOR = timedelta(days=3)
"""So long after the time to answer a link shows what was offered."""

TELL_FOR = timedelta(days=1)
"""So long it is worth saying that an offer has ended."""

OPEN_AGAIN = "is open to others again."
NOT_WORKED = "cannot be kept any more: the therapist does not work then."
SESSION_GONE = "is not kept any more, because the session it would replace is over or cancelled."
WISH_ENDED = "is not kept any more, because your wish was taken off the waitlist."

HAS_LEFT = (State.CLAIMED, State.SENT, State.UNKNOWN)
"""A letter in one of these states, and not taken back, may be read by now."""


def register_kinds() -> None:
    """Make the kinds of message about offers known to the outbox."""
    register(Kind("waitlist_offer", template="waitlist_offer", still_true=still_open, extra=facts, capped=False))
    register(Kind("offer_expired", template="offer_expired", still_true=still_expired, extra=facts, capped=False))


def link_token(offer: Offer) -> str:
    """The signed text in the letter's link. It opens this one offer, until `link_ends`."""
    return signing.dumps(str(offer.pk), salt=LINK_SALT)


def read_link_token(token: str) -> str:
    """The offer's key. Raises signing.BadSignature for anything we did not sign."""
    return str(signing.loads(token, salt=LINK_SALT))


def link_ends(offer: Offer) -> datetime:
    """From when on the link tells nobody any more what was offered; what became of it stands behind a log-in."""
    return offer.answer_until + OPENS_FOR


def plan_offer(offer: Offer, *, now: datetime) -> None:
    """The letter with the time and the link, due at once and of use until the deadline."""
    schedule(
        person=addressee(offer),
        kind="waitlist_offer",
        subject=offer.subject,
        occasion="made",
        due_at=now,
        expires_at=offer.answer_until,
    )


def plan_ended(offer: Offer, *, now: datetime, why: str) -> None:
    """One line that the time is not kept any more, for whoever has the letter of the offer; one still unsent stays here.

    `why` goes on from "The time we kept for you"; "" where there is nothing to tell.
    """
    withdraw(subject=offer.subject, kinds=["waitlist_offer"], reason="The offer has ended.")
    told = Reminder.objects.filter(subject=offer.subject, kind="waitlist_offer", state__in=HAS_LEFT)
    if not why or not told.exists():
        return
    schedule(
        person=addressee(offer),
        kind="offer_expired",
        subject=offer.subject,
        occasion="ended",
        due_at=now,
        expires_at=now + TELL_FOR,
        context={"why": why},
    )


def addressee(offer: Offer) -> User:
    return offer.entry.runner.user if offer.entry is not None else offer.moves.runner.user  # type: ignore[union-attr]


def offer_of(reminder: Reminder) -> Offer | None:
    """The offer a message is about, with its people."""
    _, _, key = reminder.subject.partition(":")
    people = ("hold__service", "hold__therapist__user", "entry__exchange_for", "entry__runner__user", "moves")
    return Offer.objects.select_related(*people, "moves__runner__user").filter(pk=key).first()


def still_open(reminder: Reminder, now: datetime) -> str:
    """An offer is told while it can be answered."""
    offer = offer_of(reminder)
    if offer is None or offer.state != OfferState.OPEN or offer.answer_until <= now:
        return "The offer has ended."
    return ""


def still_expired(reminder: Reminder, now: datetime) -> str:
    offer = offer_of(reminder)
    over = (OfferState.EXPIRED, OfferState.WITHDRAWN)
    return "" if offer is not None and offer.state in over else "The offer was answered."


def given_up(offer: Offer) -> Appointment | None:
    """The booked session the held time would replace."""
    session = offer.moves or (offer.entry.exchange_for if offer.entry is not None else None)
    return session if session is not None and session.state == Appointment.State.BOOKED else None


def facts(reminder: Reminder) -> dict[str, Any]:
    """When, with whom, until when to answer, and the links; no service, nothing about the runner's health."""
    offer = offer_of(reminder)
    if offer is None:
        return {}
    session = given_up(offer)
    return time_facts(offer.hold) | {
        "answer_until": offer.answer_until,
        "by_clinic": offer.moves_id is not None,
        "why": reminder.context.get("why", ""),
        "instead_of": session.start if session is not None else None,
        "waits": offer.entry_id is not None and offer.entry is not None and offer.entry.state == "waiting",
        "offer_url": page("offer_link", link_token(offer)),
        "wishes_url": page("waitlist") if addressee(offer).has_usable_password() else "",
        "book_url": page("times", offer.hold.service.slug),
    }
