"""A time as a letter tells it: in the person's own zone, with the clinic's beside it when they differ. No ORM."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Told:
    """`day` "Tomorrow, Tuesday 24 November" · `date` "Tuesday 24 November" · `hour` "17:40" · `zones` "Your time, Stockholm. …"."""

    day: str
    date: str
    hour: str
    zones: str

    def __str__(self) -> str:
        return f"{self.date}, {self.hour}"


def city(zone: str) -> str:
    """The place a zone is named after: "Europe/London" is London."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def in_words(instant: datetime) -> str:
    return f"{instant:%A} {instant.day} {instant:%B}"


def tell(instant: datetime, *, zone: str, clinic_zone: str, now: datetime) -> Told:
    """`instant` for somebody in `zone` who reads the letter at `now`."""
    local, clinic = instant.astimezone(ZoneInfo(zone)), instant.astimezone(ZoneInfo(clinic_zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    near = {today: "Today, ", today + timedelta(days=1): "Tomorrow, "}.get(local.date(), "")
    if local.replace(tzinfo=None) == clinic.replace(tzinfo=None):
        zones = f"{city(zone)} time."
    else:
        other_day = "" if clinic.date() == local.date() else f" on {clinic:%A}"
        zones = f"Your time, {city(zone)}. {clinic:%H:%M}{other_day} at the clinic, {city(clinic_zone)}."
    return Told(day=near + in_words(local), date=in_words(local), hour=f"{local:%H:%M}", zones=zones)
