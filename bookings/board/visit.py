"""One booked thing on the board in words: what its block says, to the eye and to a screen reader."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from bookings.board.layout import Block
from bookings.models import Appointment
from bookings.models.appointments import State
from clinic.core.wording import clock, near_day

LOOKS = {State.COMPLETED: "done", State.NO_SHOW: "noshow"}
ROOMY_MIN = 40
"""From this length on there is height for a second line."""


@dataclass(slots=True)
class Shown:
    """What a block says. `given` may be left out where the lane is narrow; `mark_url` is where an arrival is marked."""

    css: str
    href: str
    when: str
    title: str
    sign: str
    spoken: str
    line: str = ""
    given: str = ""
    full: str = ""
    data: str = ""
    mark_url: str = ""
    lacks: bool = False


def shown(block: Block, *, placed: bool, by_rooms: bool, soon: datetime, picked: object = None) -> Shown:
    """`placed` in rows of a lane or just in a cell; `soon` is up to when a start may be marked as arrived."""
    visit: Appointment = block.record
    zone = settings.CLINIC_ZONE
    kind = "shop" if visit.workshop_id else LOOKS.get(State(visit.state), visit.state)
    has_line = block.minutes >= ROOMY_MIN or not placed
    found = Shown(
        css=f"ev-{kind}{_place(block) if placed else ''}{' is-picked' if visit.pk == picked else ''}",
        href="#lanes",
        when=clock(block.start, zone),
        title="",
        sign=visit.state,
        spoken=f"until {clock(block.end, zone)}",
    )
    if visit.workshop is not None:
        found.title, found.sign, found.href = visit.workshop.title, "workshop", _workshops()
        found.spoken = f"workshop, {found.spoken}"
        if has_line:
            room = f", {visit.treatment_room}" if visit.treatment_room else ""
            found.line = f"{visit.workshop.seats_taken} of {visit.workshop.capacity} seats{room}"
    elif visit.state == State.HELD:
        _hold(found, visit, has_line, zone)
    else:
        _session(found, visit, block, has_line=has_line and placed, by_rooms=by_rooms, soon=soon)
    return found


def _session(found: Shown, visit: Appointment, block: Block, *, has_line: bool, by_rooms: bool, soon: datetime) -> None:
    name = visit.runner.user.name
    first, _, family = name.strip().partition(" ")
    is_new, missing = getattr(visit, "is_new", False), getattr(visit, "missing", [])
    found.full, found.href = name, reverse("bookings:appointment", args=[visit.pk])
    found.given, found.title = (f"{first[:1]}. ", family) if family else ("", name)
    if is_new:
        found.when += " New:"
    room = str(visit.treatment_room or "clinic")
    if has_line and visit.state == State.ARRIVED and visit.arrived_at:
        found.line = f"Since {clock(visit.arrived_at, settings.CLINIC_ZONE)}, {'online' if visit.is_online else room}"
    elif has_line and by_rooms:
        found.line = f"{visit.service.name}, {visit.therapist.user.first_name}"
    elif has_line:
        name_of = visit.service.name
        found.line = f"{name_of}, online" if visit.is_online else f"{room[:1].upper()}{room[1:]}, {name_of.lower()}"
    lacks = "".join(f", {words} not filled in" for words in missing)
    found.spoken = f"{name}, {visit.service.name}, {visit.get_state_display().lower()}, {found.spoken}{lacks}"
    found.lacks = bool(missing)
    found.data = format_html(
        ' data-visit="{}" data-state="{}" data-at="{}" data-minutes="{}" data-span="{}" data-who="{}" data-version="{}"',
        *(
            visit.pk,
            visit.state,
            clock(block.start, settings.CLINIC_ZONE),
            block.minutes,
            block.span,
            name,
            visit.version,
        ),
    )
    if visit.state == State.BOOKED and visit.start <= soon:
        found.mark_url = f"{reverse('bookings:board_mark', args=[visit.pk])}?version={visit.version}"


def _hold(found: Shown, visit: Appointment, has_line: bool, zone: str) -> None:
    found.title, found.spoken = "Being booked", f"held, {found.spoken}"
    until = visit.hold_expires_at
    if until is None:
        return
    ends = clock(until, zone)
    if visit.runner is not None and hasattr(visit, "offer"):
        first, _, family = visit.runner.user.name.partition(" ")
        found.title = f"Offered: {first[:1]}. {family}" if family else f"Offered: {first}"
        tz = ZoneInfo(zone)
        on, today = until.astimezone(tz).date(), timezone.now().astimezone(tz).date()
        found.line = f"kept until {near_day(on, today)} {ends}" if has_line else ""
    elif has_line:
        found.line = f"hold ends {ends}"


def _place(block: Block) -> str:
    roomy = " roomy" if block.minutes >= ROOMY_MIN else ""
    beside = f" of-{block.columns} col-{block.column}" if block.columns > 1 else ""
    return f" b{block.row} l{block.span}{roomy}{beside}"


def _workshops() -> str:
    try:
        return reverse("bookings:workshops")
    except NoReverseMatch:
        return "#lanes"
