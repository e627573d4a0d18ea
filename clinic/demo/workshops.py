"""Three workshops: one nearly full, one full with people waiting, one that was held. Their times are kept before the days are filled."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bookings.letters.workshops import occasion_of, party, plan_day_before
from bookings.models import Appointment, Place, Seat, TreatmentRoom, Workshop
from bookings.models.appointments import State
from bookings.models.workshops import SeatState
from bookings.video import new_key
from clinic.core.periods import Period
from clinic.demo.agenda import Book, open_ranges
from clinic.people.models import RunnerProfile, TherapistProfile
from clinic.reminders.models import Reminder
from clinic.reminders.models import State as Sent

SEED = 314
HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class Part:
    """A workshop of the demonstration: `day` from today, `hour` the earliest on the therapist's own clock."""

    title: str
    summary: str
    description: str
    therapist: int
    day: int
    hour: int
    minutes: int
    place: str
    capacity: int
    taken: int
    waiting: int
    pounds: int


PARTS = (
    Part(
        "Running form: quiet feet",
        "Shorter steps, softer landings: find the cadence that suits you.",
        "We film everybody for a minute on the treadmill, look at it together, and try three cues on the harbour path. "
        "You go home with one thing to practise.\n\nBring your running shoes and a second shirt. All paces are welcome.",
        therapist=0,
        day=2,
        hour=14,
        minutes=60,
        place=Place.CLINIC,
        capacity=12,
        taken=9,
        waiting=0,
        pounds=25,
    ),
    Part(
        "After the race: the first two weeks",
        "What to do on which day after a half or a full marathon.",
        "Walking, sleeping, the first easy run, and how to tell tired legs from a sore tendon. "
        "Half of the hour is for your questions.\n\nOnline, from your sofa.",
        therapist=1,
        day=5,
        hour=16,
        minutes=60,
        place=Place.ONLINE,
        capacity=8,
        taken=8,
        waiting=3,
        pounds=12,
    ),
    Part(
        "Strength for runners: six exercises",
        "The six that give most for the time, done right once.",
        "Heavy enough, slow enough, twice a week. We show each one in three levels and you try them all.",
        therapist=4,
        day=-9,
        hour=9,
        minutes=75,
        place=Place.CLINIC,
        capacity=10,
        taken=8,
        waiting=0,
        pounds=20,
    ),
)


@dataclass
class Kept:
    """A workshop whose time and people are found, to be written later."""

    part: Part
    therapist: TherapistProfile
    period: Period
    room: TreatmentRoom | None
    seated: list[tuple[RunnerProfile, str]] = field(default_factory=list)
    waiting: list[RunnerProfile] = field(default_factory=list)


def keep_times(book: Book) -> list[Kept]:
    """Find each workshop's time, room and people, and mark them as taken, so that no session is laid over them."""
    return [found for part in PARTS if (found := kept(book, part)) is not None]


def kept(book: Book, part: Part) -> Kept | None:
    therapist = book.people.therapists[part.therapist]
    step = 1 if part.day >= 0 else -1
    for offset in range(part.day, part.day + 12 * step, step):
        day = book.now.astimezone(ZoneInfo(therapist.user.zone)).date() + timedelta(days=offset)
        for opened in open_ranges(therapist, day):
            start = max(opened.start, datetime.combine(day, time(part.hour), ZoneInfo(therapist.user.zone)))
            while start + timedelta(minutes=part.minutes) <= opened.end:
                period = Period.lasting(start.astimezone(UTC), part.minutes)
                room = None
                if part.place == Place.CLINIC:
                    room = next((each for each in book.rooms if book.free(("room", each.pk), period)), None)
                is_free = book.free(("therapist", therapist.pk), period) and (room or part.place == Place.ONLINE)
                if is_free and (period.start > book.now) == (part.day >= 0):
                    return with_people(book, Kept(part, therapist, period, room))
                start += HALF_HOUR
    return None


