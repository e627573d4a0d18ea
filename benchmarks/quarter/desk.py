"""What the front desk does: callers, moves past the rules, an ill therapist's day, the end of a day."""

import random
from datetime import datetime, timedelta
from typing import Any

from benchmarks.quarter.clinic import LONDON
from benchmarks.quarter.looking import Looking


class Desk(Looking):
    """The acts of the staff."""

    def desk_books(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """The phone rings: a caller, known or new."""
        from bookings.services import book_for_caller

        service = self.clinic.services["follow-up"]
        found = self.slots(service, runner, now, days=4, anyone=True)
        if not found:
            return "desk: nothing free"
        slot = dice.choice(found[:5])
        number = dice.randrange(200)
        book_for_caller(
            service=service,
            therapist=self.person(slot),
            start=slot.start,
            name=f"Caller {number}",
            email=f"caller{number}@bench.example",
            phone="",
            by=self.clinic.desk,
            now=now,
        )
        return "desk: booked for a caller"

    def desk_moves(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """The desk puts a session anywhere, past the rules, with a reason."""
        from bookings.services import move_appointment

        session = self.session_of(runner, dice, now)
        if session is None:
            return "desk: nothing to move"
        start = session.start + timedelta(minutes=15 * dice.randint(-12, 12))
        move_appointment(
            appointment=session,
            start=start,
            therapist=dice.choice([session.therapist, dice.choice(self.clinic.therapists)]),
            by=self.clinic.desk,
            now=now,
            reason="The desk needs it so.",
            override=True,
        )
        return "desk: moved past the rules"

    def desk_resizes(self, runner: Any, dice: random.Random, now: datetime) -> str:
        from bookings.services.resizing import resize_appointment

        session = self.session_of(runner, dice, now)
        if session is None:
            return "desk: nothing to resize"
        minutes = int(session.length.total_seconds() // 60) + dice.choice((-10, 15, 30))
        resize_appointment(
            appointment=session, minutes=minutes, by=self.clinic.desk, now=now, reason="Needs it.", override=True
        )
        return "desk: resized"

    def fall_ill(self, number: int, dice: random.Random, now: datetime) -> dict[str, int]:
        """A therapist is ill today: the desk takes the proposals for the whole day, some of them otherwise."""
        from bookings.services.proposing import propose
        from bookings.services.replanning import Pick, send_offers

        ill, night = self.clinic.therapists[number], now.astimezone(LONDON).replace(hour=23, minute=0)
        absence = {"therapist": ill, "start": now, "end": night}
        picks = []
        for row in propose(**absence, now=now):
            others = [row.best, *row.others[:1]] if row.best is not None else []
            place = dice.choice(others) if others and dice.random() < 0.9 else None
            picks.append(
                Pick(row.session.pk, place.therapist.pk, place.start) if place else Pick(row.session.pk, None, None)
            )
        outcome = send_offers(**absence, reason="Ill", picks=picks, by=self.clinic.desk, now=now)
        return {
            "ill: days": 1,
            "ill: offered another time": len(outcome.offered),
            "ill: first on the waitlist": len(outcome.waiting),
            "ill: refused meanwhile": len(outcome.refused),
        }

    def go_on_holiday(self, number: int, dice: random.Random, now: datetime) -> dict[str, int]:
        """A week off, three weeks ahead: what is booked in it is cancelled free of charge and put first on the waitlist."""
        from bookings.services import add_time_off
        from bookings.services.replanning import give_up

        start = now.astimezone(LONDON).replace(hour=0) + timedelta(days=21)
        added = add_time_off(
            therapist=self.clinic.therapists[number],
            start=start,
            end=start + timedelta(days=7),
            reason="Holiday",
            by=self.clinic.desk,
            now=now,
        )
        hit = [each for each in added.hit if each.workshop_id is None]
        for session in hit:
            give_up(appointment=session, by=self.clinic.desk, now=now)
        return {"holidays": 1, "holidays: sessions put first on the waitlist": len(hit)}

    def plan_workshop(self, number: int, dice: random.Random, now: datetime) -> str:
        from bookings.services.workshops import plan_workshop

        plan_workshop(
            title=f"Running form {number}",
            capacity=10,
            therapist=self.clinic.therapists[number % 6],
            start=now.astimezone(LONDON).replace(hour=18) + timedelta(days=16),
            minutes=90,
            place="clinic",
            by=self.clinic.desk,
            now=now,
            override_reason="Workshops are in the evening.",
        )
        return "workshop: planned"

    def cancel_workshop(self, number: int, dice: random.Random, now: datetime) -> str:
        from bookings.models import Workshop
        from bookings.services.workshops import cancel_workshop

        workshop = Workshop.objects.filter(state="planned", booking__start__gt=now).first()
        if workshop is None:
            return "workshop: none to cancel"
        cancel_workshop(workshop=workshop, by=self.clinic.desk, now=now, reason="The hall is closed.")
        return "workshop: cancelled, everybody told"

    def close_session(self, key: Any, dice: random.Random, now: datetime) -> str:
        """A session that is over is marked: held, or the runner did not come."""
        from bookings.models import Appointment
        from bookings.services import mark_arrived, mark_completed, mark_no_show

        session = Appointment.objects.with_people().get(pk=key)
        if dice.random() < 0.06:
            mark_no_show(appointment=session, by=self.clinic.desk, now=now)
            return "did not come"
        mark_arrived(appointment=session, by=self.clinic.desk, now=now)
        mark_completed(appointment=session, by=self.clinic.desk, now=now)
        return "came"
