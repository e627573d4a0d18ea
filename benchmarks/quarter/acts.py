"""What people do: each act is one call of a service, as a page would make it, and says how it ended."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.quarter.clinic import LONDON, Clinic

Act = Callable[[], str]


class Acts:
    """Draws and does acts at the simulated instant `now`. An act may run in any thread: it asks the database alone."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic

    def draw(self, dice: random.Random, now: datetime) -> Act:
        """The next act of somebody, with dice of its own."""
        runner, own = dice.choice(self.clinic.runners), random.Random(dice.random())
        verbs: dict[Callable[..., str], int] = {
            self.book: 56,
            self.move: 9,
            self.cancel: 9,
            self.answer_offer: 16,
            self.desk_books: 5,
            self.desk_moves: 3,
            self.desk_resizes: 2,
            self.series: 1,
            self.seat: 6,
        }
        verb = dice.choices(list(verbs), list(verbs.values()))[0]
        return lambda: verb(runner, own, now)

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
        """Free times of the coming days, those that suit the runner first."""
        from bookings.availability import find_slots

        favourite, wish = self.clinic.favourites.get(runner.pk) or (self.clinic.therapists[0], any_time())
        first = now.date() + timedelta(days=more.pop("after", 0))
        found = find_slots(
            service=service,
            therapists=None if anyone else [favourite],
            first=first,
            last=first + timedelta(days=days),
            zone=runner.zone,
            runner=runner.runner,
            now=now,
            **more,
        )
        zone = ZoneInfo(runner.zone)
        return [slot for slot in found if wish.suits(slot.start.astimezone(zone))]

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
        person = next(each for each in self.clinic.therapists if each.pk == slot.therapist_id)
        asked = {"service": service, "therapist": person, "runner": runner.runner, "start": slot.start, "by": runner}
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
        person = next(each for each in self.clinic.therapists if each.pk == slot.therapist_id)
        moved = move_appointment(appointment=session, start=slot.start, therapist=person, by=runner, now=now)
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

    def desk_books(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """The phone rings: a caller, known or new."""
        from bookings.services import book_for_caller

        service = self.clinic.services["follow-up"]
        found = self.slots(service, runner, now, days=4, anyone=True)
        if not found:
            return "desk: nothing free"
        slot = dice.choice(found[:5])
        person = next(each for each in self.clinic.therapists if each.pk == slot.therapist_id)
        number = dice.randrange(200)
        book_for_caller(
            service=service,
            therapist=person,
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

    def series(self, runner: Any, dice: random.Random, now: datetime) -> str:
        """Once a week for four weeks at the same time, all or none."""
        from bookings.services.series import book_series

        service = self.clinic.services["follow-up"]
        found = self.slots(service, runner, now, days=4, after=2)
        if not found:
            return "series: nothing suits"
        slot = dice.choice(found)
        person = next(each for each in self.clinic.therapists if each.pk == slot.therapist_id)
        zone = ZoneInfo(person.user.zone)
        wall = slot.start.astimezone(zone)
        picks = [(person, (wall + timedelta(days=7 * week)).astimezone(ZoneInfo("UTC"))) for week in range(4)]
        book_series(service=service, runner=runner.runner, picks=self.picks(picks), by=runner, now=now)
        return "series: four booked"

    @staticmethod
    def picks(pairs: list[tuple[Any, datetime]]) -> list[Any]:
        import bookings.services.series as verbs

        return [verbs.Pick(therapist, start) for therapist, start in pairs]

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

    def fall_ill(self, therapist: Any, now: datetime) -> dict[str, int]:
        """A therapist is ill today: time off, then every session hit is offered another time or cancelled."""
        from bookings.services import add_time_off, cancel_appointment, offer_instead
        from clinic.core.errors import DomainError

        night = now.astimezone(LONDON).replace(hour=23, minute=0)
        added = add_time_off(therapist=therapist, start=now, end=night, reason="Ill", by=self.clinic.desk, now=now)
        ends = {"ill: sessions hit": len(added.hit), "ill: offered another time": 0, "ill: cancelled": 0}
        for session in added.hit:
            if session.workshop_id or session.state != "booked":
                continue
            runner = session.runner.user
            found = self.slots(session.service, runner, now, days=6, anyone=True, moving=session)
            try:
                slot = found[0]
                offer_instead(
                    appointment=session,
                    start=slot.start,
                    therapist=next(each for each in self.clinic.therapists if each.pk == slot.therapist_id),
                    by=self.clinic.desk,
                    now=now,
                    answer_until=min(now + timedelta(hours=3), slot.start),
                )
                ends["ill: offered another time"] += 1
            except (DomainError, IndexError):
                cancel_appointment(appointment=session, by=self.clinic.desk, now=now, reason="Your therapist is ill.")
                ends["ill: cancelled"] += 1
        return ends

    def close_day(self, dice: random.Random, now: datetime) -> dict[str, int]:
        """Every session that is over is marked: held, or the runner did not come."""
        from bookings.models import Appointment
        from bookings.services import mark_arrived, mark_completed, mark_no_show

        ends: dict[str, int] = {"came": 0, "did not come": 0}
        over = Appointment.objects.with_people().sessions().filter(state__in=("booked", "arrived"), end__lte=now)
        for session in over:
            if dice.random() < 0.06:
                mark_no_show(appointment=session, by=self.clinic.desk, now=now)
                ends["did not come"] += 1
            else:
                mark_arrived(appointment=session, by=self.clinic.desk, now=now)
                mark_completed(appointment=session, by=self.clinic.desk, now=now)
                ends["came"] += 1
        return ends


def any_time() -> Any:
    from bookings.models import TimePreference

    return TimePreference()
