"""One time wanted by every path that has no door of its own over HTTP, or only a page: each in a thread, all at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.checks.stage import Verdicts, asked_of_the_database, together

REFUSED = {"slot_taken", "runner_busy", "series_conflict"}
HOUR = timedelta(hours=1)


def race_them(
    verdicts: Verdicts, therapist: Any, users: list[Any], staff: Any, *, first: datetime, rounds: int
) -> None:
    """A series, a caller, a confirmed hold, a visitor, an offer, a longer session before it and a workshop want one hour."""
    won: list[str] = []
    wrong: list[str] = []
    for number in range(rounds):
        slot = first + 4 * HOUR * number
        acts = paths(therapist, users, staff, slot, number)
        ends = together(list(acts.values()))
        codes = [getattr(end, "code", type(end).__name__) for end in ends if isinstance(end, Exception)]
        winners = [name for name, end in zip(acts, ends, strict=True) if not isinstance(end, Exception)]
        kept = asked_of_the_database(
            "SELECT COUNT(*) FROM bookings_appointment WHERE therapist_id = %s AND state <> 'cancelled'"
            " AND busy_from < %s AND busy_until > %s",
            *(therapist.pk, moment(slot + HOUR), moment(slot)),
        )[0][0]
        won += winners
        if kept != 1 or len(winners) != 1 or not set(codes) <= REFUSED:
            wrong.append(f"round {number + 1}: {kept} kept, won by {winners}, {sorted(set(codes))}")
    verdicts.say(
        f"seven other paths at once: one wins in each of {rounds} rounds",
        ", ".join(f"{name} {won.count(name)}" for name in sorted(set(won))),
        not wrong,
    )
    for line in wrong:
        print(f"            {line}")


def moment(at: datetime) -> Any:
    from django.db import connection

    return connection.ops.adapt_datetimefield_value(at)


def paths(therapist: Any, users: list[Any], staff: Any, slot: datetime, number: int) -> dict[str, Callable[[], object]]:
    """Each act by its name; all but the winner must be refused."""
    from bookings.models import Appointment
    from bookings.services import (
        book_for_caller,
        book_slot,
        confirm_hold,
        hold_for_visitor,
        hold_slot,
        offer_instead,
    )
    from bookings.services.resizing import resize_appointment
    from bookings.services.series import Pick, book_series
    from bookings.services.workshops import plan_workshop

    now, service = datetime.now(UTC), therapist.services.get()
    one, two, three, four = users[:4]

    def booked(user: Any, start: datetime) -> Appointment:
        return book_slot(service=service, therapist=therapist, runner=user.runner, start=start, by=user, now=now)

    before, far = booked(one, slot - HOUR), booked(two, slot + timedelta(days=9))

    def hold_and_confirm() -> object:
        held = hold_slot(
            service=service, therapist=therapist, runner=three.runner, start=slot, by=three, now=datetime.now(UTC)
        )
        return confirm_hold(appointment=held, by=three, now=datetime.now(UTC))

    return {
        "series": lambda: book_series(
            service=service,
            runner=four.runner,
            picks=[Pick(therapist, slot), Pick(therapist, slot + timedelta(days=12))],
            by=four,
            now=now,
        ),
        "caller": lambda: book_for_caller(
            service=service,
            therapist=therapist,
            start=slot,
            name=f"Caller {number}",
            email=f"caller{number}@bench.example",
            phone="",
            by=staff,
            now=now,
        ),
        "confirmed hold": hold_and_confirm,
        "visitor": lambda: hold_for_visitor(
            service=service,
            therapist=therapist,
            start=slot,
            browser=f"browser {number}",
            source="192.0.2.1",
            zone="Europe/London",
            now=now,
        ),
        "offer": lambda: offer_instead(
            appointment=far, start=slot, therapist=therapist, by=staff, now=now, answer_until=now + HOUR
        ),
        "longer session": lambda: resize_appointment(appointment=before, minutes=75, by=staff, now=now),
        "workshop": lambda: plan_workshop(
            title=f"Form {number}",
            capacity=8,
            therapist=therapist,
            start=slot + HOUR / 4,
            minutes=30,
            place="online",
            by=staff,
            now=now,
        ),
    }
