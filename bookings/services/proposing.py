"""A new place for every session that cannot be kept: what the book, the rooms and the people allow. Nothing is written."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, UUIDField, Value
from django.db.models.functions import Cast

from bookings import slots
from bookings.availability import find_each
from bookings.engine.columns import NO_NUMBER
from bookings.engine.diaries import new_search, offering_each
from bookings.models import (
    Appointment,
    Equipment,
    Offer,
    Seat,
    Service,
    TreatmentRoom,
    Workshop,
)
from bookings.models.appointments import State
from bookings.models.waitlist import OfferState
from bookings.replan import Case, Judged, Option, Table, alternatives, assign, by_runner, local, ranked, touch
from bookings.services.stranded import stranded
from bookings.waitlist.deadlines import LEAST, UNASKED, answer_until, waking_end
from bookings.zones import same_clock
from clinic.core.errors import DomainError
from clinic.people.models import Credential, TherapistProfile

WITHIN = timedelta(days=14)
"""New places are looked for from now until so long after the session."""

SPARE = timedelta(hours=1)
"""An answer comes at least this long before the new time, or by the service's notice where that is shorter."""

LONGEST = timedelta(days=15)
NOBODY = Cast(Value(None), UUIDField())

NOTICE = timedelta(hours=24)
"""A new time before the old one that comes sooner than this is the last choice."""


class Place(NamedTuple):
    """A proposed start (UTC), with whom, why, and until when the runner can answer."""

    therapist: TherapistProfile
    start: datetime
    reasons: tuple[str, ...]
    answer_until: datetime

    @property
    def value(self) -> str:
        """What a form sends back for it."""
        return f"{self.therapist.pk} {self.start.isoformat()}"


class Row(NamedTuple):
    """A session that cannot be kept: the open offer it has already, or the best new place (None: none fits) and others."""

    session: Appointment
    offer: Offer | None
    best: Place | None
    others: list[Place]


class Taken(NamedTuple):
    """What keeps somebody or something from a time: a session, a hold, a workshop, or (therapist 0) a seat in one."""

    pk: UUID
    runner_id: UUID | None
    therapist_id: int
    service_id: int | None
    start: datetime
    end: datetime
    busy_from: datetime
    busy_until: datetime
    treatment_room_id: int | None
    equipment_id: int | None


def hit_by(
    therapist: TherapistProfile, start: datetime, end: datetime, now: datetime, *, stranded_only: bool
) -> list[Appointment]:
    """The booked sessions of the therapist that touch `start`..`end` and have not ended, in order.

    `stranded_only`: those of them outside the hours, or in an absence that stands.
    """
    coming = Appointment.objects.with_people().select_related("runner__time_preference").upcoming(now)
    coming = coming.filter(therapist=therapist, state=State.BOOKED)
    found = list(coming.overlapping(start, end))
    if stranded_only:
        left = {each.pk for each in stranded(therapist, now=now, first=start.date() - timedelta(days=1))}
        found = [each for each in found if each.pk in left]
    return found


def propose(
    *,
    therapist: TherapistProfile,
    start: datetime,
    end: datetime,
    now: datetime,
    refused: Collection[tuple[UUID, datetime]] = (),
    stranded_only: bool = False,
) -> list[Row]:
    """A row for every session of `therapist` in `start`..`end` (UTC), with a new place beside all the others' places.

    `refused` are starts that were just refused for a session. With `stranded_only` the therapist works then, and only what
    a change of hours left outside them needs a place. Nothing is written. As many queries for forty sessions as
    for one of the same services.
    Raises DomainError `bad_time_off` for a period that is empty or longer than fifteen days.
    """
    if not timedelta() < end - start <= LONGEST:
        raise DomainError("Choose a time from its start to its end, fifteen days at most.", code="bad_time_off")
    sessions = hit_by(therapist, start, end, now, stranded_only=stranded_only)
    offers = {each.moves_id: each for each in open_offers(sessions, now)}
    waiting = [each for each in sessions if each.pk not in offers]
    absence = None if stranded_only else (slots.seconds(start), slots.seconds(end))
    finder = Finder(therapist, absence, end, now, waiting, refused={(key, slots.seconds(at)) for key, at in refused})
    places = finder.places()
    return [Row(each, offers.get(each.pk), *(places.get(each.pk, (None, [])))) for each in sessions]


def open_offers(sessions: Sequence[Appointment], now: datetime) -> Any:
    """The offers these sessions' runners can still answer."""
    return Offer.objects.filter(moves__in=sessions, state=OfferState.OPEN, answer_until__gt=now).select_related(
        "hold__therapist__user"
    )


