"""Reminders exactly once, for the truth: none lost, none doubled, none for a session that was cancelled or moved.

`benchmarks/reminders.py` sends 10,000 with four workers and kills one (its own report follows). Then 1,000 sessions are
cancelled or moved one second before their reminder is due; "24 hours before" is looked at around the change of clocks; and
the request that books is counted and timed.
"""

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import ground
from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist, tomorrow_at

SESSIONS = 1000


class Sink:
    """Keeps the key, subject and kind of everything that is sent."""

    repeats_safely = True

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str, str]] = Counter()

    def __call__(self) -> "Sink":
        return self

    def prepare(self, reminder: Any, now: datetime) -> tuple[str, str, str]:
        return str(reminder.subject), str(reminder.kind), str(reminder.occasion)

    def send(self, prepared: Any) -> None:
        self.sent[prepared] += 1

    def close(self) -> None:
        """Nothing is open."""


def run(verdicts: Verdicts) -> None:
    killed(verdicts)
    requests(verdicts)
    around_the_change(verdicts)
    one_second_before(verdicts)


def killed(verdicts: Verdicts) -> None:
    """Ten thousand due, four workers, one killed half-way; counted by Message-ID at a mail server on this machine."""
    url = (
        "postgres://postgres@127.0.0.1:5432/stridewell_bench_check_kill"
        if verdicts.kind == "postgres"
        else f"sqlite:///{os.environ['VAR_DIR']}/bench_kill.sqlite3"
    )
    count = 10_000 if verdicts.kind == "postgres" else 3_000
    command = [sys.executable, "benchmarks/reminders.py", "--database", url, "--only-kill", str(count)]
    try:
        ended = subprocess.run(command, cwd=ground.ROOT, capture_output=True, text=True, timeout=600)
    finally:
        ground.drop(url)
    for line in ended.stdout.splitlines():
        print(f"          {line}")
    verdicts.say(
        f"{count:,} due, 4 workers, one killed: lost or doubled",
        "none" if not ended.returncode else ended.stderr[-300:],
        ended.returncode == 0,
    )


def requests(verdicts: Verdicts) -> None:
    """Statements and time of the request that books, in process; it sends nothing itself."""
    from django.conf import settings
    from django.core import mail
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings

    service = make_service("quick", minutes=30, buffer_after_min=0, slot_step_min=30)
    make_therapist("quick", service)
    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    statements, took = 0, []
    first = tomorrow_at(0, days=2)
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        for number, user in enumerate(make_runners(60)):
            client.force_login(user)
            sent = {
                "service": "quick",
                "therapist": "quick",
                "start": (first + timedelta(minutes=30 * number)).isoformat(),
            }
            with CaptureQueriesContext(connection) as queries:
                begun = time.perf_counter()
                answer = client.post("/api/v1/appointments/", sent, "application/json")
                took.append(time.perf_counter() - begun)
            assert answer.status_code == 201, answer.content
            control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
            statements = max(statements, sum(not each["sql"].startswith(control) for each in queries.captured_queries))
        verdicts.say("mails sent by the request itself", len(mail.outbox), not mail.outbox)
    verdicts.say("SQL statements of a booking over the API (peers 24 to 58)", statements, statements <= 15)
    verdicts.timed("a booking in process, median of 60", statistics.median(took) * 1000, 30)


def around_the_change(verdicts: Verdicts) -> None:
    """The rule we state is real hours: 24 of them before 09:00, whatever the clocks do in between."""
    from bookings.services import book_slot
    from clinic.reminders.models import Reminder

    service = make_service("early", horizon_days=300)
    therapist = make_therapist("early", service)
    for name, start, expected in (
        ("on the day the clocks go forward", datetime(2027, 3, 28, 8, tzinfo=UTC), "27 08:00 GMT"),
        ("on the day after it", datetime(2027, 3, 29, 8, tzinfo=UTC), "28 09:00 BST"),
        ("on the day they go back", datetime(2027, 10, 31, 9, tzinfo=UTC), "30 10:00 BST"),
    ):
        [user] = make_runners(1)
        booked = book_slot(
            service=service,
            therapist=therapist,
            runner=user.runner,
            start=start,
            by=user,
            now=start - timedelta(days=9),
        )
        due = Reminder.objects.get(subject=booked.subject, kind="visit_24h").due_at
        from zoneinfo import ZoneInfo

        shown = due.astimezone(ZoneInfo("Europe/London")).strftime("%d %H:%M %Z")
        verdicts.say(f"24 h before 09:00 {name}", shown, shown == expected)


def one_second_before(verdicts: Verdicts) -> None:
    """A thousand sessions are cancelled or moved one second before their reminder is due; then it is due."""
    from django.db import connection

    from bookings.services import book_slot, cancel_appointment, move_appointment
    from clinic.reminders import posts
    from clinic.reminders.dispatch import dispatch

    service = make_service(
        "many", minutes=20, buffer_after_min=0, slot_step_min=20, change_notice_h=2, horizon_days=300
    )
    people = [make_therapist(f"many{number}", service) for number in range(20)]
    users = make_runners(SESSIONS)
    first = datetime(2027, 5, 3, 6, tzinfo=UTC)
    booked_at = first - timedelta(days=8)
    sessions = [
        (
            book_slot(
                service=service,
                therapist=people[place % 20],
                runner=user.runner,
                start=first + timedelta(minutes=20 * (place // 20)),
                by=user,
                now=booked_at,
            ),
            user,
        )
        for place, user in enumerate(users)
    ]
    sink = Sink()
    real, posts.POSTS = posts.POSTS, {"email": sink}  # type: ignore[dict-item]
    old = {(one.subject, "visit_24h", one.start.isoformat()) for one, _ in sessions}
    try:
        for place in range(0, SESSIONS, 20):
            due = sessions[place][0].start - timedelta(hours=24)
            dispatch(now=due - timedelta(minutes=2), limit=5000)  # its clock goes on while it sends
            for number, (one, user) in enumerate(sessions[place : place + 20]):
                just_before = due - timedelta(seconds=1)
                if number % 2:
                    cancel_appointment(appointment=one, by=user, now=just_before)
                else:
                    move_appointment(appointment=one, start=one.start + timedelta(days=2), by=user, now=just_before)
            dispatch(now=due, limit=5000)
        dispatch(now=first, limit=5000)  # the last letters, before they are no news any more
        dispatch(now=first + timedelta(days=4), limit=50_000)
    finally:
        posts.POSTS = real
        connection.close()
    told_old = sum(sink.sent[key] for key in old)
    verdicts.say(f"{SESSIONS} cancelled or moved 1 s before: old reminders sent", told_old, told_old == 0)
    verdicts.say("messages sent twice", sum(count > 1 for count in sink.sent.values()), max(sink.sent.values()) == 1)
    kinds = Counter(kind for _, kind, _ in sink.sent)
    verdicts.say(
        "letters about it, one each",
        f"{kinds['cancelled']} cancelled, {kinds['moved']} moved",
        (kinds["cancelled"], kinds["moved"]) == (SESSIONS // 2, SESSIONS // 2),
    )
