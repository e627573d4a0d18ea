"""What the checks share: verdicts with figures, many clients at once, a small clinic, and plain SQL that counts wrongs."""

import http.client
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any, NamedTuple

from benchmarks import ground

BUSY_MACHINE = 2.5
"""With a load above this, a time over its target is shown but not judged: it tells of the machine."""

PAIRS = {
    "therapist": ("therapist_id", "busy_from", "busy_until"),
    "runner": ("runner_id", "start", '"end"'),
    "room": ("treatment_room_id", "busy_from", "busy_until"),
    "equipment": ("equipment_id", "busy_from", "busy_until"),
}
"""What must never overlap: the column, and the columns of the time it is taken for."""


class Verdicts:
    """Prints a line per figure and counts what is broken. `kind` is "postgres" or "sqlite"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.broken = 0
        self.said = 0

    @property
    def clients(self) -> int:
        """How many clients race: SQLite has one writer at a time."""
        return 50 if self.kind == "postgres" else 20

    def say(self, what: str, figure: object, right: bool) -> None:
        self.said += 1
        self.broken += not right
        print(f"  {'ok    ' if right else 'BROKEN'}  {what:58} {figure}", flush=True)

    def timed(self, what: str, milliseconds: float, target: float) -> None:
        """A time that should not pass its target; not judged while other work fills the machine."""
        load = os.getloadavg()[0]
        figure = f"{milliseconds:.0f} ms (target {target:.0f})"
        if milliseconds > target and load > BUSY_MACHINE:
            print(f"  -       {what:58} {figure}, not judged at load {load:.1f}", flush=True)
        else:
            self.say(what, figure, milliseconds <= target)

    def summary(self, name: str) -> str:
        return f"{name}: {'BROKEN: ' + str(self.broken) + ' of' if self.broken else 'holds,'} {self.said} verdicts\n"


class Answer(NamedTuple):
    """How one client ended: status, code of a refusal or "", seconds, body."""

    status: int
    code: str
    seconds: float
    body: dict[str, Any]


class Post(NamedTuple):
    token: str
    path: str
    body: dict[str, Any]


def at_once(port: int, posts: Sequence[Post]) -> list[Answer]:
    """All posts at the same moment, each from a client with a connection of its own, in the order given."""
    ready = threading.Barrier(len(posts), timeout=60)
    answers: list[Answer | None] = [None] * len(posts)

    def client(place: int, post: Post) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.connect()
        ready.wait()
        answers[place] = ask(line, post)
        line.close()

    threads = [threading.Thread(target=client, args=each) for each in enumerate(posts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each if each is not None else Answer(0, "no_answer", 60, {}) for each in answers]


def ask(line: http.client.HTTPConnection, post: Post) -> Answer:
    begun = time.perf_counter()
    try:
        status, answer = ground.call(line, "POST", post.path, token=post.token, body=post.body)
        body = json.loads(answer) if answer else {}
    except Exception as failed:
        status, body = 0, {"code": type(failed).__name__}
    return Answer(status, "" if status in (200, 201) else body.get("code", ""), time.perf_counter() - begun, body)


def one(port: int, token: str, path: str, body: dict[str, Any]) -> Answer:
    """One post from a client alone."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return ask(line, Post(token, path, body))
    finally:
        line.close()


def told(answers: Sequence[Answer]) -> str:
    """Every kind of answer with its number: "1 x 201, 49 x 409 slot_taken"."""
    counted = Counter(f"{each.status} {each.code}".strip() for each in answers)
    return ", ".join(f"{count} x {answer}" for answer, count in sorted(counted.items()))


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Every act in a thread with a database connection of its own, all starting together; results or exceptions in order."""
    from django.db import connections

    ready = threading.Barrier(len(acts), timeout=60)
    ends: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            ready.wait()
            ends[place] = act()
        except Exception as failed:
            ends[place] = failed
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def asked_of_the_database(sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a plain query, past the ORM."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def overlaps() -> dict[str, int]:
    """Pairs of active appointments that share a therapist, runner, room or piece of equipment and overlap, by self-join."""
    return {
        name: asked_of_the_database(
            "SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_appointment b"
            f" ON a.{column} = b.{column} AND a.id < b.id AND a.{low} < b.{high} AND b.{low} < a.{high}"
            " WHERE a.state <> 'cancelled' AND b.state <> 'cancelled'"
        )[0][0]
        for name, (column, low, high) in PAIRS.items()
    }


def say_overlaps(verdicts: Verdicts) -> None:
    found = overlaps()
    verdicts.say(
        "overlapping pairs by SQL self-join",
        ", ".join(f"{name} {count}" for name, count in found.items()),
        not any(found.values()),
    )


def make_service(slug: str = "visit", **changes: Any) -> Any:
    """A session of 45 minutes online, starts 15 minutes apart, 15 minutes for notes, an hour's notice."""
    from bookings.models import Service

    facts = {
        "name": slug.title(),
        "minutes": 45,
        "buffer_after_min": 15,
        "price_pence": 6800,
        "slot_step_min": 15,
        "min_notice_min": 60,
    }
    return Service.objects.create(slug=slug, **{**facts, **changes})


def make_therapist(name: str, *services: Any, zone: str = "Europe/London", opens: int = 0, closes: int = 0) -> Any:
    """A therapist who works every day from `opens` to `closes` (0 = midnight) and offers `services`."""
    from bookings.models import WeeklyHours
    from clinic.people.models import Role, TherapistProfile, User

    user = User.objects.create(
        email=f"{name.lower()}@bench.example", name=f"{name} Therapist", role=Role.THERAPIST, password="!", zone=zone
    )
    therapist = TherapistProfile.objects.create(user=user, slug=name.lower())
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=therapist, weekday=day, starts=clock(opens), ends=clock(closes)) for day in range(7)
    )
    for service in services:
        service.therapists.add(therapist)
    return therapist


def make_runners(count: int, *, zone: str = "Europe/London") -> list[Any]:
    """`count` users with a runner's profile."""
    from clinic.people.models import RunnerProfile, User

    already = User.objects.count()
    users = User.objects.bulk_create(
        User(email=f"runner{already + number}@bench.example", name=f"Runner {number}", password="!", zone=zone)
        for number in range(count)
    )
    RunnerProfile.objects.bulk_create(RunnerProfile(user=user) for user in users)
    return users


def make_staff() -> Any:
    from clinic.people.models import Role, User

    return User.objects.create(email="staff@bench.example", name="Joan Staff", role=Role.STAFF, password="!")


def token_of(user: Any) -> str:
    """A personal token for the API."""
    from knox.models import get_token_model

    return get_token_model().objects.create(user=user)[1]


def tomorrow_at(hour: int, *, days: int = 1) -> datetime:
    """A whole hour of UTC, `days` days from now."""
    return datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
