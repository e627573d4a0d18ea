"""What every request against book and model shares: both sides, and how an answer of one is held against the other."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from bookings.models import Appointment, Service
from bookings.tests.simple_book import Book, Session, moment
from clinic.core.errors import DomainError
from clinic.people.models import RunnerProfile, TherapistProfile, User

ZONES = ("Europe/London", "Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles")
RUNNERS = [f"runner{number}" for number in range(14)]
R = TypeVar("R")


class Parted(AssertionError):
    """The book and the model do not agree."""


class Sides:
    """The model's book, and by the model's names the rows of the real one. `ends` counts how requests ended."""

    book: Book
    services: dict[str, Service]
    people: dict[str, TherapistProfile]
    runners: dict[str, RunnerProfile]
    desk: User
    rows: dict[str, Appointment]
    ends: Counter[str]

    @property
    def now(self) -> datetime:
        return moment(self.book.now)

    def answered(self, name: str, allowed: bool | None, act: Callable[[], R]) -> R | None:
        """Act; what came of it, or None when it was refused. `allowed` None leaves it open."""
        try:
            done = act()
        except DomainError as refused:
            self.ends[f"not {name}"] += 1
            if allowed:
                raise Parted(f"not {name}: refused with {refused.code}, though it is free") from None
            return None
        self.ends[name] += 1
        if allowed is False:
            raise Parted(f"{name}, though it is not to be had")
        return done

    def attempt(self, name: str, allowed: bool | None, act: Callable[[], Appointment]) -> Appointment | None:
        """The same for what answers with a session: the row as it stands."""
        row = self.answered(name, allowed, act)
        if row is not None:
            row.refresh_from_db()
        return row

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


def shown(found: set[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {moment(start):%d %H:%M}" for name, start in sorted(found)[:6]) or "none"
