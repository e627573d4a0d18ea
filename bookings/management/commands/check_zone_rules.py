from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand
from django.utils import timezone

from bookings.models import Appointment
from bookings.slots import to_instant
from clinic.core.errors import DomainError


def drifted(now: datetime) -> list[tuple[Appointment, str]]:
    """Coming sessions whose agreed wall time is another instant under today's zone rules, each with a sentence."""
    found = []
    for appointment in Appointment.objects.upcoming(now).with_people():
        agreed = datetime.fromisoformat(appointment.wall_start)
        shown = appointment.start.astimezone(ZoneInfo(appointment.zone))
        if shown.isoformat() == appointment.wall_start:
            continue
        try:
            meant = to_instant(agreed.replace(tzinfo=None), appointment.zone)
        except DomainError:
            found.append((appointment, f"agreed for {agreed:%Y-%m-%d %H:%M}, a time the clocks now skip"))
        else:
            found.append(
                (
                    appointment,
                    f"agreed for {agreed:%Y-%m-%d %H:%M}, now shown as {shown:%H:%M}; {meant:%Y-%m-%d %H:%M} UTC would keep it",
                )
            )
    return found


class Command(BaseCommand):
    help = "Lists coming sessions that a change of time zone rules has shifted against the wall clock they were agreed in. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        shifted = drifted(timezone.now())
        for appointment, sentence in shifted:
            self.stdout.write(f"{appointment.pk} {appointment.zone}: {sentence}")
        self.stdout.write(
            f"{len(shifted)} of the coming sessions need a person."
            if shifted
            else "Every coming session stands at the time agreed."
        )
