"""Booked sessions behind a log-in: the list, one session, what is done to it; the desk's own ways."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import access, services, video
from bookings.availability import find_slots
from bookings.board.history import history_of
from bookings.board.layout import day_period
from bookings.forms.sessions import StaffMoveForm
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment
from bookings.models.appointments import State
from bookings.querysets import AppointmentQuerySet
from bookings.services.attendance import marks_of
from bookings.views.booking import live_hold
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.sessions import (
    Opened,
    as_it_stands,
    calendar_file,
    cancelling,
    entering,
    facts,
    moving,
    needs_reason,
    paper,
    read_version,
    stands,
    stands_now,
    undoing,
    way_back,
    with_log_in,
)
from bookings.views.waitlist import offers_for
from bookings.workshops.seating import coming_for
from clinic.core.errors import DomainError
from clinic.core.etags import Changed
from clinic.core.kept import typed
from clinic.people.access import role_required

PAST_PER_PAGE = 15
MOST_UPCOMING = 50
FORTNIGHT = timedelta(days=14)
MARKS = {
    "arrived": services.mark_arrived,
    "completed": services.mark_completed,
    "no_show": services.mark_no_show,
    "booked": services.mark_booked,
}
FACES = {
    State.ARRIVED: ("Arrived", "check-circle-fill"),
    State.COMPLETED: ("Completed", "check2-all"),
    State.NO_SHOW: ("Did not come", "person-x"),
    State.BOOKED: ("Back to booked", "arrow-counterclockwise"),
}
"""How each mark stands on its button."""


@require_safe
def appointments(request: HttpRequest) -> HttpResponse:
    """A runner's own sessions, coming and past, or a therapist's calendar. Staff look at the board."""
    user = signed_in(request)
    if user.is_clinic_staff:
        return redirect("bookings:board")
    clock = clock_of(request)
    mine = Appointment.objects.visible_to(user).with_people()
    just_done = services.last_of_a_series(user, clock.now)
    context = {
        **way_back(just_done, clock, url=reverse("bookings:undo", args=[just_done.pk]) if just_done else ""),
        "clock": clock,
        "past": Paginator(mine.past(clock.now), PAST_PER_PAGE).get_page(request.GET.get("page")),
    }
    if user.is_therapist:
        return render(request, "bookings/appointments_desk.html", context | calendar_of(request, mine, clock))
    context |= {
        "upcoming": list(mine.upcoming(clock.now)[:MOST_UPCOMING]),
        "held": live_hold(request),
        "workshops": coming_for(user, clock.now),
        "offers": offers_for(user, clock.now),
    }
    return render(request, "bookings/appointments.html", context)


def calendar_of(request: HttpRequest, mine: AppointmentQuerySet, clock: Clock) -> dict[str, Any]:
    """A therapist's sessions and workshops of two weeks, day by day, from today or the day `?from=`; two queries."""
    first = max(parse_day(request.GET.get("from")) or clock.today, clock.today)
    after = first + FORTNIGHT
    begins, ends = (day_period(on, clock.zone).start for on in (first, after))
    booked = mine.filter(state__in=(State.BOOKED, State.ARRIVED), end__gt=clock.now).order_by("start", "id")
    shown = list(booked.overlapping(begins, ends))
    later = booked.filter(start__gte=ends).values_list("start", flat=True).first()
    return {
        "days": [(on, list(each)) for on, each in groupby(shown, key=lambda each: clock.local(each.start).date())],
        "first": first,
        "last": after - timedelta(days=1),
        "earlier": max(first - FORTNIGHT, clock.today) if first > clock.today else None,
        "later": clock.local(later).date() if later else None,
    }


