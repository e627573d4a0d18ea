"""The rows behind the seats: the count of a workshop under its lock, offers in order, who may do what and when."""

from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from bookings.letters import workshops as letters
from bookings.models import Appointment, Seat, Workshop
from bookings.models.workshops import SeatState
from bookings.services.transactions import require, whole
from bookings.workshops.seating import is_coming, offer_ends, seated_between
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, User


def pass_on_lapsed(*, workshop: Workshop, now: datetime) -> int:
    """End offers that ran out by `now` and offer their seats to the next in line; returns how many ended.

    A transaction of its own, called first by whoever wants a seat: right without any job, safe to run twice at once.
    """
    if not lapsed(workshop, now).exists():
        return 0

    @whole
    def pass_on() -> int:
        found = locked(workshop)
        over = [turn(seat, SeatState.CANCELLED, at=now) for seat in lapsed(found, now).select_related("runner")]
        Seat.objects.bulk_update(over, ["state", "cancelled_at", "sequence"])
        let_go(found, len(over))
        for seat in over:
            record(by=None, action="workshop.offer_lapsed", subject=found, runner=seat.runner)
        if is_coming(found, now):
            offer_freed(found, now=now, told_at=now)
        return len(over)

    return pass_on()


def offer_freed(workshop: Workshop, *, now: datetime, told_at: datetime) -> list[Seat]:
    """Offer every free seat of the locked `workshop` to those who wait, in order; their letters are due at `told_at`."""
    ends = offer_ends(told_at, workshop.booking.start)
    free = workshop.capacity - workshop.seats_taken
    if ends is None or free < 1:
        return []
    waiting = Seat.objects.filter(workshop=workshop, state=SeatState.WAITING).select_related("runner__user")
    offered = list(waiting.order_by("made_at", "id")[:free])
    if not offered:
        return []
    claim(workshop, len(offered))
    for seat in offered:
        turn(seat, SeatState.OFFERED, until=ends).save()
        record(by=None, action="workshop.seat_offered", subject=workshop, runner=seat.runner)
        letters.plan_offer(workshop, seat, told_at=told_at)
    return offered


def take_back_untold(workshop: Workshop, wanted: int) -> None:
    """Put the latest offers that nobody has been told of back in line, as far as `wanted` seats need them."""
    missing = wanted - (workshop.capacity - workshop.seats_taken)
    for seat in (
        Seat.objects.filter(workshop=workshop, state=SeatState.OFFERED)
        .select_related("runner")
        .order_by("-made_at", "-id")
    ):
        if missing < 1:
            return
        if letters.take_back_offer(seat, reason="The seat was taken back within three minutes."):
            turn(seat, SeatState.WAITING).save()
            let_go(workshop, 1)
            record(by=None, action="workshop.offer_taken_back", subject=workshop, runner=seat.runner)
            missing -= 1


def claim(workshop: Workshop, wanted: int) -> None:
    """Count `wanted` more seats of `workshop` as taken, if so many are free. Raises Conflict `full`."""
    free = Workshop.objects.filter(pk=workshop.pk, seats_taken__lte=F("capacity") - wanted)
    if not free.update(seats_taken=F("seats_taken") + wanted):
        left = max(0, workshop.capacity - workshop.seats_taken)
        raise Conflict(
            "Every seat is taken. Join the waitlist: the next free seat is offered in turn."
            if left == 0
            else f"{left} seat{'s are' if left > 1 else ' is'} left, and you asked for {wanted}. Nothing was taken.",
            code="full",
            left=left,
        )
    workshop.seats_taken += wanted


def let_go(workshop: Workshop, count: int) -> None:
    """Count `count` seats of the locked `workshop` as free again."""
    Workshop.objects.filter(pk=workshop.pk).update(seats_taken=F("seats_taken") - count)
    workshop.seats_taken -= count


def turn(seat: Seat, state: SeatState, *, at: datetime | None = None, until: datetime | None = None) -> Seat:
    """The seat in another state, not saved yet; `at` when it was cancelled, `until` how long it is offered."""
    if state in (SeatState.TAKEN, SeatState.WAITING):
        seat.offered_until = None
    seat.state, seat.sequence = state, seat.sequence + 1
    seat.cancelled_at = at
    if until is not None:
        seat.offered_until = until
    return seat


def locked(workshop: Workshop) -> Workshop:
    """The workshop as it stands now with its time and people; nobody else changes its seats until the transaction ends.

    Take the runner's row before it, never after. Raises DomainError `cancelled` when its time is gone from the book.
    """
    rows = Workshop.objects.select_related("booking__therapist__user", "booking__treatment_room")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=workshop.pk)


def standing(workshop: Workshop) -> QuerySet[Seat]:
    """Seats of the workshop that are taken, offered or waited for."""
    return Seat.objects.filter(workshop=workshop).exclude(state=SeatState.CANCELLED)


def lapsed(workshop: Workshop, now: datetime) -> QuerySet[Seat]:
    """Seats whose offer ran out by `now`."""
    return Seat.objects.filter(workshop=workshop, state=SeatState.OFFERED, offered_until__lte=now)


def taken_by(runner: RunnerProfile, workshop: Workshop) -> list[Seat]:
    """The runner's taken seats, their own first."""
    return list(Seat.objects.filter(workshop=workshop, runner=runner, state=SeatState.TAKEN).order_by("friend"))


def require_own(by: User, runner: RunnerProfile) -> None:
    require(by.is_clinic_staff or by.pk == runner.user_id)


def require_coming(workshop: Workshop, now: datetime) -> None:
    """Raises DomainError `cancelled` or `too_late`."""
    if workshop.state != Workshop.State.PLANNED:
        raise DomainError("This workshop is cancelled. Look at the others.", code="cancelled")
    if workshop.booking.start <= now:
        raise DomainError("This workshop has begun. Look at the others.", code="too_late")


def require_free(runner: RunnerProfile, workshop: Workshop, now: datetime) -> None:
    """Nobody is in two places: raises Conflict `runner_busy`. The runner is locked."""
    start, end = workshop.booking.start, workshop.booking.end
    sessions = Appointment.objects.live(now).filter(runner=runner).overlapping(start, end)
    others = seated_between(runner, start, end).exclude(workshop=workshop)
    if sessions.exists() or others.exists():
        raise Conflict(
            "You have another session at that time. Move that one first, or choose another workshop.",
            code="runner_busy",
        )
