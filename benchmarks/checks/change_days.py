"""Change days and series: no time that does not exist, both of a time that comes twice, a series keeps its wall time.

A therapist who works every day from 00:00 to 06:00 of their own clock, sessions of 45 minutes one after another, in four
zones; every start that is listed is then booked.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist, say_overlaps

DAYS = (
    ("America/New_York", date(2027, 3, 14), "00:00 00:45 01:30 03:15 04:00 04:45"),
    ("America/New_York", date(2027, 11, 7), "00:00 00:45 01:30 01:15 02:00 02:45 03:30 04:15 05:00"),
    ("America/New_York", date(2027, 5, 2), "00:00 00:45 01:30 02:15 03:00 03:45 04:30 05:15"),
    ("Europe/Berlin", date(2027, 3, 28), "00:00 00:45 01:30 03:15 04:00 04:45"),
    ("Europe/Berlin", date(2027, 10, 31), "00:00 00:45 01:30 02:15 02:00 02:45 03:30 04:15 05:00"),
    ("Australia/Lord_Howe", date(2027, 10, 3), "00:00 00:45 01:30 02:45 03:30 04:15 05:00"),
    ("Australia/Lord_Howe", date(2027, 4, 4), "00:00 00:45 01:30 01:45 02:30 03:15 04:00 04:45"),
    ("Asia/Kolkata", date(2027, 3, 28), "00:00 00:45 01:30 02:15 03:00 03:45 04:30 05:15"),
    ("Asia/Kolkata", date(2027, 10, 31), "00:00 00:45 01:30 02:15 03:00 03:45 04:30 05:15"),
)
SKIPPED = (
    ("America/New_York", datetime(2027, 3, 14, 2, 15)),  # noqa: DTZ001 (wall times, which is the point)
    ("Europe/Berlin", datetime(2027, 3, 28, 2, 30)),  # noqa: DTZ001
    ("Australia/Lord_Howe", datetime(2027, 10, 3, 2, 15)),  # noqa: DTZ001
)


def run(verdicts: Verdicts) -> None:
    from bookings.availability import find_slots
    from bookings.services import book_slot
    from bookings.slots import to_instant
    from clinic.core.errors import DomainError

    service = make_service(buffer_after_min=0, slot_step_min=45, min_notice_min=0, horizon_days=365)
    people = {
        zone: make_therapist(zone.rpartition("/")[2].lower().replace("_", "-"), service, zone=zone, closes=6)
        for zone in {zone for zone, _, _ in DAYS}
    }
    runners = make_runners(9)
    now = datetime(2027, 3, 1, tzinfo=UTC)
    for zone, day, expected in DAYS:
        found = [
            slot.start
            for slot in find_slots(service=service, therapists=[people[zone]], first=day, last=day, zone=zone, now=now)
        ]
        shown = " ".join(f"{start.astimezone(ZoneInfo(zone)):%H:%M}" for start in found)
        verdicts.say(
            f"{zone} {day}: {len(found)} starts, {len(set(found))} instants",
            shown,
            shown == expected and len(set(found)) == len(found),
        )
        ends = []
        for start, user in zip(found, runners, strict=False):
            try:
                booked = book_slot(
                    service=service, therapist=people[zone], runner=user.runner, start=start, by=user, now=now
                )
                ends.append(booked.end - booked.start == timedelta(minutes=45))
            except DomainError as refused:
                ends.append(refused.code)
        verdicts.say(
            f"{zone} {day}: each of them booked, 45 real minutes",
            f"{ends.count(True)} of {len(found)}",
            ends == [True] * len(found),
        )
    for zone, wall in SKIPPED:
        try:
            answer = str(to_instant(wall, zone))
        except DomainError as refused:
            answer = refused.code
        verdicts.say(f"{zone}: {wall:%Y-%m-%d %H:%M} does not exist", answer, answer == "not_on_the_clock")
    wall_times(verdicts, runners[0])
    series(verdicts)
    say_overlaps(verdicts)


def wall_times(verdicts: Verdicts, user: object) -> None:
    """A time without its zone, as the peers store it, is no time at all for the API."""
    from django.conf import settings
    from django.test import Client

    from bookings.models import Appointment

    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    client.force_login(user)  # type: ignore[arg-type]
    before, answers = Appointment.objects.count(), []
    for zone, wall in SKIPPED:
        sent = {"service": "visit", "therapist": zone.rpartition("/")[2].lower().replace("_", "-")}
        answer = client.post("/api/v1/appointments/", sent | {"start": wall.isoformat()}, "application/json")
        answers.append(answer.status_code)
    stored = Appointment.objects.count() - before
    verdicts.say(
        "posted by the clock alone: refused, stored",
        f"{answers}, {stored}",
        all(400 <= each < 500 for each in answers) and not stored,
    )


def series(verdicts: Verdicts) -> None:
    """Twelve weeks at 09:00 across the change; two clashes are named before anything is stored, and it is all or nothing."""
    from bookings.models import Appointment
    from bookings.series.plan import Pick, plan_series
    from bookings.services import book_slot
    from bookings.services.series import book_series
    from clinic.core.errors import DomainError

    zone, service = ZoneInfo("Europe/London"), make_service("weekly", horizon_days=200, slot_step_min=60)
    therapist = make_therapist("weekly", service, opens=9, closes=10)
    user, other = make_runners(2)
    first, now = date(2027, 2, 15), datetime(2027, 2, 12, 12, tzinfo=UTC)

    def at_nine(week: int) -> datetime:
        return datetime.combine(first + timedelta(days=7 * week), datetime.min.time().replace(hour=9), zone).astimezone(
            UTC
        )

    for week in (3, 8):
        book_slot(service=service, therapist=therapist, runner=other.runner, start=at_nine(week), by=other, now=now)
    before = Appointment.objects.count()
    proposals = plan_series(
        service=service,
        therapist=therapist,
        runner=user.runner,
        weekdays=0b0000001,
        per_week=1,
        weeks=12,
        parts=0b001,
        first=first,
        zone="Europe/London",
        now=now,
    )
    starts = [each.start for each in proposals]
    walls = {start.astimezone(zone).strftime("%H:%M") for start in starts if start}
    clashes = [number for number, each in enumerate(proposals) if each.conflict]
    verdicts.say(
        "12 weeks planned across 28 March: wall times",
        " ".join(sorted(walls)),
        len(starts) == 12 and walls == {"09:00"},
    )
    verdicts.say(
        "clashes named before anything is stored, with alternatives",
        f"weeks {clashes}, {[len(proposals[each].alternatives) for each in clashes]} others; stored {Appointment.objects.count() - before}",
        clashes == [3, 8]
        and Appointment.objects.count() == before
        and all(proposals[each].alternatives for each in clashes),
    )
    try:
        book_series(
            service=service,
            runner=user.runner,
            picks=[Pick(therapist, at_nine(week)) for week in range(12)],
            by=user,
            now=now,
        )
        answer, refused = "booked", []
    except DomainError as error:
        answer, refused = error.code, error.extra.get("refused", [])
    verdicts.say(
        "booked as it is: refused whole, both clashes named",
        f"{answer}, {len(refused)} named, stored {Appointment.objects.count() - before}",
        (answer, len(refused), Appointment.objects.count() - before) == ("series_conflict", 2, 0),
    )
    chosen = [each.suggested for each in proposals]
    book_series(service=service, runner=user.runner, picks=[each for each in chosen if each], by=user, now=now)
    mine = sorted(Appointment.objects.filter(runner=user.runner, service=service).values_list("start", flat=True))
    kept = sum(start.astimezone(zone).strftime("%H:%M") == "09:00" for start in mine)
    verdicts.say(
        "booked with its alternatives: sessions, at 09:00 local", f"{len(mine)}, {kept}", (len(mine), kept) == (12, 12)
    )
