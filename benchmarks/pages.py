"""Every page and part of booking against its budget: SQL statements, server time, bytes on first load.

    python -m benchmarks.pages                       on PostgreSQL: the demonstration clinic, then a large one
    python -m benchmarks.pages --database sqlite
    python -m benchmarks.pages --only board          addresses that hold these letters

It walks the addresses of bookings (`bookings/urls.py`) and the chart as runner, therapist, staff and visitor, in process,
and prints what each that opens takes. The processor's time is the figure to read on a machine that others use. Then, in a clinic of 8 therapists with a full month and 100,000 sessions behind it:
the board's month, the lists, the waitlist's desk, the reports, and new places for forty sessions of somebody ill. Exits
with 1 when anything is over its budget; a time is not judged while other work fills the machine.
"""

import argparse
import gzip
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ground
from benchmarks.checks.stage import BUSY_MACHINE

MOST_SQL, MOST_MS, MOST_BYTES = 12, 50.0, 150_000
LARGE_MS, REPLAN_MS = 1_000.0, 10_000.0
LARGE, EIGHT, FORTY = 100_000, 8, 40
POSTGRES = "postgres://postgres@127.0.0.1:5432/stridewell_bench_pages"
VARIANTS = {
    "bookings:board": ["", "?view=week", "?view=month", "?by=rooms", "?as=table", "?view=week&as=table"],
    "bookings:reports": ["", "?by=therapist", "?by=service"],
    "bookings:replan": ["", "?therapist={therapist}&day={workday}"],
    "bookings:book_for": ["", "?service={service}&therapist={therapist}", "?q=ma"],
    "bookings:times": ["", "?therapist={therapist}"],
    "bookings:appointments": ["", "?past=1"],
}
VISIT = ("visit", *(f"visit_{page}" for page in ("calendar", "move", "cancel", "earlier", "room", "receipt")))
PARTS = {"bookings:board": {"X-Board-Part": "1"}}
"""Addresses that answer with a part of their page to this header."""


class Taken(NamedTuple):
    """What one answer took: statements, median milliseconds, of them our own processor's, bytes over the wire on a first load."""

    sql: int
    milliseconds: float
    cpu: float
    size: int


class Ledger:
    """Prints a line per page and counts what is over."""

    def __init__(self) -> None:
        self.over = self.said = 0

    def head(self, title: str) -> None:
        print(f"\n{title}  [{ground.machine()}]")
        print(f"  {'':6}  {'page':52} {'as':10} {'SQL':>4} {'ms':>8} {'CPU ms':>7} {'kB':>6}")

    def line(self, page: str, role: str, taken: Taken, *, most_ms: float = MOST_MS, most_sql: int = MOST_SQL) -> None:
        load = os.getloadavg()[0]
        slow = taken.milliseconds > most_ms
        over = taken.sql > most_sql or taken.size > MOST_BYTES or (slow and load <= BUSY_MACHINE)
        self.said, self.over = self.said + 1, self.over + over
        mark = "OVER" if over else "busy" if slow else "ok"
        print(
            f"  {mark:6}  {page[:52]:52} {role:10} {taken.sql:4} {taken.milliseconds:8.1f} {taken.cpu:7.1f} {taken.size / 1000:6.1f}",
            flush=True,
        )


def taken_by(client: Any, url: str, *, times: int, **headers: Any) -> Taken | None:
    """What the answer takes; None where the role gets no page from it. The log-in's renewal, once a minute, is not counted."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> Any:
        return client.get(url, headers={"Accept-Encoding": "gzip", **headers})

    cache.clear()
    if ask().status_code != 200:
        return None
    with CaptureQueriesContext(connection) as queries:
        answer = ask()
    sql = sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE")) for each in queries.captured_queries)
    samples, used = [], []
    for _ in range(times):
        begun, busy = time.perf_counter(), time.process_time()
        ask()
        samples.append((time.perf_counter() - begun) * 1000)
        used.append((time.process_time() - busy) * 1000)
    return Taken(sql, statistics.median(samples), statistics.median(used), size_of(answer))


def size_of(answer: Any) -> int:
    """Bytes of the answer as it travels and, of a whole page, of everything that it loads at first."""
    body = answer.content
    size = len(body)
    page = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    if not page.lstrip()[:9].lower().startswith(b"<!doctype"):
        return size
    linked = set(re.findall(r'(?:href|src)="(/static/[^"?#]+\.(?:css|js|woff2|svg|png|webp|jpg))"', page.decode()))
    found: dict[str, int] = {}
    for address in linked:
        follow(address, found)
    return size + sum(found.values())


def follow(address: str, found: dict[str, int]) -> None:
    """Add the file's bytes, compressed if it is text, and those of the modules it imports."""
    if address in found:
        return
    found[address], imported = static_file(address)
    for each in imported:
        follow(each, found)


