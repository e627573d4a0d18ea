"""Workers killed outright, and several at once: nothing lost, nothing sent twice under two keys."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.dispatch import dispatch
from clinic.reminders.letters import message_id
from clinic.reminders.models import Reminder, Rhythm, State
from clinic.reminders.tests.conftest import Sink, plan
from clinic.reminders.tests.mail_sink import mail_sink

LEASE_S = 1.5


def database_url() -> str:
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT'] or 5432}/{facts['NAME']}"


def start_worker(smtp_port: int) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "REDIS_URL": "",
        "LOG_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-m", "clinic.reminders.tests.worker", str(LEASE_S)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stderr=subprocess.DEVNULL)


def until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.05)
    return done()


@pytest.mark.django_db(transaction=True)
def test_workers_killed_while_they_send_lose_nothing_and_repeat_under_the_same_key(runner: User) -> None:
    kinds.register(kinds.Kind("drill", "plain"))
    now, count, kills = timezone.now(), 50, 2
    reminders = [
        plan(runner, now, kind="drill", occasion=str(number), expires_at=now + timedelta(days=1))
        for number in range(count)
    ]
    keys = {message_id(reminder) for reminder in reminders}
    with mail_sink(pause_s=0.01) as (keeper, port):
        workers = [start_worker(port), start_worker(port)]
        try:
            for kill in range(kills):
                assert until(lambda so_far=kill: len(keeper.taken) >= 5 + 12 * so_far, 30)
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()
                workers = [*workers[1:], start_worker(port)]
            assert until(lambda: Reminder.objects.filter(state=State.SENT).count() == count, 40)
        finally:
            for worker in workers:
                worker.terminate()
            ended = [worker.wait(timeout=20) for worker in workers]
    assert set(keeper.taken) == keys
    assert keeper.taken.total() - count <= kills
    assert ended == [0] * len(workers)


def together(*calls: Callable[[], object]) -> None:
    """Run `calls` in threads that start at the same moment, each with a database connection of its own."""
    gate = threading.Barrier(len(calls))
    failures: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait()
            call()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_four_dispatchers_at_once_send_each_message_once(runner: User, sink: Sink, now: datetime) -> None:
    reminders = [plan(runner, now, kind="told", occasion=str(number)) for number in range(120)]
    together(*[lambda: dispatch(now=now)] * 4)
    assert sorted(sink.sent) == sorted(reminder.key for reminder in reminders)
    assert set(Reminder.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_keep_to_the_daily_limit(runner: User, sink: Sink, now: datetime) -> None:
    Rhythm.objects.create(person=runner, daily_cap=1)
    plan(runner, now, kind="nudge", occasion="one")
    plan(runner, now, kind="nudge", occasion="two")
    together(*[lambda: dispatch(now=now, limit=1)] * 2)
    assert len(sink.sent) == 1
    assert sorted(Reminder.objects.values_list("state", flat=True)) == [State.SENT, State.SKIPPED]
