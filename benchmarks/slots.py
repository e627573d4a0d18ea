"""Free times of 20 therapists over 14 days, against a floor: one bare range scan, measured in the same run.

    python benchmarks/slots.py                          40,000 appointments on PostgreSQL
    python benchmarks/slots.py --appointments 400000    the same density with ten years of past
    python benchmarks/slots.py --database sqlite:////tmp/bench.sqlite3

Prints SQL statements, in-process and HTTP medians, calls per second, and the ratio to the floor.
"""

import argparse
import http.client
import random
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import ground

ZONE = "Europe/London"
THERAPISTS, RUNNERS, MINUTES, STARTS_A_DAY = 20, 2_000, 45, 10


def load(count: int, now: datetime) -> None:
    """`count` appointments of 45 min on the grid of Monday to Friday, 9 to 17; days to come are 77 % full in every size."""
    from bookings.models import Appointment, Service, WeeklyHours
    from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

    users = User.objects.bulk_create(
        User(email=f"{role}{number}@bench.example", name=f"{role.title()} {number}", role=role, password="!", zone=ZONE)
        for role, size in ((Role.THERAPIST, THERAPISTS), (Role.RUNNER, RUNNERS))
        for number in range(size)
    )
    therapists = TherapistProfile.objects.bulk_create(
        TherapistProfile(user=user, slug=f"therapist-{user.pk}") for user in users[:THERAPISTS]
    )
    runners = RunnerProfile.objects.bulk_create(RunnerProfile(user=user) for user in users[THERAPISTS:])
    service = Service.objects.create(
        slug="visit",
        name="Visit",
        minutes=MINUTES,
        price_pence=6800,
        slot_step_min=MINUTES,
        min_notice_min=120,
        horizon_days=60,
    )
    service.therapists.set(therapists)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=each, weekday=day, starts=clock(9), ends=clock(17))
        for each in therapists
        for day in range(5)
    )
    dice = random.Random(7)
    rows: list[Appointment] = []
    written = 0
    for start, place in grid(count, now, dice):
        therapist, ends = therapists[place % THERAPISTS], start + timedelta(minutes=MINUTES)
        rows.append(
            Appointment(
                service=service,
                therapist=therapist,
                runner=runners[place % RUNNERS],
                start=start,
                end=ends,
                busy_from=start,
                busy_until=ends,
                state="booked" if start > now else "completed",
                zone=ZONE,
                wall_start=start.isoformat(),
                booked_by=users[0],
                booked_at=now,
            )
        )
        if len(rows) == 2_000:
            written += len(Appointment.objects.bulk_create(rows))
            rows = []
            print(f"\r  loading {written:,}", end="", flush=True)
    written += len(Appointment.objects.bulk_create(rows))
    print(f"\r  {written:,} appointments, {RUNNERS:,} runners, {THERAPISTS} therapists")


def grid(count: int, now: datetime, dice: random.Random) -> list[tuple[datetime, int]]:
    """(start, running number) of `count` sessions: half a year to come at 77 %, the rest of them before."""
    zone = ZoneInfo(ZONE)
    wanted_ahead = min(count // 2, 20_000) if count >= 40_000 else count // 2
    share = 0.77 if count >= 40_000 else wanted_ahead / 26_000
    result: list[tuple[datetime, int]] = []
    for step, wanted in ((1, wanted_ahead), (-1, count - wanted_ahead)):
        day, taken = now.date() + timedelta(days=step), 0
        while taken < wanted:
            if day.weekday() < 5:
                for slot in range(STARTS_A_DAY):
                    start = datetime.combine(day, clock(9), zone) + timedelta(minutes=MINUTES * slot)
                    for therapist in range(THERAPISTS):
                        if dice.random() < share and taken < wanted:
                            number = (slot + day.toordinal() * STARTS_A_DAY) * THERAPISTS + therapist
                            result.append((start.astimezone(UTC), number))
                            taken += 1
            day += timedelta(days=step)
    return result


def floor_once(first: date, last: date, now: datetime) -> int:
    """The least that could answer: one range scan through the driver, subtraction in Python; no overrides, zones, buffers."""
    from django.db import connection

    low, high = datetime.combine(first, clock(0), UTC), datetime.combine(last + timedelta(days=1), clock(0), UTC)
    postgres = connection.vendor == "postgresql"
    epoch = "extract(epoch from busy_from)::bigint" if postgres else "cast(strftime('%s', busy_from) as integer)"
    mark = "%s" if postgres else "?"
    bounds = (low, high) if postgres else (str(low.replace(tzinfo=None)), str(high.replace(tzinfo=None)))
    cursor = connection.connection.cursor()
    cursor.execute("select id from people_therapistprofile")
    people = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        f"select therapist_id, {epoch} from bookings_appointment where therapist_id in ({','.join(map(str, people))})"
        f" and state in ('held', 'booked', 'arrived', 'completed', 'no_show') and busy_from >= {mark} and busy_from < {mark}",
        bounds,
    )
    taken = set(cursor.fetchall())
    cursor.close()
    earliest, free = now.timestamp() + 7200, 0
    zone = ZoneInfo(ZONE)
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.weekday() > 4:
            continue
        opens = int(datetime.combine(day, clock(9), zone).timestamp())
        for person in people:
            for slot in range(STARTS_A_DAY):
                start = opens + slot * MINUTES * 60
                free += start >= earliest and (person, start) not in taken
    return free


