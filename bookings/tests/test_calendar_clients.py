"""The feed and the invitations in a calendar program of others: vdirsyncer subscribes to the feed, khal shows and imports.

Both are Debian packages. Without them this is skipped, unless REQUIRE_SERVICES=1 says that everything has to be there.
"""

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bookings.calendars import ics
from bookings.calendars.feeds import feed_file
from bookings.series.plan import Pick
from bookings.services import book_slot, cancel_appointment, move_appointment
from bookings.services.series import book_series, cancel_rest
from bookings.tests.calendar_server import serving
from clinic.reminders.letters import write_letter
from clinic.reminders.models import Reminder

pytestmark = [pytest.mark.usefixtures("hours")]
ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo")
FORMAT = "{start-long-full}|{end-long-full}|{title}|{status}"


class Client:
    """One person's calendar program: vdirsyncer writes a folder, khal reads it in any zone."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        self.settings = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
        self.settings.pop("PYTHONTZPATH", None)
        (home / "vdirsyncer.conf").write_text(
            f'[general]\nstatus_path = "{home}/status/"\n'
            '[pair clinic]\na = "here"\nb = "feed"\ncollections = null\nconflict_resolution = "b wins"\n'
            f'[storage here]\ntype = "filesystem"\npath = "{home}/feed/"\nfileext = ".ics"\n'
            f'[storage feed]\ntype = "http"\nurl = "{address}"\n'
        )
        for folder in ("feed", "letters"):
            (home / folder).mkdir()
            for zone in ZONES:
                self.config(folder, zone).write_text(
                    f"[calendars]\n[[clinic]]\npath = {home}/{folder}/\ntype = calendar\n"
                    f"[locale]\nlocal_timezone = {zone}\ndefault_timezone = {zone}\n"
                    "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
                    "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
                    f"[sqlite]\npath = {home}/{folder}-{zone.replace('/', '-')}.db\n[default]\ndefault_calendar = clinic\n"
                )

    def config(self, folder: str, zone: str) -> Path:
        return self.home / f"{folder}-{zone.replace('/', '-')}.conf"

    def run(self, *command: str | Path, given: str | None = None) -> str:
        done = subprocess.run(
            [str(part) for part in command], env=self.settings, input=given, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sync(self) -> None:
        config = self.home / "vdirsyncer.conf"
        if not (self.home / "status").exists():
            self.run("vdirsyncer", "-c", config, "discover", given="y\n" * 9)
        self.run("vdirsyncer", "-c", config, "sync", "--force-delete")

    def shown(self, zone: str, folder: str = "feed") -> list[list[str]]:
        """[start, end, title, status] of what khal lists from 24 November 2026 on, by the clock of `zone`."""
        listed = self.run(
            *("khal", "-c", self.config(folder, zone), "list", "--day-format", ""),
            *("--format", FORMAT, "2026-11-24", "14d"),
        )
        return [[part.strip() for part in line.split("|")] for line in listed.splitlines() if "|" in line]

    def receive(self, files: list[bytes]) -> None:
        """What opening the files attached to letters does, one after another."""
        paths = [self.home / f"letter-{number}.ics" for number in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file)
        self.run("khal", "-c", self.config("letters", ZONES[0]), "import", "--batch", *paths)


@pytest.fixture
def programs() -> None:
    missing = [name for name in ("khal", "vdirsyncer") if not shutil.which(name)]
    if missing and os.environ.get("REQUIRE_SERVICES") != "1":
        pytest.skip(f"{' and '.join(missing)} not on this machine (apt-get install khal vdirsyncer)")
    assert not missing


def in_zone(start: datetime, zone: str) -> list[str]:
    """Start and end of a session of 45 minutes as a wall clock in `zone` shows them."""
    local = [at.astimezone(ZoneInfo(zone)) for at in (start, start + timedelta(minutes=45))]
    return [f"{at:%Y-%m-%d %H:%M}" for at in local]


def test_one_event_in_a_real_calendar_from_booking_to_cancelling(
    programs, visit, therapist, runner, thursday, now, tmp_path
):
    """Book, move twice, cancel: one event at the right instant in three zones, its sequence rising, then cancelled."""
    with serving() as server:
        client = Client(tmp_path, f"{server.root}/feed.ics")
        letters: list[bytes] = []

        def publish() -> str:
            server.pages["/feed.ics"] = feed_file(runner, now=now)
            client.sync()
            [file] = (tmp_path / "feed").glob("*.ics")
            letters.append(ics.calendar_file(booked, reader=runner, now=now))
            return next(line for line in file.read_text().splitlines() if line.startswith("SEQUENCE"))

        booked = book_slot(
            service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
        )
        sequences = [publish()]
        assert [each[:2] for each in client.shown("Europe/London")] == [in_zone(thursday, "Europe/London")]
        last = thursday + timedelta(days=1)
        for start in (thursday + timedelta(minutes=45), last):
            booked = move_appointment(appointment=booked, start=start, by=runner, now=now)
            sequences.append(publish())
        client.receive(letters)
        for zone in ZONES:
            assert client.shown(zone) == [[*in_zone(last, zone), "Stridewell with Nadia Okello", "CONFIRMED"]]
        assert client.shown(zone, "letters") == [[*in_zone(last, zone), "Stridewell with Nadia Okello", "CONFIRMED"]]
        booked = cancel_appointment(appointment=booked, by=runner, now=now)
        sequences.append(publish())
        client.receive(letters[-1:])
        assert sequences == [f"SEQUENCE:{number}" for number in range(4)]
        for folder in ("feed", "letters"):
            [event] = client.shown("Europe/London", folder)
            assert event[3] == "CANCELLED"
        server.pages["/feed.ics"] = feed_file(runner, now=now + timedelta(days=30))
        client.sync()
        assert not list((tmp_path / "feed").iterdir())


def test_a_series_and_the_end_of_its_rest_in_a_real_calendar(
    programs, visit, therapist, runner, thursday, now, tmp_path
):
    """It comes in one file, and each session that is cancelled goes by a file of its own."""
    client = Client(tmp_path, "http://127.0.0.1/none.ics")
    starts = [thursday + timedelta(days=days) for days in (0, 1, 4)]
    picks = [Pick(therapist.therapist, start) for start in starts]
    series = book_series(service=visit, runner=runner.runner, picks=picks, by=runner, now=now)

    def read(kind: str) -> None:
        letter = write_letter(Reminder.objects.get(kind=kind), now)
        client.receive([content.encode() for _, content, _ in letter.attachments])

    read("series_booked")
    assert [each[0] for each in client.shown("Europe/London", "letters")] == [f"{at:%Y-%m-%d %H:%M}" for at in starts]
    Reminder.objects.filter(kind="series_booked").update(state="sent", sent_at=now)
    cancel_rest(series=series, by=runner, now=starts[0] - timedelta(hours=3))
    read("series_cancelled")
    assert [each[3] for each in client.shown("Europe/London", "letters")] == ["CONFIRMED", "CANCELLED", "CANCELLED"]
