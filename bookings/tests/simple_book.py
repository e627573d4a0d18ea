"""A simple model of the clinic's book, written from the rules alone: it shares no code with the engine it is held against.

Times are whole minutes since 1970 in UTC (`Minute`). What is open is found by walking the real timeline in steps of five
minutes and reading the therapist's clock at each, so that clock changes need no rule of their own. Everything else is
loops and comparisons.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from bookings.tests.simple_waiting import Workshop

Minute = int
Window = tuple[Minute, Minute]
STEP = 5
HOLD = 5
UNDO = 3
DAY = 1440


def minute(at: datetime) -> Minute:
    return int(at.timestamp()) // 60


@cache
def shown_in(zone: str, at: Minute) -> datetime:
    """What a clock in `zone` shows."""
    return moment(at).astimezone(ZoneInfo(zone))


def moment(at: Minute) -> datetime:
    return datetime.fromtimestamp(at * 60, UTC)


def meet(one: Window, other: Window) -> bool:
    """Whether two half-open windows share a minute."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass
class Kind:
    """A service. All in minutes but `horizon` (days) and `change_h` (hours)."""

    name: str
    minutes: int
    before: int = 0
    after: int = 0
    step: int = 15
    notice: int = 60
    horizon: int = 30
    change_h: int = 24
    needs_room: bool = False
    needs_treadmill: bool = False

    def busy(self, start: Minute) -> Window:
        return start - self.before, start + self.minutes + self.after


