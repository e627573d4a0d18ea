"""Four workers, thousands of messages, a mail server on this machine: how many a second, and what kill -9 does to them.

    python benchmarks/reminders.py                                            PostgreSQL
    python benchmarks/reminders.py --database sqlite:////tmp/bench.sqlite3    SQLite

Part 1 measures messages a second beside a floor of the same run: as many processes that only push ready-made mails into
the same server. Part 2 kills a random worker every few tenths of a second while the server is slow before and after it
takes a message, so that both "not taken yet" and "taken, answer lost" happen. Every copy is counted by Message-ID:
lost = never arrived; doubled keys = one message under two keys; copies = the same key again, which a mail program
shows once. Exits with 1 when a message is lost or a key doubled.
"""

import argparse
import multiprocessing
import os
import random
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import ground

WORKERS = 4
LEASE_S = 5.0


def write_messages(count: int, subject: str) -> set[str]:
    """`count` rows due now, spread over twenty people; their Message-IDs."""
    from django.utils import timezone

    from clinic.people.models import User
    from clinic.reminders.letters import message_id
    from clinic.reminders.models import Reminder

    now = timezone.now()
    people = [
        User.objects.get_or_create(email=f"bench{number}@mail.example", defaults={"name": f"Bench {number}"})[0]
        for number in range(20)
    ]
    rows = Reminder.objects.bulk_create(
        Reminder(
            person=people[number % len(people)],
            kind="drill",
            subject=subject,
            occasion=str(number),
            due_at=now,
            next_at=now,
            expires_at=now + timedelta(hours=6),
        )
        for number in range(count)
    )
    return {message_id(row) for row in rows}


def start_worker(port: int) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "REDIS_URL": "", "LOG_LEVEL": "CRITICAL"}
    command = [sys.executable, "-m", "clinic.reminders.tests.worker", str(LEASE_S)]
    return subprocess.Popen(command, cwd=ground.ROOT, env=environment, stderr=subprocess.DEVNULL)


def stop_workers(workers: "list[subprocess.Popen[bytes]]") -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait(timeout=30)


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.02)
    return done()


def push(port: int, numbers: range) -> None:
    """Ready-made mails into the server over one connection: the floor."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in numbers:
            mail = EmailMessage()
            mail["Message-ID"], mail["Subject"] = f"<floor{number}@bench>", "A word"
            mail["From"], mail["To"] = "a@mail.example", "b@mail.example"
            mail.set_content("Hello.")
            server.send_message(mail)


def floor(count: int) -> float:
    """Mails a second that the server and this machine carry without any outbox."""
    from clinic.reminders.tests.mail_sink import mail_sink

    spawn = multiprocessing.get_context("spawn")
    with mail_sink() as (_, port):
        share = count // WORKERS
        pushers = [
            spawn.Process(target=push, args=(port, range(one * share, (one + 1) * share))) for one in range(WORKERS)
        ]
        started = time.monotonic()
        for pusher in pushers:
            pusher.start()
        for pusher in pushers:
            pusher.join()
        return count / (time.monotonic() - started)


def speed(count: int) -> float:
    """Messages a second from the first one that arrives to the last, workers already running."""
    from clinic.reminders.tests.mail_sink import mail_sink

    with mail_sink() as (keeper, port):
        workers = [start_worker(port) for _ in range(WORKERS)]
        time.sleep(4)
        try:
            keys = write_messages(count, "bench:speed")
            wait_until(lambda: keeper.taken.total() > 0, 30)
            started = time.monotonic()
            wait_until(lambda: len(keeper.taken) >= count, 300)
            elapsed = time.monotonic() - started
        finally:
            stop_workers(workers)
        assert set(keeper.taken) == keys, "messages are missing"
        assert keeper.taken.total() == count, "without a crash every message goes once"
    return count / elapsed


def kills(count: int, most: int, chance: random.Random, *, pause_s: float = 0.0125) -> bool:
    """Kill workers while they send. True when nothing was lost and no key doubled."""
    from clinic.reminders.models import Reminder, State
    from clinic.reminders.tests.mail_sink import mail_sink

    with mail_sink(pause_s=pause_s) as (keeper, port):
        keys = write_messages(count, "bench:kills")
        workers = [start_worker(port) for _ in range(WORKERS)]
        killed = 0
        try:
            while killed < most and len(keeper.taken) < count * 0.9:
                before = keeper.taken.total()
                wait_until(lambda so_far=before: keeper.taken.total() > so_far, 30)
                time.sleep(chance.uniform(0.2, 1.5))
                victim = workers.pop(chance.randrange(len(workers)))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                killed += 1
                workers.append(start_worker(port))
            sent = Reminder.objects.filter(subject="bench:kills", state=State.SENT)
            wait_until(lambda: sent.count() == count, 300)
        finally:
            stop_workers(workers)
    lost, strange = len(keys - set(keeper.taken)), len(set(keeper.taken) - keys)
    copies = keeper.taken.total() - len(keeper.taken)
    states = sorted(
        Reminder.objects.filter(subject="bench:kills").order_by().values_list("state", flat=True).distinct()
    )
    print(
        f"kill -9 x {killed}, {count} messages: lost {lost}, doubled keys {strange}, copies under the same key {copies}, states {states}"
    )
    return lost == strange == 0 and states == ["sent"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="postgres://postgres@127.0.0.1:5432/stridewell_bench_reminders")
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument(
        "--only-kill", type=int, metavar="MESSAGES", help="so many due, one worker of four killed; no timing"
    )
    arguments = parser.parse_args()
    os.environ["REDIS_URL"] = ""
    ground.prepare(arguments.database)
    print(ground.machine(), "·", arguments.database.split(":", 1)[0], "·", WORKERS, "workers")
    if arguments.only_kill:
        raise SystemExit(0 if kills(arguments.only_kill, 1, random.Random(7), pause_s=0.0) else 1)
    base, ours = floor(arguments.messages), speed(arguments.messages)
    print(f"messages a second: {ours:.0f} (floor, bare SMTP: {base:.0f}; ratio {base / ours:.1f}; target 300)")
    good = kills(1500, arguments.kills, random.Random(7))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
