"""How long therapists are open, week by week of the clinic's calendar. The arithmetic is pure; three queries read the rules."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db.models import CharField, Value
from django.db.models.functions import Cast

from bookings import slots
from bookings.engine.columns import NO_DATE, NO_NUMBER, Epoch
from bookings.models import Override, TimeOff, Travel, WeeklyHours
from bookings.slots import DayChange, Hours, Range, Seconds
from clinic.people.models import TherapistProfile

WEEK = 7 * 86_400
A_DAY = timedelta(days=1)


@dataclass(slots=True)
class Timetable:
    """One therapist's rules: `zone` is home, `abroad` (first, last, zone) the days under another clock."""

    zone: str
    hours: list[Hours] = field(default_factory=list)
    changes: list[DayChange] = field(default_factory=list)
    off: list[Range] = field(default_factory=list)
    abroad: list[tuple[date, date, str]] = field(default_factory=list)

    def zone_on(self, on: date) -> str:
        return next((zone for first, last, zone in self.abroad if first <= on <= last), self.zone)


def mondays(first: date, last: date) -> list[date]:
    """The Mondays of the weeks that the days `first` to `last` touch."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]


def bounds(first: date, last: date, zone: str) -> Range:
    """The days `first` to `last` (both included) of `zone` as instants."""
    return slots.day_range(zone, first, None, None)[0], slots.day_range(zone, last, None, None)[1]


def week_edges(first: date, last: date, zone: str) -> list[Seconds]:
    """Where the weeks of the days `first` to `last` begin, and where the last one ends, cut to those days."""
    low, high = bounds(first, last, zone)
    begins = [slots.day_range(zone, monday, None, None)[0] for monday in mondays(first, last)]
    return [max(low, each) for each in begins] + [high]


def open_seconds(timetable: Timetable, edges: Sequence[Seconds]) -> list[int]:
    """Real seconds the therapist is open in each of the weeks between `edges`, time off taken out."""
    low, high = edges[0], edges[-1]
    open_: list[Range] = []
    for on in slots.local_days("UTC", low - 2 * 86_400, high + 2 * 86_400):
        diary = slots.Diary(timetable.zone_on(on), timetable.hours, timetable.changes)
        open_ += [part for part in slots.open_ranges(diary, on) if part[1] > low and part[0] < high]
    found = [0] * (len(edges) - 1)
    for opens, closes in slots.without(open_, timetable.off):
        at, end = max(opens, low), min(closes, high)
        while at < end:
            week = bisect_right(edges, at) - 1
            until = min(end, edges[week + 1])
            found[week] += until - at
            at = until
    return found


def offset_changes(zone: str, low: Seconds, high: Seconds) -> list[tuple[Seconds, int]]:
    """(instant, seconds east of Greenwich from then on) for `low` and every clock change of `zone` before `high`."""
    rules = ZoneInfo(zone)

    def offset(at: Seconds) -> int:
        return int((datetime.fromtimestamp(at, rules).utcoffset() or timedelta()).total_seconds())

    changes = [(low, offset(low))]
    for morning, next_morning in pairwise([*range(low, high, 86_400), high]):
        if offset(morning) == offset(next_morning):
            continue
        before, after = morning, next_morning
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == changes[-1][1] else (before, middle)
        changes.append((after, offset(after)))
    return changes


def read_timetables(therapists: Sequence[TherapistProfile], first: date, last: date) -> Mapping[int, Timetable]:
    """Everybody's rules for the days `first` to `last`, in three queries; therapists come with their user."""
    keys = [each.pk for each in therapists]
    found = {each.pk: Timetable(each.user.zone) for each in therapists}
    early, late = first - 2 * A_DAY, last + 2 * A_DAY
    for row in WeeklyHours.objects.filter(therapist__in=keys).between(early, late).order_by():
        found[row.therapist_id].hours.append(Hours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until))
    for change in Override.objects.filter(therapist__in=keys, on__range=(early, late)).order_by("on", "starts"):
        found[change.therapist_id].changes.append(DayChange(change.on, change.starts, change.ends, change.closed))
    reach = (slots.instant(bounds(early, late, "UTC")[0]), slots.instant(bounds(early, late, "UTC")[1]))
    away = TimeOff.objects.filter(therapist__in=keys).overlapping(*reach).order_by()
    abroad = Travel.objects.filter(therapist__in=keys, first__lte=late, last__gte=early).order_by()
    rows = away.values_list(
        "therapist_id", Epoch("start"), Epoch("end"), NO_DATE, NO_DATE, Cast(Value(""), CharField())
    ).union(abroad.values_list("therapist_id", NO_NUMBER, NO_NUMBER, "first", "last", "zone"))
    for key, start, end, leaves, returns, zone in rows:
        if zone:
            found[key].abroad.append((leaves, returns, zone))
        else:
            found[key].off.append((start, end))
    for each in found.values():
        each.off.sort()
    return found


def opened(therapists: Sequence[TherapistProfile], first: date, last: date, zone: str) -> dict[int, list[int]]:
    """Open seconds of each therapist (by primary key) in each week from `first` to `last` of `zone`."""
    if not therapists:
        return {}
    edges = week_edges(first, last, zone)
    result: dict[int, list[int]] = defaultdict(list)
    for key, timetable in read_timetables(therapists, first, last).items():
        result[key] = open_seconds(timetable, edges)
    return dict(result)
