"""Workshops as the clinic runs them: plan, change, move, cancel; who comes, who waits, who was there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import video
from bookings.forms.workshops import AboutForm, CancelForm, PlanForm, TimeForm, about_of, time_of
from bookings.models import Seat, Workshop
from bookings.models.workshops import SeatState
from bookings.services import seats as verbs
from bookings.services import workshops as services
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.workshops import access
from bookings.workshops.seating import elsewhere, gives_back_free, is_coming, seats_left, with_counts
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.services import find_runners

PAST_PER_PAGE = 15
MARKS = {"came": True, "missed": False, "unmarked": None}


def desk_list(request: HttpRequest, clock: Clock) -> HttpResponse:
    """Every workshop, coming ones first; a therapist's own are theirs to open."""
    all_of_them = with_counts(Workshop.objects.filter(booking__isnull=False), clock.now)
    coming = all_of_them.filter(state=Workshop.State.PLANNED, booking__end__gt=clock.now).order_by("booking__start")
    over = all_of_them.exclude(state=Workshop.State.PLANNED, booking__end__gt=clock.now).order_by("-booking__start")
    context = {
        "clock": clock,
        "rows": [(each, seats_left(each, clock.now)) for each in coming[:100]],
        "past": Paginator(over, PAST_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "bookings/workshops_desk.html", context)


def desk_page(
    request: HttpRequest, found: Workshop, clock: Clock, *, refused: DomainError | None = None
) -> HttpResponse:
    """One workshop for staff and its therapist: facts, people, who waits. `refused` is what just went wrong."""
    user = signed_in(request)
    words = request.GET.get("q", "").strip()[:100] if user.is_clinic_staff else ""
    context = listed(found, clock) | {
        "refused": refused,
        "left": seats_left(found, clock.now),
        "is_coming": is_coming(found, clock.now),
        "may_mark": clock.now >= found.booking.start - services.EARLIEST,
        "may_run": user.is_clinic_staff,
        "door": video.door(found.booking, clock.now),
        "may_join": found.booking.therapist.user_id == user.pk,
        "words": words,
        "found": find_runners(words=words) if words else [],
    }
    return render(request, "bookings/workshop_desk.html", context, status=refused.status if refused else 200)


def listed(found: Workshop, clock: Clock) -> dict[str, Any]:
    """Who has seats, who waits, who gave back late; and who of them has another session at that time. Two queries."""
    seats = list(Seat.objects.filter(workshop=found).select_related("runner__user").order_by("made_at", "friend"))
    for seat in seats:
        seat.workshop = found
    taken = sorted(
        (seat for seat in seats if seat.state == SeatState.TAKEN),
        key=lambda seat: (seat.runner.user.name.casefold(), seat.friend.casefold()),
    )
    own = [seat.runner_id for seat in taken if not seat.friend]
    booking = found.booking
    return {
        "workshop": found,
        "booking": booking,
        "clock": clock,
        "taken": taken,
        "offered": [seat for seat in seats if seat.state == SeatState.OFFERED],
        "waiting": [seat for seat in seats if seat.state == SeatState.WAITING],
        "late": [seat for seat in seats if is_late(found, seat)],
        "elsewhere": elsewhere(own, booking.start, booking.end, workshop=found),
        "came": sum(1 for seat in taken if seat.attended),
    }


def is_late(found: Workshop, seat: Seat) -> bool:
    """Whether it was given back too late to be free."""
    if seat.state != SeatState.CANCELLED or seat.offered_until is not None or seat.cancelled_at is None:
        return False
    return found.state == Workshop.State.PLANNED and not gives_back_free(found, seat, seat.cancelled_at)


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Plan a workshop."""
    clock = clock_of(request)
    tomorrow = clock.now.astimezone(clinic_zone()).date() + timedelta(days=1)
    initial = {"on": tomorrow, "minutes": 90, "capacity": 12, "change_notice_h": 24, "place": "clinic"}
    form = PlanForm(typed(request), initial=initial)

    def plan() -> tuple[str, str]:
        made = services.plan_workshop(**form.about, **form.time, by=signed_in(request), now=clock.now)
        return made.slug, f"Planned: {made.title}, {when(made.booking.start)}."

    context = {"heading": "New workshop", "act": "Plan the workshop", "back": ""}
    return by_form(request, form, plan, "bookings/workshop_form.html", context)


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the words, seats and price."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    form = AboutForm(typed(request), initial=about_of(found))

    def save() -> tuple[str, str]:
        services.change_workshop(workshop=found, changes=form.about, by=signed_in(request), now=clock.now)
        return found.slug, "Saved. Nobody is written to for this."

    context = {"heading": f"Change {found.title}", "act": "Save", "back": found.slug}
    return by_form(request, form, save, "bookings/workshop_form.html", context)


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """Give it another time; everybody with a seat is told once, and who of them is busy then is named before."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    form = TimeForm(typed(request), initial=time_of(found, clinic_zone()))

    def put() -> tuple[str, str]:
        count = services.move_workshop(
            workshop=found, **form.time, by=signed_in(request), now=clock.now, knowing=known_busy(request)
        )
        return found.slug, f"Moved to {when(form.cleaned_data['start'])}. {people_words(count)} told by e-mail."

    context = listed(found, clock)
    context |= {
        "heading": f"Move {found.title}",
        "act": "Move the workshop",
        "back": found.slug,
        "told": people_in(context, "taken", "offered"),
    }
    return by_form(request, form, put, "bookings/workshop_form.html", context)


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Cancel the whole workshop and tell everybody once; who is told is shown before."""
    clock = clock_of(request)
    found = access.get_workshop(slug, clock.now)
    form = CancelForm(typed(request))

    def end() -> tuple[str, str]:
        reason = form.cleaned_data["reason"]
        count = services.cancel_workshop(workshop=found, by=signed_in(request), now=clock.now, reason=reason)
        return found.slug, f"Cancelled. {people_words(count)} told by e-mail."

    context = listed(found, clock)
    context["told"] = people_in(context, "taken", "offered", "waiting")
    return by_form(request, form, end, "bookings/workshop_cancel.html", context)


@role_required("staff")
@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a seat for a runner on the phone, or give theirs back."""
    clock, user = clock_of(request), signed_in(request)
    found = access.get_workshop(slug, clock.now)
    try:
        if request.POST.get("do") == "back":
            seat = get_object_or_404(Seat, workshop=found, pk=uuid_of(request.POST.get("seat")))
            verbs.give_up(seat=seat, by=user, now=clock.now)
            messages.success(request, f"{seat.friend or seat.runner.user.name} is off the list.")
        else:
            runner_id = uuid_of(request.POST.get("runner"))
            if runner_id is None:
                raise DomainError("For whom? Find the runner first.", code="no_runner")
            runner = get_contact(user, runner_id)
            friends = [name for name in request.POST.getlist("friend")[:20] if name.strip()]
            verbs.take_seats(workshop=found, runner=runner, by=user, now=clock.now, friends=friends)
            messages.success(request, f"{runner.user.name} has a seat.")
    except DomainError as refused:
        return desk_page(request, access.get_workshop(slug, clock.now), clock, refused=refused)
    return redirect("bookings:workshop", found.slug)


@role_required("staff", "therapist")
@require_POST
def mark(request: HttpRequest, slug: str) -> HttpResponse:
    """Came, did not come, or unmarked after a slip."""
    clock, user = clock_of(request), signed_in(request)
    found = access.get_led_workshop(user, slug, clock.now)
    seat = get_object_or_404(Seat, workshop=found, pk=uuid_of(request.POST.get("seat")))
    if request.POST.get("state") not in MARKS:
        raise DomainError("Choose came or did not come.", code="bad_state")
    services.mark_attendance(seat=seat, attended=MARKS[request.POST["state"]], by=user, now=clock.now)
    return redirect("bookings:workshop", found.slug)


@role_required("staff", "therapist")
@never_cache
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """The list to print: names, boxes to tick."""
    clock = clock_of(request)
    found = access.get_led_workshop(signed_in(request), slug, clock.now)
    return render(request, "bookings/workshop_people.html", listed(found, clock))


def by_form(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[], tuple[str, str]],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show the form, or do `act` with what it was sent: on to the workshop it names, with what it says, or why not."""
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            slug, said = act()
        except DomainError as refused:
            status = told(form, refused)
            context["busy"] = refused.extra.get("runners", ())
        else:
            messages.success(request, said)
            return redirect("bookings:workshop", slug)
    return render(request, template, context | {"form": form}, status=status)


def people_in(seats: dict[str, Any], *states: str) -> int:
    """How many runners have seats in `states` of what `listed` found."""
    return len({seat.runner_id for state in states for seat in seats[state]})


def told(form: forms.Form, refused: DomainError) -> int:
    """Put the refusal beside its field, or above the form; the status to answer with."""
    known = {name: sentence for name, sentence in refused.fields.items() if name in form.fields}
    for name, sentence in known.items():
        form.add_error(name, sentence)
    if not known:
        form.add_error(None, refused.message)
    return refused.status


def known_busy(request: HttpRequest) -> set[UUID]:
    """The runners the desk was told of and moves all the same."""
    return {key for text in request.POST.get("knowing", "")[:20_000].split() if (key := uuid_of(text)) is not None}


def uuid_of(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def clinic_zone() -> ZoneInfo:
    return ZoneInfo(settings.CLINIC_ZONE)


def when(at: datetime) -> str:
    """Tuesday 1 December, 17:30, at the clinic."""
    return f"{at.astimezone(clinic_zone()):%A %-d %B, %H:%M}"


def people_words(count: int) -> str:
    """ "Nobody had to be", "1 person is", "9 people are"; goes before "told"."""
    return "Nobody had to be" if count == 0 else "1 person is" if count == 1 else f"{count} people are"