class Finder:
    """Reads what is free and taken around some sessions, and proposes."""

    def __init__(
        self,
        therapist: TherapistProfile,
        absence: slots.Range | None,
        end: datetime,
        now: datetime,
        sessions: list[Appointment],
        *,
        refused: Collection[tuple[UUID, slots.Seconds]],
    ) -> None:
        self.therapist, self.now, self.sessions = therapist, now, sessions
        self.absence = absence
        self.until = end + WITHIN
        self.refused = refused
        self.people: dict[int, TherapistProfile] = {}
        self.most: dict[tuple[int, int | None], int] = {}

    def places(self) -> dict[UUID, tuple[Place | None, list[Place]]]:
        """For each session the best place, all of them together free of collisions, and other places beside."""
        if not self.sessions:
            return {}
        options = self.options()
        cases = self.cases()
        ranking = {case.key: ranked(case, self.answerable(case, options)) for case in cases}
        table = self.table()
        found = assign(cases, ranking, table)
        by_key: dict[Hashable, Appointment] = {each.pk: each for each in self.sessions}
        result = {}
        for case in cases:
            session = by_key[case.key]
            best = found.get(case.key)
            others = alternatives(case, ranking[case.key], table)
            result[session.pk] = (
                self.place(session, best) if best is not None else None,
                [self.place(session, each) for each in others if best is None or each.option != best.option],
            )
        return result

    def place(self, session: Appointment, found: Judged) -> Place:
        start = slots.instant(found.start)
        until = deadline(session, start, self.now)
        return Place(self.people[found.therapist], start, found.reasons, until or start)

    def options(self) -> dict[tuple[int, timedelta], list[Option]]:
        """What is free with anybody who offers the service, by service and length; two queries for all of them."""
        asked = {(each.service.pk, each.length): each.service for each in self.sessions}
        offered = offering_each(list(asked.values()))
        self.people = {key: person for each in offered.values() for key, person in each.items()}
        searches = {}
        for (key, length), service in asked.items():
            zones = {each.pk: each.user.zone for each in offered[key].values()}
            searches[key, length] = new_search(service, zones, runner=None, now=self.now, length=length)
        found = find_each(list(searches.values()), self.now, self.until, "UTC")
        self.most = {
            (therapist, limited): most
            for (service_id, _), search in searches.items()
            for therapist, table in search.timetables.items()
            for limited, most in ((None, table.most), (service_id, table.most_of_service))
            if most is not None
        }
        return {
            key: [Option(each.therapist_id, slots.seconds(each.start)) for each in free]
            for key, free in zip(searches, found, strict=True)
        }

    def answerable(self, case: Case, options: dict[tuple[int, timedelta], list[Option]]) -> list[Option]:
        """Those that leave the runner time to answer, and lie outside the absence."""
        session = next(each for each in self.sessions if each.pk == case.key)
        soonest = slots.seconds(waking_end(self.now, LEAST, case.zone) + spare(session.service))
        length = case.end - case.start
        return [
            each
            for each in options[session.service.pk, session.length]
            if each.start >= soonest
            and (session.pk, each.start) not in self.refused
            and not (
                self.absence is not None
                and each.therapist == self.therapist.pk
                and touch((each.start, each.start + length), self.absence)
            )
            and (self.people[each.therapist].is_listed or each.therapist == self.therapist.pk)
        ]

    def cases(self) -> list[Case]:
        runners = {each.runner_id for each in self.sessions}
        wishes = {
            each.runner_id: wish
            for each in self.sessions
            if (wish := getattr(each.runner, "time_preference", None)) is not None
        }
        knows, shares = self.known(runners)
        return [
            Case(
                key=each.pk,
                runner=each.runner_id,
                therapist=each.therapist_id,
                service=each.service.pk,
                start=slots.seconds(each.start),
                end=slots.seconds(each.end),
                before=each.service.buffer_before_min * 60,
                after=each.service.buffer_after_min * 60,
                zone=each.runner.user.zone,
                soon=slots.seconds(self.now + NOTICE),
                away=self.absence[0] if self.absence is not None else 0,
                elsewhere=not same_clock(each.runner.user.zone, settings.CLINIC_ZONE, each.start),
                wishes=wishes.get(each.runner.pk),
                same_therapist=each.runner_id not in wishes or wishes[each.runner_id].same_therapist,
                knows=frozenset(knows[each.runner_id]),
                shares=shares,
                needs_room=not each.service.is_online,
                needs=each.service.equipment_kind,
            )
            for each in self.sessions
        ]

    def known(self, runners: Collection[Any]) -> tuple[dict[Any, set[int]], dict[int, list[str]]]:
        """Whom each of `runners` has seen before, and the credentials the others hold as the therapist does; one query."""
        seen = Appointment.objects.standing().filter(runner__in=runners, end__lte=self.now).order_by()
        own = Credential.objects.filter(therapist=self.therapist).order_by().values("name")
        held = Credential.objects.filter(therapist__in=[*self.people], name__in=own).exclude(therapist=self.therapist)
        knows: dict[Any, set[int]] = defaultdict(set)
        shares: dict[int, list[str]] = defaultdict(list)
        rows = seen.values_list("runner_id", "therapist_id", Value(""))
        for runner, therapist, name in rows.union(held.order_by().values_list(NOBODY, "therapist_id", "name")):
            if runner is None:
                shares[therapist].append(name)
            else:
                knows[runner].add(therapist)
        return knows, {therapist: sorted(names) for therapist, names in shares.items()}

    def table(self) -> Table:
        """What is taken of runners, rooms and equipment in the days looked at, and the therapists' limits."""
        people = {each.runner_id for each in self.sessions}
        limited = {therapist for therapist, _ in self.most}
        concerned = Q(runner__in=people) | Q(treatment_room__isnull=False) | Q(equipment__isnull=False)
        live = Appointment.objects.live(self.now).filter(
            concerned | Q(therapist__in=limited), end__gt=self.now - timedelta(days=1), start__lt=self.until + WITHIN
        )
        seats = Seat.objects.filter(
            runner__in=people,
            friend="",
            state__in=(Seat.State.TAKEN, Seat.State.OFFERED),
            workshop__state=Workshop.State.PLANNED,
            workshop__booking__end__gt=self.now,
        )
        start, end = "workshop__booking__start", "workshop__booking__end"
        seated = seats.order_by().values_list(
            "pk", "runner_id", Value(0), NO_NUMBER, start, end, F(start), F(end), NO_NUMBER, NO_NUMBER
        )
        rows = [Taken(*row) for row in live.order_by().values_list(*Taken._fields).union(seated, all=True)]
        rooms, things = resources(rows)
        zones = {key: person.user.zone for key, person in self.people.items()}
        return Table(
            runners=by_runner(
                (each.runner_id, each.pk, slots.seconds(each.start), slots.seconds(each.end))
                for each in rows
                if each.runner_id in people
            ),
            rooms=rooms,
            things=things,
            most=self.most,
            begun=begun((row for row in rows if row.therapist_id in limited and row.service_id is not None), zones),
            zones=zones,
        )


