"""The reminders worker of a clinic without Redis: a loop that calls what the Celery ticks call."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from clinic.people.sessions import forget_ended_sessions
from clinic.reminders.dispatch import dispatch
from clinic.reminders.planning import forget_details, plan_ahead, take_steps

log = structlog.get_logger(__name__)

STEP_EVERY_S = 60
PLAN_EVERY_S = 300
FORGET_EVERY_S = 86_400
AFTER_TROUBLE_S = 5


class Command(BaseCommand):
    help = "Send reminders as they fall due, until stopped (Ctrl-C or TERM: the message in hand is finished first)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Plan and send what is due now, then end.")
        parser.add_argument("--every", type=float, default=2.0, help="Seconds between two looks when nothing is due.")

    def handle(self, *args: Any, once: bool, every: float, **options: Any) -> None:
        if once:
            take_steps(now=timezone.now())
            plan_ahead(now=timezone.now())
            tally = dispatch(now=timezone.now())
            self.stdout.write(", ".join(f"{count} {state}" for state, count in sorted(tally.items())) or "nothing due")
            return
        self.stopping = threading.Event()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, lambda *_: self.stopping.set())
        self.loop(every)

    def loop(self, every: float) -> None:
        stepped = planned = forgot = -float(FORGET_EVERY_S)
        while not self.stopping.is_set():
            worked = 0
            try:
                close_old_connections()
                if time.monotonic() - stepped >= STEP_EVERY_S:
                    take_steps(now=timezone.now())
                    stepped = time.monotonic()
                if time.monotonic() - planned >= PLAN_EVERY_S:
                    plan_ahead(now=timezone.now())
                    planned = time.monotonic()
                if time.monotonic() - forgot >= FORGET_EVERY_S:
                    forget_details(now=timezone.now())
                    forget_ended_sessions()
                    forgot = time.monotonic()
                worked = dispatch(now=timezone.now(), stop=self.stopping.is_set).total()
            except OperationalError:
                log.exception("reminders.database_away")
                self.stopping.wait(AFTER_TROUBLE_S)
            if not worked:
                self.stopping.wait(every)
