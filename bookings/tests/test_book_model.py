"""Two thousand random requests against the simple model: listed if and only if bookable, no overlap, no seat lost or doubled.

Four clinics of five hundred requests each, so that two workers share them. The requests are drawn from a seed (BOOK_SEED
moves all four; BOOK_REQUESTS asks for more or fewer). When the book and the model part, the failure names the seed and the
shortest list of requests that still parts them.
"""

import os
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from bookings.tests.model_clinic import Clinic, Request
from bookings.tests.model_sides import RUNNERS, ZONES, Parted
from bookings.tests.simple_book import Book, Kind, Therapist

SEED = int(os.environ.get("BOOK_SEED", "20270328"))
REQUESTS = int(os.environ.get("BOOK_REQUESTS", "500"))
SEATS = ("seat", "give", "ungive", "queue", "sit", "leave")
WISHES = ("accept", "decline", "unwish")
WEIGHTS = {
    "list": 24,
    "book": 28,
    "hold": 14,
    "confirm": 14,
    "release": 2,
    "move": 10,
    "undo": 5,
    "series": 2,
    "force": 4,
    "cancel": 9,
    "wait": 12,
    "seat": 11,
    "give": 5,
    "ungive": 6,
    "queue": 6,
    "sit": 6,
    "leave": 3,
    "wish": 6,
    "tick": 8,
    "accept": 6,
    "decline": 2,
    "unwish": 1,
}
OFTEN = {
    *("listed", "booked", "held", "confirmed", "moved", "cancelled", "undone", "seated", "in line", "given back"),
    *("ticked", "offered", "offer accepted", "not booked", "not held", "not moved", "not seated"),
}


def draw(dice: random.Random, clinic: Clinic, number: int) -> Request:
    """The next request: most of them for times that are free or just taken, some for any time at all."""
    verb = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    label = f"r{number}"
    if verb == "wait":
        return label, verb, dice.choice((1, 1, 4, 5, 6, 25, 60, 60, 60, 480))
    if verb == "tick":
        return label, verb
    if verb in SEATS:
        return label, *seat_of(dice, clinic, verb)
    if verb in WISHES:
        return label, *answer_to(dice, clinic, verb)
    if verb in ("list", "book", "hold", "series", "wish"):
        return label, verb, *time_of(dice, clinic.book, verb)
    return label, *change_of(dice, clinic.book, verb)


def time_of(dice: random.Random, book: Book, verb: str) -> tuple[Any, ...]:
    """What somebody looks at, wants or wishes for."""
    kind, runner = dice.choice(list(book.kinds.values())), dice.choice(RUNNERS)
    if verb == "list":
        return kind.name, dice.randint(-1, 5), dice.randint(0, 1), dice.choice(ZONES), dice.choice((runner, None))
    therapist = dice.choice([name for name, each in book.therapists.items() if kind.name in each.offers])
    if verb == "wish":
        return wish_of(dice, kind, therapist, runner)
    if verb != "series" and dice.random() < 0.04:
        therapist = dice.choice(list(book.therapists))
    start = some_start(dice, book, kind, book.therapists[therapist])
    if verb == "series":
        return kind.name, therapist, runner, tuple(start + 1440 * 7 * week for week in range(3))
    return kind.name, therapist if dice.random() < 0.85 else None, runner, start


def change_of(dice: random.Random, book: Book, verb: str) -> tuple[Any, ...]:
    """Which session is changed, and to what; time passes where there is none."""
    if verb == "undo":
        fresh = [name for name, each in book.sessions.items() if each.acts and book.now - each.acts[-1][1] <= 4]
        return (verb, dice.choice(fresh)) if fresh else ("wait", 1)
    wanted = "held" if verb in ("confirm", "release") else "booked"
    fitting = [name for name, each in book.sessions.items() if each.state == wanted and each.start > book.now]
    which = dice.choice(fitting[-12:] if verb == "confirm" else fitting) if fitting else None
    if book.sessions and (which is None or dice.random() < 0.05):
        which = dice.choice(list(book.sessions))
    if which is None:
        return "wait", 1
    if verb not in ("move", "force"):
        return verb, which
    session = book.sessions[which]
    therapist = dice.choice([name for name, each in book.therapists.items() if session.kind.name in each.offers])
    start = some_start(dice, book, session.kind, book.therapists[therapist])
    return verb, which, dice.choice((therapist, None)), start


def seat_of(dice: random.Random, clinic: Clinic, verb: str) -> tuple[Any, ...]:
    """Whose seat in which workshop: for most verbs somebody's who has what it takes. Who gave back lately may undo it."""
    coming = [name for name, each in clinic.book.workshops.items() if each.is_coming(clinic.book.now)]
    workshop = dice.choice(coming if coming and dice.random() < 0.9 else list(clinic.book.workshops))
    seats, now = clinic.book.workshops[workshop].seats, clinic.book.now
    fitting = {
        "give": [each for each in seats if each.state == "taken"],
        "ungive": [each for each in seats if each.given_back is not None and each.given_back > now - 5],
        "sit": [each for each in seats if each.state == "offered"],
        "leave": [each for each in seats if each.state in ("offered", "waiting")],
    }.get(verb, [])
    if verb == "ungive" and not fitting:
        verb, fitting = "give", [each for each in seats if each.state == "taken"]
    runner = dice.choice(fitting).runner if fitting and dice.random() < 0.95 else dice.choice(RUNNERS)
    if verb == "seat":
        return verb, workshop, runner, tuple(name for name in ("Kim", "Lee") if dice.random() < 0.2)
    if verb == "give":
        return verb, workshop, runner, dice.choice((None, None, "", "Kim"))
    return verb, workshop, runner


def answer_to(dice: random.Random, clinic: Clinic, verb: str) -> tuple[str, ...]:
    """Which wish is answered or taken back: mostly one that has an open offer. Time passes where there is none."""
    known = [name for name, each in clinic.wishes.items() if each.offer is not None or verb == "unwish"]
    open_ones = [name for name in known if clinic.wishes[name].is_open]
    named = open_ones if open_ones and dice.random() < 0.9 else known
    return (verb, dice.choice(named)) if named else ("tick",)


def wish_of(dice: random.Random, kind: Kind, therapist: str, runner: str) -> tuple[Any, ...]:
    """A wish for some of the coming days: any of them, or some, and some parts of them."""
    return (
        kind.name,
        dice.choice((therapist, None)),
        runner,
        dice.randint(0, 3),
        dice.randint(0, 3),
        dice.choice((0b1111111, 0b1111111, 0b0011111, 0b1010101)),
        dice.choice((0b111, 0b111, 0b001, 0b110)),
    )


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
    for name in OFTEN:
        assert clinic.ends[name], f"no request ended as {name}"