@lru_cache(maxsize=1_000)
def static_file(address: str) -> tuple[int, tuple[str, ...]]:
    from django.contrib.staticfiles import finders

    path = finders.find(address.removeprefix("/static/"))
    if path is None:
        return 0, ()
    content = Path(path).read_bytes()
    if not address.endswith((".css", ".js", ".svg")):
        return len(content), ()
    names = re.findall(r'from\s+"(\./[^"]+)"', content.decode()) if address.endswith(".js") else []
    folder = address.rpartition("/")[0]
    return len(gzip.compress(content, 9)), tuple(f"{folder}/{name.removeprefix('./')}" for name in names)


class Walk:
    """The addresses of booking in the demonstration clinic, with a record of each kind that its people may open."""

    def __init__(self, now: Any) -> None:
        from clinic.people.models import User

        self.now = now
        self.people: dict[str, Any] = {
            role: User.objects.get(email=f"{role}@stridewell.test") for role in ("runner", "therapist", "staff")
        }
        self.known, self.special = self.records()

    def records(self) -> tuple[dict[str, Any], dict[str, Any]]:
        from django.db.models import F

        from bookings.letters import links
        from bookings.letters.offers import link_token
        from bookings.models import Appointment, Change, Offer, Series, Service, WaitlistEntry, Workshop
        from bookings.services import hold_slot
        from bookings.services.feeds import make_feed
        from bookings.services.seats import take_seats
        from bookings.soonest import first_with_anyone
        from clinic.people.models import TherapistProfile

        runner, therapist, staff = (self.people[role] for role in ("runner", "therapist", "staff"))
        mine = Appointment.objects.filter(runner=runner.runner, state="booked", start__gt=self.now)
        booked = mine.filter(therapist=therapist.therapist).first() or mine.first()
        booked.series = Series.objects.create(made_at=self.now, made_by=runner)
        booked.save(update_fields=["series"])
        service = Service.objects.active().filter(is_first_visit=False, place="online").first()
        slot = first_with_anyone(service=service, zone="Europe/London", runner=runner.runner, now=self.now)
        whom = TherapistProfile.objects.select_related("user").get(pk=slot.therapist_id)
        common = {"service": service, "therapist": whom, "by": runner, "now": self.now, "runner": runner.runner}
        kept = hold_slot(**common, start=slot.start)
        entry = WaitlistEntry.objects.create(
            runner=runner.runner, service=service, first=self.now.date(), made_at=self.now, made_by=runner
        )
        offer = Offer.objects.create(
            entry=entry, hold=kept, made_at=self.now, answer_until=self.now + timedelta(hours=2)
        )
        Appointment.objects.filter(pk=kept.pk).update(hold_expires_at=self.now + timedelta(hours=2))
        later = first_with_anyone(service=service, zone="Europe/London", runner=runner.runner, now=self.now)
        common["therapist"] = TherapistProfile.objects.select_related("user").get(pk=later.therapist_id)
        hold = hold_slot(**common, start=later.start)
        roomy = Workshop.objects.filter(state="planned", booking__start__gt=self.now, seats_taken__lt=F("capacity"))
        workshop = roomy.exclude(seats__runner=runner.runner).first()
        take_seats(workshop=workshop, runner=runner.runner, by=staff, now=self.now)
        change = Change.objects.create(appointment=booked, kind="booked", sequence=0, by=runner, at=self.now)
        self.workday = (self.now + timedelta(days=1 if self.now.weekday() < 4 else 7 - self.now.weekday())).date()
        slugs = {"therapist": therapist.therapist.slug, "service": service.slug}
        self.slugs = slugs | {"workday": self.workday.isoformat()}
        own = {"slug": therapist.therapist.slug}
        known = {
            "appointment_id": booked.pk,
            "series_id": booked.series_id,
            "entry_id": entry.pk,
            "offer_id": offer.pk,
            "change_id": change.pk,
            "runner_id": runner.runner.pk,
            "slug": workshop.slug,
        }
        signed = {"token": links.sign(booked)}
        special = {
            "check": {"appointment_id": hold.pk},
            "offer_link": {"token": link_token(offer)},
            "feed_file": {"token": make_feed(by=runner, now=self.now)[1]},
            **dict.fromkeys(("therapist", "hours_of", "outside", "clear_day"), own),
            **{page: {"slug": service.slug} for page in ("times", "free", "series", "service_edit")},
            **dict.fromkeys(VISIT, signed),
        }
        return known, special

    def addresses(self) -> Iterator[tuple[str, str]]:
        """(name, address), each address with its variants; those without a record in the demonstration are left out."""
        from django.urls import NoReverseMatch, reverse

        from bookings.urls import urlpatterns

        for pattern in urlpatterns:
            name = f"bookings:{pattern.name}"
            given = self.known | self.special.get(pattern.name, {})
            wanted = {key: given[key] for key in pattern.pattern.converters if key in given}
            try:
                url = reverse(name, kwargs=wanted)
            except NoReverseMatch:
                continue
            for variant in VARIANTS.get(name, [""]):
                yield name, url + variant.format(**self.slugs)
        yield "dashboard:chart", reverse("dashboard:chart", args=[self.known["runner_id"]])

    def clients(self) -> dict[str, Any]:
        from django.conf import settings
        from django.test import Client

        host = {"HTTP_HOST": settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"}
        clients = {role: Client(**host) for role in ("visitor", *self.people)}
        for role, user in self.people.items():
            clients[role].force_login(user)
        return clients


def demonstration(ledger: Ledger, only: str) -> None:
    """Every address as everybody, each as often as its figure needs."""
    from django.core.management import call_command
    from django.utils import timezone

    call_command("load_demo", verbosity=0)
    as_after_a_night()
    walk = Walk(timezone.now())
    clients = walk.clients()
    ledger.head("The demonstration clinic")
    for name, url in walk.addresses():
        if only not in url:
            continue
        for role, client in clients.items():
            taken = taken_by(client, url, times=7)
            if taken is not None:
                ledger.line(short(url), role, taken)
            if taken is not None and name in PARTS:
                part = taken_by(client, url, times=7, **PARTS[name])
                assert part is not None
                ledger.line(f"part of {short(url)}", role, part)


def as_after_a_night() -> None:
    """PostgreSQL knows how much lies in its tables, as it does by itself a minute after they were filled."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def short(url: str) -> str:
    """The address without its long keys."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[\w:-]{40,}", "…", url)


