"""A therapist's day: the sessions with what is missing for each, the free time between them, who needs a call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, Subquery

from assessments.models import Assessment, Intake
from assessments.questions import region_names
from bookings.board.schedule import column_of, read_schedule
from bookings.models import Appointment, WaitlistEntry
from clinic.dashboard.calls import Call, who_to_call
from clinic.dashboard.gaps import Gap, filled, gaps_left
from clinic.dashboard.logged import Fortnight, fortnights
from clinic.people.models import RunnerProfile, TherapistProfile

DRAFTS_SHOWN = 6
ENDED = ("completed", "no_show")


@dataclass
class Visit:
    """A session of the day and what the therapist should know before it."""

    appointment: Appointment
    is_new: bool
    intake: Intake | None
    draft: Assessment | None
    logged: Fortnight
    past: bool = False
    is_next: bool = False

    @property
    def runner(self) -> RunnerProfile:
        return self.appointment.runner

    @property
    def what(self) -> str:
        """ "First visit, online. Intake complete: knee, left" and what is missing."""
        place = "online" if self.appointment.is_online else str(self.appointment.treatment_room or "in the clinic")
        said = [f"{self.appointment.service.name}, {place}"]
        if self.is_new and not self.past:
            said.append(f"New. {self.intake_words}")
        return ". ".join(said)

    @property
    def intake_words(self) -> str:
        return intake_words(self.intake)


@dataclass
class Led:
    """A workshop of the day."""

    booking: Appointment
    past: bool = False

    @property
    def start(self) -> datetime:
        return self.booking.start

    @property
    def what(self) -> str:
        """ "9 of 12 seats, online"."""
        place = "online" if self.booking.is_online else str(self.booking.treatment_room or "in the clinic")
        return f"{self.booking.workshop.seats_words}, {place}" if self.booking.workshop else place


@dataclass
class TherapistDay:
    on: date
    now: datetime
    zone: str
    visits: list[Visit] = field(default_factory=list)
    rows: list[Visit | Gap | Led] = field(default_factory=list)  # to come: sessions, workshops and free time in order
    led: list[Led] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    drafts: list[Assessment] = field(default_factory=list)
    drafts_count: int = 0

    @property
    def past(self) -> list[Visit]:
        return [visit for visit in self.visits if visit.past]

    @property
    def led_past(self) -> list[Led]:
        return [each for each in self.led if each.past]

    @property
    def coming(self) -> list[Visit]:
        return [visit for visit in self.visits if not visit.past]

    @property
    def next(self) -> Visit | None:
        return self.coming[0] if self.coming else None

    @property
    def last_end(self) -> datetime | None:
        return max((visit.appointment.end for visit in self.coming), default=None)


def for_therapist(therapist: TherapistProfile, *, now: datetime) -> TherapistDay:
    """The local day of `therapist` that holds `now`."""
    zone = therapist.user.zone
    on = now.astimezone(ZoneInfo(zone)).date()
    column = column_of(therapist)
    schedule = read_schedule(columns=[column], days=[on], zone=zone, now=now)
    kept = schedule.visits[column.key]
    sessions = [
        visit.record for visit in kept if visit.record.hold_expires_at is None and visit.record.workshop_id is None
    ]
    in_care = list(
        RunnerProfile.objects.in_care_of(therapist).select_related("user").annotate(first_seen=first_seen_by(therapist))
    )
    first_seen = {each.pk: each.first_seen for each in in_care}
    intakes = {each.runner_id: each for each in Intake.objects.filter(runner__in=in_care).latest_of_each_runner()}
    drafts = list(
        Assessment.objects.drafts()
        .filter(therapist=therapist, runner__in=in_care)
        .select_related("runner__user")
        .order_by("-started_at")
    )
    draft_of = {each.runner_id: each for each in reversed(drafts)}
    logged = fortnights(in_care, until=on)
    day = TherapistDay(on, now, zone, drafts=drafts[:DRAFTS_SHOWN], drafts_count=len(drafts))
    day.visits = [
        Visit(
            each,
            is_first(each, first_seen.get(each.runner_id)),
            intakes.get(each.runner_id),
            draft_of.get(each.runner_id),
            logged.get(each.runner_id) or Fortnight(),
            past=each.end <= now or each.state in ENDED,
        )
        for each in sessions
    ]
    if day.next is not None:
        day.next.is_next = True
    day.led = [Led(each.record, past=each.record.end <= now) for each in kept if each.record.workshop_id is not None]
    taken = [visit.busy for visit in kept] + [each.period for each in schedule.absences[column.key]]
    to_come: list[Visit | Led] = [*day.coming, *(each for each in day.led if not each.past)]
    day.rows = in_order(
        to_come, free_time(therapist, gaps_left(work=schedule.work(column, on), taken=taken, now=now), now)
    )
    day.calls = who_to_call(runners=in_care, intakes=intakes, logged=logged, today=on)
    return day


def free_time(therapist: TherapistProfile, gaps: list[Gap], now: datetime) -> list[Gap]:
    """The gaps with what fits and who waits for it; two queries, none on a full day."""
    if not gaps:
        return []
    services = list(therapist.services.active())
    wishes = WaitlistEntry.objects.filter(state="waiting", service__in=services).select_related(
        "service", "runner__user"
    )
    mine = list(wishes.filter(Q(therapist=therapist) | Q(therapist=None)))
    return [filled(each, services, mine, now) for each in gaps]


def first_seen_by(therapist: TherapistProfile) -> Subquery:
    """When a runner's first session with `therapist` starts or started."""
    mine = Appointment.objects.standing().filter(therapist=therapist, runner=OuterRef("pk"))
    return Subquery(mine.order_by("start").values("start")[:1])


def is_first(session: Appointment, first_seen: datetime | None) -> bool:
    """Whether the runner and the therapist have not met before `session`."""
    return first_seen is None or first_seen >= session.start


def in_order(visits: Sequence[Visit | Led], gaps: Sequence[Gap]) -> list[Visit | Gap | Led]:
    """Sessions, workshops and free time by their start."""

    def start(row: Any) -> datetime:
        return row.appointment.start if isinstance(row, Visit) else row.start

    return sorted([*visits, *gaps], key=start)


def intake_words(intake: Intake | None) -> str:
    """What the intake says in a line: where it hurts and how much; or that it is missing."""
    if intake is None:
        return "Intake not answered yet"
    names = region_names()
    where = ", ".join(str(getattr(names[key], "name", names[key])).lower() for key in intake.regions if key in names)
    much = f", pain {intake.pain}" if intake.pain is not None else ""
    return f"Intake complete: {where or 'nothing hurts'}{much}"
