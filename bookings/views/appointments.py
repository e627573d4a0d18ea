"""Booked sessions: the list, one session, its calendar file, moving, cancelling, the room."""

from datetime import timedelta
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
from bookings.calendars import ics
from bookings.forms.sessions import CancelForm, ReasonForm, StaffMoveForm
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment, Change
from bookings.models.appointments import State
from bookings.prices import agreed_late_fee, agreed_price, cost_of_cancelling, part_words
from bookings.receipts import receipt_of
from bookings.views.booking import live_hold
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.times import Wish, times_page
from bookings.views.waitlist import offers_for
from bookings.workshops.seating import coming_for
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required

PAST_PER_PAGE = 15
MARKS = {
    "arrived": services.mark_arrived,
    "completed": services.mark_completed,
    "no_show": services.mark_no_show,
    "booked": services.mark_booked,
}


@require_safe
def appointments(request: HttpRequest) -> HttpResponse:
    """A runner's or therapist's own sessions, coming and past. Staff look at the board."""
    user = signed_in(request)
    if user.is_clinic_staff:
        return redirect("bookings:board")
    clock = clock_of(request)
    mine = Appointment.objects.visible_to(user).with_people()
    past = Paginator(mine.past(clock.now), PAST_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "clock": clock,
        "upcoming": list(mine.upcoming(clock.now)[:50]),
        "past": past,
        "held": live_hold(request),
        "workshops": coming_for(user, clock.now),
        "offers": offers_for(user, clock.now),
    }
    return render(request, f"bookings/appointments{'' if user.is_runner else '_desk'}.html", context)


