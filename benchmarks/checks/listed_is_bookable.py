"""What is listed is bookable, and what is not listed is refused: two thousand random posts.

Four therapists in three zones over days with clock changes, overrides, time off, travel, daily limits, a calendar
elsewhere, two rooms and one treadmill; services with buffers, notice and horizon. Before each post the list is asked;
the post must be accepted exactly when its start is on it. Then the five posts that a peer stored, all of them.
"""

import os
import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks.checks.stage import Verdicts, say_overlaps

POSTS = 2000
RULES = {"slot_taken", "not_offered", "outside_hours", "too_far", "too_soon", "not_a_start", "day_full", "runner_busy"}
CHANGE_DAYS = {"Europe/London": (date(2027, 3, 28),), "America/Santiago": (date(2027, 4, 3), date(2027, 4, 4))}
SEED = int(os.environ.get("BOOK_SEED", "11"))


def run(verdicts: Verdicts) -> None:
    from django.db import transaction

    from bookings.tests.model_clinic import Clinic

    dice = random.Random(SEED)
    print(f"  seed {SEED}")
    with transaction.atomic():
        clinic = Clinic()
        enrich(clinic)
        posts(verdicts, clinic, dice)
        five_posts(verdicts, clinic)
        say_overlaps(verdicts)
        transaction.set_rollback(True)


def enrich(clinic: Any) -> None:
    """What the simple model knows nothing of: travel to another zone, and a calendar elsewhere."""
    from bookings.models import OutsideBusy, OutsideCalendar, Travel

    Travel.objects.create(
        therapist=clinic.people["ada"], zone="America/New_York", first=date(2027, 3, 29), last=date(2027, 4, 1)
    )
    outside = OutsideCalendar.objects.create(
        therapist=clinic.people["dev"],
        name="Home",
        address="https://calendar.example/x",
        made_at=clinic.now,
        next_at=clinic.now,
    )
    for day in range(8):
        start = clinic.now + timedelta(days=day, hours=day)
        OutsideBusy.objects.create(
            calendar=outside, therapist=clinic.people["dev"], start=start, end=start + timedelta(minutes=95)
        )


def posts(verdicts: Verdicts, clinic: Any, dice: random.Random) -> None:
    from bookings.services import book_slot, cancel_appointment, hold_slot
    from bookings.tests.model_sides import RUNNERS
    from bookings.tests.simple_book import moment
    from bookings.tests.test_book_model import some_start
    from clinic.core.errors import DomainError

    changes = 0
    counted, wrong, sessions = Counter[str](), list[str](), list[Any]()
    asked_s = 0.0
    for number in range(POSTS):
        clinic.book.now += dice.choice((0, 0, 1, 2, 3, 10))
        name = dice.choice(list(clinic.services))
        whom = dice.choice(list(clinic.people))
        runner = clinic.runners[dice.choice(RUNNERS)]
        start = some_start(dice, clinic.book, clinic.book.kinds[name], clinic.book.therapists[whom])
        if dice.random() < 0.3 and (found := listed(clinic, name, whom, runner, clinic.now, days=dice.randint(0, 7))):
            start = int(dice.choice(sorted(found)).timestamp()) // 60
        at = moment(start)
        changes += clinic.book.therapists[whom].day_of(start) in CHANGE_DAYS.get(clinic.people[whom].user.zone, ())
        begun = time.perf_counter()
        is_listed = at in listed(clinic, name, whom, runner, at)
        asked_s += time.perf_counter() - begun
        verb = hold_slot if dice.random() < 0.2 else book_slot
        try:
            sessions.append(
                verb(
                    service=clinic.services[name],
                    therapist=clinic.people[whom],
                    runner=runner,
                    start=at,
                    by=runner.user,
                    now=clinic.now,
                )
            )
            accepted, how = True, "accepted"
        except DomainError as refused:
            accepted, how = False, refused.code
        counted[how] += 1
        if accepted != is_listed:
            wrong.append(f"post {number}: {name} with {whom} at {at}: listed {is_listed}, {how}")
        if len(sessions) > 60 and dice.random() < 0.2:
            gone = sessions.pop(dice.randrange(len(sessions)))
            if gone.state == "booked":
                cancel_appointment(appointment=gone, by=clinic.desk, now=clinic.now, reason="Makes room.")
    verdicts.say(f"{POSTS} posts: accepted but not listed, or listed but refused", len(wrong), not wrong)
    for line in wrong[:8]:
        print(f"            {line}")
    unused = sorted(RULES - set(counted))
    verdicts.say("every rule has refused some", ", ".join(unused) or f"all {len(RULES)}", not unused)
    verdicts.say("posts for days on which the clocks change", changes, changes > POSTS // 50)
    verdicts.say("accepted", counted["accepted"], POSTS // 10 < counted["accepted"] < POSTS * 9 // 10)
    print("            " + ", ".join(f"{code} {count}" for code, count in counted.most_common() if code != "accepted"))


def listed(
    clinic: Any, name: str, whom: str, runner: Any, around: datetime, *, days: int | None = None
) -> set[datetime]:
    """The starts of one therapist on the days around an instant, or on one day so many days on, as `runner` sees them."""
    from bookings.availability import find_slots

    first, last = (
        ((around - timedelta(days=1)).date(), (around + timedelta(days=1)).date())
        if days is None
        else ((around + timedelta(days=days)).date(),) * 2
    )
    found = find_slots(
        service=clinic.services[name],
        therapists=[clinic.people[whom]],
        first=first,
        last=last,
        zone="UTC",
        runner=runner,
        now=clinic.now,
    )
    return {slot.start for slot in found}


def five_posts(verdicts: Verdicts, clinic: Any) -> None:
    """The five that django-appointment stored: taken, overlapping, nobody works, not offered, four years ahead."""
    from bookings.models import Appointment
    from bookings.services import book_slot
    from clinic.core.errors import DomainError

    first, second = clinic.runners["runner0"], clinic.runners["runner1"]
    now = datetime(2027, 6, 1, 6, tzinfo=UTC)
    start = datetime(2027, 6, 3, 8, tzinfo=UTC)

    def post(service: str, runner: Any, at: datetime) -> str:
        try:
            book_slot(
                service=clinic.services[service],
                therapist=clinic.people["ada"],
                runner=runner,
                start=at,
                by=runner.user,
                now=now,
            )
        except DomainError as refused:
            return refused.code
        return "stored"

    assert post("visit", first, start) == "stored"
    before = Appointment.objects.count()
    answers = {
        "the same slot, seconds later": post("visit", second, start),
        "overlapping, 15 min later": post("visit", second, start + timedelta(minutes=15)),
        "Sunday 03:00": post("visit", second, datetime(2027, 6, 6, 2, tzinfo=UTC)),
        "a service not offered": post("treadmill", second, start + timedelta(hours=2)),
        "four years ahead": post("visit", second, datetime(2031, 6, 3, 8, tzinfo=UTC)),
    }
    stored = Appointment.objects.count() - before
    refused = sum(answer != "stored" for answer in answers.values())
    verdicts.say(
        f"the five posts: refused {refused} of 5 (a peer: 0)",
        ", ".join(answers.values()),
        refused == 5 and stored == 0,
    )
