"""What runners are told about workshops: one letter each, however many seats they have. Rows of the outbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from bookings.calendars import seats as seat_calendar
from bookings.letters.facts import page, time_facts
from bookings.messages import NEWS
from bookings.models import Seat, Workshop
from bookings.models.appointments import UNDO
from bookings.models.workshops import SeatState
from bookings.workshops.seating import elsewhere
from clinic.core.wording import in_words
from clinic.people.models import RunnerProfile
from clinic.reminders.kinds import Attachment, Kind, register
from clinic.reminders.models import Reminder, State
from clinic.reminders.services import Planned, schedule, schedule_new, withdraw

DAY_BEFORE, TOO_LATE = timedelta(hours=24), timedelta(hours=2)
OFFER_SALT = "bookings.workshop_offer"
OPENS_FOR = timedelta(days=3)
"""So long a link opens an offer, which is kept for half a day at most."""


def register_kinds() -> None:
    """Make these kinds of message known to the outbox."""
    for name, still_true, extra in (
        ("workshop_seat", still_taken, facts),
        ("workshop_back", still_given_back, facts),
        ("workshop_moved", still_there, facts_of_a_move),
        ("workshop_cancelled", nothing_changes, facts),
        ("workshop_offer", still_offered, facts),
    ):
        register(Kind(name, template=name, still_true=still_true, extra=extra, attachments=calendars, capped=False))
    register(
        Kind(
            "workshop_24h",
            template="workshop_24h",
            still_true=still_coming,
            extra=facts,
            transactional=False,
            capped=False,
            label="The day before a workshop",
            summary="One e-mail 24 hours before.",
        )
    )


def party(workshop: Workshop, runner: RunnerProfile) -> str:
    """What letters to `runner` about all their seats in `workshop` are about."""
    return f"{workshop.subject}:{runner.pk}"


def occasion_of(seat: Seat) -> str:
    """By which name the letter about the last change of the seat goes."""
    return f"{seat.pk} {seat.sequence}"


def keys(seats: Iterable[Seat]) -> list[str]:
    return [str(seat.pk) for seat in seats]


def plan_taken(workshop: Workshop, seats: Sequence[Seat], *, now: datetime) -> None:
    """One confirmation of seats just taken, when UNDO is over, and one reminder the day before."""
    runner, subject = seats[0].runner, party(workshop, seats[0].runner)
    reminder = day_before(workshop, now)
    messages = [confirmation(workshop, seats, now), *([reminder] if reminder else [])]
    schedule_new(person=runner.user, subject=subject, messages=messages)
    withdrawn = Reminder.objects.filter(subject=subject, kind="workshop_24h", state=State.WITHDRAWN)
    if reminder is not None and withdrawn.exists():
        schedule(person=runner.user, subject=subject, **reminder._asdict())


def plan_taken_anew(workshop: Workshop, seats: Sequence[Seat], *, now: datetime) -> None:
    """A confirmation for seats whose first one was taken back unsent."""
    first = seats[0]
    message = confirmation(workshop, seats, now)
    schedule(person=first.runner.user, subject=party(workshop, first.runner), **message._asdict())


def confirmation(workshop: Workshop, seats: Sequence[Seat], now: datetime) -> Planned:
    expires_at = max(workshop.booking.start, now + NEWS)
    return Planned("workshop_seat", occasion_of(seats[0]), now + UNDO, expires_at, {"seats": keys(seats)})


def plan_day_before(workshop: Workshop, runner: RunnerProfile, *, now: datetime) -> None:
    """The reminder for the time as it is now, also where one was withdrawn."""
    reminder = day_before(workshop, now)
    if reminder is not None:
        schedule(person=runner.user, subject=party(workshop, runner), **reminder._asdict())


def day_before(workshop: Workshop, now: datetime) -> Planned | None:
    """The reminder 24 hours before; None when that is over: the letter has just told it all."""
    start = workshop.booking.start
    if start - DAY_BEFORE <= now:
        return None
    return Planned("workshop_24h", start.isoformat(), start - DAY_BEFORE, start - TOO_LATE, {})


def plan_given_back(
    workshop: Workshop, back: Sequence[Seat], *, left: Sequence[Seat], late: int, now: datetime
) -> None:
    """Tell what was given back; what nobody was told of yet is taken back instead."""
    runner = back[0].runner
    subject = party(workshop, runner)
    untold = recall(subject, "workshop_seat", keys(back), reason="The seat was given back.")
    again = [seat for seat in left if str(seat.pk) in untold]
    if again:
        plan_taken_anew(workshop, again, now=now)
    told = [seat for seat in back if str(seat.pk) not in untold]
    if told:
        news = Planned(
            "workshop_back",
            occasion_of(told[0]),
            now + UNDO,
            now + NEWS,
            {"seats": keys(told), "late": late, "price_pence": workshop.price_pence},
        )
        schedule_new(person=runner.user, subject=subject, messages=[news])
    if not left:
        withdraw(subject=subject, kinds=["workshop_24h"], reason="The seat was given back.")


def plan_taken_again(workshop: Workshop, seats: Sequence[Seat], *, now: datetime) -> None:
    """After an undo: the letter about giving back stays unsent, and what was never confirmed is."""
    subject = party(workshop, seats[0].runner)
    known = recall(subject, "workshop_back", keys(seats), reason="It was undone.")
    unknown = [seat for seat in seats if str(seat.pk) not in known]
    if unknown:
        plan_taken_anew(workshop, unknown, now=now)
    plan_day_before(workshop, seats[0].runner, now=now)


def recall(subject: str, kind: str, seats: Iterable[str], *, reason: str) -> set[str]:
    """Take back letters of `kind` that tell of any of `seats` and have not left; all the seats they would have told of."""
    wanted = set(seats)
    waiting = Reminder.objects.waiting().filter(subject=subject, kind=kind)
    rows = {row.occasion: set(row.context.get("seats", ())) for row in waiting}
    occasions = [occasion for occasion, told in rows.items() if told & wanted]
    if occasions:
        withdraw(subject=subject, kinds=[kind], occasions=occasions, reason=reason)
    return set().union(*(rows[occasion] for occasion in occasions))


def plan_offer(workshop: Workshop, seat: Seat, *, told_at: datetime) -> None:
    """Tell the next in line that a seat is kept for them until `offered_until`."""
    if seat.offered_until is None:
        raise ValueError("Only an offered seat can be told.")
    news = Planned(
        "workshop_offer", occasion_of(seat), told_at, seat.offered_until, {"seats": keys([seat]), "offer": str(seat.pk)}
    )
    schedule_new(person=seat.runner.user, subject=party(workshop, seat.runner), messages=[news])


def take_back_offer(seat: Seat, *, reason: str) -> bool:
    """Take the letter about an offered seat back; whether it had not left yet."""
    taken_back = withdraw(
        subject=party(seat.workshop, seat.runner),
        kinds=["workshop_offer"],
        occasions=[occasion_of(seat)],
        reason=reason,
    )
    return taken_back > 0


def plan_moved(workshop: Workshop, seats: Iterable[Seat], *, was: datetime, now: datetime) -> int:
    """One letter to everybody with a seat, taken or offered, and the reminder for the new time. Returns how many.

    Whose offer has not left yet reads the new time there, and gets nothing else.
    """
    sequence = workshop.booking.sequence
    untold = set(
        Reminder.objects.waiting()
        .filter(kind="workshop_offer", subject__startswith=workshop.subject)
        .values_list("subject", flat=True)
    )
    people = [
        (runner, theirs)
        for runner, theirs in by_runner(seats)
        if any(seat.state == SeatState.TAKEN for seat in theirs) or party(workshop, runner) not in untold
    ]
    for runner, theirs in people:
        subject = party(workshop, runner)
        withdraw(
            subject=subject,
            kinds=["workshop_seat", "workshop_24h", "workshop_moved"],
            reason="The workshop was moved.",
        )
        context = {"seats": keys(theirs), "was": was.isoformat(), "sequence": sequence}
        expires_at = max(workshop.booking.start, now + NEWS)
        news = Planned("workshop_moved", f"move {sequence}", now, expires_at, context)
        schedule_new(person=runner.user, subject=subject, messages=[news])
        if any(seat.state == SeatState.TAKEN for seat in theirs):
            plan_day_before(workshop, runner, now=now)
    return len(people)


def plan_cancelled(workshop: Workshop, seats: Iterable[Seat], *, now: datetime) -> int:
    """One letter to everybody who had a seat or waited for one, and nothing else from now on. Returns how many."""
    people = by_runner(seats)
    for runner, theirs in people:
        subject = party(workshop, runner)
        withdraw(subject=subject, reason="The workshop was cancelled.")
        news = Planned(
            "workshop_cancelled",
            "cancelled",
            now,
            max(workshop.booking.start, now + NEWS),
            {"seats": keys(theirs), "had_seat": any(seat.state == SeatState.TAKEN for seat in theirs)},
        )
        schedule_new(person=runner.user, subject=subject, messages=[news])
    return len(people)


def by_runner(seats: Iterable[Seat]) -> list[tuple[RunnerProfile, list[Seat]]]:
    """Each runner once, with their seats, own first."""
    result: dict[Any, tuple[RunnerProfile, list[Seat]]] = {}
    for seat in sorted(seats, key=lambda seat: seat.friend):
        result.setdefault(seat.runner_id, (seat.runner, []))[1].append(seat)
    return list(result.values())


def workshop_of(reminder: Reminder) -> Workshop | None:
    """The workshop a message is about, with its time and therapist."""
    _, key, _ = reminder.subject.split(":", 2)
    return Workshop.objects.select_related("booking__therapist__user").filter(pk=key).first()


def seats_in(reminder: Reminder) -> list[Seat]:
    """The seats a message tells of, as they stand, the runner's own first."""
    found = Seat.objects.filter(pk__in=reminder.context.get("seats", []))
    return list(found.select_related("workshop__booking", "runner__user").order_by("friend"))


