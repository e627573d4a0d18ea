"""When a therapist works: the week, one day's exceptions, time off. Each tells which booked sessions it hits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models

from bookings import slots
from bookings.engine.diaries import REACH
from bookings.engine.reading import read_timetables
from bookings.models import Appointment, HoursPlace, Override, TimeOff, WeeklyHours
from bookings.models.appointments import State
from bookings.services.transactions import lock_therapist, require, whole
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User

LONGEST_TIME_OFF = timedelta(days=400)
FURTHEST = timedelta(days=3 * 366)


class HoursRange(NamedTuple):
    """One range of the week in the therapist's wall clock; weekday 0 = Monday, `ends` 00:00 is midnight."""

    weekday: int
    starts: time
    ends: time
    place: str = HoursPlace.EITHER


class DayRange(NamedTuple):
    """One range of a single day in the therapist's wall clock."""

    starts: time
    ends: time
    place: str = HoursPlace.EITHER


class HoursChange(NamedTuple):
    """What was written, and the booked sessions that now lie outside the therapist's hours."""

    hours: list[models.Model]
    hit: list[Appointment]


class TimeOffAdded(NamedTuple):
    """The absence, and the booked sessions that fall into it."""

    time_off: TimeOff
    hit: list[Appointment]


@whole
def set_weekly_hours(
    *, therapist: TherapistProfile, ranges: Sequence[HoursRange], valid_from: date, by: User, now: datetime
) -> HoursChange:
    """The therapist's whole week from the day `valid_from` on. Rows in force are closed the day before; later ones go.

    Booked sessions stay where they are; those now outside the hours are returned. Raises DomainError
    `overlapping_hours`, `bad_hours`, `in_the_past`, `too_far`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today = now.astimezone(ZoneInfo(therapist.user.zone)).date()
    if valid_from < today:
        raise DomainError(
            "New hours begin today or later; the past stays as it was.",
            code="in_the_past",
            fields={"valid_from": "In the past."},
        )
    require_near(valid_from, today, "valid_from")
    ordered = sorted(set(ranges), key=lambda each: (each.weekday, each.starts))
    for one, other in pairwise(ordered):
        if one.weekday == other.weekday and (one.ends == time(0) or other.starts < one.ends):
            raise DomainError(
                f"Two ranges of {WeeklyHours(weekday=one.weekday).get_weekday_display()} overlap. Let the second begin after the first ends.",
                code="overlapping_hours",
            )
    rows = [WeeklyHours(therapist=therapist, valid_from=valid_from, **each._asdict()) for each in ordered]
    validate(rows)
    in_force = WeeklyHours.objects.filter(therapist=therapist)
    in_force.filter(valid_from__gte=valid_from).delete()
    in_force.between(valid_from, valid_from).update(valid_until=valid_from - timedelta(days=1))
    WeeklyHours.objects.bulk_create(rows)
    record(
        by=by,
        action="hours.set",
        subject=therapist,
        changes={"week": [None, [f"{row} {row.place}" for row in rows]], "valid_from": [None, valid_from]},
    )
    return HoursChange(list(rows), outside_hours(therapist, now=now, first=valid_from))


@whole
def set_override(
    *,
    therapist: TherapistProfile,
    on: date,
    ranges: Sequence[DayRange],
    by: User,
    now: datetime,
    closed: bool = False,
    replace: bool = False,
    note: str = "",
) -> HoursChange:
    """Open (or, with `closed`, close) `ranges` of one day; earlier exceptions of that day go.

    `closed` without ranges closes the day. `replace` closes the weekly hours of the day, so that `ranges` alone hold.
    Raises DomainError `bad_hours`, `in_the_past`, `too_far`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today = now.astimezone(ZoneInfo(therapist.user.zone)).date()
    if on < today:
        raise DomainError("That day is over; choose today or later.", code="in_the_past", fields={"on": "In the past."})
    require_near(on, today, "on")
    rows = [
        Override(therapist=therapist, on=on, closed=closed, note=note.strip()[:120], **each._asdict())
        for each in ranges
    ]
    if (closed and not rows) or (replace and not closed):
        rows.insert(0, Override(therapist=therapist, on=on, closed=True, note=note.strip()[:120]))
    if not rows:
        raise DomainError(
            "Give a range of times, or close the day.", code="bad_hours", fields={"starts": "Give a time."}
        )
    validate(rows)
    Override.objects.filter(therapist=therapist, on=on).delete()
    Override.objects.bulk_create(rows)
    record(
        by=by,
        action="hours.overridden",
        subject=therapist,
        reason=note,
        changes={str(on): [None, [str(row) for row in rows]]},
    )
    return HoursChange(list(rows), outside_hours(therapist, now=now, first=on, last=on))


@whole
def clear_overrides(*, therapist: TherapistProfile, on: date, by: User, now: datetime) -> HoursChange:
    """Take back every exception of one day: the weekly hours hold again. Raises Forbidden `not_yours`."""
    require_keeper(by, therapist)
    lock_therapist(therapist)
    Override.objects.filter(therapist=therapist, on=on).delete()
    record(by=by, action="hours.override_cleared", subject=therapist, changes={"on": [on, None]})
    return HoursChange([], outside_hours(therapist, now=now, first=on, last=on))


