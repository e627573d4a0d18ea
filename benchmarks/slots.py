"""Free times of 20 therapists over 14 days, against a floor: one bare range scan, measured in the same run.

    python benchmarks/slots.py                                             40,000 appointments on PostgreSQL
    python benchmarks/slots.py --appointments 400000                       the same density with ten years of past
    python benchmarks/slots.py --appointments 1000000 --therapists 1000    the list of 20 of them, and the first free with anyone
    python benchmarks/slots.py --appointments 1000000 --therapists 1000 --own-weeks    no two of them work the same hours
    python benchmarks/slots.py --database sqlite:////tmp/bench.sqlite3

The clinic is the one of `manage.py load_scale`. Prints SQL statements, in-process and HTTP medians, calls per second, the
first free time with anyone, and the ratio of each to a floor.
"""

import argparse
import http.client
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import ground

ZONE = "Europe/London"
MINUTES, STARTS_A_DAY = 45, 10
LISTED = 20
"""How many therapists the list is asked for, however many there are."""


def taken_rows(people: list[int], low: datetime, high: datetime) -> set[tuple[int, int]]:
    """(therapist, second) of everything taken between two instants: one range scan through the bare driver."""
    from django.db import connection

    postgres = connection.vendor == "postgresql"
    epoch = "extract(epoch from busy_from)::bigint" if postgres else "cast(strftime('%s', busy_from) as integer)"
    mark = "%s" if postgres else "?"
    bounds = (low, high) if postgres else (str(low.replace(tzinfo=None)), str(high.replace(tzinfo=None)))
    cursor = connection.connection.cursor()
    cursor.execute(
        f"select therapist_id, {epoch} from bookings_appointment where therapist_id in ({','.join(map(str, people))})"
        f" and state in ('held', 'booked', 'arrived', 'completed', 'no_show') and busy_from >= {mark} and busy_from < {mark}",
        bounds,
    )
    taken = set(cursor.fetchall())
    cursor.close()
    return taken


def floor_once(people: list[int], first: date, last: date, now: datetime) -> int:
    """The least that could answer: one range scan, subtraction in Python; no overrides, zones, buffers, holds."""
    taken = taken_rows(
        people, datetime.combine(first, clock(0), UTC), datetime.combine(last + timedelta(days=1), clock(0), UTC)
    )
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


def earliest_floor(people: list[int], now: datetime) -> int | None:
    """The least that could find the first free start: day after day one range scan and a look at the grid."""
    zone, soonest = ZoneInfo(ZONE), now.timestamp() + 7200
    for offset in range(60):
        day = now.astimezone(zone).date() + timedelta(days=offset)
        if day.weekday() > 4:
            continue
        begins = datetime.combine(day, clock(9), zone)
        taken = taken_rows(people, begins, begins + timedelta(hours=8))
        for slot in range(STARTS_A_DAY):
            start = int(begins.timestamp()) + slot * MINUTES * 60
            if start >= soonest and any((person, start) not in taken for person in people):
                return start
    return None


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


