from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exercises import library
from exercises.figures.errors import FigureError
from exercises.services.loading import load_library


class Command(BaseCommand):
    help = "Brings the exercise library up to its files. Run it as often as you like."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="folder", type=Path, default=library.FOLDER, help="another folder of library files"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_library(folder=options["folder"])
        except (library.LibraryError, FigureError) as fault:
            raise CommandError(f"{fault}. Nothing was changed.") from fault
        if options["verbosity"]:
            self.stdout.write(f"Exercise library: {loaded}.")
