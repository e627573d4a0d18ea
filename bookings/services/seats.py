"""Seats in workshops: taken, given back, waited for, offered. The workshop's row is locked by whoever changes its count."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from bookings.letters import workshops as letters
from bookings.models import Seat, Workshop
from bookings.models.appointments import UNDO
from bookings.models.workshops import SeatState
from bookings.services.seat_rows import (
    claim,
    let_go,
    locked,
    offer_freed,
    pass_on_lapsed,
    require_coming,
    require_free,
    require_own,
    standing,
    take_back_untold,
    taken_by,
    turn,
)
from bookings.services.transactions import lock_runner, whole
from bookings.workshops.seating import MOST_FRIENDS, gives_back_free
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.core.wording import pounds
from clinic.people.models import RunnerProfile, User


class GivenBack(NamedTuple):
    """Seats given back; `late` are those that cost their price all the same."""

    seats: list[Seat]
    late: list[Seat]


def take_seats(
    *, workshop: Workshop, runner: RunnerProfile, by: User, now: datetime, friends: Iterable[str] = ()
) -> list[Seat]:
    """A seat for the runner, if they have none, and one for each of `friends` by name: all of them or none.

    Taking what one has already changes nothing; an offered seat is accepted by it. Returns the runner's taken seats.
    Raises Conflict `full`, `runner_busy`; DomainError `too_late`, `cancelled`, `bad_friend`, `too_many_friends`;
    Forbidden `not_yours`.
    """
    require_own(by, runner)
    names = checked_friends(friends)
    pass_on_lapsed(workshop=workshop, now=now)

    @whole
    def take() -> list[Seat]:
        lock_runner(runner)
        found = locked(workshop)
        require_coming(found, now)
        mine = {seat.friend: seat for seat in standing(found).filter(runner=runner)}
        own = mine.get("")
        if any(name in mine for name in names):
            raise bad_friend("A friend of that name has a seat already. Add a last name.")
        if len([name for name in mine if name]) + len(names) > MOST_FRIENDS:
            raise too_many_friends()
        fresh = [Seat(workshop=found, runner=runner, friend=name, made_at=now, taken_at=now) for name in names]
        wanted = len(names)
        if own is None or own.state != SeatState.TAKEN:
            require_free(runner, found, now)
            wanted += own is None or own.state == SeatState.WAITING
            own = turn(own, SeatState.TAKEN) if own else Seat(workshop=found, runner=runner, made_at=now)
            own.taken_at = now
            fresh.insert(0, own)
        if not fresh:
            return taken_by(runner, found)
        claim(found, wanted)
        for seat in fresh:
            seat.save()
        record(
            by=by,
            action="workshop.seats_taken",
            subject=found,
            runner=runner,
            changes={"seats": [[], [seat.pk for seat in fresh]]},
        )
        letters.plan_taken(found, fresh, now=now)
        return taken_by(runner, found)

    return take()


@whole
def give_back_seats(*, seats: Sequence[Seat], by: User, now: datetime, accept_fee: bool = False) -> GivenBack:
    """Give back seats of one runner in one workshop; each goes to the first who waits, told when UNDO is over.

    In time it is free; later `late` says which seats cost their price, and a runner has to `accept_fee`: they were told.
    What is given back already stays so. Raises DomainError `nothing_chosen`, `too_late`, `late_fee` (names the cost);
    Forbidden `not_yours`.
    """
    if not seats:
        raise DomainError("Choose at least one seat to give back.", code="nothing_chosen")
    found = locked(seats[0].workshop)
    mine = list(Seat.objects.filter(pk__in=[seat.pk for seat in seats], workshop=found).select_related("runner__user"))
    for seat in mine:
        require_own(by, seat.runner)
    require_coming(found, now)
    back = [turn(seat, SeatState.CANCELLED, at=now) for seat in mine if seat.state == SeatState.TAKEN]
    if not back:
        return GivenBack([], [])
    late = [seat for seat in back if not gives_back_free(found, seat, now)]
    cost = found.price_pence * len(late)
    if cost and not accept_fee and not by.is_clinic_staff:
        raise DomainError(
            f"Giving it back now costs {pounds(cost)}. Say that you accept it, or keep the seat.",
            code="late_fee",
            fields={"accept_fee": f"It costs {pounds(cost)}."},
            late_fee_pence=cost,
        )
    Seat.objects.bulk_update(back, ["state", "cancelled_at", "sequence"])
    let_go(found, len(back))
    runner = back[0].runner
    record(
        by=by,
        action="workshop.seats_given_back",
        subject=found,
        runner=runner,
        changes={"seats": [[seat.pk for seat in back], []], "late": [None, len(late)]},
    )
    letters.plan_given_back(found, back, left=taken_by(runner, found), late=len(late), now=now)
    offer_freed(found, now=now, told_at=now + UNDO)
    return GivenBack(back, late)


@whole
def undo_give_back(*, seats: Sequence[Seat], by: User, now: datetime) -> list[Seat]:
    """Take seats back that were given back less than UNDO ago, if nobody was told of them yet. Returns them.

    Raises Conflict `too_late_to_undo`, `seat_again`, `seat_gone`, `runner_busy`; DomainError `cancelled`; Forbidden `not_yours`.
    """
    if not seats:
        raise too_late_to_undo()
    lock_runner(seats[0].runner)
    found = locked(seats[0].workshop)
    require_coming(found, now)
    back = list(
        Seat.objects.filter(
            pk__in=[seat.pk for seat in seats],
            workshop=found,
            state=SeatState.CANCELLED,
            cancelled_at__gt=now - UNDO,
            offered_until__isnull=True,
        ).select_related("runner__user")
    )
    for seat in back:
        require_own(by, seat.runner)
    if len(back) < len({seat.pk for seat in seats}):
        raise too_late_to_undo()
    runner = back[0].runner
    if standing(found).filter(runner=runner, friend__in=[seat.friend for seat in back]).exists():
        raise Conflict("You have taken this seat again, or wait for it. It stays so.", code="seat_again")
    if any(not seat.friend for seat in back):
        require_free(runner, found, now)
    take_back_untold(found, len(back))
    try:
        claim(found, len(back))
    except Conflict:
        raise Conflict(
            "Somebody else has the seat already. Join the waitlist for the next one.", code="seat_gone"
        ) from None
    for seat in back:
        turn(seat, SeatState.TAKEN)
        seat.cancelled_at = None
        seat.save()
    record(
        by=by,
        action="workshop.seats_undone",
        subject=found,
        runner=runner,
        changes={"seats": [[], [s.pk for s in back]]},
    )
    letters.plan_taken_again(found, back, now=now)
    return back


def join_waitlist(*, workshop: Workshop, runner: RunnerProfile, by: User, now: datetime) -> Seat:
    """Stand in line for a seat of a full workshop. Whoever has a seat, or stands in line, stays where they are.

    Raises DomainError `not_full`, `too_late`, `cancelled`; Forbidden `not_yours`.
    """
    require_own(by, runner)
    pass_on_lapsed(workshop=workshop, now=now)

    @whole
    def join() -> Seat:
        lock_runner(runner)
        found = locked(workshop)
        require_coming(found, now)
        own = standing(found).filter(runner=runner, friend="").first()
        if own is not None:
            return own
        if found.seats_taken < found.capacity:
            raise DomainError("There is a free seat. Take it.", code="not_full")
        seat = Seat.objects.create(workshop=found, runner=runner, state=SeatState.WAITING, made_at=now)
        record(by=by, action="workshop.waitlist_joined", subject=found, runner=runner)
        return seat

    return join()


def accept_offer(*, seat: Seat, by: User, now: datetime) -> Seat:
    """Take the seat that is kept for the runner. Accepting again changes nothing.

    Raises Conflict `offer_ended` when its time is over or somebody else has it, `runner_busy`; DomainError `cancelled`,
    `too_late`; Forbidden `not_yours`.
    """
    require_own(by, seat.runner)
    pass_on_lapsed(workshop=seat.workshop, now=now)

    @whole
    def accept() -> Seat:
        lock_runner(seat.runner)
        found = locked(seat.workshop)
        require_coming(found, now)
        kept = Seat.objects.select_related("runner__user").get(pk=seat.pk)
        if kept.state == SeatState.TAKEN:
            return kept
        if kept.state != SeatState.OFFERED:
            raise Conflict(
                "This offer has ended, and the seat went on to the next in line. Look at the workshop again.",
                code="offer_ended",
            )
        require_free(kept.runner, found, now)
        kept.taken_at = now
        turn(kept, SeatState.TAKEN).save()
        record(
            by=by,
            action="workshop.seats_taken",
            subject=found,
            runner=kept.runner,
            reason="offer",
            changes={"seats": [[], [kept.pk]]},
        )
        letters.plan_taken(found, [kept], now=now)
        return kept

    return accept()


@whole
def leave_line(*, seat: Seat, by: User, now: datetime) -> None:
    """Say no to an offered seat, or stop waiting. The next in line is told at once. Leaving again changes nothing.

    Raises Forbidden `not_yours`.
    """
    require_own(by, seat.runner)
    found = locked(seat.workshop)
    left = Seat.objects.filter(pk=seat.pk).first()
    if left is None or left.state not in (SeatState.OFFERED, SeatState.WAITING):
        return
    record(by=by, action="workshop.line_left", subject=found, runner=seat.runner, reason=left.get_state_display())
    letters.take_back_offer(left, reason="It was declined.")
    if left.state == SeatState.WAITING:
        left.delete()
        return
    turn(left, SeatState.CANCELLED, at=now).save()
    let_go(found, 1)
    offer_freed(found, now=now, told_at=now)


@whole
def give_up(*, seat: Seat, by: User, now: datetime, accept_fee: bool = False) -> int:
    """Give the seat back, or leave the line, whichever it is by now; returns what that costs, in pence.

    Raises what `give_back_seats` and `leave_line` raise.
    """
    require_own(by, seat.runner)
    found = locked(seat.workshop)
    if not standing(found).filter(pk=seat.pk, state=SeatState.TAKEN).exists():
        leave_line(seat=seat, by=by, now=now)
        return 0
    return found.price_pence * len(give_back_seats(seats=[seat], by=by, now=now, accept_fee=accept_fee).late)


def pass_on_offers(*, now: datetime) -> int:
    """Pass on every offer that ran out by `now`; called every few minutes. Returns how many ended."""
    over = Seat.objects.filter(state=SeatState.OFFERED, offered_until__lte=now)
    workshops = Workshop.objects.filter(pk__in=over.values("workshop"), state=Workshop.State.PLANNED)
    return sum(pass_on_lapsed(workshop=each, now=now) for each in workshops)


def checked_friends(friends: Iterable[str]) -> list[str]:
    """Names without blanks around them. Raises DomainError `bad_friend`, `too_many_friends`."""
    names = [" ".join(unicodedata.normalize("NFC", str(name)).split()) for name in friends]
    if len(names) > MOST_FRIENDS:
        raise too_many_friends()
    for name in names:
        if not name or len(name) > 120 or not name.isprintable():
            raise bad_friend("Give each friend's name, at most 120 letters.")
    if len({name.casefold() for name in names}) < len(names):
        raise bad_friend("Two friends have the same name. Add a last name.")
    return names


def bad_friend(sentence: str) -> DomainError:
    return DomainError(sentence, code="bad_friend", fields={"friends": sentence})


def too_many_friends() -> DomainError:
    sentence = f"You can bring {MOST_FRIENDS} friends. For more, call us."
    return DomainError(sentence, code="too_many_friends", fields={"friends": sentence})


def too_late_to_undo() -> Conflict:
    return Conflict("The three minutes are over. Take a seat again, if one is free.", code="too_late_to_undo")