def taken_now(reminder: Reminder) -> list[Seat]:
    """Every seat the person has in the workshop now."""
    _, key, runner = reminder.subject.split(":", 2)
    return list(Seat.objects.filter(workshop=UUID(key), runner=UUID(runner), state=SeatState.TAKEN).order_by("friend"))


def still_taken(reminder: Reminder, now: datetime) -> str:
    return "" if any(seat.state == SeatState.TAKEN for seat in seats_in(reminder)) else "The seat was given back."


def still_given_back(reminder: Reminder, now: datetime) -> str:
    back = any(seat.state == SeatState.CANCELLED for seat in seats_in(reminder))
    return "" if back else "The seat was taken again."


def still_there(reminder: Reminder, now: datetime) -> str:
    workshop = workshop_of(reminder)
    if workshop is None or workshop.state != Workshop.State.PLANNED:
        return "The workshop was cancelled."
    if workshop.booking.sequence != reminder.context.get("sequence"):
        return "The workshop was moved again."
    keeps = any(seat.state in (SeatState.TAKEN, SeatState.OFFERED) for seat in seats_in(reminder))
    return "" if keeps else "The seat was given back."


def nothing_changes(reminder: Reminder, now: datetime) -> str:
    return ""


def still_offered(reminder: Reminder, now: datetime) -> str:
    kept = [seat for seat in seats_in(reminder) if seat.state == SeatState.OFFERED]
    if not kept or occasion_of(kept[0]) != reminder.occasion:
        return "The offer was answered, or its time is over."
    return "" if kept[0].offered_until and now < kept[0].offered_until else "The time to answer is over."


