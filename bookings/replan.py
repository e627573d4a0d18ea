"""New places for sessions that cannot be kept: which time suits whom, and one for each without any two colliding. Pure.

Instants are whole seconds in UTC; `busy` ranges have the buffers included. The same question always has the same answer.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from bookings.slots import Range, Seconds
from clinic.core.wording import DAYS, in_words

HOUR, DAY = 3_600, 86_400
PARTS = ((12, "morning"), (17, "afternoon"), (24, "evening"))

OTHER_THERAPIST, KNOWN_THERAPIST, ANY_THERAPIST = 30.0, 14.0, 8.0
"""What a change of therapist counts: to a new one, to one who knows the runner, and where the runner said it does not matter."""
UNWISHED, OTHER_PART = 40.0, 10.0
SHARED, MOST_SHARED = 3.0, 2
"""What a credential counts that another therapist has in common with the one who is away, and how many count."""

PER_DAY, PER_HOUR, MOST_HOURS = 3.0, 1.0, 6.0
HASTE = 12.0
"""What an earlier time counts that comes so soon that the runner has to drop everything."""
BEFORE_ABSENCE = 60.0
"""What an earlier time counts with the very person who cannot come: they may not be well by then either."""
ALTERNATIVES, LOOKED_AT = 6, 200


class Wishes(Protocol):
    """Times a person likes, on their own wall clock; see `TimeWish`."""

    def suits(self, local: datetime) -> bool: ...


@dataclass(frozen=True)
class Case:
    """A session that needs a new place. `wishes` None: the runner never said what suits; `knows`: therapists seen before;
    `shares`: other therapists, with the names of the credentials they hold as the session's own therapist does.

    `elsewhere`: their clock is not the clinic's. Until `soon` an earlier time is at short notice. From `away` on the session's
    own therapist cannot come (0: they can).
    """

    key: Hashable
    runner: Hashable
    therapist: int
    service: int
    start: Seconds
    end: Seconds
    before: int = 0
    after: int = 0
    zone: str = "UTC"
    elsewhere: bool = False
    soon: Seconds = 0
    away: Seconds = 0
    wishes: Wishes | None = None
    same_therapist: bool = True
    knows: frozenset[int] = frozenset()
    shares: Mapping[int, Sequence[str]] = field(default_factory=dict)
    needs_room: bool = False
    needs: str = ""

    def busy(self, start: Seconds) -> Range:
        return start - self.before, start + (self.end - self.start) + self.after


class Option(NamedTuple):
    """A start with a therapist, free as the book stands."""

    therapist: int
    start: Seconds


class Judged(NamedTuple):
    """An option with what speaks for and against it; the lower `cost` the better."""

    cost: float
    start: Seconds
    therapist: int
    reasons: tuple[str, ...]

    @property
    def option(self) -> Option:
        return Option(self.therapist, self.start)


@lru_cache(maxsize=100_000)
def local(zone: str, at: Seconds) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(zone))


def part_of_day(at: datetime) -> str:
    return next(name for until, name in PARTS if at.hour < until)


def judged(case: Case, option: Option) -> Judged:
    """How well `option` replaces the session, and why, in words fit for a list."""
    cost, who = judged_person(case, option.therapist)
    reasons = [who]
    new, old = local(case.zone, option.start), local(case.zone, case.start)
    when = f"{DAYS[new.weekday()]} {part_of_day(new)}" + (" by their clock" if case.elsewhere else "")
    if case.wishes is not None and case.wishes.suits(new):
        reasons.append(f"{when}, which suits")
    elif case.wishes is not None:
        cost += UNWISHED
        reasons.append(f"{when}, not a time they asked for")
    elif part_of_day(new) == part_of_day(old):
        reasons.append(f"{when}, the same part of the day")
    else:
        cost += OTHER_PART
        reasons.append(f"{when}, another part of the day")
    apart = (new.date() - old.date()).days
    hours = abs((new.hour * 60 + new.minute) - (old.hour * 60 + old.minute)) / 60
    cost += PER_DAY * abs(apart) + PER_HOUR * min(hours, MOST_HOURS)
    reasons.append(distance(apart))
    if option.start < min(case.soon, case.start):
        cost += HASTE
        reasons.append("at short notice")
    if option.therapist == case.therapist and option.start < min(case.away, case.start):
        cost += 0.0 if case.wishes is not None and case.wishes.suits(new) else BEFORE_ABSENCE
        reasons.append("before the absence")
    return Judged(cost, option.start, option.therapist, tuple(reasons))


def judged_person(case: Case, therapist: int) -> tuple[float, str]:
    """What it counts to see this therapist, and who it is to the runner; fewer credentials in common count more."""
    if therapist == case.therapist:
        return 0.0, "same therapist"
    is_known = therapist in case.knows
    cost = (KNOWN_THERAPIST if is_known else OTHER_THERAPIST) if case.same_therapist else ANY_THERAPIST
    who = "a therapist they know" if is_known else "another therapist"
    shared = case.shares.get(therapist, ())
    also = f", who holds {in_words(shared)} too" if shared else ""
    return cost - SHARED * min(len(shared), MOST_SHARED), who + also


def distance(apart: int) -> str:
    """ "the same day", "1 day later", "3 days earlier"."""
    if not apart:
        return "the same day"
    return f"{abs(apart)} day{'' if abs(apart) == 1 else 's'} {'later' if apart > 0 else 'earlier'}"


@dataclass
class Table:
    """What is taken beside the therapists' own time, and what was proposed so far.

    `runners`: their other sessions; `rooms`, `things` (by kind): each resource with its busy ranges, none where the clinic
    counts none; `most` and `begun` limit sessions by (therapist, service or None) and local day of `zones`.
    """

    runners: Mapping[Hashable, Sequence[tuple[Hashable, Seconds, Seconds]]] = field(default_factory=dict)
    rooms: Mapping[int, Sequence[Range]] = field(default_factory=dict)
    things: Mapping[str, Mapping[int, Sequence[Range]]] = field(default_factory=dict)
    most: Mapping[tuple[int, int | None], int] = field(default_factory=dict)
    begun: Mapping[tuple[int, int | None, object], int] = field(default_factory=dict)
    zones: Mapping[int, str] = field(default_factory=dict)
    placed: dict[Hashable, tuple[Case, Option]] = field(default_factory=dict)

    def fits(self, case: Case, option: Option) -> bool:
        """Whether the option collides with nothing that is taken or proposed."""
        return (
            not self.blockers(case, option)
            and self.runner_is_free(case, option)
            and self.resource_is_free(case, option, self.rooms if case.needs_room else {}, room=True)
            and self.resource_is_free(case, option, self.things.get(case.needs, {}) if case.needs else {}, room=False)
            and self.day_has_room(case, option)
        )

    def blockers(self, case: Case, option: Option) -> list[Hashable]:
        """The proposals that take the therapist's or the runner's time of the option."""
        low, high = case.busy(option.start)
        end = option.start + case.end - case.start
        return [
            key
            for key, (other, taken) in self.placed.items()
            if key != case.key
            and (
                (taken.therapist == option.therapist and touch((low, high), other.busy(taken.start)))
                or (
                    other.runner == case.runner
                    and touch((option.start, end), (taken.start, taken.start + other.end - other.start))
                )
            )
        ]

    def runner_is_free(self, case: Case, option: Option) -> bool:
        period = (option.start, option.start + case.end - case.start)
        return not any(
            key != case.key and touch(period, (low, high)) for key, low, high in self.runners.get(case.runner, ())
        )

    def resource_is_free(
        self, case: Case, option: Option, resources: Mapping[int, Sequence[Range]], *, room: bool
    ) -> bool:
        """Whether one of `resources` is left when every proposal that touches the option takes one that is free too."""
        if not resources:
            return True
        wanted = case.busy(option.start)
        free = sum(not any(touch(wanted, each) for each in taken) for taken in resources.values())
        rivals = sum(
            touch(wanted, other.busy(taken.start))
            for key, (other, taken) in self.placed.items()
            if key != case.key and (other.needs_room if room else other.needs == case.needs)
        )
        return rivals < free

    def day_has_room(self, case: Case, option: Option) -> bool:
        for service in (None, case.service):
            most = self.most.get((option.therapist, service))
            if most is None:
                continue
            on = self.day(option)
            proposed = sum(
                self.day(taken) == on and taken.therapist == option.therapist and service in (None, other.service)
                for key, (other, taken) in self.placed.items()
                if key != case.key
            )
            if self.begun.get((option.therapist, service, on), 0) + proposed >= most:
                return False
        return True

    def day(self, option: Option) -> object:
        return local(self.zones.get(option.therapist, "UTC"), option.start).date()


def touch(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def ranked(case: Case, options: Iterable[Option]) -> list[Judged]:
    """The options, best first; equals in order of time."""
    return sorted((judged(case, each) for each in options), key=lambda each: each[:3])


def assign(cases: Sequence[Case], ranking: Mapping[Hashable, Sequence[Judged]], table: Table) -> dict[Hashable, Judged]:
    """A place for as many of `cases` as possible, good for all together; `table` has them in it afterwards.

    Who would lose most by waiting chooses first. Whoever is left may push one other to their next best.
    """
    left = {case.key: case for case in sorted(cases, key=lambda each: (each.start, str(each.key)))}
    found: dict[Hashable, Judged] = {}
    while left:
        chosen: tuple[float, Case, Judged] | None = None
        for case in list(left.values()):
            best, loss = best_and_loss(case, ranking[case.key], table)
            if best is None:
                del left[case.key]
            elif chosen is None or loss > chosen[0]:
                chosen = loss, case, best
        if chosen is not None:
            _, case, best = chosen
            table.placed[case.key] = (case, best.option)
            found[case.key] = best
            del left[case.key]
    for case in cases:
        if case.key not in found:
            push(case, ranking, table, found)
    return found


def best_and_loss(case: Case, ranking: Sequence[Judged], table: Table) -> tuple[Judged | None, float]:
    """The best option that fits, and how much worse the next one elsewhere is."""
    best: Judged | None = None
    for each in ranking:
        if (
            best is not None
            and each.therapist == best.therapist
            and touch(case.busy(each.start), case.busy(best.start))
        ):
            continue
        if table.fits(case, each.option):
            if best is not None:
                return best, each.cost - best.cost
            best = each
    return best, float("inf")


def push(case: Case, ranking: Mapping[Hashable, Sequence[Judged]], table: Table, found: dict[Hashable, Judged]) -> None:
    """Give `case` a place by moving one other proposal to the best that is left for it, if that can be done."""
    for wanted in ranking[case.key][:LOOKED_AT]:
        blockers = table.blockers(case, wanted.option)
        if len(blockers) != 1:
            continue
        other, stood = table.placed.pop(blockers[0])
        if table.fits(case, wanted.option):
            table.placed[case.key] = (case, wanted.option)
            instead = next((each for each in ranking[other.key] if table.fits(other, each.option)), None)
            if instead is not None:
                table.placed[other.key] = (other, instead.option)
                found[case.key], found[other.key] = wanted, instead
                return
            del table.placed[case.key]
        table.placed[other.key] = (other, stood)


def alternatives(case: Case, ranking: Sequence[Judged], table: Table, *, most: int = ALTERNATIVES) -> list[Judged]:
    """Other good places beside all proposals, at most two of a day with one therapist."""
    shown: Counter[tuple[int, object]] = Counter()
    result: list[Judged] = []
    for each in ranking:
        day = (each.therapist, local(case.zone, each.start).date())
        if shown[day] < 2 and table.fits(case, each.option):
            shown[day] += 1
            result.append(each)
            if len(result) == most:
                break
    return result


def by_runner(
    rows: Iterable[tuple[Hashable, Hashable, Seconds, Seconds]],
) -> dict[Hashable, list[tuple[Hashable, Seconds, Seconds]]]:
    """(runner, key, start, end) as the table wants them."""
    result: dict[Hashable, list[tuple[Hashable, Seconds, Seconds]]] = defaultdict(list)
    for runner, key, start, end in rows:
        result[runner].append((key, start, end))
    return dict(result)
