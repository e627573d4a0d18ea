from collections import defaultdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from bookings.engine.rezoning import Shifted, in_moving_order, shifted
from bookings.services import move_appointment
from clinic.core.errors import DomainError
from clinic.people.models import User

REASON = "The rules of the time zone changed; the agreed local time is kept."


def sentence(one: Shifted) -> str:
    """What is wrong with the session, and what would mend it."""
    agreed = f"agreed for {one.agreed:%Y-%m-%d %H:%M}"
    if one.meant is None:
        return f"{agreed}, a time the clocks now skip: agree on another"
    told = f"{agreed}, now shown as {one.shown:%Y-%m-%d %H:%M}; {one.meant:%Y-%m-%d %H:%M} UTC would keep it"
    if not one.in_the_way:
        return f"{told} and is free"
    clashes = ", ".join(f"{each.pk} at {each.start:%Y-%m-%d %H:%M} UTC" for each in one.in_the_way)
    return f"{told}, but is taken by {clashes}"


class Command(BaseCommand):
    help = (
        "Lists coming sessions that a change of time zone rules has shifted against the wall clock they were agreed in, "
        "what would keep the agreed time, and whom to tell. Changes nothing without --move."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--move", action="store_true", help="move what can keep its agreed time; the people are told by letter"
        )
        parser.add_argument("--by", metavar="EMAIL", help="the member of staff who answers for the moves")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        by = self.answering(options["by"]) if options["move"] else None
        found = shifted(now)
        for one in found:
            self.stdout.write(f"{one.appointment.pk} {one.appointment.zone}: {sentence(one)}")
            self.stdout.write(f"    tell {'; '.join(f'{each.name} <{each.email}>' for each in one.people)}")
        moved = self.move(found, by, now) if by is not None else 0
        if not found:
            self.stdout.write("Every coming session stands at the time agreed.")
        elif by is None:
            self.stdout.write(f"{len(found)} of the coming sessions need a person.")
        else:
            self.stdout.write(f"{moved} moved, {len(found) - moved} of the coming sessions need a person.")

    def answering(self, email: str | None) -> User:
        staff = User.objects.filter(email=email or "", is_active=True).first()
        if staff is None or not staff.is_clinic_staff:
            raise CommandError("Moving needs --by with the e-mail of a member of staff, who answers for it.")
        return staff

    def move(self, found: list[Shifted], by: User, now: datetime) -> int:
        """Moves through the service, one transaction for each therapist; what is refused stays and is told."""
        by_therapist: dict[int, list[Shifted]] = defaultdict(list)
        for one in in_moving_order(found):
            by_therapist[one.appointment.therapist_id].append(one)
        moved = 0
        for sessions in by_therapist.values():
            with transaction.atomic():
                for one in sessions:
                    start = one.meant or one.appointment.start
                    try:
                        move_appointment(
                            appointment=one.appointment, start=start, by=by, now=now, reason=REASON, override=True
                        )
                    except DomainError as refused:
                        self.stdout.write(f"{one.appointment.pk} stays: {refused.message}")
                    else:
                        moved += 1
        return moved
