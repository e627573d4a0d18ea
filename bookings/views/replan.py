"""A day that falls apart: choose whom and when, look at a new place for every session, offer them all or one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.forms.desk import AbsenceForm
from bookings.instants import parse_instant
from bookings.models import Workshop
from bookings.services.proposing import Row, propose
from bookings.services.replanning import Outcome, Pick, send_offers
from bookings.views.reader import signed_in
from bookings.workshops.seating import led_between
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required

WAITLIST, LEAVE = "waitlist", "leave"
MOST_PICKS = 200

NOTHING_THEN = "No booked session lies in this time. Enter the time off under Hours so that nobody books into it."
NOTHING_OUTSIDE = "Every booked session of these days lies inside the hours."


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def replan(request: HttpRequest) -> HttpResponse:
    """GET proposes and writes nothing; POST enters the absence and sends what was picked."""
    now = timezone.now()
    sent = typed(request)
    asked = sent if sent is not None else request.GET
    form = AbsenceForm(asked if asked.get("therapist") else None, now=now)
    outcome: Outcome | None = None
    rows: list[Row] = []
    workshops: list[Workshop] = []
    gone: list[tuple[UUID, datetime]] = []
    trouble, status = "", 200
    if form.is_bound and form.is_valid():
        absence = form.absence
        try:
            if request.method == "POST":
                picks = picks_of(request.POST)
                outcome = send_offers(
                    **absence,
                    reason=form.cleaned_data["reason"],
                    picks=picks,
                    by=signed_in(request),
                    now=now,
                )
                say(request, outcome, "" if absence["stranded_only"] else "The time off is entered.")
                status = 409 if outcome.refused else 200
                gone = [(each.session, each.start) for each in picks if each.start and each.session in outcome.refused]
            rows = propose(**absence, now=now, refused=gone)
            if not absence["stranded_only"]:
                workshops = list(led_between(absence["therapist"], absence["start"], absence["end"]))
        except DomainError as refused:
            trouble, status = refused.message, refused.status
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "rows": [(each, outcome.refused.get(each.session.pk, "") if outcome else "") for each in rows],
        "trouble": trouble,
        "nothing_left": NOTHING_OUTSIDE if form.is_bound and form.data.get("which") else NOTHING_THEN,
        "counts": counts(rows),
        "workshops": workshops,
        "person": form.cleaned_data.get("therapist") if form.is_bound and form.is_valid() else None,
        "zone": settings.CLINIC_ZONE,
        "now": now,
        "waitlist": WAITLIST,
        "leave": LEAVE,
    }
    return render(request, "bookings/replan.html", context, status=status)


def picks_of(posted: QueryDict) -> list[Pick]:
    """What was decided for each session; with `only` for that one alone. What cannot be read is left out."""
    only = posted.get("only", "")
    picks = []
    for name in list(posted)[: MOST_PICKS + 20]:
        value = str(posted[name])
        kind, _, key = name.partition("-")
        if kind != "pick" or value == LEAVE or (only and only != key):
            continue
        try:
            session = UUID(key)
        except ValueError:
            continue
        if value == WAITLIST:
            picks.append(Pick(session, None, None))
            continue
        therapist, _, start = value.partition(" ")
        at = parse_instant(start)
        if therapist.isdecimal() and len(therapist) < 10 and at is not None:
            picks.append(Pick(session, int(therapist), at))
    return picks


def say(request: HttpRequest, outcome: Outcome, entered: str) -> None:
    """What was done, in a sentence or two."""
    said = [entered] if entered else []
    if outcome.offered:
        said.append(
            f"{many(outcome.offered, 'new time')} offered: each runner is written to and the time is kept for them."
        )
    if outcome.waiting:
        said.append(f"{many(outcome.waiting, 'runner')} put first on the waitlist and told.")
    if outcome.refused:
        messages.warning(
            request,
            f"{many(list(outcome.refused), 'session')} could not be dealt with. Look at the fresh proposals below.",
        )
    if said:
        messages.success(request, " ".join(said))


def many(things: Sequence[Any], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def counts(rows: list[Row]) -> dict[str, int]:
    return {
        "all": len(rows),
        "fits": sum(each.best is not None and each.offer is None for each in rows),
        "offered": sum(each.offer is not None for each in rows),
        "none": sum(each.best is None and each.offer is None for each in rows),
    }