def beside_floor(act: Callable[[], object], floor: Callable[[], object], times: int) -> tuple[list[float], list[float]]:
    """Both, in turns of ten, so that whatever else the machine does meets them alike."""
    timed(act, 10), timed(floor, 10)
    ours: list[float] = []
    least: list[float] = []
    for _ in range(max(1, times // 10)):
        ours += timed(act, 10)
        least += timed(floor, 10)
    return ours, least


def told(name: str, *, statements: int, ours: list[float], least: list[float], cpu: list[float], target: int) -> None:
    print(f"  {name}")
    print(f"    SQL statements                 {statements}  (target <= 6)")
    print(f"    in process, ms median / p95    {ground.milliseconds(ours)}  (target <= {target})")
    print(f"    of it our own CPU, ms          {ground.milliseconds(cpu)}")
    print(f"    floor, ms median / p95         {ground.milliseconds(least)}")
    print(f"    ratio to the floor             {statistics.median(ours) / statistics.median(least):.1f}", flush=True)


def options() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--appointments", type=int, default=40_000)
    given.add_argument("--therapists", type=int, default=20)
    given.add_argument("--database", default="postgres://postgres@127.0.0.1:5432/stridewell_bench_slots")
    given.add_argument("--calls", type=int, default=200)
    given.add_argument("--own-weeks", action="store_true", help="no two therapists share a week: the worst case")
    given.add_argument("--load-only", action="store_true", help="fill the database and end")
    given.add_argument("--loaded", action="store_true", help="measure a database that --load-only has filled")
    given.add_argument("--workers", type=int, default=2)
    given.add_argument("--servers", nargs="*", default=list(ground.SERVERS), choices=list(ground.SERVERS))
    return given.parse_args()


def main() -> None:
    given = options()
    print(
        f"slots: {given.therapists} therapists{' with weeks of their own' * given.own_weeks}, {given.appointments:,} appointments, {given.database.split(':')[0]}; {ground.machine()}"
    )
    ground.prepare(given.database, empty=not given.loaded)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bookings.availability import search_slots
    from bookings.engine.scale import fill
    from bookings.models import Service
    from bookings.soonest import first_with_anyone
    from clinic.people.models import TherapistProfile

    now = datetime.now(UTC)
    if not given.loaded:
        filled = fill(
            appointments=given.appointments,
            therapists=given.therapists,
            now=now,
            own_weeks=given.own_weeks,
            tell=lambda words: print(f"\r  {words}", end="", flush=True),
        )
        print(f"\r  {filled.appointments:,} appointments in {filled.seconds:.0f} s, {filled.rate:,.0f} a second")
    if given.load_only:
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE bookings_appointment")
    service = Service.objects.get()
    everybody = list(TherapistProfile.objects.order_by("pk"))
    people, keys = everybody[:LISTED], [each.pk for each in everybody]
    first, last = now.astimezone(ZoneInfo(ZONE)).date(), now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=13)

    def search() -> int:
        return len(search_slots(service=service, therapists=people, first=first, last=last, zone=ZONE, now=now).slots)

    def floor() -> int:
        return floor_once(keys[:LISTED], first, last, now)

    with CaptureQueriesContext(connection) as queries:
        found = search()
    assert found == floor(), (found, floor())
    ours, least = beside_floor(search, floor, given.calls)
    cpu = timed(search, given.calls, time.process_time)
    told(
        f"{len(people)} therapists x 14 days: {found} free starts",
        statements=len(queries),
        ours=ours,
        least=least,
        cpu=cpu,
        target=25,
    )

    def anyone() -> int | None:
        slot = first_with_anyone(service=service, zone=ZONE, now=now)
        return int(slot.start.timestamp()) if slot else None

    with CaptureQueriesContext(connection) as queries:
        soonest = anyone()
    assert soonest == earliest_floor(keys, now), (soonest, earliest_floor(keys, now))
    ours, least = beside_floor(anyone, lambda: earliest_floor(keys, now), given.calls // 2)
    cpu = timed(anyone, given.calls // 2, time.process_time)
    told(
        f"the first free time with any of {len(keys)}",
        statements=len(queries),
        ours=ours,
        least=least,
        cpu=cpu,
        target=50,
    )

    whom = "" if len(keys) == len(people) else "".join(f"&therapist={each.slug}" for each in people)
    path = f"/api/v1/slots/?service=visit&from={first}&to={last}&zone={ZONE}{whom}"
    for kind in given.servers:
        alone, rate, cost = over_http(kind, path, found, workers=given.workers, calls=given.calls)
        print(
            f"  HTTP {kind:8} {given.workers} workers      {alone} ms  (target <= 40), {rate:.0f} calls/s  (target >= 100), {cost:.1f} ms CPU each"
        )


if __name__ == "__main__":
    main()
