"""When a therapist works: the week, one day's exceptions, time off. Each change says what it leaves outside the hours."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models

from bookings import weeks
from bookings.models import Appointment, HoursPlace, Offer, Override, TimeOff, WeeklyHours
from bookings.services.stranded import settle_between, settle_outside
from bookings.services.transactions import lock_therapist, require, whole
from bookings.weeks import HoursRange, Stretch
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.core.wording import DAYS
from clinic.people.models import TherapistProfile, User

LONGEST_TIME_OFF = timedelta(days=400)
FURTHEST = timedelta(days=3 * 366)


class DayRange(NamedTuple):
    """One range of a single day in the therapist's wall clock, opened or (with `closed`) closed."""

    starts: time
    ends: time
    place: str = HoursPlace.EITHER
    closed: bool = False


class HoursChange(NamedTuple):
    """What was written; the booked sessions that now lie outside the hours; the holds and the offers that ended."""

    hours: list[models.Model]
    hit: list[Appointment]
    holds: list[Appointment]
    offers: list[Offer]


class TimeOffAdded(NamedTuple):
    """The absence; the booked sessions that fall into it; the holds and the offers that ended."""

    time_off: TimeOff
    hit: list[Appointment]
    holds: list[Appointment]
    offers: list[Offer]


@whole
def set_weekly_hours(
    *,
    therapist: TherapistProfile,
    ranges: Sequence[HoursRange],
    valid_from: date,
    by: User,
    now: datetime,
    valid_until: date | None = None,
    instead_of: date | None = None,
) -> HoursChange:
    """The therapist's whole week from the day `valid_from` on; with `valid_until` for a time, and the usual comes back.

    Another usual week leaves the weeks for a time alone. `instead_of` is the first day of the stretch that this one
    corrects: what is left of that is taken back first. Booked sessions stay where they are; those now outside the hours
    are returned, and holds and open offers there end. Raises DomainError `overlapping_hours`, `bad_hours`, `no_hours`,
    `bad_days`, `in_the_past`, `too_far`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today = today_of(therapist, now)
    require_days(valid_from, valid_until, today)
    week = tuple(sorted(set(ranges)))
    require_apart(week)
    if valid_until is not None and not week:
        sentence = "A week for a time without any hours is time off. Enter it under Time off."
        raise DomainError(sentence, code="no_hours")
    new = Stretch(valid_from, valid_until, week, valid_until is not None)
    validate(rows_of(therapist, new))
    plan = weeks_of(therapist, valid_from)
    since = valid_from
    if instead_of is not None and any(each.first == instead_of for each in plan):
        since = min(since, max(instead_of, today))
        plan = weeks.without(plan, instead_of, today)
    plan = weeks.with_stretch(plan, new) if valid_until else weeks.with_usual(plan, week, valid_from)
    write(therapist, plan, since)
    record(
        by=by,
        action="hours.set",
        subject=therapist,
        changes={
            "week": [None, [f"{DAYS[each.weekday]} {weeks.range_words(*each[1:])}" for each in week]],
            "valid_from": [None, valid_from],
            "valid_until": [None, valid_until],
        },
    )
    rows = WeeklyHours.objects.filter(therapist=therapist, temporary=new.temporary).between(valid_from, valid_until)
    return HoursChange(list(rows), *settle_outside(therapist, first=since, by=by, now=now))


@whole
def take_back_week(*, therapist: TherapistProfile, first: date, by: User, now: datetime) -> HoursChange:
    """The stretch that begins on the day `first` is taken back, from today on: the usual week before it runs on.

    Raises DomainError `gone`, `in_the_past`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today = today_of(therapist, now)
    plan = weeks_of(therapist, first)
    gone = next((each for each in plan if each.first == first), None)
    if gone is None or (gone.first <= today and not gone.temporary) or gone == plan[0]:
        raise DomainError("This week was changed meanwhile. Look at the weeks again.", code="gone")
    if gone.last is not None and gone.last < today:
        raise DomainError("That week is over; the past stays as it was.", code="in_the_past")
    since = max(first, today)
    write(therapist, weeks.without(plan, first, today), since)
    record(by=by, action="hours.week_taken_back", subject=therapist, changes={"valid_from": [first, None]})
    return HoursChange([], *settle_outside(therapist, first=since, last=gone.last, by=by, now=now))


def weeks_of(therapist: TherapistProfile, since: date) -> list[Stretch]:
    """The therapist's weeks as they are, from `since` or the first one on."""
    return weeks.stretches(WeeklyHours.objects.filter(therapist=therapist), since)


def rows_of(therapist: TherapistProfile, stretch: Stretch) -> list[WeeklyHours]:
    return [
        WeeklyHours(
            therapist=therapist,
            valid_from=stretch.first,
            valid_until=stretch.last,
            temporary=stretch.temporary,
            **each._asdict(),
        )
        for each in stretch.ranges
    ]


