"""Four months of past and three weeks of coming sessions: who comes when, and what became of it."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from bookings.models import Appointment, Equipment, Override, Service, TimeOff, TreatmentRoom, WeeklyHours
from bookings.models.appointments import State
from bookings.video import new_key
from clinic.core.periods import Period
from clinic.demo.cast import LAB, OFFERS, ROOMS, THERAPISTS
from clinic.demo.people import People
from clinic.people.models import CareRelationship, RunnerProfile, TherapistProfile

PAST, COMING = timedelta(days=120), timedelta(days=21)
STEP = timedelta(minutes=15)
WANTED = 0.4
"""Share of the free starts that somebody takes."""

REASONS = ("Child is ill", "Work came in between", "Has a cold", "Travelling that day", "Found an earlier time")


@dataclass
class Book:
    """Everything that is taken so far, by therapist, runner and room; sessions are written at the end, in bulk."""

    chance: Random
    now: datetime
    people: People
    services: dict[str, Service]
    rooms: list[TreatmentRoom]
    things: dict[str, Equipment] = field(default_factory=dict)
    rows: list[Appointment] = field(default_factory=list)
    taken: dict[object, list[Period]] = field(default_factory=lambda: defaultdict(list))
    visits: dict[uuid.UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def free(self, key: object, period: Period) -> bool:
        return not any(period.overlaps(each) for each in self.taken[key])

    def enter(
        self, service: Service, therapist: TherapistProfile, runner: RunnerProfile, start: datetime, state: str = ""
    ) -> Appointment | None:
        """Write the session down if its therapist, runner and a room are free."""
        start = start.astimezone(UTC)
        session = Period.lasting(start, service.minutes)
        busy = session.widened(before=service.buffer_before_min, after=service.buffer_after_min)
        if not self.free(("therapist", therapist.pk), busy) or not self.free(("runner", runner.pk), session):
            return None
        room = None
        if not service.is_online:
            room = next((each for each in self.rooms if self.free(("room", each.pk), busy)), None)
            if room is None:
                return None
        piece = self.things.get(service.equipment_kind)
        if piece is not None and not self.free(("piece", piece.pk), busy):
            return None
        state = state or self.fate(session)
        if state != State.CANCELLED:
            self.taken["therapist", therapist.pk].append(busy)
            self.taken["runner", runner.pk].append(session)
            if room:
                self.taken["room", room.pk].append(busy)
            if piece:
                self.taken["piece", piece.pk].append(busy)
        self.visits[runner.pk].append(start)
        row = self.row(
            service=service, therapist=therapist, runner=runner, session=session, busy=busy, room=room, state=state
        )
        row.equipment = piece
        self.rows.append(row)
        return row

    def row(
        self,
        *,
        service: Service,
        therapist: TherapistProfile,
        runner: RunnerProfile,
        session: Period,
        busy: Period,
        room: TreatmentRoom | None,
        state: str,
    ) -> Appointment:
        booked_on = min(session.start, self.now) - timedelta(days=self.chance.randint(2, 12))
        booked_at = booked_on.replace(hour=self.chance.randint(7, 20), minute=self.chance.randint(0, 59))
        cancelled = state == State.CANCELLED
        asked = booked_at + (min(session.start, self.now) - booked_at) * self.chance.uniform(0.3, 0.95)
        cancelled_at = asked if cancelled else None
        zone = therapist.user.zone
        by = runner.user if self.chance.random() < 0.8 else self.people.staff[0]
        return Appointment(
            id=uuid.UUID(int=self.chance.getrandbits(128), version=4),
            service=service,
            therapist=therapist,
            runner=runner,
            start=session.start,
            end=session.end,
            busy_from=busy.start,
            busy_until=busy.end,
            state=state,
            zone=zone,
            wall_start=session.start.astimezone(ZoneInfo(zone)).isoformat(),
            place=service.place,
            treatment_room=room,
            video_key=new_key() if service.is_online else None,
            sequence=1 if cancelled else 0,
            booked_by=by,
            booked_at=booked_at,
            cancel_reason=self.chance.choice(REASONS) if cancelled else "",
            cancelled_at=cancelled_at,
        )

    def fate(self, session: Period) -> str:
        """What became of a session by now."""
        drawn = self.chance.random()
        if session.start > self.now:
            return State.CANCELLED if drawn < 0.04 else State.BOOKED
        if session.end > self.now:
            return State.ARRIVED
        return State.CANCELLED if drawn < 0.07 else State.NO_SHOW if drawn < 0.11 else State.COMPLETED


def make_services(people: People) -> tuple[dict[str, Service], list[TreatmentRoom]]:
    services = Service.objects.bulk_create(
        Service(
            slug=offer.slug,
            name=offer.name,
            summary=offer.summary,
            minutes=offer.minutes,
            buffer_after_min=offer.buffer_after,
            price_pence=offer.pounds * 100,
            place=offer.place,
            credential=offer.credential,
            is_first_visit=offer.first,
            takes_insurance=offer.place == "clinic",
            position=position,
        )
        for position, offer in enumerate(OFFERS, 1)
    )
    for service, offer in zip(services, OFFERS, strict=True):
        service.therapists.set(
            therapist for therapist, part in zip(people.therapists, THERAPISTS, strict=True) if part.gives(offer)
        )
    rooms = TreatmentRoom.objects.bulk_create(
        TreatmentRoom(name=name, position=position) for position, name in enumerate(ROOMS, 1)
    )
    return {service.slug: service for service in services}, rooms


def make_hours(people: People, now: datetime) -> None:
    """Weekly hours, two absences, and an extra day so that the first therapist works today and tomorrow in any case."""
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=therapist, weekday=day, starts=starts, ends=ends, place=place)
        for therapist, part in zip(people.therapists, THERAPISTS, strict=True)
        for days, starts, ends, place in part.week
        for day in days
    )
    first, today = people.therapists[0], now.astimezone(ZoneInfo(THERAPISTS[0].zone)).date()
    Override.objects.bulk_create(
        Override(therapist=first, on=day, starts=time(8), ends=time(18), note="Extra day")
        for day in (today, today + timedelta(days=1))
        if day.weekday() > 4
    )
    away = people.therapists[3]
    monday = today - timedelta(days=today.weekday())
    absences = [
        (away, monday + timedelta(days=8), 2, "Course in Leeds"),
        (away, monday - timedelta(days=40), 7, "Holiday"),
        (people.therapists[2], monday + timedelta(days=14), 3, "Holiday"),
        (people.therapists[4], monday - timedelta(days=19), 1, "School day"),
    ]
    TimeOff.objects.bulk_create(
        TimeOff(
            therapist=therapist,
            start=datetime.combine(day, time(), ZoneInfo(therapist.user.zone)),
            end=datetime.combine(day + timedelta(days=length), time(), ZoneInfo(therapist.user.zone)),
            reason=reason,
        )
        for therapist, day, length, reason in absences
    )
    prefetch_related_objects(people.therapists, "weekly_hours", "overrides", "time_off")


def open_ranges(therapist: TherapistProfile, day: date) -> list[Period]:
    """When the therapist works on `day` of their own calendar."""
    zone = ZoneInfo(therapist.user.zone)
    extra = [each for each in therapist.overrides.all() if each.on == day]
    weekly = [each for each in therapist.weekly_hours.all() if each.weekday == day.weekday()]
    ranges = [
        Period(datetime.combine(day, each.starts, zone), datetime.combine(day, each.ends, zone))
        for each in (extra or weekly)
        if each.starts is not None and each.ends is not None
    ]
    absences = [Period(each.start, each.end) for each in therapist.time_off.all()]
    return [each for each in ranges if not any(each.overlaps(absence) for absence in absences)]


def starts_in(period: Period) -> Iterator[datetime]:
    start = period.start
    while start < period.end:
        yield start
        start += STEP


def fill(book: Book) -> None:
    """Give every therapist's days their sessions; each runner mostly stays with one therapist."""
    today = book.now.date()
    circles = circles_of(book.people)
    joined = {runner.pk: runner.user.date_joined for runner in book.people.runners}
    for offset in range(-PAST.days, COMING.days + 1):
        day = today + timedelta(days=offset)
        for therapist in book.people.therapists:
            circle = [runner for runner in circles[therapist.pk] if joined[runner.pk].date() <= day]
            book.chance.shuffle(circle)
            left = sessions_wanted(book.chance, offset)
            for period in open_ranges(therapist, day):
                left -= fill_range(book, therapist, circle, period, most=left)


