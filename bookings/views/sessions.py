"""One session, opened with a log-in or by the signed link of a letter: the same pages and the same rules behind two doors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from bookings import access, services, video
from bookings.calendars import ics
from bookings.forms.sessions import CancelForm, ReasonForm
from bookings.instants import parse_instant
from bookings.letters import links
from bookings.models import Appointment, Change
from bookings.models.appointments import State
from bookings.prices import agreed_late_fee, agreed_price, cost_of_cancelling, part_words
from bookings.receipts import receipt_of
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.times import Wish, times_page, times_url
from clinic.audit.services import acting_by_link
from clinic.core.errors import DomainError
from clinic.core.etags import Changed
from clinic.core.kept import typed
from clinic.core.wording import clock as clock_words
from clinic.people.models import User

PAGES = ("appointment", "calendar", "move", "cancel", "receipt", "room")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and who acts on it. `token` is the link that opened it for its runner; "" where a log-in did."""

    session: Appointment
    by: User
    token: str = ""

    def url(self, page: str) -> str:
        """The address of one of PAGES behind the same door."""
        if self.token:
            return reverse(f"bookings:{links.page_name(page)}", args=[self.token])
        return reverse(f"bookings:{page}", args=[self.session.pk])

    @property
    def earlier_url(self) -> str:
        """Where an earlier time is wished for, in exchange for this one."""
        if self.token:
            return reverse("bookings:visit_earlier", args=[self.token])
        return f"{reverse('bookings:wish')}?for={self.session.pk}"

    def undo_url(self, change: Change) -> str:
        if self.token:
            return reverse("bookings:visit_undo", args=[self.token, change.pk])
        return reverse("bookings:undo", args=[change.pk])

    def clock(self, request: HttpRequest) -> Clock:
        """The reader's clock; where nothing is known of a link's reader, the one the letter spoke of."""
        clock = clock_of(request)
        return Clock(self.by.zone, clock.now) if self.token and clock.guess else clock


def with_log_in(request: HttpRequest, appointment_id: UUID) -> Opened:
    """The session, for whoever may see it. Raises Http404 for everybody else."""
    user = signed_in(request)
    return Opened(access.get_appointment(user, appointment_id), user)


