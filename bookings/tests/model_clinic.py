"""The real clinic and the simple model side by side: each request is sent to both, and they must agree."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from bookings.availability import find_slots
from bookings.models import (
    Appointment,
    Change,
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
    undo,
)
from bookings.services.series import Pick, book_series
from bookings.tests.model_sides import RUNNERS, ZONES, Parted, shown
from bookings.tests.model_wishes import Wishes
from bookings.tests.simple_book import HOLD, Book, Kind, Session, Therapist, minute, moment
from clinic.core.errors import DomainError
from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

BEGINS = datetime.fromisoformat("2027-03-24T07:00:00+00:00")
Request = tuple[Any, ...]


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


class Clinic(Wishes):
    """The real clinic and the model side by side. `do` sends one request to both."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(minute(BEGINS), kinds(), therapists(), ("Room 1", "Room 2"), ("Treadmill 1",))
        self.services = {name: self.make_service(each) for name, each in self.book.kinds.items()}
        self.people = {name: self.make_therapist(each) for name, each in self.book.therapists.items()}
        for name in self.book.rooms:
            TreatmentRoom.objects.create(name=name)
        for name in self.book.treadmills:
            Equipment.objects.create(name=name, kind="treadmill")
        self.runners = {
            name: RunnerProfile.objects.create(
                user=User.objects.create(
                    email=f"{name}@mail.example", name=name, password="!", zone=ZONES[number % len(ZONES)]
                )
            )
            for number, name in enumerate(RUNNERS)
        }
        self.desk = User.objects.create(email="desk@mail.example", name="Joan", role=Role.STAFF, password="!")
        self.rows: dict[str, Appointment] = {}
        self.ends: Counter[str] = Counter()
        self.plan_workshops()

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
        expected = self.book.times(self.book.kinds[kind], first, last, zone, runner)
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
        if state == "booked":
            session.done("booked", self.book.now, session.place, "booked")
        self.settle(session, row)

    def do_confirm(self, label: str, which: str) -> None:
        session, row = self.book.sessions[which], self.rows[which]
        alive = not session.is_offer and session.state == "held" and session.start > self.book.now
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
            if session.state == "held":
                session.done("booked", self.book.now, session.place, "booked")
            session.state, session.held_until, self.rows[which] = "booked", None, done

    def do_release(self, label: str, which: str) -> None:
        session, user = self.book.sessions[which], self.runners[self.book.sessions[which].runner].user
        is_open = session.is_offer and session.state == "held"
        self.answered(
            "released",
            not is_open,
            lambda: release_hold(appointment=self.rows[which], by=user, now=self.now) or True,
        )
        if session.state == "held" and not is_open:
            session.state = "cancelled"

    def do_move(self, label: str, which: str, therapist: str | None, start: int) -> None:
        """The runner moves it, in a minute of its own."""
        self.book.now += 1
        session = self.book.sessions[which]
        target = self.book.therapists[therapist] if therapist else session.therapist
        in_time = self.book.now <= session.free_until and self.book.now < session.start
        allowed = in_time and self.book.can_take(session.kind, target, start, session.runner, moving=session)
        self.move(which, target, start, allowed, by=self.runners[session.runner].user)

    def do_force(self, label: str, which: str, therapist: str | None, start: int) -> None:
        """The desk moves it past the rules, in a minute of its own."""
        self.book.now += 1
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
            session.done("moved", self.book.now, session.place, session.state)
            session.start, session.therapist = start, target
            self.settle(session, row)

    def do_cancel(self, label: str, which: str) -> None:
        """The runner cancels. What is cancelled of a series in one instant is one act: each has a minute of its own."""
        self.book.now += 1
        session = self.book.sessions[which]
        early = self.book.now <= session.free_until and self.book.now < session.start
        coming = session.state == "booked" and self.book.now < session.start
        again = session.state == "cancelled" and session.held_until is None
        row = self.attempt(
            "cancelled",
            True if again or (coming and early) else None if coming or session.state == "cancelled" else False,
            lambda: cancel_appointment(
                appointment=self.rows[which], by=self.runners[session.runner].user, now=self.now
            ),
        )
        if row is not None and session.state == "booked":
            session.done("cancelled", self.book.now, session.place, session.state)
            session.state = "cancelled"

    def do_undo(self, label: str, which: str) -> None:
        """The desk takes back the last thing done to a session."""
        session = self.book.sessions[which]
        change = (
            Change.objects.filter(appointment=self.rows[which], undone_at=None).order_by("-sequence", "-at").first()
        )
        if (change is None) != (not session.acts):
            raise Parted(f"{which} has {session.acts} to undo, and the book {change}")
        if change is None:
            return
        row = self.attempt(
            "undone", self.book.can_undo(session), lambda: undo(change=change, by=self.desk, now=self.now)
        )
        if row is None:
            return
        kind, _, place, state = session.acts.pop()
        if kind == "booked":
            for each in self.book.whole_of(session):
                each.state, each.held_until, each.acts = "cancelled", self.book.now, []
            self.wish_again(session)
        else:
            session.place, session.state = place, state
            self.settle(session, row)

    def do_series(self, label: str, kind: str, therapist: str, runner: str, starts: tuple[int, ...]) -> None:
        model, whom, profile = self.book.kinds[kind], self.book.therapists[therapist], self.runners[runner]
        allowed = self.book.can_take_all(model, whom, list(starts), runner)
        picks = [Pick(self.people[therapist], moment(start)) for start in starts]
        try:
            series = book_series(
                service=self.services[kind], runner=profile, picks=picks, by=profile.user, now=self.now
            )
        except DomainError as refused:
            self.ends["not series"] += 1
            if allowed:
                raise Parted(f"series refused with {refused.code}, though all of it is free") from None
            return
        self.ends["series"] += 1
        if not allowed:
            raise Parted("series accepted, though it is not to be had")
        for number, row in enumerate(series.appointments.order_by("start")):
            session = Session(f"{label}.{number}", model, whom, runner, minute(row.start), "booked", series=label)
            session.done("booked", self.book.now, session.place, "booked")
            self.settle(session, row)

    def compare(self) -> None:
        """The whole book against the whole model, and a self-join for overlaps."""
        rows = Appointment.objects.in_bulk([each.pk for each in self.rows.values()])
        for label, session in self.book.sessions.items():
            row = rows[self.rows[label].pk]
            is_over = session.state == "held" and session.held_until <= self.book.now
            state = row.state if is_over and row.state == "cancelled" else session.state
            if (row.state, minute(row.start), row.therapist_id) != (
                state,
                session.start,
                self.people[session.therapist.name].pk,
            ):
                raise Parted(f"{label} stands as {row}, and should be {session.state} at {moment(session.start)}")
        kept, rows_kept = len(self.book.keeping(None)), Appointment.objects.live(self.now).count()
        if rows_kept != kept:
            raise Parted(f"{rows_kept} rows keep a time, and it should be {kept}")
        for name in self.workshops:
            self.compare_seats(name)
        self.compare_wishes()
        if found := overlaps():
            raise Parted(f"{found} pairs overlap")


def clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


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
