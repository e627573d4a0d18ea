"""Capacity and waitlist: eight seats are eight seats, and what is freed goes to the first who wait, one at a time.

Over HTTP with four workers for the seats; the waitlist's own minute is run by several processes' worth of threads at once,
as it may be in the clinic. Nobody ever wins twice, and never two the same time.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import ground
from benchmarks.checks.stage import (
    Post,
    Verdicts,
    asked_of_the_database,
    at_once,
    make_runners,
    make_service,
    make_staff,
    make_therapist,
    say_overlaps,
    together,
    token_of,
    told,
    tomorrow_at,
)

ROUNDS, SEATS = 5, 8


def run(verdicts: Verdicts) -> None:
    service = make_service(change_notice_h=1)
    therapist = make_therapist("tess", service)
    users, staff = make_runners(verdicts.clients), make_staff()
    seats(verdicts, therapist, users, staff)
    freed_seats(verdicts, therapist, users, staff)
    freed_times(verdicts, service, users)
    say_overlaps(verdicts)
    oversold = asked_of_the_database(
        "SELECT COUNT(*) FROM bookings_workshop w WHERE w.seats_taken > w.capacity OR w.seats_taken <> (SELECT COUNT(*)"
        " FROM bookings_seat s WHERE s.workshop_id = w.id AND s.state IN ('taken', 'offered'))"
    )[0][0]
    verdicts.say("workshops oversold or miscounted, by SQL", oversold, oversold == 0)


def workshop(therapist: Any, staff: Any, start: datetime) -> Any:
    from bookings.services.workshops import plan_workshop

    return plan_workshop(
        title="Running form",
        capacity=SEATS,
        therapist=therapist,
        start=start,
        minutes=90,
        place="online",
        by=staff,
        now=datetime.now(start.tzinfo),
    )


def seats(verdicts: Verdicts, therapist: Any, users: list[Any], staff: Any) -> None:
    """Everybody wants one of eight seats, before anybody has booked, and when three are taken."""
    from bookings.services.seats import take_seats

    tokens = [token_of(each) for each in users]
    taken, wrong = [], []
    with ground.serving("gthread", workers=4, threads=8) as server:
        for number in range(ROUNDS + 1):
            made = workshop(therapist, staff, tomorrow_at(0, days=5) + timedelta(hours=2 * number))
            if number == ROUNDS:
                take_seats(
                    workshop=made,
                    runner=users[-1].runner,
                    by=users[-1],
                    now=datetime.now(UTC),
                    friends=["Kim", "Lee"],
                )
            ends = at_once(server.port, [Post(token, f"/api/v1/workshops/{made.pk}/seats/", {}) for token in tokens])
            taken.append(made.seats.filter(state="taken").count())
            got = SEATS if number < ROUNDS else SEATS - 2  # whoever has a seat already keeps it, and is told so
            if Counter(each.code for each in ends) != {"": got, "full": len(tokens) - got}:
                wrong.append(told(ends))
    verdicts.say(
        f"{SEATS} seats, {len(tokens)} at once, {ROUNDS} rounds, and 3 taken before",
        " ".join(map(str, [*taken, *wrong])),
        set(taken) == {SEATS} and not wrong,
    )


def freed_seats(verdicts: Verdicts, therapist: Any, users: list[Any], staff: Any) -> None:
    """Three give back at once while five wait; then one declines, one lets it pass."""
    from bookings.services import seats as verbs

    made = workshop(therapist, staff, tomorrow_at(0, days=9))
    now = datetime.now(made.booking.start.tzinfo)
    holders, waiting = users[:SEATS], users[SEATS : SEATS + 5]
    for user in holders:
        verbs.take_seats(workshop=made, runner=user.runner, by=user, now=now)
    line = [
        verbs.join_waitlist(workshop=made, runner=user.runner, by=user, now=now + timedelta(seconds=place))
        for place, user in enumerate(waiting)
    ]
    back = [list(made.seats.filter(runner=user.runner)) for user in holders[:3]]
    later = now + timedelta(minutes=1)
    together(
        [
            lambda seats=seats, user=user: verbs.give_back_seats(seats=seats, by=user, now=later)
            for seats, user in zip(back, holders, strict=False)
        ]
    )

    def places() -> list[int]:
        made.refresh_from_db()
        states = dict(made.seats.values_list("pk", "state"))
        return [place for place, seat in enumerate(line) if states.get(seat.pk) == "offered"]

    verdicts.say("three seats given back at once, five wait: offered to", places(), places() == [0, 1, 2])
    line[0].refresh_from_db()
    verbs.leave_line(seat=line[0], by=waiting[0], now=later + timedelta(minutes=5))
    verdicts.say("the first declines: offered to", places(), places() == [1, 2, 3])
    ends = made.seats.get(pk=line[1].pk).offered_until
    steps = together([lambda: verbs.pass_on_offers(now=ends + timedelta(seconds=1)) for _ in range(4)])
    verdicts.say(
        "two let it pass, four steps at once: offered to", f"{places()} {steps}", 4 in places() and 1 not in places()
    )
    verdicts.say("seats taken or offered", made.seats_taken, made.seats_taken <= SEATS)


def freed_times(verdicts: Verdicts, service: Any, users: list[Any]) -> None:
    """A full day; three sessions are cancelled at once while five wait for that day; several steps run at once."""
    from bookings.models import Appointment, Offer
    from bookings.services import (
        accept_offer,
        book_slot,
        cancel_appointment,
        decline_offer,
        expire_offers,
        join_waitlist,
    )
    from bookings.services.waitlist import offer_free_times

    short = make_therapist("olu", service, opens=9, closes=14)
    day = tomorrow_at(12, days=12)
    now = day - timedelta(days=6)
    booked = []
    for place, user in enumerate(users[:5]):
        start = day.replace(hour=9) + timedelta(hours=place)
        start -= timedelta(hours=0)
        booked.append(book_slot(service=service, therapist=short, runner=user.runner, start=start, by=user, now=now))
    waiting = users[5:10]
    entries = [
        join_waitlist(
            service=service,
            therapist=short,
            runner=user.runner,
            first=day.date(),
            last=day.date(),
            by=user,
            now=now + timedelta(seconds=place),
        )
        for place, user in enumerate(waiting)
    ]
    together(
        [
            lambda one=one, user=user: cancel_appointment(appointment=one, by=user, now=now + timedelta(minutes=1))
            for one, user in zip(booked[:3], users, strict=False)
        ]
    )
    offer_free_times(now=now + timedelta(minutes=2))
    verdicts.say(
        "within three minutes of a cancellation nothing is offered", Offer.objects.count(), not Offer.objects.exists()
    )
    at = now + timedelta(minutes=5)
    together([lambda: offer_free_times(now=at) for _ in range(4)])

    def asked() -> list[int]:
        return sorted(entries.index(each.entry) for each in Offer.objects.filter(state="open").select_related("entry"))

    verdicts.say("three cancelled at once, five wait, four steps: offers to", asked(), asked() == [0, 1, 2])
    offers = {entries.index(each.entry): each for each in Offer.objects.filter(state="open").select_related("entry")}
    decline_offer(offer=offers[0], by=waiting[0], now=at)
    together([lambda: offer_free_times(now=at + timedelta(minutes=1)) for _ in range(4)])
    verdicts.say("the first declines: the next is offered it", asked(), asked() == [1, 2, 3])
    offer = Offer.objects.get(entry=entries[1], state="open")
    ends = together(
        [lambda: accept_offer(offer=offer, by=waiting[1], now=at + timedelta(minutes=2))] * 10
        + [
            lambda: book_slot(
                service=service, therapist=short, runner=users[11].runner, start=offer.hold.start, by=users[11], now=at
            )
        ]
        * 3
    )
    mine = Appointment.objects.filter(therapist=short, start=offer.hold.start, state="booked").values_list(
        "runner", flat=True
    )
    verdicts.say(
        "ten taps on one offer, three others book that time",
        f"{sum(isinstance(each, Appointment) for each in ends)} answered yes, {len(mine)} session",
        list(mine) == [waiting[1].runner.pk],
    )
    over = Offer.objects.get(entry=entries[2], state="open").answer_until + timedelta(seconds=1)
    steps = together([lambda: (expire_offers(now=over), offer_free_times(now=over)) for _ in range(4)])
    lapsed = Offer.objects.get(entry=entries[2]).hold.start
    to = [
        entries.index(each.entry)
        for each in Offer.objects.filter(state="open", hold__start=lapsed).select_related("entry")
    ]
    verdicts.say(
        "one lets it pass: offered once more, to the next in line", f"{to} {steps}", len(to) == 1 and to != [2]
    )
    two = Offer.objects.filter(state="open").values("hold__start").count() - len(
        set(Offer.objects.filter(state="open").values_list("hold__start", flat=True))
    )
    verdicts.say("times offered to two people at once", two, two == 0)
