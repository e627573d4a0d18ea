"""What everybody who does something looks at first: the runner's sessions, somebody's session, free times."""

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.quarter.clinic import Clinic


class Looking:
    """Reads the database alone, so that it may run in any process."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic

    def coming(self, runner: Any, now: datetime) -> list[Any]:
        from bookings.models import Appointment

        return list(
            Appointment.objects.with_people()
            .upcoming(now)
            .filter(runner__user=runner, state="booked", start__gt=now)
            .order_by("start")
        )

    def session_of(self, runner: Any, dice: random.Random, now: datetime) -> Any | None:
        """A coming session of the runner, or of somebody else where they have none; None where nobody has."""
        from bookings.models import Appointment

        mine = self.coming(runner, now)
        if mine:
            return mine[0] if dice.random() < 0.6 else dice.choice(mine)
        everybody = Appointment.objects.with_people().upcoming(now).filter(state="booked", start__gt=now)
        count = everybody.count()
        return everybody[dice.randrange(count)] if count else None

    def slots(
        self, service: Any, runner: Any, now: datetime, *, days: int, anyone: bool = False, **more: Any
    ) -> list[Any]:
        """Free times of the coming days that suit the runner (None: a visitor)."""
        from bookings.availability import find_slots

        known = self.clinic.favourites.get(runner.pk) if runner is not None else None
        favourite, wish = known or (self.clinic.therapists[0], any_time())
        asked_in = runner.zone if runner is not None else "Europe/London"
        first = now.date() + timedelta(days=more.pop("after", 0))
        found = find_slots(
            service=service,
            therapists=None if anyone else [favourite],
            first=first,
            last=first + timedelta(days=days),
            zone=asked_in,
            runner=runner.runner if runner is not None else None,
            now=now,
            **more,
        )
        zone = ZoneInfo(asked_in)
        return [slot for slot in found if wish.suits(slot.start.astimezone(zone))]

    def person(self, slot: Any) -> Any:
        """The therapist of a free time."""
        return next(each for each in self.clinic.therapists if each.pk == slot.therapist_id)


def any_time() -> Any:
    from bookings.models import TimePreference

    return TimePreference()