def write(therapist: TherapistProfile, plan: Iterable[Stretch], since: date) -> None:
    """Let the plan hold from the day `since` on; what was in force before stays as it was."""
    rows = WeeklyHours.objects.filter(therapist=therapist)
    rows.filter(valid_from__gte=since).delete()
    rows.between(since, since).update(valid_until=since - weeks.DAY)
    coming = [each.cut(since, None) for each in plan]
    WeeklyHours.objects.bulk_create(row for each in coming if each is not None for row in rows_of(therapist, each))


@whole
def set_override(
    *,
    therapist: TherapistProfile,
    on: date,
    ranges: Sequence[DayRange],
    by: User,
    now: datetime,
    replace: bool = False,
    note: str = "",
    instead_of: date | None = None,
) -> HoursChange:
    """Open or close `ranges` of one day, beside its weekly hours; earlier exceptions of that day go.

    `replace` closes the weekly hours of the day, so that `ranges` alone hold: without any the day is closed. With
    `instead_of` the exceptions of that other day are taken back. Booked sessions now outside are returned; holds and
    open offers there end.
    Raises DomainError `bad_hours`, `overlapping_hours`, `in_the_past`, `too_far`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today = today_of(therapist, now)
    if on < today:
        raise DomainError("That day is over; choose today or later.", code="in_the_past", fields={"on": "In the past."})
    require_near(on, today, "on")
    ordered = sorted(set(ranges))
    require_apart([HoursRange(on.weekday(), each.starts, each.ends) for each in ordered])
    note = note.strip()[:120]
    rows = [Override(therapist=therapist, on=on, note=note, **each._asdict()) for each in ordered]
    if replace:
        rows.insert(0, Override(therapist=therapist, on=on, closed=True, note=note))
    if not rows:
        raise DomainError(
            "Give a range of times, or close the day.", code="bad_hours", fields={"starts": "Give a time."}
        )
    validate(rows)
    days = {on, instead_of or on}
    Override.objects.filter(therapist=therapist, on__in=[each for each in days if each >= today]).delete()
    Override.objects.bulk_create(rows)
    record(
        by=by,
        action="hours.overridden",
        subject=therapist,
        reason=note,
        changes={str(on): [None, [str(row) for row in rows]]},
    )
    first, last = max(min(days), today), max(days)
    return HoursChange(list(rows), *settle_outside(therapist, first=first, last=last, by=by, now=now))


@whole
def clear_overrides(*, therapist: TherapistProfile, on: date, by: User, now: datetime) -> HoursChange:
    """Take back every exception of one day: the weekly hours hold again.

    Raises DomainError `in_the_past`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    if on < today_of(therapist, now):
        raise DomainError("That day is over; the past stays as it was.", code="in_the_past")
    Override.objects.filter(therapist=therapist, on=on).delete()
    record(by=by, action="hours.override_cleared", subject=therapist, changes={"on": [on, None]})
    return HoursChange([], *settle_outside(therapist, first=on, last=on, by=by, now=now))


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
    entered = TimeOff.objects.filter(therapist=therapist, start=time_off.start, end=time_off.end).first()
    if entered is None:
        time_off.save()
        record(
            by=by,
            action="time_off.added",
            subject=time_off,
            reason=time_off.reason,
            changes={"start": [None, start], "end": [None, end]},
        )
    return TimeOffAdded(entered or time_off, *settle_between(therapist, start=start, end=end, by=by, now=now))


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


def require_keeper(by: User, therapist: TherapistProfile) -> None:
    """Raises Forbidden `not_yours` unless `by` is staff or the therapist."""
    require(by.is_clinic_staff or by.pk == therapist.user_id)


def today_of(therapist: TherapistProfile, now: datetime) -> date:
    """The therapist's own day at `now`."""
    return now.astimezone(ZoneInfo(therapist.user.zone)).date()


def require_days(first: date, last: date | None, today: date) -> None:
    """Raises DomainError `in_the_past`, `too_far` or `bad_days` for days a week cannot begin or end on."""
    if first < today:
        raise DomainError(
            "New hours begin today or later; the past stays as it was.",
            code="in_the_past",
            fields={"valid_from": "In the past."},
        )
    require_near(first, today, "valid_from")
    if last is not None:
        require_near(last, today, "valid_until")
        if last < first:
            sentence = "The last day comes after the first. Leave it empty for hours that stay."
            raise DomainError(sentence, code="bad_days", fields={"valid_until": sentence})


def require_apart(ordered: Sequence[HoursRange]) -> None:
    """Raises DomainError `overlapping_hours` where two ranges of a day touch the same minute; they come sorted."""
    for one, other in pairwise(ordered):
        if one.weekday == other.weekday and (one.ends == time(0) or other.starts < one.ends):
            raise DomainError(
                f"Two ranges of {WeeklyHours(weekday=one.weekday).get_weekday_display()} overlap. Let the second begin after the first ends.",
                code="overlapping_hours",
            )


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
