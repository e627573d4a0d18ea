"""Exactly one booking under fire: everybody wants the same hour, by every path there is.

Ten rounds each: the same start; starts 0, 15 and 30 minutes apart; book, hold, move into it, and the clinic's own moves
mixed; four therapists who share one room, and one treadmill; then series, callers, visitors, offers, resizing and workshops
in process. One is stored each round, the others get 409 with the nearest free times, nothing is a 500, and a self-join finds no overlap.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from benchmarks import ground
from benchmarks.checks.other_paths import race_them
from benchmarks.checks.stage import (
    Answer,
    Post,
    Verdicts,
    at_once,
    make_runners,
    make_service,
    make_staff,
    make_therapist,
    one,
    say_overlaps,
    token_of,
    told,
    tomorrow_at,
)

ROUNDS = 10
GONE = {"slot_taken", "runner_busy"}
Attack = Callable[[int, datetime], list[Post]]


def stored_in(slot: datetime, **where: Any) -> int:
    """Active appointments that take any of the hour from `slot`."""
    from bookings.models import Appointment

    return (
        Appointment.objects.active().filter(start__lt=slot + timedelta(hours=1), end__gt=slot).filter(**where).count()
    )


def run(verdicts: Verdicts) -> None:
    from bookings.models import Equipment, TreatmentRoom

    TreatmentRoom.objects.create(name="Room 1")
    Equipment.objects.create(name="Treadmill 1", kind="treadmill")
    visit, clinic = make_service(), make_service("gait", place="clinic")
    treadmill = make_service("treadmill", equipment_kind="treadmill")
    make_therapist("tess", visit)
    helpers = [make_therapist(f"tess{number}", clinic, treadmill) for number in range(4)]
    runners = make_runners(verdicts.clients)
    joan = make_staff()
    tokens, staff = [token_of(each) for each in runners], token_of(joan)

    def body(service: str, therapist: str, start: datetime) -> dict[str, Any]:
        return {"service": service, "therapist": therapist, "start": start.isoformat()}

    def same_start(number: int, slot: datetime) -> list[Post]:
        return [Post(token, "/api/v1/appointments/", body("visit", "tess", slot)) for token in tokens]

    def near_starts(number: int, slot: datetime) -> list[Post]:
        return [
            Post(token, "/api/v1/appointments/", body("visit", "tess", slot + timedelta(minutes=15 * (place % 3))))
            for place, token in enumerate(tokens)
        ]

    def one_room(number: int, slot: datetime) -> list[Post]:
        return [
            Post(token, "/api/v1/appointments/", body("gait", helpers[place % 4].slug, slot))
            for place, token in enumerate(tokens)
        ]

    def one_treadmill(number: int, slot: datetime) -> list[Post]:
        return [
            Post(token, "/api/v1/appointments/", body("treadmill", helpers[place % 4].slug, slot))
            for place, token in enumerate(tokens)
        ]

    with ground.serving("gthread", workers=4, threads=8) as server:
        parked = park(server.port, tokens, body, [each.runner.pk for each in runners])

        def mixed(number: int, slot: datetime) -> list[Post]:
            posts = []
            for place, token in enumerate(tokens):
                start = slot + timedelta(minutes=15 * (place % 3))
                path, sent = "/api/v1/appointments/", body("visit", "tess", start)
                if place % 5 == 1:
                    path = "/api/v1/holds/"
                elif place in parked and place % 5 in (2, 3):
                    path, sent = f"/api/v1/appointments/{parked[place]}/move/", {"start": start.isoformat()}
                elif place in parked and place % 5 == 4:
                    path = f"/api/v1/appointments/{parked[place]}/move/"
                    sent = {"start": start.isoformat(), "reason": "desk", "override": True}
                posts.append(Post(staff if "override" in sent else token, path, sent))
            return posts

        for day, (name, attack) in enumerate(
            (
                ("the same start", same_start),
                ("starts 0/15/30 min apart", near_starts),
                ("book, hold, move, the desk's move", mixed),
                ("four therapists, one room", one_room),
                ("four therapists, one treadmill", one_treadmill),
            ),
            start=1,
        ):
            rounds(verdicts, server.port, name, attack, tomorrow_at(1, days=day + 1))
    paul = make_therapist("paul", visit)
    race_them(verdicts, paul, runners, joan, first=tomorrow_at(3, days=8), rounds=ROUNDS)
    say_overlaps(verdicts)


def park(
    port: int, tokens: list[str], body: Callable[[str, str, datetime], dict[str, Any]], runners: list[Any]
) -> dict[int, str]:
    """Sessions far off for those clients who will move: client's place -> the session's id."""
    parked = {}
    for place, token in enumerate(tokens):
        if place % 5 in (2, 3, 4):
            start = tomorrow_at(0, days=20) + timedelta(hours=place)
            answer = one(port, token, "/api/v1/appointments/", body("visit", "tess", start))
            assert answer.status == 201, answer
            parked[place] = answer.body["id"]
    return parked


def rounds(verdicts: Verdicts, port: int, name: str, attack: Attack, first: datetime) -> None:
    """Ten rounds of one attack, two hours apart, and a verdict over all of them."""
    stored, answers, wrong = [], list[Answer](), list[str]()
    for number in range(ROUNDS):
        slot = first + timedelta(hours=2 * number)
        ends = at_once(port, attack(number, slot))
        stored.append(stored_in(slot))
        won = [each for each in ends if each.status in (200, 201)]
        if (
            stored[-1] != 1
            or len(won) != 1
            or any(each.status != 409 or each.code not in GONE for each in ends if each not in won)
        ):
            wrong.append(f"round {number + 1}: {told(ends)}")
        answers += ends
    lost = [each for each in answers if each.status == 409]
    verdicts.say(f"{name}: stored in each of {ROUNDS} rounds", " ".join(map(str, stored)), not wrong)
    for line in wrong:
        print(f"            {line}")
    verdicts.say(
        f"{name}: refusals with the nearest free times",
        f"{sum(bool(each.body.get('nearest')) for each in lost if each.code == 'slot_taken')} of {sum(each.code == 'slot_taken' for each in lost)}",
        all(each.body.get("nearest") for each in lost if each.code == "slot_taken"),
    )
    verdicts.timed(f"{name}: slowest of {len(answers)} clients", max(each.seconds for each in answers) * 1000, 1000)