def timed(act: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each of `times` calls, by `clock`."""
    samples = []
    for _ in range(times):
        begun = clock()
        act()
        samples.append(clock() - begun)
    return samples


def over_http(kind: str, path: str, expected: int, *, workers: int, calls: int) -> tuple[str, float, float]:
    """Of calls one after another: median / p95 in ms; over 8 connections: calls per second, and the workers' CPU ms each."""
    import json

    with ground.serving(kind, workers=workers, threads=4) as server:
        port = server.port
        one = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(20):
            status, body = ground.call(one, "GET", path)
        assert status == 200, body[:300]
        assert len(json.loads(body)["slots"]) == expected
        alone = timed(lambda: ground.call(one, "GET", path), calls)
        one.close()
        done: list[int] = []

        def client() -> None:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for _ in range(calls // 2):
                done.append(ground.call(line, "GET", path)[0])
            line.close()

        threads = [threading.Thread(target=client) for _ in range(8)]
        begun, used = time.perf_counter(), server.cpu_seconds()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(done) / (time.perf_counter() - begun)
        cost = (server.cpu_seconds() - used) / len(done)
        assert set(done) == {200}
    return ground.milliseconds(alone), rate, cost * 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--appointments", type=int, default=40_000)
    options.add_argument("--database", default="postgres://postgres@127.0.0.1:5432/stridewell_bench_slots")
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--load-only", action="store_true", help="fill the database and end")
    options.add_argument("--loaded", action="store_true", help="measure a database that --load-only has filled")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--servers", nargs="*", default=list(ground.SERVERS), choices=list(ground.SERVERS))
    given = options.parse_args()
    print(
        f"slots: {THERAPISTS} therapists x 14 days, {given.appointments:,} appointments, {given.database.split(':')[0]}; {ground.machine()}"
    )
    ground.prepare(given.database, empty=not given.loaded)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bookings.availability import search_slots
    from bookings.models import Service

    now = datetime.now(UTC)
    if not given.loaded:
        load(given.appointments, now)
    if given.load_only:
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE bookings_appointment")
    service = Service.objects.get()
    first, last = now.astimezone(ZoneInfo(ZONE)).date(), now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=13)

    def search() -> int:
        return len(search_slots(service=service, first=first, last=last, zone=ZONE, now=now).slots)

    with CaptureQueriesContext(connection) as queries:
        found = search()
    assert found == floor_once(first, last, now), (found, floor_once(first, last, now))
    timed(search, 20), timed(lambda: floor_once(first, last, now), 20)
    ours, floor = [], []
    for _ in range(given.calls // 10):
        ours += timed(search, 10)
        floor += timed(lambda: floor_once(first, last, now), 10)
    ratio = statistics.median(ours) / statistics.median(floor)
    print(f"  free starts found                {found} (the floor finds the same)")
    print(f"  SQL statements                   {len(queries)}  (target <= 6)")
    print(f"  in process, ms median / p95      {ground.milliseconds(ours)}  (target <= 25)")
    print(f"  of it our own CPU, ms            {ground.milliseconds(timed(search, given.calls, time.process_time))}")
    print(f"  floor, ms median / p95           {ground.milliseconds(floor)}")
    print(f"  ratio to the floor               {ratio:.1f}")
    path = f"/api/v1/slots/?service=visit&from={first}&to={last}&zone={ZONE}"
    for kind in given.servers:
        alone, rate, cost = over_http(kind, path, found, workers=given.workers, calls=given.calls)
        print(
            f"  HTTP {kind:8} {given.workers} workers      {alone} ms  (target <= 40), {rate:.0f} calls/s  (target >= 100), {cost:.1f} ms CPU each"
        )


if __name__ == "__main__":
    main()
