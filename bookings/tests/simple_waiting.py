"""Seats and wishes of the simple model: what is full, who waits, and what is offered to whom. Loops and comparisons again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from bookings.tests.simple_book import DAY, UNDO, Book, Kind, Minute, Session, Therapist, meet, shown_in

SEAT_KEPT, SEAT_LEAST, FRIENDS = 12 * 60, 15, 3
ANSWER, LEAST = 120, 15
MOST_WISHES = 10
Rank = tuple[Minute, str]


@dataclass
class Seat:
    """`state`: taken, waiting, offered or gone. `rank` is the place in line; `given_back` when its owner did so."""

    runner: str
    friend: str
    state: str
    rank: Rank
    until: Minute | None = None
    given_back: Minute | None = None


@dataclass
class Workshop:
    """`session` keeps the therapist's time. What is freed goes to the first who wait, at once."""

    session: Session
    capacity: int
    seats: list[Seat] = field(default_factory=list)

    @property
    def counted(self) -> int:
        return sum(each.state in ("taken", "offered") for each in self.seats)

    def standing(self, runner: str) -> dict[str, Seat]:
        """What the runner has or waits for, by the friend it is for ("": their own)."""
        return {each.friend: each for each in self.seats if each.runner == runner and each.state != "gone"}

    def is_coming(self, now: Minute) -> bool:
        return now < self.session.start

    def pass_on(self, now: Minute, told_at: Minute) -> None:
        """Free seats go to those who wait: kept for half a day or a quarter of what is left, never less than 15 minutes."""
        kept = min(SEAT_KEPT, (self.session.start - told_at) / 4)
        if kept < SEAT_LEAST:
            return
        waiting = sorted((each for each in self.seats if each.state == "waiting"), key=lambda each: each.rank)
        for seat in waiting[: max(0, self.capacity - self.counted)]:
            seat.state, seat.until = "offered", int(told_at + kept)

    def lapse(self, now: Minute) -> None:
        """Offers nobody took in time go on."""
        over = [each for each in self.seats if each.state == "offered" and each.until <= now]
        for seat in over:
            seat.state = "gone"
        if over and self.is_coming(now):
            self.pass_on(now, now)

    def back_in_line(self, wanted: int) -> list[Seat]:
        """The latest offers, as many as `wanted` seats need: nobody was told of them within the three minutes."""
        missing = max(0, wanted - (self.capacity - self.counted))
        return sorted((each for each in self.seats if each.state == "offered"), key=lambda each: each.rank)[::-1][
            :missing
        ]


def is_elsewhere(book: Book, workshops: Iterable[Workshop], runner: str, workshop: Workshop) -> bool:
    """Whether the runner has a session, holds one, or sits in another workshop while this one lasts."""
    window = workshop.session.window
    return any(
        each.runner == runner
        and meet(each.window, window)
        and (each.state == "booked" or (each.state == "held" and each.held_until > book.now))
        for each in book.sessions.values()
    ) or any(
        other is not workshop
        and meet(other.session.window, window)
        and (seat := other.standing(runner).get("")) is not None
        and seat.state == "taken"
        for other in workshops
    )


@dataclass
class Wish:
    """Days and parts of the day on the runner's own clock. `offer` is the session held for it, `ends` how each ended."""

    label: str
    kind: Kind
    therapist: Therapist | None
    runner: str
    zone: str
    first: date
    last: date
    weekdays: int
    parts: int
    rank: Rank
    state: str = "waiting"
    offer: Session | None = None
    answer: str = ""
    asked: set[Minute] = field(default_factory=set)

    @property
    def asked_for(self) -> tuple:
        return self.kind.name, self.therapist, self.runner, self.first, self.last, self.weekdays, self.parts

    @property
    def is_open(self) -> bool:
        return self.offer is not None and self.answer == ""

    def suits(self, start: Minute) -> bool:
        local = shown_in(self.zone, start)
        part = 1 if local.hour < 12 else 2 if local.hour < 17 else 4
        return (
            self.first <= local.date() <= self.last
            and bool(self.weekdays >> local.weekday() & 1)
            and bool(self.parts & part)
            and start not in self.asked
        )

    def can_answer(self, now: Minute) -> bool:
        return self.is_open and now < self.offer.held_until and self.offer.state == "held"

    def end(self, answer: str) -> None:
        """The open offer ends; a time it still keeps is free."""
        self.answer = answer
        if self.offer.state == "held":
            self.offer.state = "cancelled"


@cache
def awake(zone: str, now: Minute, length: int) -> Minute:
    """When so many minutes between 08:00 and 21:00 of that clock have passed since `now`."""
    at = now
    while length:
        length -= 8 <= shown_in(zone, at).hour < 21
        at += 1
    return at


def best_for(book: Book, wish: Wish) -> tuple[Minute, Minute, set[str]] | None:
    """The earliest time that can be offered: its start, until when to answer, and the therapists who have it."""
    undoable = [
        (place[1], session.kind.busy(place[0]))
        for session in book.sessions.values()
        for kind, at, place, _ in session.acts
        if kind != "booked" and at > book.now - UNDO
    ]
    found: dict[Minute, set[str]] = {}
    kept = book.keeping(None)
    people = [wish.therapist] if wish.therapist else list(book.therapists.values())
    days = (wish.last - wish.first).days
    for therapist in people:
        for day in (wish.first + timedelta(days=number) for number in range(-1, days + 2)):
            for start in book.listed(wish.kind, therapist, day, wish.runner, kept):
                busy = wish.kind.busy(start)
                if (
                    wish.suits(start)
                    and awake(wish.zone, book.now, LEAST) <= start - wish.kind.notice
                    and not any(who is therapist and meet(window, busy) for who, window in undoable)
                ):
                    found.setdefault(start, set()).add(therapist.name)
    if not found:
        return None
    start = min(found)
    return start, min(awake(wish.zone, book.now, ANSWER), start - wish.kind.notice), found[start]


def is_over(wish: Wish, now: Minute) -> bool:
    """Whether its days have passed everywhere."""
    return wish.last < shown_in("UTC", now - DAY).date()
