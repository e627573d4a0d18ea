"""Which free time suits which wish. A few queries for the whole waitlist; the engine lists what is free, here it is only picked."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import merge
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.availability import Slot, find_slots, offering
from bookings.models import Appointment, Change, Offer, Seat, Service, WaitlistEntry
from bookings.models.appointments import UNDO
from bookings.models.waitlist import part_of
from bookings.waitlist.deadlines import answer_until
from clinic.people.models import TherapistProfile

Taken = tuple[datetime, datetime]
"""From, until: half-open, UTC."""


Place = tuple[int, int, int]
"""Therapist, weekday, part of the day (a bit of PartOfDay)."""


class Match(NamedTuple):
    """A start (UTC) that suits a wish, with whom, and until when to answer."""

    therapist: TherapistProfile
    start: datetime
    answer_until: datetime


class Local(NamedTuple):
    """A free slot as the runner's calendar shows it."""

    slot: Slot
    wall: datetime


def on(local: Local) -> date:
    return local.wall.date()


class Matcher:
    """The waitlist of one moment, in order, against what is free; `take` tells it what was just given away."""

    def __init__(self, entries: list[WaitlistEntry], now: datetime) -> None:
        self.entries, self.now = entries, now
        self.people: dict[int, dict[int, TherapistProfile]] = {}
        self.free: dict[int, list[Slot]] = {}
        self.sorted: dict[tuple[int, str], dict[Place, list[Local]]] = {}
        self.given: dict[int, list[Taken]] = defaultdict(list)

    def matches(self, entry: WaitlistEntry) -> Iterator[Match]:
        """Times that suit the wish, the earliest first, as far as a glance without a lock can tell."""
        zone, people = entry.runner.user.zone, self.offering(entry.service)
        session = entry.exchange_for
        for slot, _ in self.wished_for(entry, zone):
            if not self.is_open(entry, slot):
                continue
            latest = slot.start - timedelta(minutes=entry.service.min_notice_min)
            if session is not None and not entry.priority:
                latest = min(latest, session.change_until)
            until = answer_until(now=self.now, latest=latest, zone=zone)
            if until is not None:
                yield Match(people[slot.therapist_id], slot.start, until)

    def wished_for(self, entry: WaitlistEntry, zone: str) -> Iterator[Local]:
        """What is free on the days, at the times and with the person wished for, the earliest first."""
        known = self.sorted_by_place(entry.service, zone)
        lists = []
        for (therapist_id, weekday, part), local in known.items():
            if not (entry.weekdays >> weekday & 1 and entry.parts & part and self.fits_person(entry, therapist_id)):
                continue
            begin = bisect_left(local, entry.first, key=on)
            end = bisect_right(local, entry.last, key=on) if entry.last else len(local)
            if begin < end:
                lists.append(local[begin:end])
        return merge(*lists, key=lambda each: (each.slot.start, self.named[each.slot.therapist_id]))

    @cached_property
    def named(self) -> Counter[int | None]:
        """How many wait for each therapist by name: who takes anyone is offered the least wanted of those free at a time."""
        return Counter(each.therapist_id for each in self.entries)

    def is_open(self, entry: WaitlistEntry, slot: Slot) -> bool:
        """Nothing else is there by now, it is sooner than what would be given up, and they were not asked before."""
        return (
            (entry.exchange_for is None or bool(entry.priority) or slot.start < entry.exchange_for.start)
            and slot.start not in self.asked_before[entry.pk]
            and not touches(self.given[slot.therapist_id] + self.undoable[slot.therapist_id], slot, entry.service)
            and not self.elsewhere(entry, slot)
        )

    def fits_person(self, entry: WaitlistEntry, therapist_id: int) -> bool:
        if entry.therapist_id is not None:
            return therapist_id == entry.therapist_id
        return self.offering(entry.service)[therapist_id].is_listed

    def elsewhere(self, entry: WaitlistEntry, slot: Slot) -> bool:
        """Whether the runner is in another session or a workshop then; the one that would be given up is none."""
        return any(
            begins < slot.end and slot.start < ends
            for key, begins, ends in self.busy_runners[entry.runner_id]
            if key != entry.exchange_for_id
        )

    def take(self, hold: Appointment) -> None:
        """What was just given away is free no more, for its therapist and its runner."""
        self.given[hold.therapist_id].append((hold.busy_from, hold.busy_until))
        if hold.runner_id is not None:
            self.busy_runners[hold.runner_id].append((hold.pk, hold.start, hold.end))

    def offering(self, service: Service) -> dict[int, TherapistProfile]:
        if service.pk not in self.people:
            self.people[service.pk] = {each.pk: each for each in offering(service).select_related("user")}
        return self.people[service.pk]

    def sorted_by_place(self, service: Service, zone: str) -> dict[Place, list[Local]]:
        """Everything free for the service that anybody here could want, by the clock of `zone`, each list in order."""
        if (service.pk, zone) not in self.sorted:
            found: dict[Place, list[Local]] = defaultdict(list)
            rules = ZoneInfo(zone)
            for slot in self.free_for(service):
                wall = slot.start.astimezone(rules)
                found[slot.therapist_id, wall.weekday(), part_of(wall)].append(Local(slot, wall))
            self.sorted[service.pk, zone] = found
        return self.sorted[service.pk, zone]

    def free_for(self, service: Service) -> list[Slot]:
        if service.pk not in self.free:
            wishes = [each for each in self.entries if each.service_id == service.pk]
            first, last = days_of(wishes, service, self.now)
            self.free[service.pk] = find_slots(
                service=service,
                therapists=list(self.offering(service).values()),
                first=first,
                last=last,
                zone="UTC",
                now=self.now,
            )
        return self.free[service.pk]

    @cached_property
    def asked_before(self) -> dict[UUID, set[datetime]]:
        """Starts each wish was offered already."""
        result: dict[UUID, set[datetime]] = defaultdict(set)
        made = Offer.objects.filter(entry__in=self.entries, hold__start__gt=self.now).order_by()
        for key, start in made.values_list("entry_id", "hold__start"):
            result[key].add(start)
        return result

    @cached_property
    def busy_runners(self) -> dict[UUID, list[tuple[Any, datetime, datetime]]]:
        """When the people of these wishes have sessions, holds or workshop seats of their own; one query."""
        result: dict[UUID, list[tuple[Any, datetime, datetime]]] = defaultdict(list)
        runners = {each.runner_id for each in self.entries}
        theirs = Appointment.objects.live(self.now).filter(runner__in=runners, end__gt=self.now).order_by()
        seats = Seat.objects.filter(runner__in=runners, friend="", state=Seat.State.TAKEN).order_by()
        rows = theirs.values_list("runner_id", "pk", "start", "end").union(
            seats.filter(workshop__booking__end__gt=self.now).values_list(
                "runner_id", "pk", "workshop__booking__start", "workshop__booking__end"
            )
        )
        for runner, key, start, end in rows:
            result[runner].append((key, start, end))
        return result

    @cached_property
    def undoable(self) -> dict[int, list[Taken]]:
        """Times freed so lately that the act can be undone."""
        result: dict[int, list[Taken]] = defaultdict(list)
        lately = Change.objects.filter(at__gt=self.now - UNDO, undone_at=None).exclude(
            kind__in=(Change.Kind.BOOKED, Change.Kind.MARKED)
        )
        for before in lately.values_list("before", flat=True):
            if before.get("busy_from"):
                period = (datetime.fromisoformat(before["busy_from"]), datetime.fromisoformat(before["busy_until"]))
                result[before["therapist_id"]].append(period)
        return result


def touches(taken: list[Taken], slot: Slot, service: Service) -> bool:
    """Whether the session, its buffers included, runs into any of `taken`."""
    begins = slot.start - timedelta(minutes=service.buffer_before_min)
    ends = slot.end + timedelta(minutes=service.buffer_after_min)
    return any(low < ends and begins < high for low, high in taken)


def days_of(wishes: list[WaitlistEntry], service: Service, now: datetime) -> tuple[date, date]:
    """The first and last day anybody of `wishes` asks for, a day wider on both sides for clocks elsewhere."""
    horizon = now.date() + timedelta(days=service.horizon_days + 1)
    first = max(min(each.first for each in wishes), now.date()) - timedelta(days=1)
    last = max(min(each.last or horizon, horizon) for each in wishes) + timedelta(days=1)
    return first, last
