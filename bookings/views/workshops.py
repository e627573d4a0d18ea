"""Workshops as runners and visitors meet them: the list, one workshop, seats, the line, the offer's link, the room."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import video
from bookings.calendars import ics
from bookings.calendars import seats as seat_calendar
from bookings.instants import parse_instant
from bookings.letters.workshops import DAY_BEFORE, read_offer_token
from bookings.models import Seat, Workshop
from bookings.models.appointments import UNDO
from bookings.models.workshops import SeatState
from bookings.services import seats as verbs
from bookings.views.booking import runner_of
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.workshops_desk import desk_list, desk_page
from bookings.workshops import access
from bookings.workshops.seating import (
    MOST_FRIENDS,
    free_until,
    is_coming,
    place_in_line,
    seats_left,
    seats_of,
    with_counts,
)
from bookings.zones import zone_groups
from clinic.audit.services import acting_by_link
from clinic.core.decorators import public
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required

GIVEN_BACK = "seats_given_back"
SHOWN = 60


@public
@require_safe
def workshops(request: HttpRequest) -> HttpResponse:
    """What is coming, with seats left; the front desk sees who is in them and plans new ones."""
    clock = clock_of(request)
    if getattr(request.user, "works_here", False):
        return desk_list(request, clock)
    coming = with_counts(Workshop.objects.filter(state=Workshop.State.PLANNED), clock.now)
    runner = runner_of(request)
    mine = states_of(runner.pk) if runner else {}
    rows = [
        (each, seats_left(each, clock.now), mine.get(each.pk, ""))
        for each in coming.filter(booking__start__gt=clock.now).order_by("booking__start")[:SHOWN]
    ]
    return render(request, "bookings/workshops.html", {"clock": clock, "rows": rows, "zone_groups": zone_groups()})


@public
@never_cache
@require_safe
def workshop(request: HttpRequest, slug: str) -> HttpResponse:
    """One workshop with the one thing to do; for the clinic, who is in it."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    user = request.user
    if user.is_authenticated and (user.is_clinic_staff or found.booking.therapist.user_id == user.pk):
        return desk_page(request, found, clock)
    return page(request, found, clock)


def page(
    request: HttpRequest,
    found: Workshop,
    clock: Clock,
    *,
    refused: DomainError | None = None,
    friends: list[str] | None = None,
) -> HttpResponse:
    """The workshop for a visitor or runner; `refused` is what just went wrong, `friends` what was typed."""
    runner = runner_of(request)
    mine = seats_of(found, runner.pk) if runner else []
    own = next((seat for seat in mine if not seat.friend), None)
    taken = [seat for seat in mine if seat.state == SeatState.TAKEN]
    if friends is None:
        kept = typed(request) if runner and request.method != "POST" else None
        friends = kept.getlist("friend") if kept else []
    left = seats_left(found, clock.now)
    seats_for_friends = left if own and own.state == SeatState.TAKEN else left - 1
    room_for = min(MOST_FRIENDS - sum(1 for seat in mine if seat.friend), seats_for_friends)
    fields = [*friends, *([""] * MOST_FRIENDS)][: max(room_for, len(friends))]
    context = {
        "workshop": found,
        "booking": found.booking,
        "clock": clock,
        "left": left,
        "own": own,
        "taken": taken,
        "place": place_in_line(own) if own and own.state == SeatState.WAITING else 0,
        "free_until": free_until(found, taken[0]) if taken else found.free_until,
        "is_coming": is_coming(found, clock.now),
        "door": video.door(found.booking, clock.now),
        "opens_at": video.opens_at(found.booking),
        "friend_fields": fields,
        "friends_typed": any(friends),
        "most_friends": MOST_FRIENDS,
        "reminds": found.booking.start - DAY_BEFORE > clock.now,
        "just_taken": "taken" in request.GET and bool(taken),
        "undo": undo_for(request, found, clock.now),
        "refused": refused,
        "runner": runner,
        "zone_groups": zone_groups(),
    }
    return render(request, "bookings/workshop.html", context, status=refused.status if refused else 200)


@role_required("runner")
@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a seat, and one for each friend named; or say why not, with what was typed."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    friends = [name for name in request.POST.getlist("friend")[:20] if name.strip()]
    user = signed_in(request)
    try:
        verbs.take_seats(workshop=found, runner=user.runner, by=user, now=clock.now, friends=friends)
    except DomainError as refused:
        return page(request, access.get_workshop(slug, clock.now), clock, refused=refused, friends=friends)
    request.session.pop(GIVEN_BACK, None)
    return redirect(f"{found_url(found)}?taken")


