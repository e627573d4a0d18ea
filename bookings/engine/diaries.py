"""What therapists' time looks like to a question about free times: the search, and the diaries it reads in two statements."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings import slots
from bookings.engine.reading import Search, Taken, Timetable, read_taken, read_timetables
from bookings.engine.starts import read_each, read_start
from bookings.models import Appointment, Service
from bookings.slots import Diary, Others, Rules
from clinic.people.models import Credential, RunnerProfile, TherapistProfile


class Around(NamedTuple):
    """Everything that decides about one start: `holds` are those that have to make way for it."""

    diaries: dict[int, Diary]
    others: Others
    taken: Taken
    holds: list[UUID]


REACH = timedelta(days=2)
"""Local days and UTC days never differ by more."""


def rules_of(service: Service, length: timedelta | None = None) -> Rules:
    """The service's rules in seconds; `length` where a session is shorter or longer than its service says."""
    return Rules(
        length=int((length or service.length).total_seconds()),
        before=service.buffer_before_min * 60,
        after=service.buffer_after_min * 60,
        step=service.slot_step_min * 60,
        notice=service.min_notice_min * 60,
        horizon=service.horizon_days * 86_400,
    )


def offering(service: Service) -> QuerySet[TherapistProfile]:
    """Therapists with whom the service can be booked: they offer it and hold the credential it needs."""
    if not service.is_active:
        return TherapistProfile.objects.none()
    found = TherapistProfile.objects.filter(services=service, user__is_active=True)
    if service.credential:
        found = found.filter(Exists(Credential.objects.filter(therapist=OuterRef("pk"), name=service.credential)))
    return found.filter(takes_new_runners=True) if service.is_first_visit else found


def offering_each(services: Sequence[Service]) -> dict[int, dict[int, TherapistProfile]]:
    """For each service, by its key, the therapists with whom it can be booked, with their users; one query for all."""
    found: dict[int, dict[int, TherapistProfile]] = {each.pk: {} for each in services}
    held = Credential.objects.filter(therapist=OuterRef("therapistprofile"), name=OuterRef("service__credential"))
    pairs = Service.therapists.through.objects.filter(
        Q(service__credential="") | Exists(held),
        service__in=list(found),
        service__is_active=True,
        therapistprofile__user__is_active=True,
    ).exclude(service__is_first_visit=True, therapistprofile__takes_new_runners=False)
    for pair in pairs.select_related("therapistprofile__user").order_by("therapistprofile"):
        found[pair.service_id][pair.therapistprofile_id] = pair.therapistprofile
    return found


def open_search(
    service: Service,
    therapists: Sequence[TherapistProfile] | None,
    *,
    runner: RunnerProfile | None,
    now: datetime,
    moving: Appointment | None = None,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> Search:
    """A search over those of `therapists` who offer the service (one query); what is `moving` keeps its own length."""
    candidates = offering(service)
    if therapists is None:
        candidates = candidates.filter(is_listed=True)
    else:
        candidates = candidates.filter(pk__in=[each.pk for each in therapists])
    zones = dict(candidates.order_by().values_list("pk", "user__zone"))
    asked_for = {each.pk for each in therapists or ()}
    zones |= {each: zone for each, zone in own_zone(moving).items() if each in asked_for}
    return new_search(service, zones, runner=runner, now=now, moving=moving, length=length, keeps_holds=keeps_holds)


def own_zone(moving: Appointment | None) -> dict[int, str]:
    """The zone of whoever has the session that is moving: it can stay with them, whatever they offer to others by now."""
    if moving is None or not moving.therapist.user.is_active:
        return {}
    return {moving.therapist_id: moving.therapist.user.zone}


def new_search(
    service: Service,
    zones: Mapping[int, str],
    *,
    runner: RunnerProfile | None,
    now: datetime,
    moving: Appointment | None = None,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> Search:
    """A search over the therapists of `zones`, who are known to offer the service."""
    if length is None and moving is not None:
        length = moving.length
    return Search(service, runner, moving, now.astimezone(UTC), dict(zones), rules_of(service, length), keeps_holds)


def read_diaries(
    search: Search, therapist_ids: Sequence[int], low: slots.Seconds, high: slots.Seconds
) -> tuple[dict[int, Diary], Others, Taken]:
    """What is open and what is taken for starts in `low`..`high`: each therapist's diary, the rest, and the rows behind both.

    The timetables are read once for the whole search, up to the horizon.
    """
    if not search.timetables:
        open_timetables(search, search.now - REACH, search.now + timedelta(days=search.service.horizon_days) + REACH)
    rules, tables = search.rules, search.timetables
    capped = [each for each in therapist_ids if tables[each].is_capped] if search.service.pk else []
    taken = read_taken(search, therapist_ids, low - rules.before, high + rules.length + rules.after, capped=capped)
    diaries, others = put_together(search, tables, therapist_ids, taken)
    return diaries, others, taken


def read_around(search: Search, therapist_ids: Sequence[int], at: slots.Seconds, *, with_holds: bool = False) -> Around:
    """What is open and what is taken for the one start `at`, in one query; `with_holds` asks for one therapist."""
    tables, taken, holds = read_start(search, therapist_ids, at, with_holds=with_holds)
    return Around(*put_together(search, tables, therapist_ids, taken), taken, holds)


def read_diaries_of_each(
    searches: Sequence[Search], low: slots.Seconds, high: slots.Seconds
) -> list[tuple[dict[int, Diary], Others]]:
    """For each search the diaries of its therapists and the rest, for starts in `low`..`high`; one query for all of them.

    Each search keeps its timetables, which reach no further.
    """
    found = []
    for search, (tables, taken) in zip(searches, read_each(searches, low, high), strict=True):
        search.timetables = tables
        found.append(put_together(search, tables, list(search.zones), taken))
    return found


def put_together(
    search: Search, tables: Mapping[int, Timetable], therapist_ids: Sequence[int], taken: Taken
) -> tuple[dict[int, Diary], Others]:
    """Each therapist's diary, and what bars a start beside it."""
    diaries = {
        each: diary_of(search.zones[each], tables[each], taken.busy.get(each, ()), taken.sessions.get(each))
        for each in therapist_ids
    }
    rooms = list(taken.rooms.values())
    pieces = list(taken.equipment.values()) if search.service.equipment_kind else None
    return diaries, slots.taken_elsewhere(search.rules, runner=taken.runner, rooms=rooms, equipment=pieces)


def open_timetables(search: Search, since: datetime, until: datetime) -> None:
    """Read when the therapists of the search work on the days of UTC from `since` to `until`."""
    search.timetables = read_timetables(
        list(search.zones),
        since,
        until,
        place=search.service.place,
        service_id=search.service.pk or 0,
    )


def diary_of(
    zone: str,
    table: Timetable,
    busy: Sequence[slots.Range] = (),
    sessions: Sequence[tuple[slots.Seconds, int]] | None = None,
) -> Diary:
    """One therapist's diary; `sessions` are the starts that count towards the day's limits, see `Taken`."""
    diary = Diary(zone, table.hours, table.changes, busy, table.off, table.away)
    if not sessions:
        return diary
    full: list[slots.Range] = []
    if table.most is not None:
        full += slots.full_days(diary, [start for start, _ in sessions], table.most)
    if table.most_of_service is not None:
        full += slots.full_days(diary, [start for start, same in sessions if same], table.most_of_service)
    return Diary(zone, table.hours, table.changes, busy, table.off, table.away, full)
