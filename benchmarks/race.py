"""Fifty clients, one slot, ten rounds over HTTP with several workers: one stored each round, the rest told "just gone".

    python benchmarks/race.py                                            50 clients on PostgreSQL
    python benchmarks/race.py --database sqlite:////tmp/bench.sqlite3    20 clients on SQLite
    python benchmarks/race.py --mix                                      starts 15 minutes apart, holds and bookings mixed

Starts its own server and database and ends both. Prints, per round, what is stored, every status, and the slowest
client; at the end an SQL self-join that counts overlapping appointments. Exits with 1 when anything is wrong.
"""

import argparse
import http.client
import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import ground

OVERLAPS = """
    SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_appointment b ON a.id < b.id
    WHERE a.state <> 'cancelled' AND b.state <> 'cancelled' AND (
        (a.therapist_id = b.therapist_id AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until)
        OR (a.runner_id = b.runner_id AND a.start < b."end" AND b.start < a."end"))
"""


def people(count: int) -> list[str]:
    """A therapist who works round the clock, `count` runners; gives the runners' tokens."""
    from knox.models import get_token_model

    from bookings.models import Service, WeeklyHours
    from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

    user = User.objects.create(
        email="therapist@bench.example", name="Tess Therapist", role=Role.THERAPIST, password="!"
    )
    therapist = TherapistProfile.objects.create(user=user, slug="tess")
    service = Service.objects.create(
        slug="visit",
        name="Visit",
        minutes=45,
        buffer_after_min=15,
        price_pence=6800,
        slot_step_min=15,
        min_notice_min=60,
    )
    service.therapists.add(therapist)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=therapist, weekday=day, starts=clock(0), ends=clock(0)) for day in range(7)
    )
    tokens = []
    for number in range(count):
        user = User.objects.create(email=f"runner{number}@bench.example", name=f"Runner {number}", password="!")
        RunnerProfile.objects.create(user=user)
        tokens.append(get_token_model().objects.create(user=user)[1])
    return tokens


def race(port: int, tokens: list[str], posts: list[tuple[str, dict[str, str]]]) -> list[tuple[int, str, float]]:
    """All clients at once, one post each: (status, code or "", seconds)."""
    ready = threading.Barrier(len(tokens), timeout=30)
    ends: list[tuple[int, str, float]] = []

    def client(token: str, path: str, body: dict[str, str]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.connect()
        ready.wait()
        begun = time.perf_counter()
        try:
            status, answer = ground.call(line, "POST", path, token=token, body=body)
            code = json.loads(answer).get("code", "") if status != 201 else ""
        except Exception as failed:
            status, code = 0, type(failed).__name__
        ends.append((status, code, time.perf_counter() - begun))
        line.close()

    threads = [threading.Thread(target=client, args=(token, *post)) for token, post in zip(tokens, posts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", default="postgres://postgres@127.0.0.1:5432/stridewell_bench_race")
    options.add_argument("--clients", type=int)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--threads", type=int, default=8)
    options.add_argument("--server", default="gthread", choices=list(ground.SERVERS))
    options.add_argument("--mix", action="store_true", help="starts 15 minutes apart, every third client holds")
    given = options.parse_args()
    clients = given.clients or (20 if given.database.startswith("sqlite") else 50)
    print(
        f"race: {clients} clients, {given.rounds} rounds, {given.server} with {given.workers} workers, {given.database.split(':')[0]}; {ground.machine()}"
    )
    ground.prepare(given.database)

    from django.db import connection

    from bookings.models import Appointment

    tokens = people(clients)
    tomorrow = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    failures, slowest, every = 0, 0.0, []
    with ground.serving(given.server, workers=given.workers, threads=given.threads) as server:
        for number in range(1, given.rounds + 1):
            slot = tomorrow + timedelta(hours=2 * number)
            posts = []
            for client in range(clients):
                start = slot + timedelta(minutes=15 * (client % 3)) if given.mix else slot
                kind = "holds" if given.mix and client % 3 == 2 else "appointments"
                posts.append(
                    (f"/api/v1/{kind}/", {"service": "visit", "therapist": "tess", "start": start.isoformat()})
                )
            ends = race(server.port, tokens, posts)
            stored = Appointment.objects.active().filter(start__gte=slot, start__lt=slot + timedelta(hours=1)).count()
            counted = Counter((status, code) for status, code, _ in ends)
            took = max(seconds for _, _, seconds in ends)
            slowest, every = max(slowest, took), every + [seconds for _, _, seconds in ends]
            told = ", ".join(f"{count} x {status} {code}".strip() for (status, code), count in sorted(counted.items()))
            right = stored == 1 and counted == Counter({(201, ""): 1, (409, "slot_taken"): clients - 1})
            failures += not right
            print(
                f"  round {number:2}: stored {stored}; {told}; slowest {took * 1000:.0f} ms{'' if right else '   <-- wrong'}"
            )
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        overlapping = cursor.fetchone()[0]
    print(
        f"  client ms median / p95 {ground.milliseconds(every)}, slowest of all {slowest * 1000:.0f}; overlapping pairs by SQL {overlapping}; wrong rounds {failures}"
    )
    raise SystemExit(1 if failures or overlapping else 0)


if __name__ == "__main__":
    main()
