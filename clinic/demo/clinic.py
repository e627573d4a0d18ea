"""The demonstration clinic, built in one transaction: the same for the same day, whoever builds it."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from assessments.models import Assessment
from bookings.models import Appointment
from clinic.demo import agenda, charts, rules, training
from clinic.demo.elsewhere import connect_elsewhere
from clinic.demo.outbox import write_outbox
from clinic.demo.people import make_people
from clinic.demo.story import write_story
from clinic.demo.waitlist import write_waitlist
from clinic.demo.workshops import keep_times, write_workshops
from clinic.people.models import RunnerProfile, TherapistProfile
from clinic.reminders.models import Reminder
from exercises.models import Exercise, Programme, SessionLog

SEED = 20_261_124
RETEST_EVERY = timedelta(days=26)
UNSIGNED = timedelta(days=2)
RED_FLAG_AT, FEW_DAYS_AT = 13, 7
"""Numbers of the runner with an open red flag and of the one who hardly does the exercises."""


@transaction.atomic
def build(*, now: datetime) -> dict[str, int]:
    """Fill the (empty) database as seen at the instant `now`. Returns how many of what stand in it."""
    now, chance = now.astimezone(UTC), Random(SEED)
    people = make_people(chance, now)
    services, rooms = agenda.make_services(people)
    agenda.make_hours(people, now)
    rules.make_limits(people, now)
    book = agenda.Book(chance, now, people, services, rooms, rules.make_equipment(services))
    write_story(book)
    workshops = keep_times(book)
    agenda.fill(book)
    agenda.write(book)
    write_workshops(book, workshops)
    write_charts(book)
    training.enter_races(people.runners, today=now.date(), now=now, chance=chance)
    write_outbox(book.rows, people.runners, now=now, chance=chance)
    write_waitlist(book)
    connect_elsewhere(book)
    return {
        "people": len(people.runners) + len(people.therapists) + len(people.staff),
        "sessions": Appointment.objects.count(),
        "assessments": Assessment.objects.count(),
        "programmes": Programme.objects.count(),
        "days logged": SessionLog.objects.count(),
        "messages": Reminder.objects.count(),
    }


def write_charts(book: agenda.Book) -> None:
    """Intakes of everybody, and for those who have been here: assessments, a programme, and what they did of it."""
    chance, now, people = book.chance, book.now, book.people
    held = charts.sessions_by_runner(book.rows)
    library = {each.slug: each for each in Exercise.objects.all()}
    programmes: list[Programme] = []
    diligence: dict[UUID, float] = {}
    pain: dict[UUID, tuple[int, int]] = {}
    for number, runner in enumerate(people.runners):
        flags = ("night",) if number == RED_FLAG_AT else ()
        charts.answer(runner, number, chance, runner.user.date_joined + timedelta(minutes=9), flags=flags)
        sessions = held.get(runner.pk, [])
        if not sessions:
            continue
        therapist = sessions[0].therapist
        slugs = assess_over_time(book, number, runner, therapist, sessions)
        today = now.astimezone(ZoneInfo(runner.user.zone)).date()
        starts_on = sessions[0].start.date() + timedelta(days=1)
        if number % 10 == 9 or flags or starts_on >= today:
            continue
        diligence[runner.pk] = 0.35 if number == FEW_DAYS_AT else 0.88 if number == 0 else chance.uniform(0.5, 0.96)
        pain[runner.pk] = charts.complaint_of(number).pain
        programmes.append(
            training.give_programme(
                runner=runner,
                therapist=therapist,
                complaint=charts.complaint_of(number),
                slugs=slugs,
                library=library,
                starts_on=starts_on,
                now=now,
                weeks=12,
            )
        )
    planned = Programme.objects.prefetch_related("phases__prescriptions").in_bulk([each.pk for each in programmes])
    whole = [planned[each.pk] for each in programmes]
    rules.plan_visits(whole, book.rows)
    training.write_logs(whole, today=now.date(), diligence=diligence, pain=pain, chance=chance)


def waits_to_be_signed(book: agenda.Book, session: Appointment, place: int) -> bool:
    """therapist@ has one re-test of the last weeks that still wants a signature."""
    therapist = book.people.therapists[0]
    lately = session.therapist_id == therapist.pk and session.start > book.now - timedelta(days=20)
    return lately and place > 0 and not Assessment.objects.drafts().filter(therapist=therapist).exists()


def assess_over_time(
    book: agenda.Book, number: int, runner: RunnerProfile, therapist: TherapistProfile, sessions: list[Appointment]
) -> list[str]:
    """The first visit and a re-test about every four weeks; those of the last two days are not signed yet."""
    chosen = [sessions[0]]
    for session in sessions[1:]:
        if session.therapist_id == therapist.pk and session.start - chosen[-1].start >= RETEST_EVERY:
            chosen.append(session)
    chosen = chosen[: 4 if number == 0 else 3]
    slugs: list[str] = []
    for place, session in enumerate(chosen):
        weeks = (session.start - chosen[0].start) / timedelta(weeks=1)
        last = place == len(chosen) - 1
        drafted = (
            last and number > 0 and (session.start > book.now - UNSIGNED or waits_to_be_signed(book, session, place))
        )
        assessment = charts.assess(
            runner=runner,
            therapist=therapist,
            number=number,
            progress=min(1.0, weeks / 10),
            chance=book.chance,
            at=session.start + timedelta(minutes=5),
            session=session,
            signed=not drafted,
        )
        if not drafted:
            accepted = charts.decide_offers(assessment, therapist.user, session.end, most=4 if place == 0 else 1)
            slugs = slugs or accepted
    return slugs