def large_clinic(ledger: Ledger, only: str) -> None:
    """Eight therapists with a full month, the rest of the sessions behind them, and a line of 300 who wait."""
    from django.core.management import call_command
    from django.db import connection
    from django.urls import reverse
    from django.utils import timezone

    from bookings.engine.scale import fill
    from bookings.models import Service, WaitlistEntry
    from bookings.services.proposing import hit_by, propose
    from clinic.core.constraints import seals_lifted
    from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

    with seals_lifted(connection):
        call_command("flush", interactive=False, verbosity=0, allow_cascade=True)
    now = timezone.now()
    fill(appointments=LARGE, therapists=EIGHT, now=now, tell=lambda _: None, percent=95)
    service, someone = Service.objects.get(), RunnerProfile.objects.select_related("user").first()
    staff = User.objects.create(email="staff@bench.example", name="Joan Staff", role=Role.STAFF, password="!")
    therapist = TherapistProfile.objects.select_related("user").first()
    assert someone is not None
    assert therapist is not None
    WaitlistEntry.objects.bulk_create(
        WaitlistEntry(runner=each, service=service, first=now.date(), made_at=now, made_by=staff)
        for each in RunnerProfile.objects.all()[:300]
    )
    as_after_a_night()
    month = (now + timedelta(days=20)).date()
    asked: list[tuple[str, Any]] = [
        (f"{reverse('bookings:board')}?day={month}", staff),
        (f"{reverse('bookings:board')}?view=week&day={month}", staff),
        (f"{reverse('bookings:board')}?view=month&day={month}", staff),
        (f"{reverse('bookings:board')}?view=month&day={month}&as=table", staff),
        (reverse("bookings:appointments"), someone.user),
        (f"{reverse('bookings:appointments')}?past=1", someone.user),
        (reverse("bookings:appointments"), therapist.user),
        (reverse("bookings:waitlist"), staff),
        (reverse("bookings:reports"), staff),
        (f"{reverse('bookings:reports')}?from={now.date() - timedelta(days=365)}&by=therapist", staff),
        (reverse("bookings:report_rows"), staff),
    ]
    ledger.head(f"{EIGHT} therapists, {LARGE:,} sessions, 300 who wait")
    for url, user in asked:
        if only in url:
            taken = taken_by(client_of(user), url, times=5)
            assert taken is not None, url
            ledger.line(short(url), user.role, taken, most_ms=LARGE_MS)
    if only in "replan":
        start, end = now, now + timedelta(days=1)
        while len(hit_by(therapist, start, end, now, stranded_only=False)) < FORTY:
            end += timedelta(hours=6)
        taken = statements_and_time(lambda: propose(therapist=therapist, start=start, end=end, now=now))
        page = f"new places for {len(hit_by(therapist, start, end, now, stranded_only=False))} sessions"
        ledger.line(page, "staff", taken, most_ms=REPLAN_MS)


def client_of(user: Any) -> Any:
    from django.conf import settings
    from django.test import Client

    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    client.force_login(user)
    return client


def statements_and_time(act: Callable[[], object]) -> Taken:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    begun, busy = time.perf_counter(), time.process_time()
    with CaptureQueriesContext(connection) as queries:
        act()
    return Taken(len(queries), (time.perf_counter() - begun) * 1000, (time.process_time() - busy) * 1000, 0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", default="postgres", choices=["postgres", "sqlite"])
    options.add_argument("--only", default="", help="addresses that hold these letters")
    options.add_argument("--demo-only", action="store_true", help="leave the large clinic out")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ.update({"VAR_DIR": folder, "REDIS_URL": "", "DEMO": "on"})
        url = POSTGRES if given.database == "postgres" else f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        ground.end_in_order()
        ground.prepare(url)
        ledger = Ledger()
        try:
            demonstration(ledger, given.only)
            if not given.demo_only:
                large_clinic(ledger, given.only)
        finally:
            ground.drop(url)
    print(f"\n{ledger.said} answers, {ledger.over} over budget")
    sys.exit(1 if ledger.over else 0)


if __name__ == "__main__":
    main()
