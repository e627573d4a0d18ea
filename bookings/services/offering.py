"""A time kept for one person: entered in the book as a hold, offered in a letter. What becomes of it is `offers`."""

from datetime import datetime
from functools import partial

from django.db import connection

from bookings import video
from bookings.letters import offers as offer_letters
from bookings.models import Appointment, Offer, Service, WaitlistEntry
from bookings.models.appointments import State
from bookings.models.waitlist import EntryState, OfferState
from bookings.services.booking import FOREIGN, checked_start, place
from bookings.services.offers import end_lapsed
from bookings.services.transactions import current, drop_lapsed_of, lock, require, require_among, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, TherapistProfile, User


def offer_instead(
    *,
    appointment: Appointment,
    start: datetime,
    therapist: TherapistProfile,
    by: User,
    now: datetime,
    answer_until: datetime,
    beyond_rules: bool = False,
) -> Offer:
    """Keep `start` with `therapist` for the runner of a session the clinic cannot hold, and write to them.

    The session stays where it is until they answer. `beyond_rules` passes notice, horizon and hours.
    Raises what `book_slot` raises; DomainError `not_booked`, `bad_deadline`; Conflict `offered_already`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff or by.pk == appointment.therapist.user_id)
    start = checked_start(start, now)
    if not now < answer_until <= start:
        raise DomainError("The time to answer ends before the session begins.", code="bad_deadline")
    return keep_for(
        service=appointment.service,
        therapist=therapist,
        runner=appointment.runner,
        start=start,
        answer_until=answer_until,
        by=by,
        now=now,
        gives_up=appointment,
        moves=True,
        beyond_rules=beyond_rules,
    )


@whole
def keep_for(
    *,
    service: Service,
    therapist: TherapistProfile,
    runner: RunnerProfile,
    start: datetime,
    answer_until: datetime,
    by: User | None,
    now: datetime,
    entry: WaitlistEntry | None = None,
    gives_up: Appointment | None = None,
    moves: bool = False,
    beyond_rules: bool = False,
) -> Offer:
    """Hold the time and write the offer and its letter. `gives_up` is the session that moves into it when it is taken.

    `by` None is the waitlist itself. Raises Conflict `offered_already`, `not_waiting`, `changed_meanwhile` or what `place` raises.
    """
    therapists = [therapist] if gives_up is None else [therapist, gives_up.therapist]
    zones = lock(therapists=therapists, runner=runner, service=service)
    if gives_up is not None:
        gives_up = current(gives_up)
        require_among(gives_up, therapists)
        if gives_up.state != State.BOOKED:
            raise DomainError("Only a booked session can get another time.", code="not_booked")
    end_lapsed(Offer.objects.filter(moves=gives_up) if moves else Offer.objects.filter(entry=entry), now)
    if moves and Offer.objects.filter(moves=gives_up, state=OfferState.OPEN).exists():
        raise Conflict("There is an open offer for this session already.", code="offered_already")
    if entry is not None and Offer.objects.filter(entry=entry, state=OfferState.OPEN).exists():
        raise Conflict("This wish has an open offer already.", code="offered_already")
    if entry is not None and not still_waits(entry):
        raise Conflict("This wish is not waiting any more.", code="not_waiting")
    hold = Appointment(
        service=service,
        therapist=therapist,
        runner=runner,
        state=State.HELD,
        hold_expires_at=answer_until,
        video_key=video.new_key() if service.is_online else None,
        booked_by=by,
        booked_at=now,
    )
    put_down(hold, start=start, now=now, zones=zones, gives_up=gives_up, beyond_rules=beyond_rules)
    offer = Offer(
        entry=entry,
        moves=gives_up if moves else None,
        hold=hold,
        made_at=now,
        made_by=by,
        answer_until=answer_until,
    )
    offer.save(force_insert=True)
    record(
        by=by,
        action="offer.made",
        subject=offer,
        runner=runner,
        changes={"start": [None, hold.start], "therapist": [None, therapist.pk], "answer_until": [None, answer_until]},
    )
    offer_letters.plan_offer(offer, now=now)
    return offer


def still_waits(entry: WaitlistEntry) -> bool:
    """Whether the wish is waiting, and keeps waiting until the transaction ends."""
    rows = WaitlistEntry.objects.filter(pk=entry.pk, state=EntryState.WAITING).order_by()
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(no_key=True)
    return bool(rows.values_list("pk"))


def put_down(
    hold: Appointment,
    *,
    start: datetime,
    now: datetime,
    zones: dict[int, str],
    gives_up: Appointment | None,
    beyond_rules: bool,
) -> None:
    """Enter the hold in the book. It leaves alone what the runner is holding just now in their own browser.

    The session it would replace stands until the offer is taken. So the hold may lie beside it only with another therapist
    and in another room, and then it names no runner, whom the database keeps from being in two places. With the same
    therapist no minute can stand in the book twice: such a time needs no answer either, the session can be moved there at
    once. Raises DomainError `runs_into_session`, and what `place` raises.
    """
    drop_lapsed_of(hold.runner, now=now)
    take = partial(place, hold, start=start, now=now, offered_by=zones, beyond_rules=beyond_rules, keeps_holds=True)
    take(moving=gives_up)
    if gives_up is not None and gives_up.busy_from < hold.busy_until and hold.busy_from < gives_up.busy_until:
        if gives_up.therapist_id == hold.therapist_id:
            raise DomainError(
                "That time runs into the session it would replace. Move the session there instead.",
                code="runs_into_session",
            )
        hold.runner = None  # type: ignore[assignment]
        take(length=hold.length)
    hold.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    hold.save(force_insert=True)