def still_coming(reminder: Reminder, now: datetime) -> str:
    workshop = workshop_of(reminder)
    if workshop is None or workshop.state != Workshop.State.PLANNED:
        return "The workshop was cancelled."
    if workshop.booking.start.isoformat() != reminder.occasion:
        return "The workshop was moved."
    if not taken_now(reminder):
        return "The seat was given back."
    return "" if now < workshop.booking.start else "The workshop has begun."


def calendars(reminder: Reminder) -> list[Attachment]:
    """The calendar file of the runner's own seat, where the letter is about it: it adds, moves or removes the event."""
    own = [seat for seat in seats_in(reminder) if not seat.friend]
    return [
        (
            seat_calendar.file_name(seat),
            seat_calendar.seat_file(seat, reader=reminder.person, now=reminder.created_at),
            f"text/calendar; method={seat_calendar.method(seat)}",
        )
        for seat in own
        if seat.state in (SeatState.TAKEN, SeatState.CANCELLED) and reminder.context.get("had_seat", True)
    ]


def facts(reminder: Reminder) -> dict[str, Any]:
    """What, when, whose seats and the links; nothing about anybody's health."""
    workshop = workshop_of(reminder)
    if workshop is None:
        return {}
    offered = next((seat for seat in seats_in(reminder) if seat.state == SeatState.OFFERED), None)
    return time_facts(workshop.booking) | {
        "title": workshop.title,
        "price_pence": workshop.price_pence,
        "free_until": workshop.free_until,
        "moved_by_us": workshop.moved_at is not None,
        "seats_for": names_of(taken_now(reminder)),
        "page_url": page("workshop", workshop.slug),
        "room_url": page("workshop_room", workshop.slug),
        "back_url": page("give_back", workshop.slug),
        "workshops_url": page("workshops"),
        "sessions_url": page("appointments"),
        "offered_until": offered.offered_until if offered else None,
        "offer_url": page("workshop_offer", offer_token(offered)) if offered else "",
    }


def facts_of_a_move(reminder: Reminder) -> dict[str, Any]:
    """`facts`, and whether the person has something else at the new time by now."""
    own = next((seat for seat in seats_in(reminder) if not seat.friend and seat.state == SeatState.TAKEN), None)
    if own is None:
        return facts(reminder)
    booking = own.workshop.booking
    busy = elsewhere([own.runner_id], booking.start, booking.end, workshop=own.workshop)
    return facts(reminder) | {"is_busy": bool(busy)}


def names_of(seats: Sequence[Seat]) -> str:
    """ "you", "you and Ana Silva", "you, Ana Silva and Ben Hale"."""
    return in_words([seat.friend or "you" for seat in seats])


def offer_token(seat: Seat) -> str:
    """The signed text in an offer's link: it opens this one offer, and nothing else."""
    return signing.dumps([str(seat.pk), seat.sequence], salt=OFFER_SALT, compress=True)


def read_offer_token(token: str) -> Seat | None:
    """The seat an offer's link was made for, offered, answered or passed on; None for anything we did not sign.

    Raises SignatureExpired from OPENS_FOR on: nobody is told any more then what was offered.
    """
    try:
        key, sequence = signing.loads(token, salt=OFFER_SALT, max_age=OPENS_FOR)
    except signing.SignatureExpired:
        raise
    except (signing.BadSignature, ValueError, TypeError):
        return None
    found = Seat.objects.filter(pk=key, sequence__gte=sequence)
    return found.select_related("workshop__booking__therapist__user", "runner__user").first()
