"""A clinic of any size in an empty database, to measure on: written in bulk, by the same statement on both databases.

Sessions of 45 minutes stand on the grid of Monday to Friday, 9 to 17 in London. Every day to come is 77 % full, whatever
the size; more appointments than the half-year to come can hold lie in the past, at the same density.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction

from bookings.models import Appointment, Service, WeeklyHours
from clinic.core.constraints import NoOverlap
from clinic.core.errors import DomainError
from clinic.people.models import Role, RunnerProfile, TherapistProfile, User

ZONE = "Europe/London"
MINUTES, STARTS_A_DAY = 45, 10
AHEAD_OF_EACH = 1_000
"""Half a year of one therapist at 77 %."""
PERCENT_FULL = 77
ROWS_AT_ONCE = 20_000
FIRST_WEEK = date(2000, 1, 1)


class Filled(NamedTuple):
    """What was written, and how fast."""

    therapists: int
    runners: int
    appointments: int
    seconds: float

    @property
    def rate(self) -> float:
        """Appointments a second."""
        return self.appointments / self.seconds if self.seconds else 0.0


def fill(
    *,
    appointments: int,
    therapists: int,
    now: datetime,
    tell: Callable[[str], None],
    runners: int = 2_000,
    percent: int = PERCENT_FULL,
    own_weeks: bool = False,
) -> Filled:
    """Write the clinic and `appointments` sessions; `percent` of the grid is taken. `tell` hears of the progress.

    There are at least `runners` runners, and two for each therapist. All therapists share one week, or with `own_weeks` no
    two of them do: the best and the worst case of reading when they work. The free starts are the same.

    Raises DomainError `production` and `not_empty`: it never touches a database that somebody uses.
    """
    require_empty()
    begun = time.perf_counter()
    runners = max(runners, 2 * therapists)
    service = people_and_hours(therapists, runners, own_weeks=own_weeks)
    ahead = min(appointments // 2, therapists * AHEAD_OF_EACH)
    written, at_once = 0, max(5, ROWS_AT_ONCE // (therapists * STARTS_A_DAY))
    with guards_checked_at_the_end():
        for wanted, days in ((ahead, workdays(now.date(), 1)), (appointments - ahead, workdays(now.date(), -1))):
            left = wanted
            while left:
                some = [next(days) for _ in range(at_once)]
                count = write_days(some, service=service, most=left, percent=percent, now=now)
                left, written = left - count, written + count
                tell(f"{written:,} appointments, {written / (time.perf_counter() - begun):,.0f} a second")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Filled(therapists, runners, written, time.perf_counter() - begun)


@contextmanager
def guards_checked_at_the_end() -> Iterator[None]:
    """One transaction in which PostgreSQL checks the overlap of all rows at once, and not of each as it comes.

    Without its guards nothing is ever committed. SQLite's triggers stay.
    """
    guards = [each for each in Appointment._meta.constraints if isinstance(each, NoOverlap)]
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_nestloop = off")  # it would compare every session with every runner
            with connection.schema_editor() as editor:
                for guard in guards:
                    editor.remove_constraint(Appointment, guard)
        yield
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with connection.schema_editor() as editor:
                for guard in guards:
                    editor.add_constraint(Appointment, guard)


def require_empty() -> None:
    """Raises DomainError for production, and for a database with anybody in it."""
    if settings.PRODUCTION:
        raise DomainError("This is the real clinic. Measure on a database of its own.", code="production")
    if User.objects.exists() or Service.objects.exists() or Appointment.objects.exists():
        raise DomainError("There is something in this database already. Make an empty one.", code="not_empty")


def people_and_hours(therapists: int, runners: int, *, own_weeks: bool) -> Service:
    """Everybody, the week of each therapist, and the service `visit` that all of them offer."""
    users = User.objects.bulk_create(
        (
            User(
                email=f"{role}{number}@scale.example",
                name=f"{role.title()} {number}",
                role=role,
                password=UNUSABLE_PASSWORD_PREFIX,
                zone=ZONE,
            )
            for role, size in ((Role.THERAPIST, therapists), (Role.RUNNER, runners))
            for number in range(size)
        ),
        batch_size=1_000,
    )
    profiles = TherapistProfile.objects.bulk_create(
        TherapistProfile(user=user, slug=f"therapist-{user.pk}") for user in users[:therapists]
    )
    RunnerProfile.objects.bulk_create((RunnerProfile(user=user) for user in users[therapists:]), batch_size=1_000)
    service = Service.objects.create(
        slug="visit",
        name="Visit",
        minutes=MINUTES,
        price_pence=6800,
        slot_step_min=MINUTES,
        min_notice_min=120,
        horizon_days=60,
    )
    service.therapists.set(profiles)
    WeeklyHours.objects.bulk_create(
        (
            WeeklyHours(
                therapist=each, weekday=day, starts=clock(9), **(own_week(number) if own_weeks else {"ends": clock(17)})
            )
            for number, each in enumerate(profiles)
            for day in range(5)
        ),
        batch_size=1_000,
    )
    return service


def own_week(number: int) -> dict[str, Any]:
    """When each day of the therapist with this number ends, and since when: nobody else's are the same, the grid fits all."""
    since, later = divmod(number, MINUTES)
    last_session_ends = datetime.combine(FIRST_WEEK, clock(9)) + timedelta(minutes=STARTS_A_DAY * MINUTES)
    ends = last_session_ends + timedelta(minutes=later)
    return {"ends": ends.time(), "valid_from": FIRST_WEEK + timedelta(days=since)}