@dataclass
class Therapist:
    """`hours`: (weekday, from, until) in minutes of their own clock. `closed` and `opened`: the same by date. `off`: instants."""

    name: str
    zone: str
    hours: list[tuple[int, int, int]]
    offers: set[str]
    closed: dict[date, list[tuple[int, int]]] = field(default_factory=dict)
    opened: dict[date, list[tuple[int, int]]] = field(default_factory=dict)
    off: list[Window] = field(default_factory=list)
    caps: dict[str | None, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known: dict[date, list[Window]] = {}

    def is_open(self, at: Minute) -> bool:
        """Whether the therapist's own clock shows a working time at this instant."""
        local = shown_in(self.zone, at)
        shown, day = local.hour * 60 + local.minute, local.date()
        if any(low <= shown < high for low, high in self.opened.get(day, ())):
            return True
        if any(low <= shown < high for low, high in self.closed.get(day, ())):
            return False
        return any(weekday == day.weekday() and low <= shown < high for weekday, low, high in self.hours)

    def runs(self, day: date) -> list[Window]:
        """The unbroken stretches of work of one local day."""
        if day not in self.known:
            at = minute(datetime(day.year, day.month, day.day, tzinfo=UTC)) - DAY
            found: list[list[Minute]] = []
            for here in range(at, at + 3 * DAY, STEP):
                if shown_in(self.zone, here).date() == day and self.is_open(here):
                    if found and found[-1][1] == here:
                        found[-1][1] += STEP
                    else:
                        found.append([here, here + STEP])
            self.known[day] = [(low, high) for low, high in found]
        return self.known[day]

    def day_of(self, at: Minute) -> date:
        return shown_in(self.zone, at).date()

    def grid(self, kind: Kind, day: date) -> Iterator[Minute]:
        """Every start the hours of a day have for a service: each stretch counts from its own beginning."""
        for low, high in self.runs(day):
            yield from range(low, high - kind.minutes + 1, kind.step)


@dataclass
class Session:
    """`state`: held, booked or cancelled. `held_until` is kept by what was a hold, `is_offer` by what was made for a wish.

    A workshop's time has the runner "".
    `acts` are what was done to it and can be undone, the last one last: (kind, when, `place` as it was, `state` as it was).
    """

    label: str
    kind: Kind
    therapist: Therapist
    runner: str
    start: Minute
    state: str
    held_until: Minute | None = None
    room: str | None = None
    treadmill: str | None = None
    is_offer: bool = False
    series: str = ""
    acts: list[tuple[str, Minute, tuple, str]] = field(default_factory=list)

    @property
    def place(self) -> tuple[Minute, Therapist, str | None, str | None]:
        return self.start, self.therapist, self.room, self.treadmill

    @place.setter
    def place(self, there: tuple[Minute, Therapist, str | None, str | None]) -> None:
        self.start, self.therapist, self.room, self.treadmill = there

    def done(self, kind: str, at: Minute, before: tuple, state: str) -> None:
        self.acts.append((kind, at, before, state))

    @property
    def free_until(self) -> Minute:
        """Until when the runner gives it up for nothing: the notice, or three minutes from when the time was taken.

        A move out of a time that is no longer free to give up takes nothing anew.
        """
        notice = self.kind.change_h * 60
        taken = [
            at for kind, at, (was, *_), _ in self.acts if kind == "booked" or (kind == "moved" and at + notice <= was)
        ]
        return max(self.start - notice, min(taken[-1] + UNDO, self.start)) if taken else self.start - notice

    @property
    def window(self) -> Window:
        return self.start, self.start + self.kind.minutes

    @property
    def busy(self) -> Window:
        return self.kind.busy(self.start)


@dataclass
class Book:
    """Everything the clinic knows. The verbs answer "yes" or "no"; what they change is written by `take` and its like."""

    now: Minute
    kinds: dict[str, Kind]
    therapists: dict[str, Therapist]
    rooms: tuple[str, ...] = ()
    treadmills: tuple[str, ...] = ()
    sessions: dict[str, Session] = field(default_factory=dict)
    workshops: dict[str, "Workshop"] = field(default_factory=dict)

    def keeping(self, runner: str | None, moving: Session | None = None) -> list[Session]:
        """What keeps its time now, as `runner` sees it: not their own hold, not the session they are moving.

        What is offered to them keeps its time from them too, until they answer.
        """
        return [
            each
            for each in self.sessions.values()
            if each is not moving
            and (
                each.state == "booked"
                or (
                    each.state == "held"
                    and each.held_until > self.now
                    and (runner is None or each.runner != runner or each.is_offer)
                )
            )
        ] + [each.session for each in self.workshops.values()]

    def is_seated(self, runner: str, window: Window) -> bool:
        """Whether a seat of the runner's own, taken or kept for them, is in a workshop that meets `window`."""
        return any(
            meet(each.session.window, window)
            and (seat := each.standing(runner).get("")) is not None
            and (seat.state == "taken" or (seat.state == "offered" and seat.until > self.now))
            for each in self.workshops.values()
        )

    def free_rooms(self, kind: Kind, start: Minute, kept: Iterable[Session]) -> set[str]:
        taken = {each.room for each in kept if meet(each.busy, kind.busy(start))}
        return set(self.rooms) - taken

    def free_treadmills(self, kind: Kind, start: Minute, kept: Iterable[Session]) -> set[str]:
        taken = {each.treadmill for each in kept if meet(each.busy, kind.busy(start))}
        return set(self.treadmills) - taken

    def is_untaken(
        self, kind: Kind, therapist: Therapist, start: Minute, runner: str | None, kept: list[Session]
    ) -> bool:
        """Whether nobody and nothing this session needs is in another one."""
        near = [each for each in kept if meet(each.busy, kind.busy(start))]
        return (
            not any(each.therapist is therapist for each in near)
            and not any(
                runner is not None and each.runner == runner and meet(each.window, (start, start + kind.minutes))
                for each in near
            )
            and (runner is None or not self.is_seated(runner, (start, start + kind.minutes)))
            and (not kind.needs_room or not self.rooms or bool(self.free_rooms(kind, start, near)))
            and (not kind.needs_treadmill or bool(self.free_treadmills(kind, start, near)))
            and self.is_under_cap(kind, therapist, start, kept)
        )

    def is_under_cap(self, kind: Kind, therapist: Therapist, start: Minute, kept: list[Session]) -> bool:
        """Whether the therapist's own day has room for one more session, of this service and of all."""
        day = therapist.day_of(start)
        mine = [
            each for each in kept if each.therapist is therapist and each.runner and therapist.day_of(each.start) == day
        ]
        return all(
            sum(service in (None, each.kind.name) for each in mine) < most
            for service, most in therapist.caps.items()
            if service in (None, kind.name)
        )

    def is_in_time(self, kind: Kind, start: Minute) -> bool:
        return self.now + kind.notice <= start <= self.now + kind.horizon * DAY

    def listed(
        self,
        kind: Kind,
        therapist: Therapist,
        day: date,
        runner: str | None,
        kept: list[Session],
    ) -> Iterator[Minute]:
        """Every start of the therapist's local day that can be booked now."""
        if kind.name not in therapist.offers:
            return
        noon = minute(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        kept = [each for each in kept if abs(each.start - noon) < 3 * DAY]
        for start in therapist.grid(kind, day):
            if (
                self.is_in_time(kind, start)
                and not any(meet(off, (start, start + kind.minutes)) for off in therapist.off)
                and self.is_untaken(kind, therapist, start, runner, kept)
            ):
                yield start

    def times(self, kind: Kind, first: date, last: date, zone: str, runner: str | None) -> set[tuple[str, Minute]]:
        """(therapist, start) of every bookable time from `first` to `last`, days of `zone`."""
        kept = self.keeping(runner)
        days = [first + timedelta(days=number) for number in range(-1, (last - first).days + 2)]
        return {
            (therapist.name, start)
            for therapist in self.therapists.values()
            for day in days
            for start in self.listed(kind, therapist, day, runner, kept)
            if first <= shown_in(zone, start).date() <= last
        }

    def can_take(
        self, kind: Kind, therapist: Therapist, start: Minute, runner: str, moving: Session | None = None
    ) -> bool:
        """Whether `runner` can have this time now."""
        return start in self.listed(kind, therapist, therapist.day_of(start), runner, self.keeping(runner, moving))

    def can_force(
        self, kind: Kind, therapist: Therapist, start: Minute, runner: str, moving: Session | None = None
    ) -> bool:
        """Whether the desk can have it for them past notice, horizon, hours and grid."""
        return (
            kind.name in therapist.offers
            and start >= self.now
            and self.is_untaken(kind, therapist, start, runner, self.keeping(runner, moving))
        )

    def can_undo(self, session: Session) -> bool:
        """Whether the last act is less than three minutes old, and what it gave up is still there to take back."""
        if not session.acts or self.now >= session.acts[-1][1] + UNDO:
            return False
        kind, _, (start, therapist, *_), _ = session.acts[-1]
        if kind == "booked":
            return all(each.state == "booked" and len(each.acts) == 1 for each in self.whole_of(session))
        kept = self.keeping(session.runner, session)
        return self.is_untaken(session.kind, therapist, start, session.runner, kept)

    def whole_of(self, session: Session) -> list[Session]:
        """The session, or every session of the series that it was booked with: one act."""
        if not session.series:
            return [session]
        return [each for each in self.sessions.values() if each.series == session.series]

    def can_take_all(self, kind: Kind, therapist: Therapist, starts: list[Minute], runner: str) -> bool:
        """Whether all these times can be had together: each is tried with the ones before it in the book."""
        planned: list[str] = []
        try:
            for number, start in enumerate(sorted(starts)):
                if not self.can_take(kind, therapist, start, runner):
                    return False
                kept = self.keeping(runner)
                session = Session(f"planned {number}", kind, therapist, runner, start, "booked")
                session.room = min(self.free_rooms(kind, start, kept)) if kind.needs_room else None
                session.treadmill = min(self.free_treadmills(kind, start, kept)) if kind.needs_treadmill else None
                self.sessions[session.label] = session
                planned.append(session.label)
            return True
        finally:
            for label in planned:
                del self.sessions[label]

    def clear_the_way(self, session: Session) -> None:
        """A runner holds one time of their own choice, and lapsed holds give way to whoever takes theirs."""
        for each in self.sessions.values():
            if each is session or each.state != "held":
                continue
            is_let_go = each.runner == session.runner and not each.is_offer and not session.is_offer
            if is_let_go or (each.held_until <= self.now and self.in_the_way(each, session)):
                each.state = "cancelled"

    @staticmethod
    def in_the_way(one: Session, other: Session) -> bool:
        shared = one.therapist is other.therapist or (one.room and one.room == other.room)
        return meet(one.busy, other.busy) and bool(shared or (one.treadmill and one.treadmill == other.treadmill))
