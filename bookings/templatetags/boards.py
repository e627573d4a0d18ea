"""How the staff board writes people and acts."""

from typing import Any

from django import template
from django.conf import settings

from bookings.board import visit as boardvisit
from bookings.board.layout import Block
from bookings.models import Appointment, Change
from clinic.core.wording import clock

register = template.Library()


@register.filter
def short_name(name: str) -> str:
    """Jane Okonjo is J. Okonjo; a single name stays as it is."""
    first, _, rest = name.strip().partition(" ")
    return f"{first[:1]}. {rest}" if rest else first


@register.filter
def act_words(change: Change) -> str:
    """What was done, for the line that takes it back: "Moved J. Okonjo to 12:15"."""
    session: Appointment = change.appointment
    who = short_name(session.runner.user.name) if session.runner else "a session"
    if (sessions := getattr(change, "sessions", 1)) > 1:
        return f"{change.get_kind_display()} {who}, {sessions} sessions"
    match change.kind:
        case Change.Kind.BOOKED:
            return f"Booked {who} for {clock(session.start, settings.CLINIC_ZONE)}"
        case Change.Kind.MOVED:
            return (
                f"Moved {who} to {clock(session.start, settings.CLINIC_ZONE)} with {session.therapist.user.first_name}"
            )
        case Change.Kind.RESIZED:
            return f"{who} now ends at {clock(session.end, settings.CLINIC_ZONE)}"
        case Change.Kind.CANCELLED:
            return f"Cancelled {who}, {clock(session.start, settings.CLINIC_ZONE)}"
    return f"{who}: {session.get_state_display().lower()}"


@register.filter
def where_words(visits: list) -> str:
    """Where a therapist is on a day, from the blocks of their visits: "online, Room 1"."""
    places: list[str] = []
    for block in visits:
        place = "online" if block.record.is_online else str(block.record.treatment_room or "clinic")
        if place not in places:
            places.append(place)
    return ", ".join(places[:2])


@register.simple_tag(takes_context=True)
def shown(context: template.Context, block: Block, placed: bool) -> boardvisit.Shown:
    """`{% shown block True as s %}`: what the block of something booked says (`bookings.board.visit`)."""
    wanted: Any = context.get("wanted")
    return boardvisit.shown(
        block,
        placed=placed,
        by_rooms=context["page"].by == "rooms",
        soon=context["soon"],
        picked=wanted.visit.pk if wanted and wanted.visit else None,
    )
