"""A hold that means something: one holder, refused to others, open again by itself, and never two owners.

Over HTTP with four workers. There is no payment, so the late and doubled message of a provider is a confirmation sent
twenty times at once: in time, after the hold has ended, and while somebody else takes the time.
"""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from benchmarks import ground
from benchmarks.checks.stage import (
    Answer,
    Post,
    Verdicts,
    at_once,
    make_runners,
    make_service,
    make_therapist,
    one,
    say_overlaps,
    token_of,
    told,
    tomorrow_at,
)

COPIES, ROUNDS = 20, 5


class Scene:
    """One therapist, the clients' tokens, and a fresh time for every scene."""

    def __init__(self, verdicts: Verdicts) -> None:
        service = make_service()
        make_therapist("tess", service)
        self.verdicts = verdicts
        self.tokens = [token_of(each) for each in make_runners(verdicts.clients)]
        self.first, self.second = self.tokens[:2]
        self.hours, self.port = iter(range(400)), 0

    def slot(self) -> datetime:
        return tomorrow_at(0, days=2) + timedelta(hours=2 * next(self.hours))

    def post(self, start: datetime, token: str, path: str = "/api/v1/appointments/") -> Post:
        return Post(token, path, {"service": "visit", "therapist": "tess", "start": start.isoformat()})

    def ask(self, post: Post) -> Answer:
        return one(self.port, post.token, post.path, post.body)

    def hold(self, start: datetime, *, ends: datetime | None = None) -> str:
        """The first client holds; with `ends` the clock of that hold is moved. Its id."""
        from bookings.models import Appointment

        key = str(self.ask(self.post(start, self.first, "/api/v1/holds/")).body["id"])
        if ends is not None:
            Appointment.objects.filter(pk=key).update(hold_expires_at=ends)
        return key

    def copies(self, hold: str) -> list[Post]:
        return [Post(self.first, "/api/v1/appointments/", {"hold": hold})] * COPIES

    def standing(self, start: datetime) -> list[str]:
        """States of what keeps any of the hour from `start`."""
        from bookings.models import Appointment

        found = Appointment.objects.active().filter(start__lt=start + timedelta(hours=1), end__gt=start)
        return list(found.order_by().values_list("state", flat=True))


def run(verdicts: Verdicts) -> None:
    scene = Scene(verdicts)
    with ground.serving("gthread", workers=4, threads=8) as server:
        scene.port = server.port
        for part in (one_holder, refused_until_it_ends, copies_in_time, copies_too_late, copies_and_another):
            part(scene)
    say_overlaps(verdicts)


def one_holder(scene: Scene) -> None:
    held_each, wrong = [], []
    for _ in range(ROUNDS):
        start = scene.slot()
        ends = at_once(scene.port, [scene.post(start, token, "/api/v1/holds/") for token in scene.tokens])
        held_each.append(len(scene.standing(start)))
        if Counter(each.code for each in ends) != {"": 1, "slot_taken": len(ends) - 1}:
            wrong.append(told(ends))
    scene.verdicts.say(
        f"{len(scene.tokens)} hold one time: held in each of {ROUNDS} rounds",
        " ".join(map(str, [*held_each, *wrong])),
        not wrong and set(held_each) == {1},
    )


def refused_until_it_ends(scene: Scene) -> None:
    start, say = scene.slot(), scene.verdicts.say
    scene.hold(start)
    others = [
        scene.ask(scene.post(start, scene.second)),
        scene.ask(scene.post(start, scene.second, "/api/v1/holds/")),
        scene.ask(scene.post(start + timedelta(minutes=30), scene.second)),
    ]
    say("another's booking, hold and overlap during it", told(others), {each.code for each in others} == {"slot_taken"})
    opens = datetime.now(UTC) + timedelta(seconds=1)
    hold = scene.hold(start, ends=opens)
    tries = 0
    while (answer := scene.ask(scene.post(start, scene.second))).status != 201 and tries < 400:
        tries += 1
        time.sleep(0.02)
    late = (datetime.now(UTC) - opens).total_seconds()
    say(
        "open after its end, with no job running, within 1 s",
        f"{late * 1000:.0f} ms",
        answer.status == 201 and 0 <= late < 1,
    )
    again = scene.ask(scene.copies(hold)[0])
    say(
        "the first holder confirms then", again.code, again.code == "hold_ended" and scene.standing(start) == ["booked"]
    )


def copies_in_time(scene: Scene) -> None:
    right = 0
    for _ in range(ROUNDS):
        start = scene.slot()
        ends = at_once(scene.port, scene.copies(scene.hold(start)))
        one_session = len({each.body.get("id") for each in ends}) == 1 and {each.status for each in ends} == {201}
        right += one_session and scene.standing(start) == ["booked"]
    doubled = doubled_letters()
    scene.verdicts.say(
        f"{COPIES} copies in time: one booking, one letter",
        f"{right} of {ROUNDS}, {doubled} doubled letters",
        right == ROUNDS and not doubled,
    )


def copies_too_late(scene: Scene) -> None:
    right = 0
    for _ in range(ROUNDS):
        start = scene.slot()
        ends = at_once(scene.port, scene.copies(scene.hold(start, ends=datetime.now(UTC) - timedelta(minutes=2))))
        right += {each.code for each in ends} == {"hold_ended"} and "booked" not in scene.standing(start)
    scene.verdicts.say(
        f"{COPIES} copies after its end: refused, nothing booked", f"{right} of {ROUNDS}", right == ROUNDS
    )


def copies_and_another(scene: Scene) -> None:
    """The hold has just ended, or ended half a minute ago; one post of somebody else runs among the copies."""
    wrong, won = 0, Counter[str]()
    for number in range(ROUNDS * 2):
        start = scene.slot()
        hold = scene.hold(start, ends=datetime.now(UTC) - timedelta(seconds=30 if number % 2 else 0))
        posts = scene.copies(hold)
        posts.insert(0 if number % 4 < 2 else COPIES, scene.post(start, scene.second))
        ends = at_once(scene.port, posts)
        owners = {each.body["id"] for each in ends if each.status == 201}
        wrong += len(owners) != 1 or scene.standing(start) != ["booked"]
        won["the holder" if hold in owners else "the other"] += 1
    scene.verdicts.say(
        f"{COPIES} copies while somebody else takes it: never both",
        f"{wrong} wrong of {ROUNDS * 2}; won by {dict(won)}",
        not wrong,
    )


def doubled_letters() -> int:
    """Sessions with more than one letter about their booking."""
    from benchmarks.checks.stage import asked_of_the_database

    return asked_of_the_database(
        "SELECT COUNT(*) FROM (SELECT subject FROM reminders_reminder WHERE kind = 'booked'"
        " GROUP BY subject HAVING COUNT(*) > 1) twice"
    )[0][0]
