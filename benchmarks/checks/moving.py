"""Reschedule and cancel as one act: the old time is free exactly when the new one is taken, and the rules hold to the second.

Over HTTP: everybody moves into one time; two swap. In process: cut-offs a second before and after, across a change of
clocks too. With kill -9: a process that moves one session to and fro is killed at random moments, and once exactly between
its two writes; each time the session has one time, and its reminders tell that one.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import ground
from benchmarks.checks.stage import (
    Post,
    Verdicts,
    asked_of_the_database,
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

KILLS = 12
MOVER = """
import sys
from datetime import datetime, timedelta
import django
django.setup()
from django.utils import timezone
from bookings import messages
from bookings.models import Appointment
from bookings.services import move_appointment
key, pause, early = sys.argv[1], sys.argv[2] == "pause", datetime.fromisoformat(sys.argv[3])
if pause:
    def between(*args, **how):
        print("between", flush=True)
        import time
        time.sleep(60)
    messages.plan_moved = between
print("ready", flush=True)
while True:
    found = Appointment.objects.with_people().get(pk=key)
    there = early + timedelta(hours=2) if found.start == early else early
    move_appointment(appointment=found, start=there, by=found.runner.user, now=timezone.now())
"""


def run(verdicts: Verdicts) -> None:
    service = make_service()
    people = [make_therapist(name, service) for name in ("tess", "olu")]
    users = make_runners(verdicts.clients)
    tokens = [token_of(each) for each in users]
    with ground.serving("gthread", workers=4, threads=8) as server:
        everybody_into_one(verdicts, server.port, tokens)
        swap(verdicts, server.port, tokens)
        old_links(verdicts, server.port, tokens[0])
    cut_offs(verdicts, service, people[0], users[0])
    killed(verdicts, service, people[1], users[1])
    say_overlaps(verdicts)


def body(therapist: str, start: datetime) -> dict[str, Any]:
    return {"service": "visit", "therapist": therapist, "start": start.isoformat()}


def everybody_into_one(verdicts: Verdicts, port: int, tokens: list[str]) -> None:
    from bookings.models import Appointment

    starts = [tomorrow_at(0, days=4) + timedelta(hours=place) for place in range(len(tokens))]
    booked = [
        one(port, token, "/api/v1/appointments/", body("tess", start)).body["id"]
        for token, start in zip(tokens, starts, strict=True)
    ]
    target = tomorrow_at(0, days=20)
    ends = at_once(
        port,
        [
            Post(token, f"/api/v1/appointments/{key}/move/", {"start": target.isoformat()})
            for token, key in zip(tokens, booked, strict=True)
        ],
    )
    now_at = dict(Appointment.objects.filter(pk__in=booked).values_list("pk", "start"))
    moved = sum(at == target for at in now_at.values())
    kept = sum(
        str(key) == mine and at == start
        for mine, start in zip(booked, starts, strict=True)
        for key, at in now_at.items()
    )
    right = moved == 1 and kept == len(tokens) - 1 and sum(each.status == 200 for each in ends) == 1
    verdicts.say(
        f"{len(tokens)} move into one time",
        f"{moved} moved, {kept} keep theirs; {told(ends)}",
        right and {each.code for each in ends} == {"", "slot_taken"},
    )


def swap(verdicts: Verdicts, port: int, tokens: list[str]) -> None:
    """A's session to B's time while B's goes to A's: nobody can have it, nobody loses anything, nobody waits."""
    wrong, slowest, rounds = [], 0.0, 10
    for number in range(rounds):
        start = tomorrow_at(2, days=24) + timedelta(hours=2 * number)
        mine = one(port, tokens[0], "/api/v1/appointments/", body("tess", start)).body["id"]
        yours = one(port, tokens[1], "/api/v1/appointments/", body("olu", start)).body["id"]
        ends = at_once(
            port,
            [
                Post(tokens[0], f"/api/v1/appointments/{mine}/move/", {"start": start.isoformat(), "therapist": "olu"}),
                Post(
                    tokens[1], f"/api/v1/appointments/{yours}/move/", {"start": start.isoformat(), "therapist": "tess"}
                ),
            ],
        )
        slowest = max(slowest, *(each.seconds for each in ends))
        if [each.code for each in ends] != ["slot_taken", "slot_taken"]:
            wrong.append(told(ends))
    verdicts.say(
        f"A and B swap, {rounds} times: both refused, none stuck",
        f"{len(wrong)} wrong, slowest {slowest * 1000:.0f} ms",
        not wrong and slowest < 1.5,
    )


def old_links(verdicts: Verdicts, port: int, token: str) -> None:
    """What was read before a change does not act after it: the version of the page, and a session that is cancelled."""
    import http.client
    import json

    start = tomorrow_at(3, days=30)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    key = one(port, token, "/api/v1/appointments/", body("tess", start)).body["id"]

    def sent(path: str, what: dict[str, Any], version: str = "") -> tuple[int, str]:
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        line.request("POST", path, json.dumps(what), headers | ({"If-Match": version} if version else {}))
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.headers.get("ETag", "")

    line.request("GET", f"/api/v1/appointments/{key}/", headers={"Authorization": f"Token {token}"})
    answer = line.getresponse()
    answer.read()
    old = answer.headers["ETag"]
    move = f"/api/v1/appointments/{key}/move/"
    first, _ = sent(move, {"start": (start + timedelta(hours=3)).isoformat()}, old)
    second, _ = sent(move, {"start": (start + timedelta(hours=6)).isoformat()}, old)
    third, _ = sent(f"/api/v1/appointments/{key}/cancel/", {"reason": ""}, old)
    fourth, _ = sent(f"/api/v1/appointments/{key}/cancel/", {"reason": ""})
    fifth, _ = sent(move, {"start": start.isoformat()})
    verdicts.say(
        "move 200, with the old version 412 and 412, cancel 200, move 422",
        f"{first} {second} {third} {fourth} {fifth}",
        [first, second, third, fourth, fifth] == [200, 412, 412, 200, 422],
    )


def cut_offs(verdicts: Verdicts, service: Any, therapist: Any, user: Any) -> None:
    """The runner's notice of 24 real hours, a second before, at, and a second after it; a plain day and a change day."""
    from django.db import transaction

    from bookings.services import book_slot, cancel_appointment, move_appointment
    from clinic.core.errors import DomainError

    for name, start in (
        ("a plain Wednesday", datetime(2027, 2, 10, 9, tzinfo=UTC)),
        ("the day the clocks go forward", datetime(2027, 3, 28, 8, tzinfo=UTC)),
        ("the day they go back", datetime(2027, 10, 31, 9, tzinfo=UTC)),
    ):
        booked = book_slot(
            service=service,
            therapist=therapist,
            runner=user.runner,
            start=start,
            by=user,
            now=start - timedelta(days=9),
        )
        answers = []
        for seconds in (-1, 0, 1):
            now = booked.change_until + timedelta(seconds=seconds)
            for act, more in ((move_appointment, {"start": start + timedelta(days=2)}), (cancel_appointment, {})):
                with transaction.atomic():
                    try:
                        act(appointment=booked, by=user, now=now, **more)  # type: ignore[operator]
                        answers.append("yes")
                    except DomainError as refused:
                        answers.append(refused.code)
                    transaction.set_rollback(True)
        exact = booked.start - booked.change_until == timedelta(hours=24)
        verdicts.say(
            f"notice on {name}: -1 s, 0, +1 s (move, cancel)",
            " ".join(answers),
            exact and answers == ["yes"] * 4 + ["too_late_to_change", "late_fee"],
        )
        with transaction.atomic():
            cancel_appointment(appointment=booked, by=user, now=start - timedelta(days=8))


