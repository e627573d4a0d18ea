"""Programmes whose plan says more visits than are booked, and the next times that fit one of those runners."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery, Sum

from bookings.availability import Slot, find_slots
from bookings.models import Appointment, Offer, Service, TimePreference
from bookings.models.appointments import State
from clinic.people.models import RunnerProfile, TherapistProfile
from exercises.models import Phase, Programme

LOOK_AHEAD = timedelta(days=21)
SHOWN = 4


class Short(NamedTuple):
    """A runner who lacks visits: `held` and `booked` of those `planned` by the day `last`; `days_left` until then."""

    runner: RunnerProfile
    therapist: TherapistProfile
    planned: int
    held: int
    booked: int
    last: date
    days_left: int
    last_visit: datetime | None
    offered: bool

    @property
    def missing(self) -> int:
        return self.planned - self.held - self.booked


class Fitting(NamedTuple):
    """Times for one runner; `service` None: nothing can be booked for them. `suits`: whether they are times they like."""

    service: Service | None
    slots: list[Slot]
    suits: bool


def short_of_visits(*, now: datetime) -> list[Short]:
    """Everybody in care with a plan that lacks visits, the most pressing first. Three queries."""
    weeks = Phase.objects.filter(programme=OuterRef("pk")).order_by().values("programme").annotate(n=Sum("weeks"))
    programmes = list(
        Programme.objects.active()
        .filter(visits_planned__isnull=False, runner__user__is_active=True)
        .select_related("runner__user", "therapist__user")
        .annotate(long=Subquery(weeks.values("n")))
    )
    if not programmes:
        return []
    runners = [each.runner_id for each in programmes]
    sessions: dict[Any, list[tuple[str, datetime]]] = defaultdict(list)
    known = Appointment.objects.standing().filter(runner__in=runners, start__gt=now - timedelta(days=800)).order_by()
    for runner, state, start in known.values_list("runner_id", "state", "start"):
        sessions[runner].append((state, start))
    offered = set(
        Offer.objects.filter(entry__runner__in=runners, state=Offer.State.OPEN, answer_until__gt=now).values_list(
            "entry__runner_id", flat=True
        )
    )
    rows = [standing(each, sessions[each.runner_id], each.runner_id in offered, now) for each in programmes]
    short = [row for row in rows if row.missing > 0 and row.days_left >= 0]
    return sorted(short, key=lambda row: (row.days_left / row.missing, row.runner.user.name, str(row.runner.pk)))


def standing(programme: Any, sessions: Iterable[tuple[str, datetime]], offered: bool, now: datetime) -> Short:
    """How many of the planned visits were held and are booked, within the programme's weeks of the runner's calendar."""
    zone = ZoneInfo(programme.runner.user.zone)
    last = programme.starts_on + timedelta(weeks=programme.long or 0, days=-1)
    held = booked = 0
    visits = []
    for state, start in sessions:
        if state in (State.COMPLETED, State.ARRIVED) or (state == State.BOOKED and start <= now):
            visits.append(start)
        if not programme.starts_on <= start.astimezone(zone).date() <= last:
            continue
        if state == State.BOOKED and start > now:
            booked += 1
        elif state != State.NO_SHOW:
            held += 1
    return Short(
        programme.runner,
        programme.therapist,
        programme.visits_planned,
        held,
        booked,
        last,
        (last - now.astimezone(zone).date()).days,
        max(visits, default=None),
        offered,
    )


def fitting(row: Short, *, now: datetime) -> Fitting:
    """The next times for a follow-up with the programme's therapist, one a day, those the runner likes before others."""
    service = usual_service(row)
    if service is None:
        return Fitting(None, [], suits=False)
    zone = ZoneInfo(row.runner.user.zone)
    today = now.astimezone(zone).date()
    free = find_slots(
        service=service,
        therapists=[row.therapist],
        first=today,
        last=max(today + timedelta(days=2), min(row.last, today + LOOK_AHEAD)),
        zone=row.runner.user.zone,
        runner=row.runner,
        now=now,
    )
    wishes = TimePreference.objects.filter(runner=row.runner).first()
    liked = [each for each in free if wishes is None or wishes.suits(each.start.astimezone(zone))]
    days: dict[date, Slot] = {}
    for slot in liked or free:
        days.setdefault(slot.start.astimezone(zone).date(), slot)
    return Fitting(service, list(days.values())[:SHOWN], suits=bool(liked) and wishes is not None)


def usual_service(row: Short) -> Service | None:
    """What the runner had last that is no first visit and still offered by the therapist; else the therapist's first such."""
    offered = Service.objects.active().filter(therapists=row.therapist, is_first_visit=False)
    had = Appointment.objects.standing().filter(runner=row.runner, service__in=offered).order_by("-start")
    last = had.select_related("service").first()
    return last.service if last is not None else offered.order_by("position", "name").first()
