import os
import signal
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command

LOG_INS = (
    ("runner", "runner@stridewell.test"),
    ("therapist", "therapist@stridewell.test"),
    ("clinic staff", "staff@stridewell.test"),
)
PASSWORD = "run-well-2026"  # noqa: S105 (printed on purpose: it opens the demonstration alone)


class Command(BaseCommand):
    help = "The whole clinic on this machine: database, library, demonstration, web server and reminders. Ctrl-C ends all of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date …")
        call_command("migrate", verbosity=0)
        self.stdout.write("Loading the exercise library …")
        call_command("load_exercise_library", verbosity=0)
        if settings.DEMO and not get_user_model().objects.exists():
            self.stdout.write("Filling the demonstration clinic (six therapists, sixty runners, four months) …")
            call_command("load_demo", verbosity=0)
        self.serve(port)

    def serve(self, port: int) -> None:
        web = [
            *(sys.executable, "-m", "gunicorn", "clinic.wsgi:application", "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "8", "--log-level", "warning"),
        ]
        reminders = [sys.executable, "manage.py", "run_reminders"]
        here = {**os.environ, "PORT": str(port)}
        children = [
            subprocess.Popen(command, cwd=settings.BASE_DIR, env=here, start_new_session=True)
            for command in (web, reminders)
        ]
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            self.wait_for_the_page(children[0], port)
            self.greet(port)
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            raise CommandError(
                "The web server or the reminders stopped by themselves; the lines above say why. Start again with make run."
            )
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                try:
                    child.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    child.kill()

    def wait_for_the_page(self, web: "subprocess.Popen[bytes]", port: int) -> None:
        for _ in range(120):
            if web.poll() is not None:
                raise CommandError(f"The web server did not start. If port {port} is taken: PORT={port + 123} make run")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=2).close()
                return
            except OSError:
                time.sleep(0.25)
        raise CommandError("The web server did not answer within half a minute. Start again with make run.")

    def greet(self, port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        lines = ["", f"{settings.CLINIC_NAME} runs on {address}", ""]
        if settings.DEMO:
            lines += [f"  log in as {who:<13} {email}" for who, email in LOG_INS]
            lines += [f"  password for all      {PASSWORD}", f"  mail that was sent    {address}/demo/mailbox/", ""]
        lines.append("Ctrl-C stops it.")
        self.stdout.write("\n".join(lines))