@never_cache
@require_safe
def appointment(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    opened = with_log_in(request, appointment_id)
    found, user, clock = opened.session, opened.by, clock_of(request)
    context = facts(opened, clock)
    if user.is_runner:
        context["just_booked"] = "booked" in request.GET and found.state == State.BOOKED
        return render(request, "bookings/appointment.html", context)
    context |= {
        "marks": allowed_marks(found, clock.now),
        "history": history_of(found) if user.is_clinic_staff else [],
        "may_join": video.is_concerned(user, found),
    }
    return render(request, "bookings/appointment_desk.html", context)


@require_safe
def calendar(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    return calendar_file(request, with_log_in(request, appointment_id))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """A runner or the session's therapist picks another of its times; staff give it any."""
    opened = with_log_in(request, appointment_id)
    if opened.by.is_clinic_staff and opened.session.state == State.BOOKED:
        return move_at_the_desk(request, opened, clock_of(request))
    return moving(request, opened)


def move_at_the_desk(request: HttpRequest, opened: Opened, clock: Clock) -> HttpResponse:
    """Staff give the session any free time, with anybody who offers it, by the clinic's clock."""
    found = opened.session
    local = found.start.astimezone(ZoneInfo(clock.clinic_zone))
    wanted = parse_instant(request.GET.get("to"))
    shown = wanted.astimezone(local.tzinfo) if wanted else local
    on = parse_day(request.GET.get("on")) or shown.date()
    initial = {"on": on, "at": request.GET.get("at", "")[:5] or shown.time()}
    form = StaffMoveForm(typed(request), needed=bool(needs_reason(opened, clock)), session=found, initial=initial)
    dropped_on = form.people.filter(slug=request.GET.get("therapist", "")[:80]).first()
    form.initial["therapist"] = dropped_on or found.therapist
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            moved = services.move_appointment(
                appointment=found,
                start=sent["start"],
                by=opened.by,
                now=clock.now,
                therapist=sent["therapist"],
                reason=form.given,
                override=sent["override"],
                versions=read_version(request),
            )
        except Changed:
            opened = as_it_stands(opened)
            if opened.session.state != State.BOOKED:
                return stands(request, opened, clock, "move", changed=True)
            form.add_error(None, f"{stands_now(opened.session)} Move it all the same, or leave it.")
            status = 409
        except DomainError as refused:
            form.add_error(None, refused.message)
            status = refused.status
        else:
            messages.success(
                request,
                f"Moved to {moved.start.astimezone(local.tzinfo):%A %-d %B, %H:%M} with {moved.therapist.user.name}. The runner gets an e-mail in 3 minutes.",
            )
            return redirect("bookings:appointment", moved.pk)
    first = max(clock.today, on)
    free = find_slots(
        service=found.service,
        therapists=[found.therapist],
        first=first,
        last=first + timedelta(days=6),
        zone=clock.clinic_zone,
        runner=found.runner,
        now=clock.now,
        moving=found,
    )
    context = facts(opened, clock) | {"form": form, "free": free[:24], "first": first}
    return render(request, "bookings/move_desk.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    return cancelling(request, with_log_in(request, appointment_id))


@role_required("staff")
@require_POST
def waive(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Let the fee of a late cancellation go, with a reason."""
    found = access.get_appointment(signed_in(request), appointment_id)
    try:
        services.waive_late_fee(appointment=found, by=signed_in(request), reason=request.POST.get("reason", ""))
    except DomainError as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "The late fee is let go.")
    return redirect("bookings:appointment", found.pk)


@require_POST
def undo(request: HttpRequest, change_id: UUID) -> HttpResponse:
    user = signed_in(request)
    change = access.get_change(user, change_id)
    return undoing(request, Opened(change.appointment, user), change)


@never_cache
@require_safe
def receipt(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """For the runner and staff."""
    user = signed_in(request)
    return paper(request, Opened(access.get_receipt(user, appointment_id), user))


@role_required("therapist", "staff")
@require_POST
def mark(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Arrived, completed, did not come; or back to booked after a slip."""
    user = signed_in(request)
    found = access.get_appointment(user, appointment_id)
    verb = MARKS.get(request.POST.get("state", ""))
    if verb is None:
        raise DomainError("Choose arrived, completed or did not come.", code="bad_state")
    try:
        marked = verb(appointment=found, by=user, now=clock_of(request).now, versions=read_version(request))
    except Changed:
        messages.error(request, f"{stands_now(found)} It was not marked.")
    else:
        messages.success(request, f"{marked.runner.user.name}: {marked.get_state_display().lower()}.")
    return redirect("bookings:appointment", found.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """For its two people."""
    user = signed_in(request)
    return entering(request, Opened(access.get_session_room(user, appointment_id), user))


def allowed_marks(found: Appointment, now: datetime) -> list[tuple[str, str, str]]:
    """(state, label, icon) of the marks that can be set on the session at `now`."""
    return [(state, *FACES[state]) for state in marks_of(found, now)]
