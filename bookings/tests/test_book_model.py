"""Two thousand random requests against the simple model of `simple_book`: listed if and only if bookable, nothing overlaps.

Four clinics of five hundred requests each, so that two workers share them. The requests are drawn from a seed (BOOK_SEED
moves all four; BOOK_REQUESTS asks for more or fewer). When the book and the model part, the failure names the seed and the
shortest list of requests that still parts them.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bookings.availability import find_slots
from bookings.models import (
    Appointment,
    DailyCap,
    Equipment,
    Override,
    Service,
    TimeOff,
    TreatmentRoom,
    WeeklyHours,
)
from bookings.services import (
    book_slot,
    cancel_appointment,
    confirm_hold,
    hold_slot,
    move_appointment,
    release_hold,
)
from bookings.tests.simple_book import HOLD, Book, Kind, Session, Therapist, minute, moment
from clinic.core.errors import DomainError
from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

SEED = int(os.environ.get("BOOK_SEED", "20270328"))
REQUESTS = int(os.environ.get("BOOK_REQUESTS", "500"))
BEGINS = datetime.fromisoformat("2027-03-24T07:00:00+00:00")
ZONES = ("Europe/London", "Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles")
RUNNERS = [f"runner{number}" for number in range(14)]
Request = tuple[Any, ...]


class Parted(AssertionError):
    """The book and the model do not agree."""


def kinds() -> dict[str, Kind]:
    found = [
        Kind("visit", 45, after=15, step=15, notice=60),
        Kind("gait", 60, before=10, after=15, step=30, notice=120, needs_room=True),
        Kind("check", 20, step=20, notice=0, horizon=5, change_h=2),
        Kind("treadmill", 30, step=30, notice=30, needs_treadmill=True),
    ]
    return {each.name: each for each in found}


def therapists() -> dict[str, Therapist]:
    """Three zones over three clock changes (none in Kolkata), lunch breaks, nights, closings, openings, time off, limits."""
    week = [(day, 9 * 60, 12 * 60) for day in range(5)] + [(day, 13 * 60, 17 * 60 + 20) for day in range(5)]
    nights = [(day, 0, 5 * 60) for day in range(7)] + [(day, 20 * 60, 1440) for day in range(7)]
    first = minute(BEGINS)
    found = [
        Therapist("ada", "Europe/London", week, {"visit", "gait", "check"}, closed={date(2027, 3, 25): [(0, 1440)]}),
        Therapist(
            "ben",
            "Europe/London",
            nights,
            {"visit", "check", "treadmill"},
            opened={date(2027, 3, 27): [(10 * 60, 12 * 60 + 5)]},
            off=[(first + 4000, first + 4730)],
        ),
        Therapist(
            "cho",
            "America/Santiago",
            nights,
            {"visit", "gait", "treadmill"},
            closed={date(2027, 4, 3): [(21 * 60, 22 * 60)]},
            caps={None: 9},
        ),
        Therapist("dev", "Asia/Kolkata", week, {"gait", "check", "treadmill"}, caps={"check": 3}),
    ]
    return {each.name: each for each in found}


class Clinic:
    """The real clinic and the model side by side. `do` sends one request to both."""

    def __init__(self) -> None:
        self.book = Book(minute(BEGINS), kinds(), therapists(), ("Room 1", "Room 2"), ("Treadmill 1",))
        self.services = {name: self.make_service(each) for name, each in self.book.kinds.items()}
        self.people = {name: self.make_therapist(each) for name, each in self.book.therapists.items()}
        for name in self.book.rooms:
            TreatmentRoom.objects.create(name=name)
        for name in self.book.treadmills:
            Equipment.objects.create(name=name, kind="treadmill")
        self.runners = {
            name: RunnerProfile.objects.create(
                user=User.objects.create(email=f"{name}@mail.example", name=name, password="!")
            )
            for name in RUNNERS
        }
        self.desk = User.objects.create(email="desk@mail.example", name="Joan", role=Role.STAFF, password="!")
        self.rows: dict[str, Appointment] = {}
        self.ends: Counter[str] = Counter()

    def make_service(self, kind: Kind) -> Service:
        return Service.objects.create(
            slug=kind.name,
            name=kind.name,
            minutes=kind.minutes,
            buffer_before_min=kind.before,
            buffer_after_min=kind.after,
            slot_step_min=kind.step,
            min_notice_min=kind.notice,
            horizon_days=kind.horizon,
            change_notice_h=kind.change_h,
            place="clinic" if kind.needs_room else "online",
            equipment_kind="treadmill" if kind.needs_treadmill else "",
            price_pence=6000,
        )

    def make_therapist(self, model: Therapist) -> TherapistProfile:
        user = User.objects.create(
            email=f"{model.name}@mail.example", name=model.name, role=Role.THERAPIST, zone=model.zone, password="!"
        )
        made = TherapistProfile.objects.create(user=user, slug=model.name)
        for name in model.offers:
            self.services[name].therapists.add(made)
        for weekday, low, high in model.hours:
            WeeklyHours.objects.create(therapist=made, weekday=weekday, starts=clock(low), ends=clock(high))
        for closed, changes in ((True, model.closed), (False, model.opened)):
            for day, ranges in changes.items():
                for low, high in ranges:
                    Override.objects.create(therapist=made, on=day, starts=clock(low), ends=clock(high), closed=closed)
        for low, high in model.off:
            TimeOff.objects.create(therapist=made, start=moment(low), end=moment(high))
        for name, most in model.caps.items():
            DailyCap.objects.create(therapist=made, service=self.services[name] if name else None, most=most)
        return made

    @property
    def now(self) -> datetime:
        return moment(self.book.now)

    def do(self, request: Request) -> None:
        """Send `request` to both. Raises Parted when they do not agree, KeyError when it names what is not there."""
        getattr(self, f"do_{request[1]}")(request[0], *request[2:])

    def do_wait(self, label: str, minutes: int) -> None:
        self.book.now += minutes
        self.ends["waited"] += 1

    def do_list(self, label: str, kind: str, after: int, days: int, zone: str, runner: str | None) -> None:
        first = self.now.date() + timedelta(days=after)
        last = first + timedelta(days=days)
        found = find_slots(
            service=self.services[kind],
            first=first,
            last=last,
            zone=zone,
            runner=self.runners[runner] if runner else None,
            now=self.now,
        )
        names = {each.pk: name for name, each in self.people.items()}
        real = {(names[slot.therapist_id], minute(slot.start)) for slot in found}
        expected = self.book.list(self.book.kinds[kind], first, last, zone, runner)
        if real != expected or len(found) != len(real):
            raise Parted(
                f"listed too much: {shown(real - expected)}; listed too little: {shown(expected - real)};"
                f" {len(found) - len(real)} twice"
            )
        self.ends["listed"] += 1

    def do_book(self, label: str, kind: str, therapist: str | None, runner: str, start: int) -> None:
        self.take(label, kind, therapist, runner, start, verb=book_slot, state="booked")

    def do_hold(self, label: str, kind: str, therapist: str | None, runner: str, start: int) -> None:
        self.take(label, kind, therapist, runner, start, verb=hold_slot, state="held")

    def take(
        self, label: str, kind: str, therapist: str | None, runner: str, start: int, *, verb: Callable, state: str
    ) -> None:
        model, names = self.book.kinds[kind], [therapist] if therapist else list(self.people)
        free = [each for each in names if self.book.can_take(model, self.book.therapists[each], start, runner)]
        profile = self.runners[runner]
        row = self.attempt(
            state,
            bool(free),
            lambda: verb(
                service=self.services[kind],
                therapist=self.people[therapist] if therapist else None,
                runner=profile,
                start=moment(start),
                by=profile.user,
                now=self.now,
            ),
        )
        if row is None:
            return
        session = Session(
            label,
            model,
            self.book.therapists[row.therapist.slug],
            runner,
            start,
            state,
            self.book.now + HOLD if state == "held" else None,
        )
        if session.therapist.name not in free:
            raise Parted(f"given to {session.therapist.name}, who is not free")
        self.settle(session, row)

    def settle(self, session: Session, row: Appointment) -> None:
        """The time has been taken: what the book wrote must be what the model would have."""
        self.book.clear_the_way(session)
        kept = [each for each in self.book.keeping(session.runner) if each is not session]
        session.room = row.treatment_room.name if row.treatment_room else None
        session.treadmill = row.equipment.name if row.equipment else None
        if session.kind.needs_room and session.room not in self.book.free_rooms(session.kind, session.start, kept):
            raise Parted(f"put into {session.room}, which is not free")
        if session.kind.needs_treadmill and session.treadmill not in self.book.free_treadmills(
            session.kind, session.start, kept
        ):
            raise Parted(f"given {session.treadmill}, which is not free")
        self.book.sessions[session.label], self.rows[session.label] = session, row

    def do_confirm(self, label: str, which: str) -> None:
        session, row = self.book.sessions[which], self.rows[which]
        alive = session.state == "held" and session.start > self.book.now
        allowed: bool | None = session.state == "booked" or (alive and session.held_until > self.book.now)
        if not allowed and alive and self.book.now < session.held_until + 1:
            others = [each for each in self.book.keeping(session.runner) if each is not session]
            allowed = (
                None
                if self.book.is_untaken(session.kind, session.therapist, session.start, session.runner, others)
                else False
            )
        done = self.attempt(
            "confirmed",
            allowed,
            lambda: confirm_hold(appointment=row, by=self.runners[session.runner].user, now=self.now),
        )
        if done is not None:
            session.state, self.rows[which] = "booked", done

    def do_release(self, label: str, which: str) -> None:
        session = self.book.sessions[which]
        release_hold(appointment=self.rows[which], by=self.runners[session.runner].user, now=self.now)
        if session.state == "held":
            session.state = "cancelled"
        self.ends["released"] += 1

    def do_move(self, label: str, which: str, therapist: str | None, start: int) -> None:
        session = self.book.sessions[which]
        target = self.book.therapists[therapist] if therapist else session.therapist
        in_time = self.book.now <= session.start - session.kind.change_h * 60 and self.book.now < session.start
        allowed = in_time and self.book.can_take(session.kind, target, start, session.runner, moving=session)
        self.move(which, target, start, allowed, by=self.runners[session.runner].user)

    def do_force(self, label: str, which: str, therapist: str | None, start: int) -> None:
        session = self.book.sessions[which]
        target = self.book.therapists[therapist] if therapist else session.therapist
        allowed = self.book.can_force(session.kind, target, start, session.runner, moving=session)
        self.move(which, target, start, allowed, by=self.desk, override=True, reason="The desk moves it.")

    def move(self, which: str, target: Therapist, start: int, allowed: bool, **how: Any) -> None:
        session = self.book.sessions[which]
        is_new = (start, target) != (session.start, session.therapist)
        row = self.attempt(
            "moved",
            allowed and is_new and session.state == "booked",
            lambda: move_appointment(
                appointment=self.rows[which],
                start=moment(start),
                therapist=self.people[target.name],
                now=self.now,
                **how,
            ),
        )
        if row is not None:
            session.start, session.therapist = start, target
            self.settle(session, row)

    def do_cancel(self, label: str, which: str) -> None:
        session = self.book.sessions[which]
        early = self.book.now <= session.start - session.kind.change_h * 60 and self.book.now < session.start
        coming = session.state == "booked" and self.book.now < session.start
        again = session.state == "cancelled" and session.held_until is None
        row = self.attempt(
            "cancelled",
            True if again or (coming and early) else None if coming or session.state == "cancelled" else False,
            lambda: cancel_appointment(
                appointment=self.rows[which], by=self.runners[session.runner].user, now=self.now
            ),
        )
        if row is not None:
            session.state = "cancelled"

    def attempt(self, name: str, allowed: bool | None, act: Callable[[], Appointment]) -> Appointment | None:
        """Act; the row, or None when it was refused. `allowed` None leaves it open."""
        try:
            row = act()
        except DomainError as refused:
            self.ends[f"not {name}"] += 1
            if allowed:
                raise Parted(f"refused with {refused.code}, though it is free") from None
            return None
        self.ends[name] += 1
        if allowed is False:
            raise Parted("accepted, though it is not to be had")
        row.refresh_from_db()
        return row

    def compare(self) -> None:
        """The whole book against the whole model, and a self-join for overlaps."""
        rows = Appointment.objects.in_bulk([each.pk for each in self.rows.values()])
        for label, session in self.book.sessions.items():
            row = rows[self.rows[label].pk]
            if (row.state, minute(row.start), row.therapist_id) != (
                session.state,
                session.start,
                self.people[session.therapist.name].pk,
            ):
                raise Parted(f"{label} stands as {row}, and should be {session.state} at {moment(session.start)}")
        active = sum(each.state != "cancelled" for each in self.book.sessions.values())
        if Appointment.objects.active().count() != active:
            raise Parted(f"{Appointment.objects.active().count()} rows keep a time, and it should be {active}")
        if found := overlaps():
            raise Parted(f"{found} pairs overlap")


def clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def shown(found: set[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {moment(start):%d %H:%M}" for name, start in sorted(found)[:6]) or "none"


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_appointment b ON a.id < b.id"
            " AND a.state <> 'cancelled' AND b.state <> 'cancelled' AND ("
            "((a.therapist_id = b.therapist_id OR a.treatment_room_id = b.treatment_room_id OR a.equipment_id = b.equipment_id)"
            " AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until)"
            ' OR (a.runner_id = b.runner_id AND a.start < b."end" AND b.start < a."end"))'
        )
        return cursor.fetchone()[0]


def draw(dice: random.Random, clinic: Clinic, number: int) -> Request:
    """The next request: most of them for times that are free or just taken, some for any time at all."""
    book, label = clinic.book, f"r{number}"
    weights = {
        "list": 24,
        "book": 28,
        "hold": 14,
        "confirm": 9,
        "release": 2,
        "move": 10,
        "force": 4,
        "cancel": 9,
        "wait": 12,
    }
    verb = dice.choices(list(weights), weights.values())[0]
    if verb == "wait":
        return label, verb, dice.choice((1, 1, 4, 5, 6, 25, 60, 60, 60, 480))
    kind = dice.choice(list(book.kinds.values()))
    runner = dice.choice(RUNNERS)
    if verb == "list":
        return (
            label,
            verb,
            kind.name,
            dice.randint(-1, 5),
            dice.randint(0, 1),
            dice.choice(ZONES),
            dice.choice((runner, None)),
        )
    if verb in ("book", "hold"):
        therapist = dice.choice([name for name, each in book.therapists.items() if kind.name in each.offers])
        if dice.random() < 0.04:
            therapist = dice.choice(list(book.therapists))
        start = some_start(dice, book, kind, book.therapists[therapist])
        return label, verb, kind.name, therapist if dice.random() < 0.85 else None, runner, start
    wanted = "held" if verb in ("confirm", "release") else "booked"
    fitting = [name for name, each in book.sessions.items() if each.state == wanted and each.start > book.now]
    which = dice.choice(fitting[-12:] if verb == "confirm" else fitting) if fitting else None
    if book.sessions and (which is None or dice.random() < 0.05):
        which = dice.choice(list(book.sessions))
    if which is None:
        return label, "wait", 1
    if verb not in ("move", "force"):
        return label, verb, which
    session = book.sessions[which]
    therapist = dice.choice([name for name, each in book.therapists.items() if session.kind.name in each.offers])
    start = some_start(dice, book, session.kind, book.therapists[therapist])
    return label, verb, which, dice.choice((therapist, None)), start


def some_start(dice: random.Random, book: Book, kind: Kind, therapist: Therapist) -> int:
    """A start of the coming days: from the grid, free or not; beside a session; or any five minutes at all."""
    lot = dice.random()
    near = [each.start for each in book.sessions.values() if each.therapist is therapist and each.start > book.now]
    if near and lot < 0.25:
        return dice.choice(near) + 5 * dice.randint(-12, 12)
    if lot < 0.9:
        for _ in range(4):
            day = therapist.day_of(book.now) + timedelta(days=min(int(dice.expovariate(0.5)), 9))
            if grid := [start for start in therapist.grid(kind, day) if start >= book.now]:
                return dice.choice(grid)
    return book.now // 5 * 5 + 5 * dice.randint(-3, 12 * 24 * 9)


def parts(requests: list[Request]) -> str:
    """Why a clinic that gets these requests parts from the model, or "" when it does not. Leaves nothing behind."""
    with transaction.atomic():
        try:
            clinic = Clinic()
            for request in requests:
                try:
                    clinic.do(request)
                except KeyError:
                    continue
            clinic.compare()
        except Parted as parted:
            return str(parted)
        finally:
            transaction.set_rollback(True)
    return ""


def shortest(requests: list[Request], tries: int = 60) -> list[Request]:
    """Leave out what can be left out while the requests still part book and model."""
    size = len(requests) // 2
    while size and tries:
        place = 0
        while place < len(requests) - 1 and tries:
            fewer = requests[:place] + requests[place + size :]
            tries -= 1
            if parts(fewer):
                requests = fewer
            else:
                place += size
        size //= 2
    return requests


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_listed_if_and_only_if_bookable(seed: int) -> None:
    dice, requests, why = random.Random(seed), list[Request](), ""
    with transaction.atomic():
        clinic = Clinic()
        try:
            for number in range(REQUESTS):
                requests.append(draw(dice, clinic, number))
                clinic.do(requests[-1])
            clinic.compare()
        except Parted as parted:
            why = str(parted)
        finally:
            transaction.set_rollback(True)
    print(f"seed {seed}, {len(requests)} requests: {dict(sorted(clinic.ends.items()))}")  # noqa: T201 (for a failure)
    if why:
        lines = "\n".join(map(repr, shortest(requests)))
        pytest.fail(f"seed {seed}, request {len(requests)}: {why}. The shortest requests that part them:\n{lines}")
    for name in ("listed", "booked", "held", "confirmed", "moved", "cancelled", "not booked", "not held", "not moved"):
        assert clinic.ends[name] >= REQUESTS // 100, f"hardly any request ended as {name}"
