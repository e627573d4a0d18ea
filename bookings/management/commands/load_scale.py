from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings.engine.scale import PERCENT_FULL, fill
from clinic.core.errors import DomainError


class Command(BaseCommand):
    help = (
        "Fills an EMPTY database with a clinic of any size, to measure on. Refuses where anybody is, and in production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--appointments", type=int, default=40_000)
        parser.add_argument("--therapists", type=int, default=20)
        parser.add_argument("--runners", type=int, default=2_000, help="at least two for each therapist")
        parser.add_argument("--percent", type=int, default=PERCENT_FULL, help="how full the grid of starts is")

        parser.add_argument("--own-weeks", action="store_true", help="no two therapists work the same hours")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (1 <= options["therapists"] <= 5_000 and 0 <= options["appointments"] <= 5_000_000):
            raise CommandError("Between 1 and 5,000 therapists, and at most 5,000,000 appointments.")
        if not 1 <= options["percent"] <= 100:
            raise CommandError("The grid is between 1 and 100 percent full.")
        try:
            filled = fill(
                appointments=options["appointments"],
                therapists=options["therapists"],
                runners=options["runners"],
                percent=options["percent"],
                own_weeks=options["own_weeks"],
                now=timezone.now(),
                tell=lambda words: self.stdout.write(f"  {words}") if options["verbosity"] > 1 else None,
            )
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(
            f"{filled.appointments:,} appointments of {filled.runners:,} runners with {filled.therapists:,} therapists"
            f" in {filled.seconds:.1f} s: {filled.rate:,.0f} appointments a second."
        )