def sessions_wanted(chance: Random, offset: int) -> int:
    """How many sessions a therapist has on a day, by days from today: a full week now, fewer far ahead."""
    if offset < -6:
        return chance.randint(1, 4)
    return max(1, chance.randint(4, 6) - max(0, offset) // 4)


def circles_of(people: People) -> dict[int, list[RunnerProfile]]:
    """Who sees whom: a main therapist each, and every fifth runner a second one. runner@ has her own story."""
    circles: dict[int, list[RunnerProfile]] = defaultdict(list)
    for number, runner in enumerate(people.runners[1:], 1):
        main = (number - 1) % len(people.therapists)
        circles[people.therapists[main].pk].append(runner)
        if number % 5 == 0:
            circles[people.therapists[(main + 1) % len(people.therapists)].pk].append(runner)
    return circles


def fill_range(
    book: Book, therapist: TherapistProfile, circle: list[RunnerProfile], period: Period, *, most: int
) -> int:
    """Up to `most` sessions in one range of a day, with gaps between them. Returns how many."""
    cursor, filled = period.start, 0
    for start in starts_in(period):
        if filled >= most:
            break
        if start < cursor or book.chance.random() > WANTED:
            continue
        runner = next((each for each in circle if rested(book, each, start)), None)
        if runner is None:
            break
        service = wanted(book, therapist, runner)
        if start + timedelta(minutes=service.minutes + service.buffer_after_min) > period.end:
            continue
        row = book.enter(service, therapist, runner, start)
        if row is not None:
            cursor = row.busy_until + STEP * book.chance.choice((0, 0, 1, 2))
            filled += 1
    return filled


def rested(book: Book, runner: RunnerProfile, start: datetime) -> bool:
    """Sessions of one runner lie some days apart: fewer in the week around today, so that it is lively."""
    apart = timedelta(hours=40) if abs(start - book.now) < timedelta(days=8) else timedelta(days=5)
    return all(abs(start - visit) >= apart for visit in book.visits[runner.pk])


def wanted(book: Book, therapist: TherapistProfile, runner: RunnerProfile) -> Service:
    part = THERAPISTS[book.people.therapists.index(therapist)]
    first = not book.visits[runner.pk]
    drawn = book.chance.random()
    if not part.in_the_clinic or drawn < 0.5:
        return book.services["first-visit" if first else "follow-up"]
    if first:
        return book.services["first-visit-clinic"]
    return book.services["run-lab" if drawn > 0.9 and part.gives(LAB) else "follow-up-clinic"]


def write(book: Book) -> None:
    """All sessions, and the care that began with each first one."""
    Appointment.objects.bulk_create(book.rows, batch_size=400)
    first: dict[tuple[uuid.UUID, int], datetime] = {}
    for row in sorted(book.rows, key=lambda row: row.start):
        first.setdefault((row.runner.pk, row.therapist_id), min(row.booked_at, book.now))
    CareRelationship.objects.bulk_create(
        CareRelationship(runner_id=runner, therapist_id=therapist, since=since)
        for (runner, therapist), since in first.items()
    )