@role_required("runner")
@require_POST
def line(request: HttpRequest, slug: str) -> HttpResponse:
    """Join the line, leave it, or answer an offer: `do` is join, leave, accept or decline."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    user = signed_in(request)
    do = request.POST.get("do", "")
    own = next((seat for seat in seats_of(found, user.runner.pk) if not seat.friend), None)
    try:
        if do == "join":
            verbs.join_waitlist(workshop=found, runner=user.runner, by=user, now=clock.now)
        elif do == "accept" and own is not None:
            verbs.accept_offer(seat=own, by=user, now=clock.now)
            return redirect(f"{found_url(found)}?taken")
        elif do in ("leave", "decline") and own is not None:
            verbs.leave_line(seat=own, by=user, now=clock.now)
            messages.success(
                request, "You are off the waitlist." if do == "leave" else "Thank you: the next in line gets it."
            )
        else:
            raise DomainError("That is not open any more. Look at the workshop again.", code="nothing_to_do")
    except DomainError as refused:
        return page(request, access.get_workshop(slug, clock.now), clock, refused=refused)
    return redirect(found_url(found))


@role_required("runner")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, slug: str) -> HttpResponse:
    """What giving a seat back costs, said before it happens; then it happens."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    user = signed_in(request)
    taken = [seat for seat in seats_of(found, user.runner.pk) if seat.state == SeatState.TAKEN]
    if not taken:
        messages.info(request, "You have no seat in this workshop.")
        return redirect(found_url(found))
    status, wrong = 200, ""
    if request.method == "POST":
        wanted = request.POST.getlist("seat") if len(taken) > 1 else [str(taken[0].pk)]
        try:
            done = verbs.give_back_seats(
                seats=[seat for seat in taken if str(seat.pk) in wanted],
                by=user,
                now=clock.now,
                accept_fee=bool(request.POST.get("accept_fee")),
            )
        except DomainError as refused:
            status, wrong = refused.status, refused.message
        else:
            request.session[GIVEN_BACK] = {
                "workshop": str(found.pk),
                "seats": [str(seat.pk) for seat in done.seats],
                "at": clock.now.isoformat(),
            }
            return redirect(found_url(found))
    until = min(free_until(found, seat) for seat in taken)
    context = {
        "workshop": found,
        "booking": found.booking,
        "clock": clock,
        "taken": taken,
        "free_until": until,
        "is_free_now": clock.now <= until,
        "wrong": wrong,
    }
    return render(request, "bookings/workshop_back.html", context, status=status)


@role_required("runner")
@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back the seats given back a moment ago on this browser."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    kept = request.session.pop(GIVEN_BACK, None) or {}
    user = signed_in(request)
    seats = Seat.objects.filter(pk__in=kept.get("seats", []), workshop=found, runner=user.runner)
    try:
        verbs.undo_give_back(seats=list(seats.select_related("runner__user", "workshop")), by=user, now=clock.now)
    except DomainError as refused:
        return page(request, access.get_workshop(slug, clock.now), clock, refused=refused)
    messages.success(request, "Undone: the seat is yours again.")
    return redirect(found_url(found))


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an offer's letter: looking at it changes nothing, one button takes the seat, another lets it go."""
    clock = clock_of(request)
    try:
        seat = read_offer_token(token[:400])
    except signing.SignatureExpired:
        return render(request, "bookings/offer_over.html", {"of_a_seat": True}, status=410)
    if seat is None:
        raise Http404("No such offer.")
    refused: DomainError | None = None
    answered = ""
    if request.method == "POST":
        owner = seat.runner.user
        try:
            with acting_by_link():
                if request.POST.get("do") == "decline":
                    verbs.leave_line(seat=seat, by=owner, now=clock.now)
                    answered = "declined"
                else:
                    verbs.accept_offer(seat=seat, by=owner, now=clock.now)
                    answered = "accepted"
        except DomainError as error:
            refused = error
        seat = read_offer_token(token[:400]) or seat
    is_open = seat.state == SeatState.OFFERED and seat.offered_until is not None and clock.now < seat.offered_until
    zone = seat.runner.user.zone
    context = {
        "seat": seat,
        "workshop": seat.workshop,
        "booking": seat.workshop.booking,
        "clock": Clock(zone, clock.now),
        "is_open": is_open and seat.workshop.state == Workshop.State.PLANNED,
        "answered": answered,
        "refused": refused,
    }
    return render(request, "bookings/workshop_offer.html", context, status=refused.status if refused else 200)


@role_required("runner")
@require_safe
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The runner's own seat as a file for their calendar."""
    user, clock = signed_in(request), clock_of(request)
    found = access.get_workshop(slug, clock.now)
    seat = Seat.objects.filter(workshop=found, runner=user.runner, friend="", state=SeatState.TAKEN).first()
    if seat is None:
        raise Http404("No seat.")
    seat.workshop = found
    content = seat_calendar.seat_file(seat, reader=user, now=clock.now, as_method="PUBLISH")
    return HttpResponse(
        content,
        content_type=ics.MIME_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{seat_calendar.file_name(seat)}"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """The way into the video room: open from 10 minutes before to 30 minutes after."""
    user, clock = signed_in(request), clock_of(request)
    found = access.get_workshop_room(user, slug, clock.now)
    booking = found.booking
    door = video.door(booking, clock.now)
    context = {
        "workshop": found,
        "booking": booking,
        "clock": clock,
        "door": door,
        "opens_at": video.opens_at(booking),
        "closes_at": video.closes_at(booking),
        "address": video.room_address(booking) if door == video.Door.OPEN else "",
        "layout": "base.html" if user.is_runner else "desk.html",
    }
    return render(request, "bookings/workshop_room.html", context)


def found_url(found: Workshop) -> str:
    return reverse("bookings:workshop", args=[found.slug])


def states_of(runner_id: UUID) -> dict[UUID, str]:
    """The runner's own seat in each workshop: taken, offered or waiting; one query."""
    own = Seat.objects.filter(runner=runner_id, friend="").exclude(state=SeatState.CANCELLED)
    return dict(own.values_list("workshop", "state"))


def undo_for(request: HttpRequest, found: Workshop, now: datetime) -> dict[str, Any] | None:
    """What can be undone here for how many seconds more; None for nothing."""
    kept = request.session.get(GIVEN_BACK)
    if not kept or kept.get("workshop") != str(found.pk):
        return None
    at = parse_instant(kept.get("at"))
    left = int((at + UNDO - now).total_seconds()) if at else 0
    return {"count": len(kept["seats"]), "seconds": left} if left > 0 and kept["seats"] else None