def with_people(book: Book, found: Kept) -> Kept:
    """Give it runners who are free then; one of them brings a friend. The first runner comes to the past one alone."""
    book.taken["therapist", found.therapist.pk].append(found.period)
    if found.room is not None:
        book.taken["room", found.room.pk].append(found.period)
    part = found.part
    runners = book.people.runners if part.day < 0 else book.people.runners[1:]
    shift = 7 * part.therapist if part.day >= 0 else 0
    in_turn = [*runners[shift:], *runners[:shift]]
    free = [
        runner
        for runner in in_turn
        if runner.user.date_joined < found.period.start - timedelta(days=30)
        and book.free(("runner", runner.pk), found.period)
    ]
    for runner in free[: part.taken - 1]:
        found.seated.append((runner, ""))
        book.taken["runner", runner.pk].append(found.period)
    if found.seated:
        found.seated.append((found.seated[-1][0], "Josie Marlowe"))
    found.waiting = free[part.taken - 1 : part.taken - 1 + part.waiting]
    return found


def write_workshops(book: Book, workshops: list[Kept]) -> None:
    """The workshops, their rows in the book, the seats, and what the runners were told."""
    chance = Random(SEED)
    for found in workshops:
        workshop = write_one(book, found, chance)
        seats = write_seats(book, found, workshop, chance)
        if workshop.booking.start > book.now:
            tell(book, workshop, seats)


def write_one(book: Book, found: Kept, chance: Random) -> Workshop:
    part, now = found.part, book.now
    local = found.period.start.astimezone(ZoneInfo(found.therapist.user.zone))
    slug = "-".join(part.title.lower().replace(":", "").split()[:2])
    made_at = min(now, found.period.start) - timedelta(days=24)
    workshop = Workshop.objects.create(
        id=drawn(chance),
        slug=f"{slug}-{local:%Y-%m-%d}",
        title=part.title,
        summary=part.summary,
        description=part.description,
        capacity=part.capacity,
        seats_taken=len(found.seated),
        price_pence=part.pounds * 100,
        made_at=made_at,
        made_by=book.people.staff[0],
    )
    Appointment.objects.create(
        id=drawn(chance),
        workshop=workshop,
        therapist=found.therapist,
        start=found.period.start,
        end=found.period.end,
        busy_from=found.period.start,
        busy_until=found.period.end,
        state=State.BOOKED if found.period.end > now else State.COMPLETED,
        zone=found.therapist.user.zone,
        wall_start=local.isoformat(),
        place=part.place,
        treatment_room=found.room,
        video_key=new_key() if part.place == Place.ONLINE else None,
        booked_by=book.people.staff[0],
        booked_at=made_at,
    )
    return workshop


def write_seats(book: Book, found: Kept, workshop: Workshop, chance: Random) -> list[Seat]:
    over = found.period.end <= book.now
    first = workshop.made_at + timedelta(days=1)
    seats = [
        Seat(
            id=drawn(chance),
            workshop=workshop,
            runner=runner,
            friend=friend,
            made_at=first + timedelta(hours=19 * number),
            attended=number != 3 if over else None,
        )
        for number, (runner, friend) in enumerate(found.seated)
    ]
    seats += [
        Seat(
            id=drawn(chance),
            workshop=workshop,
            runner=runner,
            state=SeatState.WAITING,
            made_at=book.now - timedelta(days=3) + timedelta(hours=7 * number),
        )
        for number, runner in enumerate(found.waiting)
    ]
    return Seat.objects.bulk_create(seats)


def tell(book: Book, workshop: Workshop, seats: list[Seat]) -> None:
    """Confirmations that went out, and the reminders of the day before."""
    reminders = []
    for seat in seats:
        if seat.state != SeatState.TAKEN or seat.friend:
            continue
        theirs = [each for each in seats if each.runner_id == seat.runner_id]
        at = theirs[-1].made_at + timedelta(minutes=3)
        reminders.append(
            Reminder(
                person=seat.runner.user,
                kind="workshop_seat",
                subject=party(workshop, seat.runner),
                occasion=occasion_of(seat),
                due_at=at,
                next_at=at,
                expires_at=workshop.booking.start,
                context={"seats": [str(each.pk) for each in theirs]},
                created_at=at,
                state=Sent.SENT,
                attempts=1,
                sent_at=at + timedelta(seconds=4),
                handed_over_at=at + timedelta(seconds=4),
            )
        )
        plan_day_before(workshop, seat.runner, now=book.now)
    Reminder.objects.bulk_create(reminders)


def drawn(chance: Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
