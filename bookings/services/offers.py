"""A time kept for one person until a deadline (`offering` makes it): taken, declined, lapsed. Its hold is like any other.

An offer answers a wish of the waitlist, or replaces a session that the clinic cannot keep. Who takes it gets the held time
itself, so there is nothing to race for: answering, expiring and booking all wait for the same therapist's row.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from bookings.letters.offers import OPEN_AGAIN, SESSION_GONE, given_up, plan_ended
from bookings.models import Appointment, Offer, Service, TimePreference, WaitlistEntry
from bookings.models.appointments import LOST, State
from bookings.models.waitlist import EntryState, OfferState
from bookings.services.booking import FOREIGN, told
from bookings.services.changes import standing
from bookings.services.changing import end_session, write_move
from bookings.services.holding import require_no_seat
from bookings.services.transactions import Outrun, drop_lapsed_of, let_go, lock, require, require_among, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, TherapistProfile, User

AT_ONCE = 200
"""Offers that one step ends at most; the next minute does the rest."""

FIRST_IN_LINE = 1
"""Priority of a wish whose session the clinic took away."""

TAKES_OVER = (
    "start",
    "end",
    "busy_from",
    "busy_until",
    "therapist",
    "treatment_room_id",
    "equipment_id",
    "place",
    "zone",
    "wall_start",
)
"""What a session that moves into a held time takes over from the hold."""


@whole
def accept_offer(*, offer: Offer, by: User, now: datetime) -> Appointment:
    """Take the time: it is booked, or the session it replaces moves into it and keeps its name in calendars.

    Taking it twice changes nothing. Raises Conflict `offer_ended`, `changed_meanwhile`, `runner_busy`; Forbidden `not_yours`.
    """
    found, session = locked(offer)
    runner = runner_of(found)
    require(by.is_clinic_staff or by.pk == runner.user_id)
    if found.state == OfferState.ACCEPTED:
        return taken_by(found)
    require_open(found, now)
    if session is not None:
        booked = move_into(session, found, by=by, now=now)
    elif found.moves_id is not None:
        raise Conflict("Your session was changed meanwhile. Look at it again.", code="changed_meanwhile")
    else:
        booked = book_held(found, by=by, now=now)
    close(found, OfferState.ACCEPTED, now)
    if found.entry_id is not None:
        WaitlistEntry.objects.filter(pk=found.entry_id).update(state=EntryState.BOOKED, ended_at=now)
    record(by=by, action="offer.accepted", subject=found, runner=runner)
    return booked


@whole
def decline_offer(*, offer: Offer, by: User, now: datetime, cancel: bool = False) -> Offer:
    """Let the time go to the next in line. The wish goes on waiting.

    Where the offer was for a session the clinic cannot keep, a wish at the head of the line is put in its place; the
    session stays until the clinic deals with it, or with `cancel` is cancelled at once, free of charge.
    Declining twice changes nothing. Raises Conflict `offer_ended`; Forbidden `not_yours`.
    """
    found, session = locked(offer)
    runner = runner_of(found)
    require(by.is_clinic_staff or by.pk == runner.user_id)
    if found.state == OfferState.DECLINED:
        return found
    require_open(found, now)
    free(found, by=by, now=now)
    cancels = cancel and found.moves_id is not None and session is not None
    wish = turn_down(found, session, keeps=not cancels, by=by, now=now)
    if cancels:
        end_session(session, by=by, now=now, reason=LOST, wish=wish)  # type: ignore[arg-type]
    return found


def turn_down(
    offer: Offer, session: Appointment | None, *, by: User, now: datetime, keeps: bool = True, reason: str = ""
) -> WaitlistEntry | None:
    """Close the offer as declined. Where it was for a session the clinic cannot keep, returns the wish put in its place."""
    close(offer, OfferState.DECLINED, now)
    record(by=by, action="offer.declined", subject=offer, runner=runner_of(offer), reason=reason)
    if offer.moves_id is None or session is None:
        return None
    return first_in_line(session, keeps=keeps, by=by, now=now)


def expire_offers(*, now: datetime) -> int:
    """End the offers nobody answered in time, and those whose session is gone; whoever knew is told once. Returns how many.

    Correct without ever running: the hold of an offer lapses by itself. Safe to run twice at once.
    """
    open_ones = Offer.objects.filter(state=OfferState.OPEN)
    over = open_ones.filter(answer_until__lte=now).order_by("answer_until")[:AT_ONCE]
    ended = sum(expire(offer=each, now=now) for each in over)
    gone = open_ones.filter(moves__isnull=False).exclude(moves__state=State.BOOKED)[:AT_ONCE]
    return ended + sum(withdraw_offer(offer=each, by=None, now=now, why=SESSION_GONE) for each in gone)


@whole
def expire(*, offer: Offer, now: datetime) -> bool:
    """End one offer whose deadline has passed; False where somebody was faster."""
    found, _ = locked(offer)
    if found.state != OfferState.OPEN or now < found.answer_until:
        return False
    run_out(found, now=now)
    return True


@whole
def withdraw_offer(*, offer: Offer, by: User | None, now: datetime, why: str = "") -> bool:
    """Take an open offer back: its wish was given up, or its session changed. False where it is not open any more.

    `why` is for whoever has the letter of the offer, as for `plan_ended`; "" where they know it already.
    """
    require(by is None or by.is_clinic_staff or by.pk == runner_of(offer).user_id)
    found, _ = locked(offer)
    if found.state != OfferState.OPEN:
        return False
    free(found, by=by, now=now)
    end_withdrawn(found, by=by, now=now, why=why)
    return True


def end_withdrawn(offer: Offer, *, by: User | None, now: datetime, why: str) -> None:
    """An open offer is taken back whose held time is let go already."""
    close(offer, OfferState.WITHDRAWN, now)
    record(by=by, action="offer.withdrawn", subject=offer, runner=runner_of(offer))
    plan_ended(offer, now=now, why=why)


def end_lapsed(offers: QuerySet[Offer], now: datetime) -> None:
    """Expire those of `offers` whose deadline has passed, where the step that does so has not run yet."""
    people = ("entry__runner__user", "moves__runner__user")
    for each in offers.filter(state=OfferState.OPEN, answer_until__lte=now).select_related(*people):
        run_out(each, now=now)


def run_out(offer: Offer, *, now: datetime) -> None:
    """End an open offer, its runner locked, whose deadline has passed."""
    free(offer, by=None, now=now)
    close(offer, OfferState.EXPIRED, now)
    record(by=None, action="offer.expired", subject=offer, runner=runner_of(offer))
    plan_ended(offer, now=now, why=OPEN_AGAIN)


def lock_with(
    offers: QuerySet[Offer], *, therapists: Iterable[TherapistProfile], runner: RunnerProfile, service: Service
) -> list[Offer]:
    """`lock`, and with it whom those of `offers` concern that are open; these as they stand then.

    So an act that takes offers back locks every therapist before the runner. An offer made in the same moment with
    another one is `Outrun`: the whole is tried again.
    """
    standing = offers.filter(state=OfferState.OPEN).select_related(
        "hold__therapist", "entry__runner", "entry__exchange_for__therapist", "moves__runner", "moves__therapist"
    )
    people = {each.pk: each for each in [*therapists, *concerned(standing)]}
    lock(therapists=people.values(), runner=runner, service=service)
    found = list(standing.all())
    if any(each.pk not in people for each in concerned(found)):
        raise Outrun("Another time was offered meanwhile. Look at it again.", code="changed_meanwhile")
    return found


def concerned(offers: Iterable[Offer]) -> list[TherapistProfile]:
    """Whose time the offers hold, and who has the sessions that would move there."""
    sessions = [given_up(each) for each in offers]
    return [each.hold.therapist for each in offers] + [each.therapist for each in sessions if each is not None]


def locked(offer: Offer) -> tuple[Offer, Appointment | None]:
    """The offer as it stands with everybody it concerns locked, and the session it would move (None: it books anew)."""
    seen = with_all(offer)
    therapists = concerned([seen])
    lock(therapists=therapists, runner=runner_of(seen), service=seen.hold.service)
    found = with_all(offer)
    session = given_up(found)
    if session is not None:
        require_among(session, therapists)
    return found, session


def with_all(offer: Offer) -> Offer:
    """The offer as the database has it, with its people; raises DomainError `gone`."""
    found = (
        Offer.objects.select_related(
            "hold__service",
            "hold__therapist__user",
            "entry__runner__user",
            "entry__service",
            "entry__exchange_for__service",
            "entry__exchange_for__therapist__user",
            "entry__exchange_for__runner__user",
            "moves__service",
            "moves__therapist__user",
            "moves__runner__user",
        )
        .filter(pk=offer.pk)
        .first()
    )
    if found is None:
        raise DomainError("This offer does not exist any more.", code="gone")
    return found


def runner_of(offer: Offer) -> RunnerProfile:
    """Whom the time is kept for."""
    return offer.entry.runner if offer.entry is not None else offer.moves.runner  # type: ignore[union-attr]


def taken_by(offer: Offer) -> Appointment:
    """What an accepted offer became: the hold itself, or the session that moved into its time."""
    moved = offer.moves or (offer.entry.exchange_for if offer.entry is not None else None)
    return moved if moved is not None and offer.hold.state == State.CANCELLED else offer.hold


def is_open(offer: Offer, now: datetime) -> bool:
    """Whether it can still be answered at `now`; the deadline itself is too late."""
    return offer.state == OfferState.OPEN and now < offer.answer_until and offer.hold.is_live_hold(now)


def require_open(offer: Offer, now: datetime) -> None:
    if is_open(offer, now):
        return
    if offer.state == OfferState.WITHDRAWN:
        raise Conflict("This time cannot be kept any more. Nothing was booked.", code="offer_ended")
    raise Conflict(
        "This offer has ended, and the time went to somebody else. You keep your place on the waitlist."
        if offer.entry_id
        else "This offer has ended. Call us, and we find another time.",
        code="offer_ended",
    )


def close(offer: Offer, state: str, now: datetime) -> None:
    offer.state, offer.answered_at = state, now
    offer.save(update_fields=["state", "answered_at"])


def free(offer: Offer, *, by: User | None, now: datetime) -> None:
    """Let the held time go; one that lapsed and was taken over is free already."""
    let_go(Appointment.objects.filter(pk=offer.hold_id), by=by, now=now, why="The offer ended.")


def book_held(offer: Offer, *, by: User, now: datetime) -> Appointment:
    """The hold becomes the runner's session."""
    hold, runner = offer.hold, runner_of(offer)
    if hold.runner_id is None:
        require_no_seat(hold, runner)
    drop_lapsed_of(runner, now=now)
    hold.runner, hold.state, hold.hold_expires_at, hold.booked_at, hold.booked_by = runner, State.BOOKED, None, now, by
    hold.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    hold.save()
    return told(hold, by=by, now=now, offer=offer)


