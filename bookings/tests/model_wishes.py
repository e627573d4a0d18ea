"""Wishes of the waitlist, asked of the real clinic and of the model: what is offered to whom, taken, declined, let pass."""

from datetime import date, timedelta

from bookings.models import Offer, WaitlistEntry
from bookings.services import (
    accept_offer,
    decline_offer,
    expire_offers,
    join_waitlist,
    leave_waitlist,
    offer_free_times,
)
from bookings.tests.model_seats import Seats
from bookings.tests.model_sides import Parted
from bookings.tests.simple_book import Session, minute, moment, shown_in
from bookings.tests.simple_waiting import MOST_WISHES, Wish, best_for, is_over


class Wishes(Seats):
    """Requests about wishes. `wishes` and `entries` are the two sides by the same name, `offers` what each was offered last."""

    def __init__(self) -> None:
        self.wishes: dict[str, Wish] = {}
        self.entries: dict[str, WaitlistEntry] = {}
        self.offers: dict[str, Offer] = {}

    def do_wish(
        self,
        label: str,
        kind: str,
        therapist: str | None,
        runner: str,
        after: int,
        days: int,
        weekdays: int,
        parts: int,
    ) -> None:
        """Wish, a minute after everybody before: so the line has one order."""
        self.book.now += 1
        first: date = self.now.date() + timedelta(days=after)
        profile, model = self.runners[runner], self.book.kinds[kind]
        wish = Wish(
            label,
            model,
            self.book.therapists[therapist] if therapist else None,
            runner,
            profile.user.zone,
            first,
            first + timedelta(days=days),
            weekdays,
            parts,
            (self.book.now, ""),
        )
        waiting = [each for each in self.wishes.values() if each.runner == runner and each.state == "waiting"]
        same = [each for each in waiting if each.asked_for == wish.asked_for]
        entry = self.answered(
            "wished",
            (wish.therapist is None or kind in wish.therapist.offers)
            and wish.last >= shown_in(wish.zone, self.book.now).date()
            and (bool(same) or len(waiting) < MOST_WISHES),
            lambda: join_waitlist(
                service=self.services[kind],
                therapist=self.people[therapist] if therapist else None,
                runner=profile,
                first=wish.first,
                last=wish.last,
                weekdays=weekdays,
                parts=parts,
                by=profile.user,
                now=self.now,
            ),
        )
        if entry is None:
            return
        if same:
            if entry.pk != self.entries[same[0].label].pk:
                raise Parted("the same wish stands twice")
            return
        wish.rank = (self.book.now, str(entry.pk))
        self.wishes[label], self.entries[label] = wish, entry

    def do_unwish(self, label: str, which: str) -> None:
        wish = self.wishes[which]
        leave_waitlist(entry=self.entries[which], by=self.runners[wish.runner].user, now=self.now)
        self.ends["wish taken back"] += 1
        if wish.state == "waiting":
            wish.state = "withdrawn"
            if wish.is_open:
                wish.end("withdrawn")

    def do_tick(self, label: str) -> None:
        """The book's own minute: what nobody answered ends, what is free is offered in order, seats are passed on."""
        expire_offers(now=self.now)
        for wish in self.wishes.values():
            if wish.is_open and wish.offer.held_until <= self.book.now:
                wish.end("expired")
        offer_free_times(now=self.now)
        made = {each.entry_id: each for each in Offer.objects.filter(made_at=self.now, state="open").select_related()}
        for wish in self.wishes.values():
            if wish.state == "waiting" and not wish.is_open and is_over(wish, self.book.now):
                wish.state = "withdrawn"
        for wish in sorted(self.wishes.values(), key=lambda each: each.rank):
            if wish.state == "waiting" and not wish.is_open:
                self.compare_offer(label, wish, made.pop(self.entries[wish.label].pk, None))
        if any(each.entry_id not in {self.entries[name].pk for name in self.wishes} for each in made.values()):
            raise Parted(f"{len(made)} offers made to nobody who waits")
        self.pass_on_seats()
        self.ends["ticked"] += 1

    def compare_offer(self, label: str, wish: Wish, offer: Offer | None) -> None:
        """What one wish was offered must be the earliest time that suits, kept for as long as it should be."""
        best = best_for(self.book, wish)
        if offer is None or best is None:
            if offer is not None or best is not None:
                at = offer.hold.start if offer else moment(best[0])
                raise Parted(f"{wish.label} {'is' if offer else 'is not'} offered {at:%d %H:%M}")
            return
        hold = offer.hold
        given = minute(hold.start), minute(offer.answer_until), hold.therapist.slug
        if given[:2] != best[:2] or given[2] not in best[2] or hold.hold_expires_at != offer.answer_until:
            raise Parted(f"{wish.label} is offered {hold.start} until {offer.answer_until}, and should be {best}")
        session = Session(
            f"{label}.{wish.label}",
            wish.kind,
            self.book.therapists[hold.therapist.slug],
            wish.runner,
            given[0],
            "held",
            given[1],
            is_offer=True,
        )
        self.settle(session, hold)
        wish.offer, wish.answer = session, ""
        wish.asked.add(given[0])
        self.offers[wish.label] = offer
        self.ends["offered"] += 1

    def do_accept(self, label: str, which: str) -> None:
        wish, offer = self.wishes[which], self.offers[which]
        row = self.answered(
            "offer accepted",
            wish.answer == "accepted" or wish.can_answer(self.book.now),
            lambda: accept_offer(offer=offer, by=self.runners[wish.runner].user, now=self.now),
        )
        if row is not None and wish.answer != "accepted":
            session = wish.offer
            session.state, session.held_until, session.is_offer = "booked", None, False
            session.done("booked", self.book.now, session.place, "booked")
            wish.answer, wish.state = "accepted", "booked"

    def wish_again(self, undone: Session) -> None:
        """A booking was undone: where it was an offer that was taken, the wish waits in its old place."""
        for wish in self.wishes.values():
            if wish.offer is undone and wish.answer == "accepted":
                wish.answer, wish.state = "declined", "waiting"

    def do_decline(self, label: str, which: str) -> None:
        wish, offer = self.wishes[which], self.offers[which]
        done = self.answered(
            "offer declined",
            wish.answer == "declined" or wish.can_answer(self.book.now),
            lambda: decline_offer(offer=offer, by=self.runners[wish.runner].user, now=self.now),
        )
        if done is not None and wish.answer != "declined":
            wish.end("declined")

    def compare_wishes(self) -> None:
        """Every wish and its open offer, on both sides."""
        states = dict(WaitlistEntry.objects.values_list("pk", "state"))
        open_ones = set(Offer.objects.filter(state="open").values_list("entry_id", flat=True))
        for name, wish in self.wishes.items():
            key = self.entries[name].pk
            if (states[key], key in open_ones) != (wish.state, wish.is_open):
                raise Parted(f"{name} stands as {states[key]}, and should be {wish.state}")