def by_link(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Hand `view` the session its link opens, to act on as its runner would; the audit says that it was by the link.

    Http404 for any text we did not sign, for an old link, and for a session that is none any more.
    """

    @wraps(view)
    def inner(request: HttpRequest, token: str, **more: Any) -> HttpResponseBase:
        found_id = links.read(token)
        found = Appointment.objects.sessions().with_people().filter(pk=found_id).first() if found_id else None
        if found is None:
            raise Http404("No such session.")
        with acting_by_link():
            return view(request, Opened(found, found.runner.user, token), **more)

    return inner


def facts(opened: Opened, clock: Clock) -> dict[str, Any]:
    """What every page about one session shows."""
    found, by = opened.session, opened.by
    change = services.last_undoable(found, by, clock.now)
    return {
        **way_back(change, clock, url=opened.undo_url(change) if change else ""),
        "urls": {page: opened.url(page) for page in PAGES} | {"earlier": opened.earlier_url},
        "as_runner": by.is_runner,
        "may_cancel": services.may_cancel(found, by, clock.now),
        "late_fee_pence": agreed_late_fee(found),
        "late_part": part_words(found.service.late_fee_percent),
        "has_receipt": receipt_of(found) is not None and not by.is_therapist,
        "appointment": found,
        "version": found.version,
        "clock": clock,
        "price_pence": agreed_price(found),
        "change_until": found.change_until,
        "may_change": services.may_change(found, by, clock.now),
        "door": video.door(found, clock.now),
        "opens_at": video.opens_at(found),
        "is_coming": found.is_coming(clock.now),
        "layout": "base.html" if by.is_runner else "desk.html",
    }


def way_back(change: Change | None, clock: Clock, *, url: str) -> dict[str, Any]:
    """What `_undo.html` shows: what was just done, to how many sessions, and the seconds left to take it back at `url`."""
    if change is None:
        return {"undoable": None}
    return {
        "undoable": change,
        "undo_url": url,
        "undo_left": -int((clock.now - change.at - services.UNDO).total_seconds() // 1),
        "undo_sessions": len(services.act_of(change)) if change.appointment.series_id else 1,
    }


def needs_reason(opened: Opened, clock: Clock) -> bool | None:
    """Whether a reason has to be given; None for a runner, who is never asked."""
    return None if opened.by.is_runner else clock.now > opened.session.change_until


def stands(request: HttpRequest, opened: Opened, clock: Clock, verb: str, *, changed: bool = False) -> HttpResponse:
    """Nothing was done, and why: it is too late, or the session is not what the page showed (`changed`)."""
    context = facts(opened, clock) | {"verb": verb, "changed": changed}
    return render(request, "bookings/too_late.html", context, status=409)


def read_version(request: HttpRequest) -> list[str]:
    """The version of the session that the page showed on which the button was pressed."""
    read = request.POST.get("version") or request.GET.get("version", "")
    return [read[:40]] if read else []


def as_it_stands(opened: Opened) -> Opened:
    return replace(opened, session=Appointment.objects.with_people().get(pk=opened.session.pk))


def stands_now(session: Appointment) -> str:
    """What the desk is told who acted on an older picture of the session, by the clinic's clock."""
    zone = settings.CLINIC_ZONE
    start, end = session.start.astimezone(ZoneInfo(zone)), clock_words(session.end, zone)
    return (
        f"Somebody was faster: the session is now {start:%A %-d %B, %H:%M} to {end} with {session.therapist.user.name}, "
        f"{session.get_state_display().lower()}."
    )


def moving(request: HttpRequest, opened: Opened) -> HttpResponse:
    """Two weeks of times for the same session; a tap on one asks once, then moves."""
    found, clock = opened.session, opened.clock(request)
    asked = request.POST.get("to") or request.GET.get("to")
    start = parse_instant(asked)
    if not services.may_change(found, opened.by, clock.now):
        return stands(request, opened, clock, "move")
    back, earlier = opened.url("appointment"), opened.earlier_url
    wish = Wish(found.service, found.therapist, found.runner, moving=found, back=back, earlier=earlier)
    if asked and start is None:
        unreadable = DomainError("We could not read that time. Pick one of those below.", code="unreadable")
        return times_page(request, wish, clock, refused=unreadable, status=409)
    if start is None:
        return times_page(request, wish, clock)
    form = ReasonForm(typed(request), needed=needs_reason(opened, clock))
    if request.method == "POST" and form.is_valid():
        try:
            services.move_appointment(
                appointment=found,
                start=start,
                by=opened.by,
                now=clock.now,
                reason=form.given,
                versions=read_version(request),
            )
        except Changed:
            return moved_meanwhile(request, as_it_stands(opened), clock, start)
        except DomainError as refused:
            return times_page(request, wish, clock, refused=refused, wanted=start, status=409)
        return redirect(opened.url("appointment"))
    if request.method != "POST":
        try:
            services.foresee_move(appointment=found, start=start, now=clock.now)
        except DomainError as refused:
            return times_page(request, wish, clock, refused=refused, wanted=start, status=409)
    free_until = start - timedelta(hours=found.service.change_notice_h)
    context = facts(opened, clock) | {
        "start": start,
        "free_until": free_until,
        "is_last_change": free_until <= clock.now,
        "form": form,
    }
    return render(request, "bookings/move.html", context, status=422 if request.method == "POST" else 200)


def moved_meanwhile(request: HttpRequest, opened: Opened, clock: Clock, start: datetime) -> HttpResponse:
    """A button pressed twice has moved it already; anything else is shown as it stands."""
    if opened.session.state == State.BOOKED and opened.session.start == start:
        return redirect(opened.url("appointment"))
    return stands(request, opened, clock, "move", changed=True)


def cancelling(request: HttpRequest, opened: Opened) -> HttpResponse:
    """What cancelling costs, said before it happens; then it happens."""
    found, clock = opened.session, opened.clock(request)
    if found.state == State.CANCELLED:
        if request.method != "POST":  # a button pressed twice has done it, and is told nothing else
            messages.info(request, "This session is cancelled already.")
        return redirect(opened.url("appointment"))
    if not services.may_cancel(found, opened.by, clock.now):
        return stands(request, opened, clock, "cancel")
    cost = cost_of_cancelling(found, clock.now)
    form = CancelForm(typed(request), needed=needs_reason(opened, clock), cost=cost)
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_appointment(
                appointment=found,
                by=opened.by,
                now=clock.now,
                reason=form.given,
                accept_fee=form.accepts_fee,
                versions=read_version(request),
            )
        except Changed:
            return stands(request, as_it_stands(opened), clock, "cancel", changed=True)
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            return redirect(opened.url("appointment"))
    context = facts(opened, clock) | {"form": form, "cost": cost}
    return render(request, "bookings/cancel.html", context, status=422 if request.method == "POST" else 200)


def undoing(request: HttpRequest, opened: Opened, change: Change) -> HttpResponse:
    """Take back what was done less than three minutes ago; nobody was told of it."""
    found, clock = opened.session, opened.clock(request)
    sessions = len(services.act_of(change))
    what = f"{clock.local(found.start):%A %-d %B, %H:%M}"
    try:
        back = services.undo(change=change, by=opened.by, now=clock.now)
    except DomainError as refused:
        messages.error(request, refused.message)
        return redirect(opened.url("appointment"))
    if sessions > 1:
        stand = "none of them is booked" if change.kind == Change.Kind.BOOKED else "they stand as before"
        messages.success(request, f"Undone for {sessions} sessions: {stand}. Nobody was told.")
        return redirect(
            opened.url("appointment") if opened.token or opened.by.is_clinic_staff else "bookings:appointments"
        )
    if change.kind == Change.Kind.BOOKED and change.wish_id:
        messages.success(request, f"Undone: {what} is not booked, and goes to the next in line. The wish waits again.")
        return redirect(times_url(found) if opened.token else "bookings:waitlist")
    if change.kind == Change.Kind.BOOKED:
        messages.success(request, f"Undone: {what} is not booked. Nobody was told.")
        return redirect(times_url(found))
    again = " The wish waits again." if change.kind == Change.Kind.MOVED and change.wish_id else ""
    messages.success(
        request, f"Undone. The session is {clock.local(back.start):%A %-d %B, %H:%M}. Nobody was told.{again}"
    )
    return redirect(opened.url("appointment"))


def entering(request: HttpRequest, opened: Opened) -> HttpResponse:
    """The way into the video room: open from 10 minutes before to 30 minutes after."""
    found, clock = opened.session, opened.clock(request)
    door = video.door(found, clock.now)
    context = facts(opened, clock) | {
        "door": door,
        "closes_at": video.closes_at(found),
        "address": video.room_address(found) if door == video.Door.OPEN else "",
        "other": found.therapist.user if opened.by.is_runner else found.runner.user,
    }
    return render(request, "bookings/room.html", context)


def paper(request: HttpRequest, opened: Opened) -> HttpResponse:
    """What was paid for, on one sheet of paper; nothing clinical."""
    context = facts(opened, opened.clock(request)) | {"receipt": receipt_of(opened.session)}
    return render(request, "bookings/receipt.html", context)


def calendar_file(request: HttpRequest, opened: Opened) -> HttpResponse:
    """The session as a file for the reader's own calendar."""
    found = opened.session
    content = ics.calendar_file(found, reader=opened.by, now=clock_of(request).now, as_method="PUBLISH")
    name = f'attachment; filename="{ics.file_name(found)}"'
    return HttpResponse(content, content_type=ics.MIME_TYPE, headers={"Content-Disposition": name})
