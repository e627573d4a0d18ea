"""What is done on the board itself: move, resize, mark, undo. Each answers with the board, and in words when refused."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from bookings import access, services, slots
from bookings.availability import Slot, find_slots
from bookings.board.page import Page, page_of
from bookings.fortnight import nearest
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment, Change, Equipment, TreatmentRoom, WaitlistEntry
from bookings.models.appointments import State
from bookings.services.offers import runner_of
from bookings.services.resizing import resize_appointment
from bookings.services.rooming import change_room
from bookings.services.undoing import undo
from bookings.services.waiting import offer_to
from bookings.views.appointments import MARKS
from bookings.views.board import PART, board_page, clinic_today, clinic_tz
from bookings.views.reader import signed_in
from bookings.views.sessions import read_version, stands_now
from clinic.core.errors import DomainError
from clinic.core.etags import Changed
from clinic.core.wording import clock
from clinic.people.access import role_required
from clinic.people.models import TherapistProfile

WITH_A_REASON = {"outside_hours", "too_soon", "too_far", "not_a_start"}
"""Rules that staff pass with a reason."""
NEAR_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Refused:
    """A deed that did not happen: why, what it was (its form, to be sent again with a reason), and what is free near it."""

    what: str
    why: str
    code: str
    action: str
    sent: dict[str, str]
    near: list[tuple[Slot, TherapistProfile]] = field(default_factory=list)

    @property
    def asks_reason(self) -> bool:
        return self.code == "reason_needed"

    @property
    def may_override(self) -> bool:
        return self.code in WITH_A_REASON


@role_required("staff")
@never_cache
@require_POST
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Give the session the time it was dropped at (`on`, `at` by the clinic's clock) with `therapist`.

    `place` says both in one, as in "tomas-reinholt@2026-11-26T09:45Z".
    """
    found = access.get_appointment(signed_in(request), appointment_id)
    asked = request.POST.copy()
    if "@" in asked.get("place", ""):
        asked["therapist"], _, asked["to"] = str(asked["place"]).partition("@")
    target = TherapistProfile.objects.select_related("user").filter(slug=asked.get("therapist", "")[:80]).first()
    target = target or found.therapist

    def act(now: datetime) -> str:
        room = room_of(asked.get("lane", ""))
        if room is not None and found.start == wanted_start(asked):
            change_room(appointment=found, to=room, by=signed_in(request), now=now, versions=read_version(request))
            return f"{found.runner.user.name} is in {room} now."
        if room is not None and room not in (found.treatment_room, found.equipment):
            raise DomainError("Change the time or the room, one after the other.", code="one_at_a_time")
        moved = services.move_appointment(
            appointment=found,
            start=wanted_start(asked),
            by=signed_in(request),
            now=now,
            therapist=target,
            reason=asked.get("reason", ""),
            override=bool(asked.get("override")),
            versions=read_version(request),
        )
        return f"Moved {found.runner.user.name} to {clock(moved.start, settings.CLINIC_ZONE)} with {target.user.first_name}."

    def refuse(error: DomainError, now: datetime) -> Refused:
        try:
            start = wanted_start(asked)
        except DomainError:
            return refused(found, error, "moved", request)
        if asked.get("lane", "").startswith(("room-", "equipment-")):
            return refused(found, error, "moved", request)
        return refused(found, error, "moved", request, start=start, target=target, now=now)

    return deed(request, act, refuse)


