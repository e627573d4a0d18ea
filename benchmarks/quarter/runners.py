"""What runners and visitors do: each act is one call of a service, as a page would make it, and says how it ended."""

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.quarter.looking import Looking


class Runners(Looking):
    """The acts of those who come to be treated."""

    def book(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """Look, hold or book the first time that suits, sometimes change one's mind, or wait for one."""
        from bookings.models import Change
        from bookings.services import book_slot, confirm_hold, hold_slot, join_waitlist, undo

        if len(self.coming(runner, now)) >= 3:
            return "book: has enough"
        service = self.clinic.services[dice.choices(("first", "follow-up", "gait", "check"), (2, 6, 2, 2))[0]]
        anyone = dice.random() < 0.3
        found = self.slots(service, runner, now, days=2, after=dice.choice((0, 1, 1, 2, 3, 5, 9)), anyone=anyone)
        if not found and dice.random() < 0.7:
            return "book: nothing suits, comes back later"
        if not found:
            favourite, wish = self.clinic.favourites[runner.pk]
            join_waitlist(
                service=service,
                therapist=None if anyone else favourite,
                runner=runner.runner,
                first=now.date(),
                last=now.date() + timedelta(days=14),
                by=runner,
                now=now,
                weekdays=wish.weekdays,
                parts=wish.parts,
            )
            return "waitlist: joined"
        slot = dice.choice(found[:3])
        asked = {
            "service": service,
            "therapist": self.person(slot),
            "runner": runner.runner,
            "start": slot.start,
            "by": runner,
        }
        if dice.random() < 0.6:
            held = hold_slot(**asked, now=now)
            if dice.random() < 0.12:
                return "hold: abandoned"
            booked = confirm_hold(appointment=held, by=runner, now=now + timedelta(minutes=dice.randint(0, 4)))
        else:
            booked = book_slot(**asked, now=now)
        if dice.random() < 0.05:
            change = Change.objects.filter(appointment=booked, undone_at=None).first()
            if change is not None:
                undo(change=change, by=runner, now=change.at + timedelta(minutes=2))
                return "book: undone"
        return "book: done"

    def move(self, runner: Any, dice: random.Random, now: datetime) -> str:
        from bookings.models import Change
        from bookings.services import move_appointment, undo

        session = self.session_of(runner, dice, now)
        if session is None:
            return "move: nothing to move"
        runner = session.runner.user
        found = self.slots(session.service, runner, now, days=5, after=1, moving=session)
        if not found:
            return "move: nothing suits"
        slot = dice.choice(found[:4])
        moved = move_appointment(appointment=session, start=slot.start, therapist=self.person(slot), by=runner, now=now)
        if dice.random() < 0.1:
            change = Change.objects.filter(appointment=moved, undone_at=None).first()
            undo(change=change, by=runner, now=now + timedelta(minutes=1))
            return "move: undone"
        return "move: done"

    def cancel(self, runner: Any, dice: random.Random, now: datetime) -> str:
        from bookings.models import Change
        from bookings.services import cancel_appointment, undo

        session = self.session_of(runner, dice, now)
        if session is None:
            return "cancel: nothing to cancel"
        runner = session.runner.user
        cancelled = cancel_appointment(
            appointment=session, by=runner, now=now, reason="Away.", accept_fee=dice.random() < 0.6
        )
        if dice.random() < 0.08:
            change = Change.objects.filter(appointment=cancelled, undone_at=None).first()
            undo(change=change, by=runner, now=now + timedelta(minutes=2))
            return "cancel: undone"
        return "cancel: late, with its fee" if cancelled.late_fee_pence else "cancel: done"

    def answer_offer(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """Whoever has an open offer answers it; two taps at once come from the same act drawn twice."""
        from bookings.models import Offer
        from bookings.services import accept_offer, decline_offer
        from bookings.services.offers import runner_of

        offers = list(Offer.objects.filter(state="open", answer_until__gt=now).order_by("made_at", "pk")[:8])
        if not offers:
            return "offer: none open"
        offer = dice.choice(offers)
        person = runner_of(offer).user
        if dice.random() < 0.75:
            accept_offer(offer=offer, by=person, now=now)
            return "offer: accepted"
        decline_offer(offer=offer, by=person, now=now)
        return "offer: declined"

    def series(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """Once a week for four weeks at the same time, all or none."""
        from bookings.services.series import book_series

        service = self.clinic.services["follow-up"]
        found = self.slots(service, runner, now, days=4, after=2)
        if not found:
            return "series: nothing suits"
        slot = dice.choice(found)
        person = self.person(slot)
        zone = ZoneInfo(person.user.zone)
        wall = slot.start.astimezone(zone)
        picks = [(person, (wall + timedelta(days=7 * week)).astimezone(ZoneInfo("UTC"))) for week in range(4)]
        book_series(service=service, runner=runner.runner, picks=self.picks(picks), by=runner, now=now)
        return "series: four booked"

    @staticmethod
    def picks(pairs: list[tuple[Any, datetime]]) -> list[Any]:
        import bookings.services.series as verbs

        return [verbs.Pick(therapist, start) for therapist, start in pairs]

    def wish_sooner(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """Wait for an earlier time in exchange for the session that stands."""
        from bookings.services import join_waitlist

        far = [each for each in self.coming(runner, now) if each.start > now + timedelta(days=4)]
        if not far:
            return "waitlist: nothing to exchange"
        join_waitlist(
            service=far[0].service,
            therapist=None,
            runner=runner.runner,
            first=now.date(),
            last=far[0].start.date(),
            by=runner,
            now=now,
            exchange_for=far[0],
        )
        return "waitlist: joined in exchange"

    def series_ends(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """The rest of a series is cancelled in one act."""
        from bookings.services.series import cancel_rest

        mine = [each for each in self.coming(runner, now) if each.series_id is not None]
        if not mine:
            return "series: nothing to cancel"
        cancel_rest(series=mine[0].series, by=runner, now=now)
        return "series: the rest cancelled"

    def visit_without_account(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """A visitor holds a time, and books it with the code from the mail, mistypes it, or goes away. Some come again."""
        from bookings.services import ask_code, hold_for_visitor, prove
        from clinic.core.errors import DomainError

        service = self.clinic.services[dice.choice(("first", "check"))]
        found = self.slots(service, None, now, days=3, after=dice.choice((1, 2, 4)), anyone=True)
        if not found:
            return "visitor: nothing free"
        slot, number, source = dice.choice(found[:6]), dice.randrange(150), f"192.0.2.{dice.getrandbits(48)}"
        kept = hold_for_visitor(
            service=service,
            therapist=self.person(slot),
            start=slot.start,
            browser=f"{dice.getrandbits(64):x}",
            source=source,
            zone=dice.choice(("Europe/London", "Europe/Athens")),
            now=now,
        )
        if dice.random() < 0.15:
            return "visitor: went away"
        known = f"runner{number}@bench.example" if number % 5 == 0 else f"visitor{number}@bench.example"
        asked = now + timedelta(minutes=1)
        kept, code = ask_code(visitor=kept, name=f"Visitor {number}", email=known, phone="", source=source, now=asked)
        if dice.random() < 0.1:
            try:
                prove(visitor=kept, code="no code", now=asked)
            except DomainError:
                return "visitor: mistyped the code"
        prove(visitor=kept, code=code or "", now=now + timedelta(minutes=dice.randint(1, 9)))
        return "visitor: booked"

    def seat(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """A seat in the next workshop: taken (with a friend), waited for, accepted, or given back."""
        from bookings.models import Seat, Workshop
        from bookings.services import seats as verbs

        workshops = list(
            Workshop.objects.filter(state="planned", booking__start__gt=now).order_by("booking__start")[:3]
        )
        if not workshops:
            return "seat: no workshop"
        workshop = dice.choice(workshops)
        mine = list(Seat.objects.filter(workshop=workshop, runner=runner.runner).exclude(state="cancelled"))
        taken = [each for each in mine if each.state == "taken"]
        offered = [each for each in mine if each.state == "offered"]
        if offered:
            verbs.accept_offer(seat=offered[0], by=runner, now=now)
            return "seat: offer accepted"
        if taken and dice.random() < 0.8:
            verbs.give_back_seats(seats=taken, by=runner, now=now, accept_fee=True)
            if dice.random() < 0.1:
                verbs.undo_give_back(seats=taken, by=runner, now=now + timedelta(minutes=1))
                return "seat: giving back undone"
            return "seat: given back"
        if workshop.seats_taken >= workshop.capacity:
            verbs.join_waitlist(workshop=workshop, runner=runner.runner, by=runner, now=now)
            return "seat: waiting"
        friends = [f"Friend {dice.randrange(9)}"] if dice.random() < 0.2 else []
        verbs.take_seats(workshop=workshop, runner=runner.runner, by=runner, now=now, friends=friends)
        return "seat: taken"