def move_into(session: Appointment, offer: Offer, *, by: User, now: datetime) -> Appointment:
    """The session takes the held time; its old one is free in the same moment."""
    hold, stood = offer.hold, standing(session)
    if hold.runner_id is None:
        require_no_seat(hold, session.runner)
    drop_lapsed_of(session.runner, now=now)
    hold.state, hold.cancel_reason, hold.cancelled_at = State.CANCELLED, "The session moved here.", now
    hold.save(update_fields=["state", "cancel_reason", "cancelled_at"])
    for name in TAKES_OVER:
        setattr(session, name, getattr(hold, name))
    return write_move(session, stood=stood, by=by, now=now, reason="An offered time was taken.", offer=offer)


def first_in_line(session: Appointment, *, keeps: bool, by: User, now: datetime) -> WaitlistEntry:
    """A wish before all others for a session the clinic took away; with `keeps` the session moves when it is fulfilled."""
    usual = TimePreference.objects.filter(runner=session.runner).first() or TimePreference()
    entry = WaitlistEntry(
        runner=session.runner,
        service=session.service,
        weekdays=usual.weekdays,
        parts=usual.parts,
        first=now.date(),
        exchange_for=session if keeps else None,
        priority=FIRST_IN_LINE,
        note="The clinic could not keep the session.",
        made_at=now,
        made_by=by,
    )
    entry.save(force_insert=True)
    record(by=by, action="waitlist.joined", subject=entry, runner=session.runner)
    return entry
