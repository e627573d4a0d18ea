"""Workshops by the clinic's hand: planned, changed, moved, cancelled, and who was there. Their time stands in the book."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.text import slugify

from bookings.letters import workshops as letters
from bookings.models import Appointment, Seat, Workshop
from bookings.models.appointments import State
from bookings.models.workshops import SeatState
from bookings.services.booking import checked_start
from bookings.services.seat_rows import let_go, locked, offer_freed, standing, turn
from bookings.services.transactions import lock, require, require_among, whole
from bookings.services.workshop_time import take_time
from bookings.workshops.seating import elsewhere
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.core.wording import in_words
from clinic.people.models import TherapistProfile, User

EARLIEST = timedelta(hours=1)
"""Who came may be marked this long before the start."""

NAMED = 5
"""A refusal names at most so many people."""

CHANGEABLE = ("title", "summary", "description", "capacity", "price_pence", "change_notice_h")


@whole
def plan_workshop(
    *,
    title: str,
    capacity: int,
    therapist: TherapistProfile,
    start: datetime,
    minutes: int,
    place: str,
    by: User,
    now: datetime,
    price_pence: int = 0,
    summary: str = "",
    description: str = "",
    change_notice_h: int = 24,
    override_reason: str = "",
) -> Workshop:
    """Plan a workshop and enter its time in the book, with a room where it is held in the clinic; staff alone.

    With `override_reason` it passes the therapist's hours, never what is taken. Raises Conflict `slot_taken`;
    DomainError `outside_hours`, `in_the_past`, `bad_length`, `bad_capacity`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    reason = override_reason.strip()[:200]
    start = checked_start(start, now)
    workshop = Workshop(
        slug=free_slug(title, start),
        title=title.strip(),
        summary=summary.strip(),
        description=description.strip(),
        capacity=checked_capacity(capacity),
        price_pence=price_pence,
        change_notice_h=change_notice_h,
        made_at=now,
        made_by=by,
    )
    booking = Appointment(workshop=workshop, state=State.BOOKED, booked_by=by, booked_at=now)
    take_time(
        booking, therapist=therapist, start=start, minutes=minutes, place=place, now=now, beyond_hours=bool(reason)
    )
    workshop.save(force_insert=True)
    booking.save(force_insert=True)
    record(
        by=by,
        action="workshop.planned",
        subject=workshop,
        reason=reason,
        changes={"start": [None, start], "therapist": [None, therapist.pk], "capacity": [None, capacity]},
    )
    return workshop