def resources(
    rows: Iterable[Taken],
) -> tuple[dict[int, list[slots.Range]], dict[str, dict[int, list[slots.Range]]]]:
    """The busy ranges of every room in use, and of every piece of equipment by its kind; one query."""
    rooms: dict[int, list[slots.Range]] = {}
    things: dict[str, dict[int, list[slots.Range]]] = defaultdict(dict)
    kinds: dict[int, str] = {}
    equipment = Equipment.objects.filter(is_active=True).order_by().values_list("pk", "kind")
    for pk, kind in (
        TreatmentRoom.objects.filter(is_active=True).order_by().values_list("pk", Value("")).union(equipment, all=True)
    ):
        if not kind:
            rooms[pk] = []
        else:
            things[kind][pk], kinds[pk] = [], kind
    for each in rows:
        busy = (slots.seconds(each.busy_from), slots.seconds(each.busy_until))
        if each.treatment_room_id in rooms:
            rooms[each.treatment_room_id].append(busy)
        if each.equipment_id in kinds:
            things[kinds[each.equipment_id]][each.equipment_id].append(busy)
    return rooms, things


def begun(rows: Iterable[Taken], zones: Mapping[int, str]) -> dict[tuple[int, int | None, object], int]:
    """How many of the sessions each therapist has, by service (and None: all) and local day."""
    counted: Counter[tuple[int, int | None, object]] = Counter()
    for each in rows:
        on = local(zones[each.therapist_id], slots.seconds(each.start)).date()
        counted[each.therapist_id, None, on] += 1
        counted[each.therapist_id, each.service_id, on] += 1
    return dict(counted)


def spare(service: Service) -> timedelta:
    return min(SPARE, timedelta(minutes=service.min_notice_min))


def deadline(session: Appointment, start: datetime, now: datetime) -> datetime | None:
    """Until when the runner may answer an offer of `start`; None where that would be too soon to be fair.

    They asked for nothing and do not look out for it, so they have a waking day, as far as the session itself is not over.
    """
    latest, zone = start - spare(session.service), session.runner.user.zone
    soon = answer_until(now=now, latest=latest, zone=zone)
    if soon is None:
        return None
    patient = answer_until(now=now, latest=min(latest, session.start), zone=zone, length=UNASKED)
    return max(soon, patient or soon)
