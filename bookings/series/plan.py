"""A series as it could be: the sessions of a plan week by week, each free or in conflict, with the nearest alternatives.

The engine says what is free (`find_slots`, once for the whole plan); here it is only arranged. Nothing is stored.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from bookings.availability import Slot, find_slots, offering
from bookings.models import Appointment, Service, TimePreference
from bookings.series.pattern import Pattern, Target, best_pattern, targets
from bookings.slots import zone_of
from clinic.core.errors import DomainError
from clinic.people.models import CareRelationship, RunnerProfile, TherapistProfile

MOST_WEEKS, MOST_A_WEEK, MOST_SESSIONS = 26, 5, 60
ALTERNATIVES, A_DAY = 4, 2
NEAR = timedelta(days=6)
"""Alternatives lie within so many days of the time that is not free."""

WHY = {
    "slot_taken": "is taken",
    "runner_busy": "clashes with another session",
    "too_soon": "is too soon to book",
    "too_far": "is further ahead than we plan",
    "outside_hours": "is outside the therapist’s hours",
    "not_on_the_clock": "does not exist: the clocks go forward",
}


Busy = tuple[datetime, datetime]


class Pick(NamedTuple):
    """One session to book: with whom, and when (UTC)."""

    therapist: TherapistProfile
    start: datetime


@dataclass(slots=True)
class Proposal:
    """One session of the plan: free, or in conflict with the reason (a key of WHY) and the nearest alternatives."""

    target: Target
    therapist: TherapistProfile
    start: datetime | None
    conflict: str = ""
    alternatives: list[Pick] = field(default_factory=list)

    @property
    def why(self) -> str:
        return WHY.get(self.conflict, "")

    @property
    def suggested(self) -> Pick | None:
        """What to book unless somebody chooses otherwise."""
        if not self.conflict and self.start is not None:
            return Pick(self.therapist, self.start)
        return self.alternatives[0] if self.alternatives else None


def plan_series(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    weekdays: int,
    per_week: int,
    weeks: int,
    parts: int,
    first: date,
    zone: str,
    now: datetime,
    keep: Pattern | None = None,
) -> list[Proposal]:
    """`per_week` sessions for `weeks` weeks from the day `first`, with one therapist, at the same wall time each week.

    `weekdays` and `parts` are the bits of a TimeWish, by the clock of `zone` (the runner's). `therapist` None: whoever can
    keep most of it, one who knows the runner first; `keep` is a pattern shown before, which stands. Nothing is stored. Empty where nothing
    free suits.
    Raises DomainError `bad_series`, `unknown_zone`.
    """
    check_size(weeks, per_week)
    people = {each.pk: each for each in offering(service).filter(is_listed=True).select_related("user")}
    if therapist is not None:
        people = {therapist.pk: therapist}
    free = find_slots(
        service=service,
        therapists=list(people.values()),
        first=first,
        last=first + timedelta(days=7 * weeks - 1),
        zone=zone,
        runner=runner,
        now=now,
    )
    wish, rules = TimePreference(weekdays=weekdays, parts=parts), zone_of(zone)
    suiting = [slot for slot in free if wish.suits(slot.start.astimezone(rules))]
    known = CareRelationship.objects.active().filter(runner=runner).values_list("therapist_id", flat=True)
    zones = {key: each.user.zone for key, each in people.items()}
    pattern = keep if keep is not None and keep.therapist_id in people else None
    pattern = pattern or best_pattern(
        suiting, zones=zones, first=first, weeks=weeks, per_week=per_week, preferred=known
    )
    if pattern is None:
        return []
    chosen = people[pattern.therapist_id]
    starts = {slot.start for slot in free if slot.therapist_id == chosen.pk}
    proposals = [
        Proposal(target, chosen, next((each for each in target.starts if each in starts), None))
        for target in targets(pattern.beats, zone=chosen.user.zone, first=first, weeks=weeks)
    ]
    name_conflicts(proposals, service, runner, now)
    give_alternatives(proposals, free, suiting, people)
    return proposals


def check_size(weeks: int, per_week: int) -> None:
    """Raises DomainError `bad_series`."""
    if not (1 <= weeks <= MOST_WEEKS and 1 <= per_week <= MOST_A_WEEK and weeks * per_week <= MOST_SESSIONS):
        raise DomainError(
            f"A series has up to {MOST_A_WEEK} sessions a week for up to {MOST_WEEKS} weeks, {MOST_SESSIONS} in all.",
            code="bad_series",
        )


def name_conflicts(proposals: list[Proposal], service: Service, runner: RunnerProfile, now: datetime) -> None:
    """Say of each target that is not free why not; two queries for all of them."""
    missing = [each for each in proposals if each.start is None and each.target.starts]
    for proposal in proposals:
        if proposal.start is None and not proposal.target.starts:
            proposal.conflict = "not_on_the_clock"
    if not missing:
        return
    begins = min(each.target.starts[0] for each in missing)
    ends = max(each.target.starts[-1] for each in missing) + service.length
    near = Appointment.objects.live(now).overlapping(begins, ends).order_by()
    mine = list(near.filter(runner=runner).values_list("start", "end"))
    theirs = list(near.filter(therapist=missing[0].therapist).values_list("busy_from", "busy_until"))
    for proposal in missing:
        start = proposal.target.starts[0]
        proposal.conflict = why_not(start, service, mine, theirs, now)


def why_not(start: datetime, service: Service, mine: list[Busy], theirs: list[Busy], now: datetime) -> str:
    """The key of WHY for a start the engine does not list."""
    end = start + service.length
    if start < now + timedelta(minutes=service.min_notice_min):
        return "too_soon"
    if start > now + timedelta(days=service.horizon_days):
        return "too_far"
    if any(low < end and start < high for low, high in mine):
        return "runner_busy"
    before, after = timedelta(minutes=service.buffer_before_min), timedelta(minutes=service.buffer_after_min)
    taken = any(low < end + after and start - before < high for low, high in theirs)
    return "slot_taken" if taken else "outside_hours"


def give_alternatives(
    proposals: list[Proposal], free: list[Slot], suiting: list[Slot], people: dict[int, TherapistProfile]
) -> None:
    """To each conflict the nearest free times; what is suggested for one is not suggested for another."""
    wanted, length = set(suiting), free[0].end - free[0].start
    booked = [each.start for each in proposals if each.start is not None]
    for proposal in proposals:
        if not proposal.conflict or proposal.conflict == "too_far":
            continue
        noon = datetime.combine(proposal.target.on, time(12), UTC)
        aim = proposal.target.starts[0] if proposal.target.starts else noon
        near = [
            slot
            for slot in free
            if abs(slot.start - aim) <= NEAR and not any(abs(slot.start - other) < length for other in booked)
        ]
        own, busy_days = proposal.therapist.pk, {other.date() for other in booked}

        def distance(slot: Slot, aim: datetime = aim, own: int = own, busy_days: set[date] = busy_days) -> tuple:  # type: ignore[type-arg]
            """Days without another session first, then what was wished for, then the nearest."""
            other_therapist = slot.therapist_id != own
            return slot.start.date() in busy_days, slot not in wanted, abs(slot.start - aim), other_therapist

        chosen = few_a_day(sorted(near, key=distance))
        proposal.alternatives = [Pick(people[slot.therapist_id], slot.start) for slot in chosen]
        booked += [slot.start for slot in chosen[:1]]


def few_a_day(ordered: list[Slot]) -> list[Slot]:
    """The first ALTERNATIVES of them, each start once and at most A_DAY of one day, so that there is a choice."""
    found: dict[datetime, Slot] = {}
    for slot in ordered:
        that_day = sum(1 for start in found if start.date() == slot.start.date())
        if slot.start not in found and that_day < A_DAY:
            found[slot.start] = slot
        if len(found) == ALTERNATIVES:
            break
    return list(found.values())