@role_required("staff")
@never_cache
@require_POST
def resize(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Make the session `minutes` long."""
    found = access.get_appointment(signed_in(request), appointment_id)
    asked = request.POST

    def act(now: datetime) -> str:
        minutes = asked.get("minutes", "")
        if not minutes.isdecimal() or len(minutes) > 4:
            raise DomainError("Give the length in minutes, as in 45.", code="bad_length")
        resized = resize_appointment(
            appointment=found,
            minutes=int(minutes),
            by=signed_in(request),
            now=now,
            reason=asked.get("reason", ""),
            override=bool(asked.get("override")),
            versions=read_version(request),
        )
        return f"{found.runner.user.name} now ends at {clock(resized.end, settings.CLINIC_ZONE)}."

    def refuse(error: DomainError, now: datetime) -> Refused:
        asked_for = refused(found, error, "changed", request)
        if error.code != "slot_taken":
            return asked_for
        ends = found.start + timedelta(minutes=int(asked["minutes"]))
        return replace(asked_for, why=who_has_it(found, found.start, ends, found.therapist, now))

    return deed(request, act, refuse)


@role_required("staff")
@never_cache
@require_POST
def mark(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Arrived, completed, did not come, or back to booked, without leaving the board."""
    found = access.get_appointment(signed_in(request), appointment_id)

    def act(now: datetime) -> str:
        verb = MARKS.get(request.POST.get("state", ""))
        if verb is None:
            raise DomainError("Choose arrived, completed or did not come.", code="bad_state")
        marked = verb(appointment=found, by=signed_in(request), now=now, versions=read_version(request))
        return f"{found.runner.user.name}: {marked.get_state_display().lower()}."

    return deed(request, act, lambda error, now: refused(found, error, "marked", request))


@role_required("staff")
@never_cache
@require_POST
def offer(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Keep a free time (`place`, as for `move`) for a waiting person and ask them by e-mail."""
    entry = get_object_or_404(WaitlistEntry.objects.select_related("runner__user", "service"), pk=entry_id)
    slug, _, to = request.POST.get("place", "").partition("@")
    target = get_object_or_404(TherapistProfile.objects.select_related("user"), slug=slug[:80])

    def act(now: datetime) -> str:
        start = parse_instant(to)
        if start is None:
            raise DomainError("We could not read that time. Choose a lit gap.", code="unreadable")
        made = offer_to(entry=entry, therapist=target, start=start, by=signed_in(request), now=now)
        until = clock(made.answer_until, settings.CLINIC_ZONE)
        return f"Offered {clock(start, settings.CLINIC_ZONE)} to {entry.runner.user.name}: kept until {until}."

    def refuse(error: DomainError, now: datetime) -> Refused:
        return Refused(f"Nothing was offered to {entry.runner.user.name}", error.message, "", request.path, {})

    return deed(request, act, refuse)


@role_required("staff")
@never_cache
@require_POST
def take_back(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Undo what the person asking did less than three minutes ago."""
    user = signed_in(request)
    change = get_object_or_404(
        Change.objects.filter(by=user).select_related(
            "appointment__runner__user", "appointment__therapist__user", "appointment__service"
        ),
        pk=change_id,
    )
    found = change.appointment

    def act(now: datetime) -> str:
        undo(change=change, by=user, now=now)
        return f"Undone: {change.get_kind_display().lower()} {found.runner.user.name}."

    return deed(request, act, lambda error, now: refused(found, error, "undone", request))


def deed(
    request: HttpRequest, act: Callable[[datetime], str], refuse: Callable[[DomainError, datetime], Refused]
) -> HttpResponse:
    """Do it and show the board again: the part of it where a script asked, else the page by way of a redirect."""
    now = timezone.now()
    page = page_of(QueryDict(request.POST.get("board", "").lstrip("?")), today=clinic_today(now))
    try:
        said = act(now)
    except DomainError as error:
        status = 409 if isinstance(error, Changed) else error.status
        return board_page(request, page, now=now, status=status, refused=refuse(error, now))
    if request.headers.get(PART) == "1":
        return board_page(request, without_visit(page), now=now, said=said)
    messages.success(request, said)
    return redirect(reverse("bookings:board") + without_visit(page).here)


def without_visit(page: Page) -> Page:
    """The page after a deed: nobody is being moved any more."""
    return page_of({key: value for key, value in page.query.items() if key != "visit"}, today=page.on)


def wanted_start(asked: QueryDict) -> datetime:
    """The instant asked for: `to`, or the wall-clock time `at` of the day `on`. Raises DomainError `unreadable`."""
    start = parse_instant(asked.get("to"))
    if start is not None:
        return start
    on = parse_day(asked.get("on"))
    try:
        at = datetime.strptime(asked.get("at", "")[:5], "%H:%M").time()  # noqa: DTZ007 (a time of day alone)
    except ValueError:
        at = None
    if on is None or at is None:
        raise DomainError("We could not read that time. Drop the session on a free time.", code="unreadable")
    return slots.to_instant(datetime.combine(on, at), settings.CLINIC_ZONE)


def room_of(lane: str) -> TreatmentRoom | Equipment | None:
    """The room or device whose lane it is, as in "room-3"; None for a therapist's."""
    kind, _, number = lane.partition("-")
    if not number.isdecimal() or len(number) > 9:
        return None
    if kind == "room":
        return TreatmentRoom.objects.filter(pk=number).first()
    return Equipment.objects.filter(pk=number).first() if kind == "equipment" else None


def refused(
    found: Appointment,
    error: DomainError,
    verb: str,
    request: HttpRequest,
    *,
    start: datetime | None = None,
    target: TherapistProfile | None = None,
    now: datetime | None = None,
) -> Refused:
    """The refusal in words; with `start`, what stands in the way and the free times nearest to it."""
    what = f"{found.runner.user.name} was not {verb}"
    if isinstance(error, Changed):
        return Refused(what, f"{stands_now(found)} Look at it, then do it again.", error.code, request.path, {})
    sent = {key: str(value) for key, value in request.POST.items() if key not in ("csrfmiddlewaretoken", "reason")}
    why, near = error.message, []
    if start is not None and target is not None and now is not None and found.state == State.BOOKED:
        if error.code == "slot_taken":
            why = who_has_it(found, start, start + found.length, target, now)
        elif error.code == "outside_hours":
            end = clock(start + found.length, settings.CLINIC_ZONE)
            why = f"{target.user.first_name} does not work from {clock(start, settings.CLINIC_ZONE)} to {end}."
        near = nearby(found, start, target, now)
    return Refused(what, why, error.code, request.get_full_path(), sent, near)


def who_has_it(found: Appointment, start: datetime, end: datetime, target: TherapistProfile, now: datetime) -> str:
    """Who has that time: "14:00 is taken: Tomas has Sam Marchetti from 14:00 to 14:45." """
    zone = settings.CLINIC_ZONE
    begins = start - timedelta(minutes=found.service.buffer_before_min)
    ends = end + timedelta(minutes=found.service.buffer_after_min)
    taken = (
        Appointment.objects.live(now)
        .with_people()
        .filter(therapist=target, busy_from__lt=ends, busy_until__gt=begins)
        .exclude(pk=found.pk)
        .order_by("start")
        .first()
    )
    if taken is None:
        kind = found.service.equipment_kind or "treatment room"
        return f"No {'time' if found.is_online else kind} is free from {clock(start, zone)} to {clock(end, zone)}."
    rest = "" if taken.start < end and taken.end > start else ", and a rest is kept between sessions"
    at = f"{clock(start, zone)} is taken" if start != found.start else "There is no room for that"
    return f"{at}: {target.user.first_name} has {occupant(taken)} from {clock(taken.start, zone)} to {clock(taken.end, zone)}{rest}."


def occupant(taken: Appointment) -> str:
    """What or whom a therapist has then: a workshop, a runner, a time that is offered or just being booked."""
    if taken.workshop:
        return taken.workshop.title
    if taken.state != State.HELD:
        return taken.runner.user.name
    if hasattr(taken, "offer"):
        return f"a time offered to {runner_of(taken.offer).user.name}"
    return "somebody who is just booking"


def nearby(
    found: Appointment, start: datetime, target: TherapistProfile, now: datetime
) -> list[tuple[Slot, TherapistProfile]]:
    """The free starts nearest to `start` on that day: with the therapist meant, or else with anybody."""
    on = start.astimezone(clinic_tz()).date()
    for people in ([target], None):
        free = find_slots(
            service=found.service,
            therapists=people,
            first=on,
            last=on,
            zone=settings.CLINIC_ZONE,
            runner=found.runner,
            now=now,
            moving=found,
        )
        free = [slot for slot in free if slot.start != found.start]
        if free:
            close = nearest(free, start, count=NEAR_SHOWN)
            known = TherapistProfile.objects.select_related("user").in_bulk({slot.therapist_id for slot in close})
            return [(slot, known[slot.therapist_id]) for slot in close]
    return []
