"""Two thousand random requests against the simple model of `simple_book`: listed if and only if bookable, nothing overlaps.

Four clinics of five hundred requests each, so that two workers share them. The requests are drawn from a seed (BOOK_SEED
moves all four; BOOK_REQUESTS asks for more or fewer). When the book and the model part, the failure names the seed and the
shortest list of requests that still parts them.
"""

import os
import random
from datetime import timedelta

import pytest
from django.db import transaction

from bookings.tests.model_clinic import RUNNERS, ZONES, Clinic, Parted, Request
from bookings.tests.simple_book import Book, Kind, Therapist

SEED = int(os.environ.get("BOOK_SEED", "20270328"))
REQUESTS = int(os.environ.get("BOOK_REQUESTS", "500"))


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
        "undo": 5,
        "series": 2,
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
    if verb == "series":
        therapist = dice.choice([name for name, each in book.therapists.items() if kind.name in each.offers])
        start = some_start(dice, book, kind, book.therapists[therapist])
        return label, verb, kind.name, therapist, runner, tuple(start + 1440 * 7 * week for week in range(3))
    if verb == "undo":
        fresh = [name for name, each in book.sessions.items() if each.acts and book.now - each.acts[-1][1] <= 4]
        return (label, verb, dice.choice(fresh)) if fresh else (label, "wait", 1)
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
    for name in (
        "listed",
        "booked",
        "held",
        "confirmed",
        "moved",
        "cancelled",
        "undone",
        "not booked",
        "not held",
        "not moved",
    ):
        assert clinic.ends[name] >= REQUESTS // 100, f"hardly any request ended as {name}"