def workdays(today: date, step: int) -> Iterator[date]:
    """Mondays to Fridays from the day after `today`, forwards (`step` 1) or backwards (-1)."""
    day = today + timedelta(days=step)
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=step)


WRITTEN = (
    'id, service_id, therapist_id, runner_id, start, "end", busy_from, busy_until, state, zone, wall_start, place,'
    " sequence, booked_by_id, booked_at, payer, insurer, cancel_reason"
)
FILL = """
INSERT INTO bookings_appointment ({written})
WITH
  person AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number, count(*) OVER () AS size FROM people_therapistprofile),
  guest AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number, count(*) OVER () AS size FROM people_runnerprofile),
  slot AS (SELECT day.key AS ordinal, place.value AS place, day.value + place.value * {length} AS at
           FROM {days} AS day, {places} AS place),
  taken AS (SELECT slot.ordinal * {starts} + slot.place AS turn, slot.at, person.id, person.number, person.size
            FROM slot, person
            WHERE ((slot.ordinal * 7919 + slot.place * 104729 + person.number * 1299709) %% 2147483647 * 48271) %% 100 < {percent}
            ORDER BY abs(slot.at - %s), person.number LIMIT %s)
SELECT {uuid}, %s, taken.id, guest.id, {at}, {ends}, {at}, {ends},
  CASE WHEN taken.at > %s THEN 'booked' ELSE 'completed' END, '{zone}', {wall}, 'online', 0, %s, %s, 'self', '', ''
FROM taken JOIN guest ON guest.number = (taken.turn * taken.size + taken.number) %% guest.size
"""
POSTGRES = {
    "days": "(SELECT (each ->> 0)::bigint AS key, (each ->> 1)::bigint AS value FROM json_array_elements(%s::json) AS each)",
    "places": f"(SELECT generate_series(0, {STARTS_A_DAY - 1})::bigint AS value)",
    "uuid": "gen_random_uuid()",
    "at": "to_timestamp(taken.at)",
    "ends": f"to_timestamp(taken.at + {MINUTES * 60})",
    "wall": f"""to_char(to_timestamp(taken.at) AT TIME ZONE '{ZONE}', 'YYYY-MM-DD"T"HH24:MI:SS')
      || to_char((to_timestamp(taken.at) AT TIME ZONE '{ZONE}') - (to_timestamp(taken.at) AT TIME ZONE 'UTC'), '"+"HH24:MI')""",
}
SQLITE = {
    "days": "(SELECT json_extract(each.value, '$[0]') AS key, json_extract(each.value, '$[1]') AS value FROM json_each(%s) AS each)",
    "places": "(WITH RECURSIVE up(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM up"
    f" WHERE value < {STARTS_A_DAY - 1}) SELECT value FROM up)",
    "uuid": "lower(hex(randomblob(16)))",
    "at": "datetime(taken.at, 'unixepoch')",
    "ends": f"datetime(taken.at + {MINUTES * 60}, 'unixepoch')",
    "wall": "strftime('%%Y-%%m-%%dT%%H:%%M:%%S+00:00', taken.at, 'unixepoch')",
}


def write_days(days: list[date], *, service: Service, most: int, percent: int, now: datetime) -> int:
    """The sessions of `days`, at most `most` of them; how many were written."""
    zone = ZoneInfo(ZONE)
    opening = [(day.toordinal(), int(datetime.combine(day, clock(9), zone).timestamp())) for day in sorted(days)]
    staff = User.objects.order_by("pk").values_list("pk", flat=True)[0]
    says = POSTGRES if connection.vendor == "postgresql" else SQLITE
    length = MINUTES * 60
    statement = FILL.format(written=WRITTEN, length=length, starts=STARTS_A_DAY, percent=percent, zone=ZONE, **says)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                *(json.dumps(opening), int(now.timestamp()), most, service.pk, int(now.timestamp()), staff),
                connection.ops.adapt_datetimefield_value(now.astimezone(UTC)),
            ],
        )
        return cursor.rowcount