@whole
def add_time_off(
    *, therapist: TherapistProfile, start: datetime, end: datetime, reason: str, by: User, now: datetime
) -> TimeOffAdded:
    """An absence from `start` to `end` (instants). Booked sessions in it stay until somebody moves or cancels them.

    What is held or offered in it, and not booked yet, is let go: nobody can confirm it any more. The same absence once more returns the one that stands.
    Raises DomainError `bad_time_off`, `in_the_past`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    if end <= start or end - start > LONGEST_TIME_OFF:
        raise DomainError(
            "Time off ends after it begins, and lasts 400 days at most.",
            code="bad_time_off",
            fields={"end": "Check the end."},
        )
    if end <= now:
        raise DomainError(
            "That time is over. Enter time off that is still to come.",
            code="in_the_past",
            fields={"end": "In the past."},
        )
    time_off = TimeOff(
        therapist=therapist, start=start.astimezone(UTC), end=end.astimezone(UTC), reason=reason.strip()[:120]
    )
    validate([time_off])
    standing = TimeOff.objects.filter(therapist=therapist, start=time_off.start, end=time_off.end).first()
    if standing is None:
        time_off.save()
        record(
            by=by,
            action="time_off.added",
            subject=time_off,
            reason=time_off.reason,
            changes={"start": [None, start], "end": [None, end]},
        )
    held = Appointment.objects.filter(therapist=therapist, state=State.HELD).overlapping(start, end)
    let_holds_go(list(held), by=by, now=now)
    hit = Appointment.objects.with_people().upcoming(now).filter(therapist=therapist).overlapping(start, end)
    return TimeOffAdded(standing or time_off, list(hit))


@whole
def remove_time_off(*, time_off: TimeOff, by: User, now: datetime) -> None:
    """Take an absence back: its hours are open again. Raises Forbidden `not_yours`."""
    require_keeper(by, time_off.therapist)
    lock_therapist(time_off.therapist)
    record(
        by=by,
        action="time_off.removed",
        subject=time_off,
        changes={"start": [time_off.start, None], "end": [time_off.end, None]},
    )
    time_off.delete()


def let_holds_go(held: Sequence[Appointment], *, by: User, now: datetime) -> None:
    """End holds whose time is not open any more; whoever confirms one, or answers its offer, is told that it has ended.

    The therapist's row is locked, so a confirmation is either before this, and listed as hit, or refused.
    """
    Appointment.objects.filter(pk__in=[each.pk for each in held], state=State.HELD).update(
        state=State.CANCELLED, cancel_reason="The therapist is away.", cancelled_at=now
    )
    for each in held:
        record(by=by, action="hold.released", subject=each, runner=each.runner, reason="The therapist is away.")


def outside_hours(
    therapist: TherapistProfile, *, now: datetime, first: date, last: date | None = None
) -> list[Appointment]:
    """Booked sessions of the therapist, from the local day `first` (to `last`), that lie outside the hours as they are."""
    zone = therapist.user.zone
    low = slots.instant(slots.edge(zone, first, time(0))) - REACH
    coming = Appointment.objects.with_people().upcoming(now).filter(therapist=therapist, start__gte=low)
    if last is not None:
        coming = coming.filter(start__lt=slots.instant(slots.day_range(zone, last, None, None)[1]) + REACH)
    sessions = list(coming)
    if not sessions:
        return []
    diaries = {
        place: hours_alone(therapist, place, low, sessions[-1].start + REACH)
        for place in {session.place for session in sessions}
    }
    return [
        session
        for session in sessions
        if is_in(diaries[session.place], session, first, last) and not fits(diaries[session.place], session)
    ]


def hours_alone(therapist: TherapistProfile, place: str, low: datetime, high: datetime) -> slots.Diary:
    """The therapist's hours, exceptions and journeys from `low` to `high`, without time off and without sessions."""
    table = read_timetables([therapist.pk], low, high, place=place, service_id=0)[therapist.pk]
    return slots.Diary(therapist.user.zone, table.hours, table.changes, away=table.away)


def is_in(diary: slots.Diary, session: Appointment, first: date, last: date | None) -> bool:
    """Whether the session begins on one of the therapist's own days `first`..`last` (None: without end)."""
    days = [day for _, day in slots.days_at(diary, slots.seconds(session.start))]
    return not days or any(first <= day and (last is None or day <= last) for day in days)


def fits(diary: slots.Diary, session: Appointment) -> bool:
    """Whether the whole session lies inside the therapist's hours."""
    length = int(session.length.total_seconds())
    return slots.within_hours(diary, slots.Rules(length, 0, 0, 300, 0, 0), slots.seconds(session.start))


def require_keeper(by: User, therapist: TherapistProfile) -> None:
    """Raises Forbidden `not_yours` unless `by` is staff or the therapist."""
    require(by.is_clinic_staff or by.pk == therapist.user_id)


def require_near(on: date, today: date, field: str) -> None:
    """Raises DomainError `too_far` for a day that nobody plans for yet."""
    if on - today > FURTHEST:
        raise DomainError(
            "That is more than three years ahead. Check the year.", code="too_far", fields={field: "Check the year."}
        )


def validate(rows: Sequence[models.Model]) -> None:
    """Raises DomainError `bad_hours` with the first sentence that a row breaks."""
    for row in rows:
        try:
            row.full_clean(exclude=["therapist"])
        except ValidationError as refused:
            fields = {name: " ".join(sentences) for name, sentences in refused.message_dict.items()}
            raise DomainError(" ".join(fields.values()), code="bad_hours", fields=fields) from None
