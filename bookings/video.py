"""The video gateway: which address a session's room has, when it is open, and for whom."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from bookings.models import Appointment
from bookings.models.appointments import State
from clinic.people.models import User

OPENS_BEFORE = timedelta(minutes=10)
STAYS_OPEN = timedelta(minutes=30)


class Door(StrEnum):
    """Whether a room can be entered."""

    NOT_YET = "not_yet"
    OPEN = "open"
    OVER = "over"
    NONE = "none"


def new_key() -> str:
    """A room name that cannot be guessed: 160 random bits as 32 small letters and digits."""
    return base64.b32encode(secrets.token_bytes(20)).decode().lower()


def template_address(appointment: Appointment) -> str:
    """The address of the room by the clinic's `VIDEO_ROOM_URL`, as in https://meet.example/{room}."""
    return settings.VIDEO_ROOM_URL.replace("{room}", f"stridewell-{appointment.video_key}")


PROVIDERS: dict[str, Callable[[Appointment], str]] = {"template": template_address}
"""Video providers by name; the setting VIDEO_PROVIDER chooses one."""


def room_address(appointment: Appointment) -> str:
    """The join link of an online session. Ask `door` and `is_concerned` first. Raises ValueError without a room."""
    if not appointment.video_key:
        raise ValueError("This session has no video room.")
    return PROVIDERS[settings.VIDEO_PROVIDER](appointment)


def opens_at(appointment: Appointment) -> datetime:
    """When the room opens: 10 minutes before the start (UTC)."""
    return appointment.start - OPENS_BEFORE


def closes_at(appointment: Appointment) -> datetime:
    """When the room closes: 30 minutes after the end (UTC)."""
    return appointment.end + STAYS_OPEN


def door(appointment: Appointment, now: datetime) -> Door:
    """Whether the room can be entered at `now`: from 10 minutes before the start to 30 minutes after the end."""
    if not appointment.video_key or appointment.state in (State.HELD, State.CANCELLED, State.NO_SHOW):
        return Door.NONE
    if now < opens_at(appointment):
        return Door.NOT_YET
    return Door.OPEN if now < closes_at(appointment) else Door.OVER


def is_concerned(user: User, appointment: Appointment) -> bool:
    """Whether `user` is one of the two people of the session; nobody else enters its room, staff neither."""
    return user.pk in (appointment.runner.user_id, appointment.therapist.user_id)