def killed(verdicts: Verdicts, service: Any, therapist: Any, user: Any) -> None:
    """A process that moves one session to and fro, killed; afterwards the session has one time, and messages for that one."""
    from bookings.models import Appointment
    from bookings.services import book_slot

    early = tomorrow_at(2, days=12)
    booked = book_slot(
        service=service, therapist=therapist, runner=user.runner, start=early, by=user, now=datetime.now(UTC)
    )
    dice, torn, places = random.Random(5), 0, {"early": 0, "late": 0}
    for number in range(KILLS + 1):
        pause = number == 0
        mover = subprocess.Popen(
            [sys.executable, "-c", MOVER, str(booked.pk), "pause" if pause else "go", early.isoformat()],
            cwd=ground.ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "clinic.settings", "PYTHONPATH": str(ground.ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert mover.stdout is not None
        mover.stdout.readline()
        if pause:
            assert mover.stdout.readline().strip() == "between"
        else:
            time.sleep(dice.uniform(0.05, 0.6))
        mover.send_signal(signal.SIGKILL)
        mover.wait()
        mover.stdout.close()
        settle()
        stands = Appointment.objects.get(pk=booked.pk)
        rows = (
            Appointment.objects.active()
            .filter(runner=user.runner, start__gte=early, start__lt=early + timedelta(hours=9))
            .count()
        )
        told_of = asked_of_the_database(
            "SELECT occasion FROM reminders_reminder WHERE kind = 'visit_24h' AND state = 'due' AND subject = %s",
            booked.subject,
        )
        one_time = rows == 1 and stands.start in (early, early + timedelta(hours=2)) and stands.state == "booked"
        if not (one_time and told_of == [(stands.start.isoformat(),)]):
            torn += 1
            print(
                f"            after kill {number}: {rows} rows, at {stands.start}, {stands.state}; reminders for {told_of}"
            )
        if pause:
            verdicts.say(
                "kill -9 between the two writes: it stands where it stood",
                stands.start,
                one_time and stands.start == early,
            )
            continue
        places["early" if stands.start == early else "late"] += 1
    verdicts.say(
        f"kill -9 at {KILLS} random moments of moving to and fro",
        f"{torn} torn; found early {places['early']}, late {places['late']}",
        torn == 0,
    )


def settle() -> None:
    """The server may still be at the killed client's last statement: wait until nobody else is connected."""
    from django.db import connection

    time.sleep(0.2)
    for _ in range(100):
        if connection.vendor != "postgresql" or not asked_of_the_database(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ):
            return
        time.sleep(0.1)
    raise SystemExit("A killed client's connection did not end.")
