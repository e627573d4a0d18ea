"""The clinic's days as the front desk sees them: everybody's hours, absences and sessions, read in four queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bookings import board, slots
from bookings.models import Appointment, Override, TimeOff, WeeklyHours
from clinic.core.periods import Period
from clinic.people.models import TherapistProfile

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is known of the days `days` of the clinic's `zone`, for each therapist by primary key."""

    zone: str
    days: Sequence[date]
    now: datetime
    diaries: dict[int, slots.Diary]
    absences: dict[int, list[board.Absence]]
    visits: dict[int, list[board.Visit]]

    def work(self, therapist_id: int, on: date) -> list[Period]:
        """The therapist's open hours that touch the clinic's day `on`, before time off."""
        diary = self.diaries[therapist_id]
        day = board.day_period(on, self.zone)
        low, high = slots.seconds(day.start), slots.seconds(day.end)
        local = slots.local_days(diary.zone, low, high)
        ranges = [part for each in local for part in slots.open_ranges(diary, each) if part[0] < high and part[1] > low]
        return [Period(slots.instant(start), slots.instant(end)) for start, end in ranges]

    def window(self, therapists: Iterable[TherapistProfile]) -> board.Window:
        """The hours the board has to show."""
        periods = [visit.period for person in therapists for visit in self.visits.get(person.pk, [])]
        periods += [period for person in therapists for on in self.days for period in self.work(person.pk, on)]
        return board.window_for(periods, zone=self.zone, days=self.days)

    def lane(self, person: TherapistProfile, on: date, window: board.Window) -> board.Lane:
        """The therapist's day, laid out."""
        return board.lay_lane(
            key=person.pk,
            head=person,
            on=on,
            zone=self.zone,
            window=window,
            work=self.work(person.pk, on),
            absences=self.absences.get(person.pk, []),
            visits=self.visits.get(person.pk, []),
            now=self.now,
        )


def read_schedule(
    *, therapists: Sequence[TherapistProfile], days: Sequence[date], zone: str, now: datetime
) -> Schedule:
    """Hours, exceptions, absences and sessions of `therapists` (read with their user) on the clinic's `days`."""
    keys = [person.pk for person in therapists]
    first, last = days[0] - A_DAY, days[-1] + A_DAY
    low, high = board.day_period(days[0], zone).start, board.day_period(days[-1], zone).end
    hours: dict[int, list[slots.Hours]] = {}
    for row in WeeklyHours.objects.filter(therapist__in=keys).between(first, last):
        hours.setdefault(row.therapist_id, []).append(
            slots.Hours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until)
        )
    changes: dict[int, list[slots.DayChange]] = {}
    for change in Override.objects.filter(therapist__in=keys, on__range=(first, last)):
        changes.setdefault(change.therapist_id, []).append(
            slots.DayChange(change.on, change.starts, change.ends, change.closed)
        )
    absences: dict[int, list[board.Absence]] = {}
    for off in TimeOff.objects.filter(therapist__in=keys).overlapping(low, high):
        absences.setdefault(off.therapist_id, []).append(board.Absence(Period(off.start, off.end), off.reason))
    visits: dict[int, list[board.Visit]] = {}
    for session in (
        Appointment.objects.with_people().live(now).filter(therapist__in=keys).overlapping(low, high).order_by("start")
    ):
        visits.setdefault(session.therapist_id, []).append(
            board.Visit(session.period, Period(session.busy_from, session.busy_until), session)
        )
    diaries = {
        person.pk: slots.Diary(person.user.zone, hours.get(person.pk, []), changes.get(person.pk, []))
        for person in therapists
    }
    return Schedule(zone, days, now, diaries, absences, visits)


def week_bars(hours: Iterable[WeeklyHours]) -> dict[int, list[WeeklyHours]]:
    """Weekly hours by weekday, in order of their start."""
    result: dict[int, list[WeeklyHours]] = {weekday: [] for weekday in range(7)}
    for row in sorted(hours, key=lambda row: (row.weekday, row.starts)):
        result[row.weekday].append(row)
    return result


def minutes_of(at: time, *, closing: bool = False) -> int:
    """Minutes since midnight; a closing 00:00 is the end of the day."""
    minutes = at.hour * 60 + at.minute
    return 1440 if closing and minutes == 0 else minutes