@whole
def change_workshop(*, workshop: Workshop, changes: Mapping[str, Any], by: User, now: datetime) -> Workshop:
    """Change what is said of it, its price, notice or capacity; more seats go to those who wait. Nobody is written to.

    `changes` names fields of CHANGEABLE. Raises DomainError `bad_capacity`, `cancelled`; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    found = locked(workshop)
    require_planned(found)
    wanted = {name: value for name, value in changes.items() if name in CHANGEABLE}
    before = {name: getattr(found, name) for name in wanted}
    if "capacity" in wanted and checked_capacity(wanted["capacity"]) < found.seats_taken:
        sentence = f"{found.seats_taken} seats are taken or offered. Leave at least as many."
        raise DomainError(sentence, code="bad_capacity", fields={"capacity": sentence})
    for name, value in wanted.items():
        setattr(found, name, value)
    different = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
    if not different:
        return found
    found.save(update_fields=list(different))
    record(by=by, action="workshop.changed", subject=found, changes=different)
    if found.booking.start > now:
        offer_freed(found, now=now, told_at=now)
    return found


@whole
def move_workshop(
    *,
    workshop: Workshop,
    start: datetime,
    by: User,
    now: datetime,
    therapist: TherapistProfile | None = None,
    minutes: int | None = None,
    place: str | None = None,
    override_reason: str = "",
    knowing: Collection[UUID] = (),
) -> int:
    """Give the workshop another time, therapist, length or place, and tell everybody with a seat once. Returns how many.

    Whoever took a seat before may give it back free from now on. `knowing` are the runners (keys) of whom the desk knows
    that they have something else then: their letter says it. Raises Conflict `runners_busy`, whose `extra["runners"]` are
    the keys of them all, where there are others; what `plan_workshop` raises, and `same_time`, `cancelled`, `too_late`.
    """
    require(by.is_clinic_staff)
    reason = override_reason.strip()[:200]
    start = checked_start(start, now)
    target = therapist or workshop.booking.therapist
    theirs = [workshop.booking.therapist, target]
    lock(therapists=theirs, runner=None, service=None)
    found = locked(workshop)
    require_planned(found)
    require_among(found.booking, theirs)
    booking = found.booking
    if booking.start <= now:
        raise DomainError("This workshop has begun: it stays where it is.", code="too_late")
    was, was_with = booking.start, booking.therapist_id
    minutes = minutes or booking.minutes
    place = place or booking.place
    if (start, target.pk, minutes, place) == (was, was_with, booking.minutes, booking.place):
        raise DomainError(
            "The workshop is there already. Choose another time.",
            code="same_time",
            fields={"at": "Already at that time."},
        )
    take_time(booking, therapist=target, start=start, minutes=minutes, place=place, now=now, beyond_hours=bool(reason))
    seats = list(standing(found).filter(state__in=(SeatState.TAKEN, SeatState.OFFERED)).select_related("runner__user"))
    require_known(found, seats, knowing)
    booking.sequence += 1
    booking.save()
    found.moved_at = now
    found.save(update_fields=["moved_at"])
    take_along(seats, start)
    record(
        by=by,
        action="workshop.moved",
        subject=found,
        reason=reason,
        changes={"start": [was, start], "therapist": [was_with, target.pk]},
    )
    return letters.plan_moved(found, seats, was=was, now=now)


def require_known(workshop: Workshop, seats: Sequence[Seat], knowing: Collection[UUID]) -> None:
    """Raises Conflict `runners_busy` where somebody with a seat, and not of `knowing`, has something else at its time."""
    own = {seat.runner_id: seat.runner for seat in seats if not seat.friend and seat.state == SeatState.TAKEN}
    booking = workshop.booking
    busy = elsewhere(own, booking.start, booking.end, workshop=workshop)
    if busy <= set(knowing):
        return
    names = sorted(own[key].user.name for key in busy)
    listed = names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} others"]
    raise Conflict(
        f"{in_words(listed)} {'has' if len(names) == 1 else 'have'} something else at that time. Choose another time, or "
        "move it all the same: their letter asks them to give up one of the two.",
        code="runners_busy",
        runners=sorted(str(key) for key in busy),
    )


def take_along(seats: Sequence[Seat], start: datetime) -> None:
    """The seats stand for the new time: their calendar files are newer, and no offer outlasts the start."""
    for seat in seats:
        if seat.state == SeatState.TAKEN:
            seat.sequence += 1
        elif seat.offered_until is not None:
            seat.offered_until = min(seat.offered_until, start)
    Seat.objects.bulk_update(seats, ["sequence", "offered_until"])


@whole
def cancel_workshop(*, workshop: Workshop, by: User, now: datetime, reason: str) -> int:
    """Cancel it in one act: its time is free, every seat and wish is ended, and each runner gets one letter.

    Returns how many are told; cancelling again changes nothing and tells nobody. Raises DomainError `reason_needed`,
    `too_late` once it is over; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError("Say why in a few words.", code="reason_needed", fields={"reason": "A reason is needed."})
    theirs = [workshop.booking.therapist]
    lock(therapists=theirs, runner=None, service=None)
    found = locked(workshop)
    if found.state == Workshop.State.CANCELLED:
        return 0
    booking = found.booking
    require_among(booking, theirs)
    if booking.end <= now:
        raise DomainError("This workshop is over: it cannot be cancelled any more.", code="too_late")
    seats = list(standing(found).select_related("runner__user"))
    told = letters.plan_cancelled(found, seats, now=now)
    for seat in seats:
        turn(seat, SeatState.CANCELLED, at=now)
    Seat.objects.bulk_update(seats, ["state", "cancelled_at", "sequence"])
    let_go(found, found.seats_taken)
    found.state, found.cancel_reason = Workshop.State.CANCELLED, reason
    found.save(update_fields=["state", "cancel_reason"])
    booking.state, booking.cancel_reason, booking.cancelled_at = State.CANCELLED, reason, now
    booking.sequence += 1
    booking.save(update_fields=["state", "cancel_reason", "cancelled_at", "sequence"])
    record(by=by, action="workshop.cancelled", subject=found, reason=reason, changes={"told": [0, told]})
    return told


@whole
def mark_attendance(*, seat: Seat, attended: bool | None, by: User, now: datetime) -> Seat:
    """Whether who had the seat came; None takes the mark back. For staff and the workshop's therapist.

    Raises DomainError `wrong_state`, `too_early`; Forbidden `not_yours`.
    """
    found = Seat.objects.select_related("workshop__booking__therapist", "runner__user").get(pk=seat.pk)
    booking = found.workshop.booking
    require(by.is_clinic_staff or by.pk == booking.therapist.user_id)
    if found.state != SeatState.TAKEN:
        raise DomainError("This seat was given back. Look at the list again.", code="wrong_state")
    if now < booking.start - EARLIEST:
        raise DomainError("This workshop has not begun yet. Mark who came when its time has come.", code="too_early")
    if found.attended != attended:
        before, found.attended = found.attended, attended
        found.save(update_fields=["attended"])
        record(
            by=by,
            action="workshop.attendance",
            subject=found,
            runner=found.runner,
            changes={"attended": [before, attended]},
        )
    return found


def require_planned(workshop: Workshop) -> None:
    if workshop.state != Workshop.State.PLANNED:
        raise DomainError("This workshop is cancelled. Plan a new one.", code="cancelled")


def checked_capacity(capacity: int) -> int:
    if not 1 <= capacity <= 500:
        sentence = "A workshop has between 1 and 500 seats."
        raise DomainError(sentence, code="bad_capacity", fields={"capacity": sentence})
    return capacity


def free_slug(title: str, start: datetime) -> str:
    """A name for the address, with the day: running-form-2026-12-01, and a number where that is taken."""
    base = f"{slugify(title)[:60] or 'workshop'}-{start:%Y-%m-%d}"
    taken = set(Workshop.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in taken)