@never_cache
@require_safe
def appointment(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    user = signed_in(request)
    found = access.get_appointment(user, appointment_id)
    clock = clock_of(request)
    context = facts(found, clock, user)
    if user.is_runner:
        context["just_booked"] = "booked" in request.GET and found.state == State.BOOKED
        return render(request, "bookings/appointment.html", context)
    context |= {
        "marks": allowed_marks(found, clock),
        "history": history_of(found) if user.is_clinic_staff else [],
        "may_join": video.is_concerned(user, found),
    }
    return render(request, "bookings/appointment_desk.html", context)


@require_safe
def calendar(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The session as a file for the reader's own calendar."""
    found = access.get_appointment(signed_in(request), appointment_id)
    content = ics.calendar_file(found, reader=signed_in(request), now=clock_of(request).now, as_method="PUBLISH")
    return HttpResponse(
        content,
        content_type=ics.MIME_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{ics.file_name(found)}"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Two weeks of times for the same session; a tap on one asks once, then moves."""
    user = signed_in(request)
    found = access.get_appointment(user, appointment_id)
    clock = clock_of(request)
    if not services.may_change(found, user, clock.now):
        return render(request, "bookings/too_late.html", facts(found, clock, user) | {"verb": "move"}, status=409)
    if user.is_clinic_staff:
        return move_at_the_desk(request, found, clock)
    wish = Wish(found.service, found.therapist, found.runner, moving=found)
    asked = request.POST.get("to") or request.GET.get("to")
    start = parse_instant(asked)
    if asked and start is None:
        unreadable = DomainError("We could not read that time. Pick one of those below.", code="unreadable")
        return times_page(request, wish, clock, refused=unreadable, status=409)
    if start is None:
        return times_page(request, wish, clock)
    form = ReasonForm(typed(request), needed=needs_reason(found, clock, user))
    if request.method == "POST" and form.is_valid():
        try:
            moved = services.move_appointment(appointment=found, start=start, by=user, now=clock.now, reason=form.given)
        except DomainError as refused:
            return times_page(request, wish, clock, refused=refused, wanted=start, status=409)
        messages.success(request, f"Moved to {clock.local(moved.start):%A %-d %B, %H:%M}. The old time is free again.")
        return redirect("bookings:appointment", moved.pk)
    context = facts(found, clock, user) | {
        "start": start,
        "end": start + timedelta(minutes=found.service.minutes),
        "is_last_change": start - timedelta(hours=found.service.change_notice_h) <= clock.now,
        "form": form,
    }
    return render(request, "bookings/move.html", context, status=422 if request.method == "POST" else 200)


def move_at_the_desk(request: HttpRequest, found: Appointment, clock: Clock) -> HttpResponse:
    """Staff give the session any free time, with anybody who offers it, by the clinic's clock."""
    user = signed_in(request)
    local = found.start.astimezone(ZoneInfo(clock.clinic_zone))
    wanted = parse_instant(request.GET.get("to"))
    shown = wanted.astimezone(local.tzinfo) if wanted else local
    on = parse_day(request.GET.get("on")) or shown.date()
    initial = {"on": on, "at": request.GET.get("at", "")[:5] or shown.time()}
    form = StaffMoveForm(
        typed(request), needed=bool(needs_reason(found, clock, user)), service=found.service, initial=initial
    )
    dropped_on = form.people.filter(slug=request.GET.get("therapist", "")[:80]).first()
    form.initial["therapist"] = dropped_on or found.therapist
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            moved = services.move_appointment(
                appointment=found,
                start=sent["start"],
                by=user,
                now=clock.now,
                therapist=sent["therapist"],
                reason=form.given,
                override=sent["override"],
            )
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
    return render(
        request, "bookings/move_desk.html", facts(found, clock, user) | {"form": form, "free": free[:24]}, status=status
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """What cancelling costs, said before it happens; then it happens."""
    user = signed_in(request)
    found = access.get_appointment(user, appointment_id)
    clock = clock_of(request)
    if found.state == State.CANCELLED:
        messages.info(request, "This session is cancelled already.")
        return redirect("bookings:appointment", found.pk)
    if not services.may_cancel(found, user, clock.now):
        return render(request, "bookings/too_late.html", facts(found, clock, user) | {"verb": "cancel"}, status=409)
    cost = cost_of_cancelling(found, clock.now)
    form = CancelForm(typed(request), needed=needs_reason(found, clock, user), cost=cost)
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_appointment(
                appointment=found, by=user, now=clock.now, reason=form.given, accept_fee=form.accepts_fee
            )
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"Cancelled: {clock.local(found.start):%A %-d %B, %H:%M}.")
            return redirect("bookings:appointment", found.pk)
    return render(
        request,
        "bookings/cancel.html",
        facts(found, clock, user) | {"form": form, "cost": cost},
        status=422 if request.method == "POST" else 200,
    )


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
    """Take back what was done less than three minutes ago; nobody was told of it."""
    user = signed_in(request)
    change = access.get_change(user, change_id)
    clock, found = clock_of(request), change.appointment
    what = f"{clock.local(found.start):%A %-d %B, %H:%M}"
    try:
        back = services.undo(change=change, by=user, now=clock.now)
    except DomainError as refused:
        messages.error(request, refused.message)
        return redirect("bookings:appointment", found.pk)
    if change.kind == Change.Kind.BOOKED and change.wish_id:
        messages.success(request, f"Undone: {what} is not booked, and goes to the next in line. The wish waits again.")
        return redirect("bookings:waitlist")
    if change.kind == Change.Kind.BOOKED:
        messages.success(request, f"Undone: {what} is not booked. Nobody was told.")
        return redirect(f"{reverse('bookings:times', args=[found.service.slug])}?therapist={found.therapist.slug}")
    messages.success(request, f"Undone. The session is {clock.local(back.start):%A %-d %B, %H:%M}. Nobody was told.")
    return redirect("bookings:appointment", found.pk)


@never_cache
@require_safe
def receipt(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """What was paid for, on one sheet of paper; for the runner and staff, nothing clinical."""
    user = signed_in(request)
    found = access.get_receipt(user, appointment_id)
    clock = clock_of(request)
    return render(request, "bookings/receipt.html", facts(found, clock, user) | {"receipt": receipt_of(found)})


@role_required("therapist", "staff")
@require_POST
def mark(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Arrived, completed, did not come; or back to booked after a slip."""
    user = signed_in(request)
    found = access.get_appointment(user, appointment_id)
    verb = MARKS.get(request.POST.get("state", ""))
    if verb is None:
        raise DomainError("Choose arrived, completed or did not come.", code="bad_state")
    marked = verb(appointment=found, by=user, now=clock_of(request).now)
    messages.success(request, f"{marked.runner.user.name}: {marked.get_state_display().lower()}.")
    return redirect("bookings:appointment", marked.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The way into the video room, for its two people: open from 10 minutes before to 30 minutes after."""
    user = signed_in(request)
    found = access.get_session_room(user, appointment_id)
    clock = clock_of(request)
    door = video.door(found, clock.now)
    context = facts(found, clock, user) | {
        "door": door,
        "opens_at": video.opens_at(found),
        "closes_at": video.closes_at(found),
        "address": video.room_address(found) if door == video.Door.OPEN else "",
        "other": found.therapist.user if user.is_runner else found.runner.user,
        "layout": "base.html" if user.is_runner else "desk.html",
    }
    return render(request, "bookings/room.html", context)


def facts(found: Appointment, clock: Clock, user: Any) -> dict[str, Any]:
    """What every page about one session shows."""
    change = services.last_undoable(found, user, clock.now)
    return {
        "undoable": change,
        "undo_left": -int((clock.now - change.at - services.UNDO).total_seconds() // 1) if change else 0,
        "may_cancel": services.may_cancel(found, user, clock.now),
        "late_fee_pence": agreed_late_fee(found),
        "late_part": part_words(found.service.late_fee_percent),
        "has_receipt": receipt_of(found) is not None and not user.is_therapist,
        "appointment": found,
        "clock": clock,
        "price_pence": agreed_price(found),
        "change_until": found.change_until,
        "may_change": services.may_change(found, user, clock.now),
        "door": video.door(found, clock.now),
        "opens_at": video.opens_at(found),
        "is_coming": found.is_coming(clock.now),
        "layout": "base.html" if user.is_runner else "desk.html",
    }


def needs_reason(found: Appointment, clock: Clock, user: Any) -> bool | None:
    """Whether a reason has to be given; None for a runner, who is never asked."""
    return None if user.is_runner else clock.now > found.change_until


def allowed_marks(found: Appointment, clock: Clock) -> list[tuple[str, str, str]]:
    """(state, label, icon) of the marks that can be set on the session now."""
    begun = found.start <= clock.now
    near = found.start - timedelta(hours=1) <= clock.now
    match found.state:
        case State.BOOKED:
            marks = [("arrived", "Arrived", "check-circle-fill")] if near else []
            return marks + (
                [("completed", "Completed", "check2-all"), ("no_show", "Did not come", "person-x")] if begun else []
            )
        case State.ARRIVED:
            marks = [("completed", "Completed", "check2-all"), ("no_show", "Did not come", "person-x")] if begun else []
            return [*marks, ("booked", "Back to booked", "arrow-counterclockwise")]
        case State.NO_SHOW:
            return [
                ("arrived", "Arrived after all", "check-circle-fill"),
                ("booked", "Back to booked", "arrow-counterclockwise"),
            ]
        case State.COMPLETED:
            return [("booked", "Back to booked", "arrow-counterclockwise")]
    return []
