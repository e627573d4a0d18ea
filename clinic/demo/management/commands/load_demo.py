from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.utils import timezone

from clinic.core.constraints import seals_lifted
from clinic.demo.clinic import build
from exercises.models import Exercise


class Command(BaseCommand):
    help = "Fill an empty database with the demonstration clinic: six therapists, sixty runners, four months."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--replace", action="store_true", help="Empty the whole database first.")
        parser.add_argument("--today", help="The day that counts as today, as in 2026-11-24; left out: now.")

    def handle(self, *args: Any, replace: bool, today: str | None, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demonstration: set DEMO=on, and never where real people are.")
        now = self.moment(today)
        if replace:
            with seals_lifted(connection):
                call_command("flush", interactive=False, verbosity=0, allow_cascade=True)
        if get_user_model().objects.exists():
            raise CommandError("The database is not empty. To throw everything away and start anew, add --replace.")
        if not Exercise.objects.exists():
            call_command("load_exercise_library", verbosity=0)
        counts = build(now=now)
        if options["verbosity"]:
            self.stdout.write(", ".join(f"{count} {what}" for what, count in counts.items()))

    def moment(self, today: str | None) -> datetime:
        """Now; or eleven in the morning of that day, by the clinic's clock."""
        if not today:
            return timezone.now().replace(microsecond=0)
        try:
            day = date.fromisoformat(today)
        except ValueError:
            raise CommandError("Give the day as in --today 2026-11-24.") from None
        return datetime.combine(day, time(11), ZoneInfo(settings.CLINIC_ZONE))
