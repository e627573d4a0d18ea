"""How many seats of a workshop can be had, by whom, and how long one is kept for who waited: arithmetic and reads."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from bookings.models import Appointment, Seat, Workshop
from bookings.models.appointments import UNDO
from clinic.people.models import RunnerProfile, TherapistProfile, User

OFFERED_FOR = timedelta(hours=12)
SHORTEST_OFFER = timedelta(minutes=15)
MOST_FRIENDS = 3
"""A runner brings at most so many."""


def offer_ends(told_at: datetime, start: datetime) -> datetime | None:
    """Until when a seat freed is kept for the next in line, told at `told_at`: 12 hours, or a quarter of the time left.

    None in the last hour: then a freed seat is for whoever comes first.
    """
    kept = min(OFFERED_FOR, (start - told_at) / 4)
    return (told_at + kept).replace(second=0, microsecond=0) if kept >= SHORTEST_OFFER else None


def with_counts(workshops: QuerySet[Workshop], now: datetime) -> QuerySet[Workshop]:
    """`workshops` with their time, therapist and room, and with `waiting` and `lapsed`: how many wait, how many offers ran out."""
    return workshops.select_related("booking__therapist__user", "booking__treatment_room").annotate(
        waiting=Count("seats", filter=Q(seats__state=Seat.State.WAITING)),
        lapsed=Count("seats", filter=Q(seats__state=Seat.State.OFFERED, seats__offered_until__lte=now)),
    )


def seats_left(workshop: Workshop, now: datetime) -> int:
    """How many seats somebody new could take at `now`; the workshop comes from `with_counts`.

    Seats whose offer ran out go to those who wait, in order; only what is left then is free for others.
    """
    free = workshop.capacity - workshop.seats_taken + workshop.lapsed  # type: ignore[attr-defined]
    if offer_ends(now, workshop.booking.start) is not None:
        free -= workshop.waiting  # type: ignore[attr-defined]
    return max(0, free)


def is_coming(workshop: Workshop, now: datetime) -> bool:
    """Whether it is planned and has not begun."""
    return workshop.state == Workshop.State.PLANNED and workshop.booking.start > now


def free_until(workshop: Workshop, seat: Seat) -> datetime:
    """Until when (UTC) giving the taken seat back costs nothing: the workshop's notice, or UNDO after it was taken.

    Moved by the clinic after that, the workshop lets everybody go until it begins.
    """
    taken_at = seat.taken_at or seat.made_at
    if workshop.moved_at is not None and taken_at < workshop.moved_at:
        return workshop.booking.start
    return max(workshop.free_until, min(taken_at + UNDO, workshop.booking.start))


def gives_back_free(workshop: Workshop, seat: Seat, at: datetime) -> bool:
    """Whether giving the taken seat back at the instant `at` costs nothing."""
    return at <= free_until(workshop, seat)


def seated_between(runner: RunnerProfile, start: datetime, end: datetime) -> QuerySet[Seat]:
    """The runner's own taken seats in workshops that touch the half-open period."""
    mine = Seat.objects.filter(runner=runner, friend="", state=Seat.State.TAKEN)
    return mine.filter(workshop__booking__start__lt=end, workshop__booking__end__gt=start)


def elsewhere(runners: Collection[UUID], start: datetime, end: datetime, *, workshop: Workshop) -> set[UUID]:
    """Which of `runners` have a session, or a seat of their own in another workshop, that touches the half-open period.

    One query. Nobody is locked: whoever books meanwhile is refused by what stands.
    """
    sessions = Appointment.objects.standing().filter(runner__in=runners).overlapping(start, end)
    seats = Seat.objects.filter(runner__in=runners, friend="", state=Seat.State.TAKEN).exclude(workshop=workshop)
    seats = seats.filter(workshop__booking__start__lt=end, workshop__booking__end__gt=start)
    return set(
        sessions.order_by()
        .values_list("runner")
        .union(seats.order_by().values_list("runner"))
        .values_list("runner", flat=True)
    )


def seats_of(workshop: Workshop, runner_id: UUID) -> list[Seat]:
    """What the runner has in the workshop, their own seat first: taken, offered or waiting."""
    mine = Seat.objects.filter(workshop=workshop, runner=runner_id).exclude(state=Seat.State.CANCELLED)
    return sorted(mine, key=lambda seat: (bool(seat.friend), seat.made_at, seat.friend))


def coming_for(runner: User, now: datetime) -> list[tuple[Workshop, list[Seat]]]:
    """Workshops not over yet in which the runner has seats or waits, nearest first; two queries."""
    coming = Workshop.objects.select_related("booking__therapist__user", "booking__treatment_room")
    coming = coming.filter(state=Workshop.State.PLANNED, booking__end__gt=now).order_by("booking__start")
    mine: dict[UUID, list[Seat]] = {}
    theirs = Seat.objects.filter(runner__user=runner).exclude(state=Seat.State.CANCELLED)
    for seat in theirs.filter(workshop__in=coming.order_by()).order_by("friend"):
        mine.setdefault(seat.workshop_id, []).append(seat)
    return [(each, mine[each.pk]) for each in coming.filter(pk__in=list(mine))]


def waited_for(user: User, now: datetime) -> list[tuple[Workshop, list[Seat]]]:
    """Of the coming workshops, those the runner stands in line for or is offered a seat in."""
    in_line = (Seat.State.WAITING, Seat.State.OFFERED)
    return [(each, seats) for each, seats in coming_for(user, now) if any(seat.state in in_line for seat in seats)]


def led_between(therapist: TherapistProfile, start: datetime, end: datetime) -> QuerySet[Workshop]:
    """The planned workshops of `therapist` that touch `start`..`end` (UTC), nearest first."""
    planned = Workshop.objects.filter(state=Workshop.State.PLANNED, booking__therapist=therapist)
    return (
        planned.filter(booking__start__lt=end, booking__end__gt=start)
        .select_related("booking")
        .order_by("booking__start")
    )


def place_in_line(seat: Seat) -> int:
    """1 for the first of those who wait."""
    before = Q(made_at__lt=seat.made_at) | Q(made_at=seat.made_at, pk__lt=seat.pk)
    return Seat.objects.filter(before, workshop=seat.workshop_id, state=Seat.State.WAITING).count() + 1
