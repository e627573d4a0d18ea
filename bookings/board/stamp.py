"""Whether anything on the board has changed: a short mark of the days shown, from one query."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Case, CharField, Count, F, Max, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from bookings.board import layout as board
from bookings.engine.columns import Epoch
from bookings.models import Appointment, Override, TimeOff, WaitlistEntry, WeeklyHours
from bookings.models.appointments import State
from clinic.core.etags import etag_of

WEIGHTS = {State.HELD: 1, State.BOOKED: 2, State.ARRIVED: 3, State.COMPLETED: 5, State.NO_SHOW: 7}


def stamp_of(days: list[date], *, now: datetime) -> str:
    """An ETag that changes when a session, a seat, an absence, hours or the waitlist of the clinic's `days` change."""
    zone = settings.CLINIC_ZONE
    low, high = board.day_period(days[0], zone).start, board.day_period(days[-1], zone).end
    number = BigIntegerField()
    state = Case(*(When(state=each, then=weight) for each, weight in WEIGHTS.items()), default=0, output_field=number)
    where = Epoch("start") % 86_399 + F("therapist_id") * 31
    booked = Appointment.objects.live(now).overlapping(low, high).order_by()
    parts: list[Any] = [
        booked.values_list(_kind("a")).annotate(
            n=Count("pk"),
            x=_whole(Sum(F("sequence") + Coalesce(F("workshop__seats_taken"), 0), output_field=number)),
            y=_whole(Sum(state * where, output_field=number)),
        ),
        _count(TimeOff.objects.overlapping(low, high), "off"),
        _count(Override.objects.filter(on__range=(days[0], days[-1])), "day"),
        _count(WeeklyHours.objects.between(days[0], days[-1]), "hours"),
        WaitlistEntry.objects.filter(state="waiting")
        .order_by()
        .values_list(_kind("wait"))
        .annotate(n=Count("pk"), x=_whole(Max(Epoch("made_at"))), y=_whole(Max(Epoch("made_at")))),
    ]
    return etag_of(days[0], days[-1], *sorted(parts[0].union(*parts[1:], all=True)))


def _count(rows: Any, kind: str) -> Any:
    return rows.order_by().values_list(_kind(kind)).annotate(n=Count("pk"), x=_whole(Max("pk")), y=_whole(Sum("pk")))


def _kind(kind: str) -> Any:
    return Cast(Value(kind), CharField())


def _whole(value: Any) -> Any:
    return Coalesce(Cast(value, BigIntegerField()), Value(0, output_field=BigIntegerField()))
