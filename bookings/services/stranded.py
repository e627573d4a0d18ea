"""What a change of hours leaves where the therapist does not work: sessions are named, holds and offers end."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from bookings import slots
from bookings.calendars.connected import busy_elsewhere
from bookings.engine.diaries import REACH
from bookings.engine.starts import read_hours
from bookings.letters.offers import NOT_WORKED
from bookings.models import Appointment, Offer, OutsideBusy, TimeOff
from bookings.models.appointments import State
from bookings.models.waitlist import OfferState
from bookings.querysets import AppointmentQuerySet
from bookings.services.holding import GRACE
from bookings.services.offers import end_withdrawn
from bookings.services.transactions import NOT_KEPT, let_go
from clinic.people.models import TherapistProfile, User


class Stranded(NamedTuple):
    """Booked sessions that stay until somebody moves or cancels them; holds and offers that ended at once."""

    hit: list[Appointment]
    holds: list[Appointment]
    offers: list[Offer]


def settle_outside(
    therapist: TherapistProfile, *, first: date, last: date | None = None, by: User | None, now: datetime
) -> Stranded:
    """After a change of the hours of `first`..`last` (None: without end), whose therapist is locked."""
    there = on_days(held_now(therapist, now), therapist, first, last)
    ended = close(outside(there, therapist, first, last), by=by, now=now)
    return Stranded(outside_hours(therapist, now=now, first=first, last=last), *ended)


def settle_between(
    therapist: TherapistProfile, *, start: datetime, end: datetime, by: User | None, now: datetime
) -> Stranded:
    """After an absence from `start` to `end` was entered, whose therapist is locked. Its workshops are named as well."""
    ended = close(list(held_now(therapist, now).overlapping(start, end)), by=by, now=now)
    return Stranded(list(with_workshops(therapist, now).overlapping(start, end)), *ended)


def settle_busy(therapist: TherapistProfile, *, now: datetime) -> None:
    """After another calendar's busy times were written, whose therapist is locked: what is held in them ends."""
    busy = OutsideBusy.objects.filter(therapist=therapist, start__lt=OuterRef("end"), end__gt=OuterRef("start"))
    close(list(held_now(therapist, now).filter(Exists(busy))), by=None, now=now)


def held_now(therapist: TherapistProfile, now: datetime) -> AppointmentQuerySet:
    """The therapist's holds that could be confirmed at `now`, in the grace after them too, by their start."""
    held = Appointment.objects.with_people().filter(therapist=therapist, state=State.HELD)
    return held.filter(hold_expires_at__gt=now - GRACE).order_by("start")


def close(held: Sequence[Appointment], *, by: User | None, now: datetime) -> tuple[list[Appointment], list[Offer]]:
    """End holds whose time is not open any more, and take back the offers they stand for; each offer's runner is told.

    The therapist's row is locked, so a confirmation is either before this, and listed as hit, or refused.
    """
    keys = [each.pk for each in held]
    ended = let_go(Appointment.objects.filter(pk__in=keys), by=by, now=now, why=NOT_KEPT)
    open_ones = Offer.objects.filter(hold__in=keys, state=OfferState.OPEN).order_by("hold__start")
    offers = list(open_ones.select_related("hold", "entry__runner__user", "moves__runner__user"))
    for offer in offers:
        end_withdrawn(offer, by=by, now=now, why=NOT_WORKED)
    alone = {each.pk for each in ended} - {offer.hold_id for offer in offers}
    return [each for each in held if each.pk in alone], offers


def outside_hours(
    therapist: TherapistProfile, *, now: datetime, first: date, last: date | None = None
) -> list[Appointment]:
    """Booked sessions of the therapist, from the local day `first` (to `last`), that lie outside the hours as they are."""
    coming = Appointment.objects.with_people().upcoming(now).filter(therapist=therapist)
    return outside(on_days(coming, therapist, first, last), therapist, first, last)


def stranded(therapist: TherapistProfile, *, now: datetime, first: date) -> list[Appointment]:
    """What is booked from the local day `first` on outside the hours or in time off, nearest first.

    A workshop counts in time off alone: outside the hours it was planned on purpose.
    """
    return stranded_and_clashing(therapist, now=now, first=first)[0]


def stranded_and_clashing(
    therapist: TherapistProfile, *, now: datetime, first: date
) -> tuple[list[Appointment], list[Appointment]]:
    """What is `stranded`, and beside it what a connected calendar calls busy; both read at once."""
    away = TimeOff.objects.filter(therapist=therapist, start__lt=OuterRef("end"), end__gt=OuterRef("start"))
    coming = with_workshops(therapist, now).annotate(is_away=Exists(away), is_busy_elsewhere=busy_elsewhere())
    booked = on_days(coming, therapist, first, None)
    sessions = [each for each in booked if each.workshop_id is None]
    left = {each.pk for each in outside(sessions, therapist, first, None)}
    hit = [each for each in booked if each.is_away or each.pk in left]
    return hit, [each for each in booked if each.is_busy_elsewhere]


def with_workshops(therapist: TherapistProfile, now: datetime) -> AppointmentQuerySet:
    """The therapist's booked or running sessions and workshops that have not ended at `now`, nearest first."""
    booked = Appointment.objects.with_people().filter(therapist=therapist, state__in=(State.BOOKED, State.ARRIVED))
    return booked.filter(end__gt=now).order_by("start", "id")


def on_days(coming: AppointmentQuerySet, therapist: TherapistProfile, first: date, last: date | None) -> list[Any]:
    """Those of `coming` that can begin on the therapist's days `first`..`last` (None: without end)."""
    if last is not None and last < first:
        return []
    zone = therapist.user.zone
    coming = coming.filter(start__gte=slots.instant(slots.edge(zone, first, time(0))) - REACH)
    if last is not None:
        coming = coming.filter(start__lt=slots.instant(slots.day_range(zone, last, None, None)[1]) + REACH)
    return list(coming)


def outside(
    sessions: list[Appointment], therapist: TherapistProfile, first: date, last: date | None
) -> list[Appointment]:
    """Those of `sessions`, which come by their start, on the days `first`..`last` that do not lie inside the hours."""
    if not sessions:
        return []
    low = sessions[0].start - REACH
    high = sessions[-1].start + REACH
    diaries = hours_alone(therapist, sorted({session.place for session in sessions}), low, high)
    return [
        session
        for session in sessions
        if is_in(diaries[session.place], session, first, last) and not fits(diaries[session.place], session)
    ]


def hours_alone(
    therapist: TherapistProfile, places: Sequence[str], low: datetime, high: datetime
) -> dict[str, slots.Diary]:
    """The therapist's hours at each place, exceptions and journeys from `low` to `high`, without time off and sessions."""
    return {
        place: slots.Diary(therapist.user.zone, table.hours, table.changes, away=table.away)
        for place, table in read_hours(therapist.pk, places, low, high).items()
    }


def is_in(diary: slots.Diary, session: Appointment, first: date, last: date | None) -> bool:
    """Whether the session begins on one of the therapist's own days `first`..`last` (None: without end)."""
    days = [day for _, day in slots.days_at(diary, slots.seconds(session.start))]
    return not days or any(first <= day and (last is None or day <= last) for day in days)


def fits(diary: slots.Diary, session: Appointment) -> bool:
    """Whether the whole session lies inside the therapist's hours."""
    length = int(session.length.total_seconds())
    return slots.within_hours(diary, slots.Rules(length, 0, 0, 300, 0, 0), slots.seconds(session.start))
