"""Taking a time: for oneself, for a caller, with one therapist or with anyone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery

from bookings import messages, slots, video
from bookings.availability import decide, explained, free_at, is_plainly_taken, least_loaded
from bookings.models import Appointment, Change, Offer, Service
from bookings.models.appointments import State
from bookings.models.catalogue import LONGEST_SESSION_MIN, SHORTEST_SESSION_MIN
from bookings.prices import price_of
from bookings.services.changes import remember
from bookings.services.paying import pay_by
from bookings.services.transactions import end_holds, lock, require, whole
from bookings.slots import Refusal
from clinic.audit.models import Event
from clinic.audit.services import noted, record, record_all
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import care_begun, refuse_doubles, runner_registered


def book_slot(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    start: datetime,
    by: User,
    now: datetime,
    override_reason: str = "",
    payer: str = "",
    insurer: str = "",
) -> Appointment:
    """Book the session at the instant `start`; `therapist` None is anyone: the least loaded that day who is free.

    Care begins, the letter and both reminders are planned, the event is audited, all in one transaction. With
    `override_reason` staff pass notice, horizon and hours, never what is taken or past.

    `payer` "" is the runner (`paying.pay_by`). Raises Conflict `slot_taken`, `runner_busy` or `busy`; DomainError `in_the_past`, `too_soon`, `too_far`,
    `not_offered`, `outside_hours`, `not_a_start`; Forbidden `not_yours`.
    """
    require_booker(by, runner, therapist)
    return booked(
        service=service,
        therapist=therapist,
        runner=runner,
        start=start,
        by=by,
        now=now,
        override_reason=override_reason,
        payer=payer,
        insurer=insurer,
    )


def booked(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile,
    start: datetime,
    by: User,
    now: datetime,
    override_reason: str,
    payer: str,
    insurer: str,
    registered: Sequence[Event] = (),
) -> Appointment:
    """As `book_slot`, once it is sure that `by` may. `registered`: the events, still to be written, of a runner made just now."""
    start = checked_start(start, now)
    override_reason = override_reason.strip()[:200]
    if override_reason and not by.is_clinic_staff:
        raise Forbidden(
            "Only the clinic can book outside the rules. Choose one of the times shown, or call us.", code="not_yours"
        )

    @whole
    def book(chosen: TherapistProfile) -> Appointment:
        appointment = enter(
            service=service,
            therapist=chosen,
            runner=runner,
            start=start,
            by=by,
            now=now,
            beyond_rules=bool(override_reason),
            is_newcomer=bool(registered),
        )
        pay_by(appointment, payer, insurer)
        return told(appointment, by=by, now=now, reason=override_reason, events=registered)

    return attempt(
        book,
        service=service,
        therapist=therapist,
        runner=runner,
        start=start,
        now=now,
        is_hurried=not by.is_clinic_staff,
    )


def book_for_caller(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    start: datetime,
    name: str,
    email: str,
    phone: str,
    by: User,
    now: datetime,
    override_reason: str = "",
    payer: str = "",
    insurer: str = "",
    are_different: bool = True,
) -> Appointment:
    """Staff book for somebody on the phone: the runner with this address is found, or made.

    With `are_different` False somebody we know who may be the same person is named first (Conflict `possible_double`).

    Raises what `book_slot` and `people.services.register_runner` raise; when the time cannot be had, no runner is made.
    """
    if not by.is_clinic_staff:
        raise Forbidden("Only the clinic books for a caller.", code="not_yours")

    @whole
    def book() -> Appointment:
        is_unknown = not are_different and not refuse_doubles(name=name, email=email, phone=phone)
        runner, registered = runner_registered(name=name, email=email, phone=phone, by=by, is_unknown=is_unknown)
        return booked(
            registered=registered,
            service=service,
            therapist=therapist,
            runner=runner,
            start=start,
            by=by,
            now=now,
            override_reason=override_reason,
            payer=payer,
            insurer=insurer,
        )

    return book()


def require_booker(by: User, runner: RunnerProfile | None, therapist: TherapistProfile | None) -> None:
    """Raises Forbidden `not_yours` unless `by` is the runner, staff, or the therapist the session is with."""
    require(
        by.is_clinic_staff
        or (runner is not None and by.pk == runner.user_id)
        or (therapist is not None and by.is_therapist and by.pk == therapist.user_id)
    )


def checked_start(start: datetime, now: datetime) -> datetime:
    """`start` in UTC, to the second. Raises DomainError `in_the_past`, or `bad_start` for a time without a zone."""
    if start.tzinfo is None:
        raise DomainError(
            "Give the time with its offset, as in 2026-11-26T16:30:00Z.",
            code="bad_start",
            fields={"start": "No offset."},
        )
    if start.year < 2000:
        raise DomainError(
            "That time is over. Choose one that is still to come.", code="in_the_past", fields={"start": "In the past."}
        )
    if start > now + timedelta(days=4000):
        raise DomainError(
            "That is too far ahead. Choose an earlier time.", code="too_far", fields={"start": "Too far ahead."}
        )
    return start.astimezone(UTC).replace(microsecond=0)


def attempt(
    take: Callable[[TherapistProfile], Appointment],
    *,
    service: Service,
    therapist: TherapistProfile | None,
    runner: RunnerProfile | None,
    start: datetime,
    now: datetime,
    is_hurried: bool = True,
) -> Appointment:
    """`take` the time with `therapist`, or with anyone: each in a transaction of its own, until one succeeds.

    `is_hurried`: many may want it in the same moment, so that a glance before the queue for the lock is worth its query.
    """
    gone: DomainError = explained(Refusal.SLOT_TAKEN, service)
    if therapist is not None:
        if is_hurried and is_plainly_taken(service=service, therapist=therapist, runner=runner, start=start, now=now):
            raise gone
        return take(therapist)
    for candidate in anyone(service=service, runner=runner, start=start, now=now):
        try:
            return take(candidate)
        except DomainError as refused:
            if refused.code not in ("slot_taken", "day_full"):
                raise
            gone = refused
    raise gone


def anyone(*, service: Service, runner: RunnerProfile | None, start: datetime, now: datetime) -> list[TherapistProfile]:
    """Who is free at `start`, the least loaded of that day at the clinic first.

    Raises, when nobody is, the reason that holds for the first therapist who offers the service: too soon, outside
    hours, taken.
    """
    zone = ZoneInfo(settings.CLINIC_ZONE)
    free = free_at(service=service, runner=runner, start=start, now=now)
    day = datetime.combine(start.astimezone(zone).date(), time(0), zone)
    that_day = Appointment.objects.standing().filter(start__gte=day, start__lt=day + timedelta(days=1)).order_by()
    counts = that_day.filter(therapist=OuterRef("pk")).values("therapist").annotate(load=Count("pk")).values("load")
    found = TherapistProfile.objects.select_related("user").annotate(load=Subquery(counts))
    people: dict[int, Any] = found.in_bulk(free)
    loads = {key: person.load or 0 for key, person in people.items()}
    ordered = [people[each] for each in least_loaded(free, loads)]
    return ordered or why_nobody(service=service, runner=runner, start=start, now=now)


def why_nobody(
    *, service: Service, runner: RunnerProfile | None, start: datetime, now: datetime
) -> list[TherapistProfile]:
    """Raises the refusal that fits best when nobody is free: somebody's taken time says more than somebody's day off."""
    reasons = []
    for therapist in TherapistProfile.objects.listed().filter(services=service):
        try:
            decide(service=service, therapist=therapist, runner=runner, start=start, now=now)
        except DomainError as refused:
            reasons.append(refused)
        else:
            return [therapist]
    reasons.sort(key=lambda refused: (refused.status != 409, refused.code == "not_offered"))
    raise (
        reasons[0]
        if reasons
        else DomainError(
            "Nobody offers this session just now. Choose another session, or call us.",
            code="not_offered",
            fields={"service": "Not offered."},
        )
    )


def enter(
    *,
    service: Service,
    therapist: TherapistProfile,
    runner: RunnerProfile | None,
    start: datetime,
    by: User | None,
    now: datetime,
    hold_expires_at: datetime | None = None,
    beyond_rules: bool = False,
    length: timedelta | None = None,
    keeps_holds: bool = False,
    is_newcomer: bool = False,
) -> Appointment:
    """Lock, decide, clear lapsed holds out of the way, write. Call it inside `whole`.

    `runner` None is a visitor without an account, who can only hold (`hold_expires_at`); `by` None is one too. `length`
    is the session's where it differs from the service's. With `keeps_holds` the runner's other hold stays and is in the
    way: for what is kept for them without their doing, as an offer. With `is_newcomer` the runner was made in this very
    transaction, so that nobody else can know them and their row needs no lock.
    """
    zones = lock(therapists=[therapist], runner=None if is_newcomer else runner, service=service)
    planned = Appointment(
        service=service,
        therapist=therapist,
        runner=runner,
        state=State.HELD if hold_expires_at else State.BOOKED,
        hold_expires_at=hold_expires_at,
        video_key=video.new_key() if service.is_online else None,
        booked_by=by,
        booked_at=now,
    )
    place(
        planned,
        start=start,
        now=now,
        offered_by=zones,
        beyond_rules=beyond_rules,
        length=length,
        keeps_holds=keeps_holds,
    )
    planned.full_clean(validate_unique=False, validate_constraints=False, exclude=FOREIGN)
    planned.save(force_insert=True)
    if hold_expires_at:
        record(by=by, action="appointment.held", subject=planned, runner=runner)
    return planned


FOREIGN = ("service", "therapist", "runner", "booked_by", "treatment_room", "equipment", "workshop", "series")
"""Records the service was handed; looking each of them up again would only cost queries."""


def place(
    appointment: Appointment,
    *,
    start: datetime,
    now: datetime,
    offered_by: Mapping[int, str],
    moving: Appointment | None = None,
    beyond_rules: bool = False,
    length: timedelta | None = None,
    keeps_holds: bool = False,
) -> None:
    """Give `appointment` the time `start` if it can be had at `now`; its therapist and runner are locked.

    `offered_by` is what `lock` returned. `moving` is the session as it stands, which is no obstacle to itself and whose
    length is kept unless `length` says another; at its own start that changes its length alone.
    Raises the refusal, or DomainError `bad_length`.
    """
    service = appointment.service
    length = checked_length(length or (moving.length if moving is not None else service.length))
    end = start + length
    appointment.start, appointment.end = start, end
    appointment.busy_from = start - timedelta(minutes=service.buffer_before_min)
    appointment.busy_until = end + timedelta(minutes=service.buffer_after_min)
    verdict = decide(
        service=service,
        therapist=appointment.therapist,
        runner=appointment.runner,
        start=start,
        now=now,
        moving=moving,
        beyond_rules=beyond_rules,
        offered_by=offered_by,
        length=length,
        keeps_holds=keeps_holds,
    )
    end_holds(verdict.holds, runner=appointment.runner, now=now)
    if moving is None or moving.therapist_id != appointment.therapist_id:
        appointment.price_pence = price_of(service, appointment.therapist)
    appointment.place = service.place
    appointment.treatment_room_id, appointment.equipment_id = verdict.room_id, verdict.equipment_id
    appointment.zone = verdict.zone
    appointment.wall_start = start.astimezone(slots.zone_of(verdict.zone)).isoformat()


def checked_length(length: timedelta) -> timedelta:
    """`length` if a session may be so long. Raises DomainError `bad_length`."""
    if not timedelta(minutes=SHORTEST_SESSION_MIN) <= length <= timedelta(minutes=LONGEST_SESSION_MIN):
        sentence = "A session lasts between 5 minutes and 8 hours. Choose a length between."
        raise DomainError(sentence, code="bad_length", fields={"length": sentence})
    return length


def told(
    appointment: Appointment,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    offer: Offer | None = None,
    events: Sequence[Event] = (),
) -> Appointment:
    """Everything that goes with a booking: care, the audit events after those given, the way back, the letter, the reminders.

    `offer` is the one that was taken by it.
    """
    begun = care_begun(runner=appointment.runner, therapist=appointment.therapist, by=by, now=now)
    event = noted(
        by=by,
        action="appointment.booked",
        subject=appointment,
        runner=appointment.runner,
        reason=reason,
        changes={"start": [None, appointment.start], "therapist": [None, appointment.therapist_id]},
    )
    record_all([*events, *begun, event])
    remember(appointment=appointment, kind=Change.Kind.BOOKED, before={}, by=by, now=now, offer=offer)
    messages.plan_booked(appointment, now=now)
    return appointment
