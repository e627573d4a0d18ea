"""Wishes for times: a runner's own, and everybody's in order for the front desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import access, services
from bookings.forms.wishes import WishForm
from bookings.models import Appointment, Offer, Service, TimePreference, WaitlistEntry
from bookings.models.waitlist import EntryState, OfferState
from bookings.services.preferring import last_seen
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.workshops.seating import waited_for
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import find_runners

PER_PAGE = 25
ENDED_SHOWN = timedelta(days=30)


@role_required("runner", "staff")
@never_cache
@require_safe
def waitlist(request: HttpRequest) -> HttpResponse:
    """A runner's own wishes and what is kept for them; for staff the whole line."""
    user, clock = signed_in(request), clock_of(request)
    if user.is_runner:
        mine = with_offers(WaitlistEntry.objects.filter(runner=user.runner), clock.now)
        ended = mine.exclude(state=EntryState.WAITING).filter(ended_at__gt=clock.now - ENDED_SHOWN)
        context = {
            "clock": clock,
            "waiting": mine.filter(state=EntryState.WAITING),
            "ended": ended.order_by("-ended_at")[:5],
            "workshops": waited_for(user, clock.now),
            "moves": open_offers(clock.now).filter(moves__runner=user.runner),
        }
        return render(request, "bookings/waitlist.html", context)
    words = request.GET.get("q", "").strip()[:80]
    line = with_offers(WaitlistEntry.objects.filter(state=EntryState.WAITING), clock.now)
    page = Paginator(searched(line, words), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "clock": clock,
        "words": words,
        "page": page,
        "moves": open_offers(clock.now).filter(moves__isnull=False).order_by("answer_until")[:PER_PAGE],
    }
    return render(request, "bookings/waitlist_desk.html", context)


def open_offers(now: datetime) -> QuerySet[Offer]:
    """Offers that can be answered at `now`, with what the pages show of them."""
    found = Offer.objects.filter(state=OfferState.OPEN, answer_until__gt=now)
    return found.select_related("hold__therapist__user", "hold__service", "moves__runner__user")


def offers_for(user: User, now: datetime) -> QuerySet[Offer]:
    """What is kept for this runner at `now`; nobody else is offered anything."""
    mine = Q(entry__runner__user=user) | Q(moves__runner__user=user)
    return open_offers(now).filter(mine).order_by("answer_until") if user.is_runner else Offer.objects.none()


def with_offers(entries: QuerySet[WaitlistEntry], now: datetime) -> QuerySet[WaitlistEntry]:
    """Wishes with their people, and with `open_offers`: at most one each."""
    people = ("runner__user", "service", "therapist__user", "exchange_for__therapist__user")
    return entries.select_related(*people).prefetch_related(
        Prefetch("offers", queryset=open_offers(now), to_attr="open_offers")
    )


def searched(entries: QuerySet[WaitlistEntry], words: str) -> QuerySet[WaitlistEntry]:
    """Those whose runner, therapist or service has every one of the words."""
    for word in words.split():
        entries = entries.filter(
            Q(runner__user__name__icontains=word)
            | Q(runner__user__email__icontains=word)
            | Q(runner__phone__icontains=word)
            | Q(therapist__user__name__icontains=word)
            | Q(service__name__icontains=word)
        )
    return entries


@role_required("runner", "staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def wish(request: HttpRequest) -> HttpResponse:
    """Say what times would suit; in exchange for a session, or for a new one. Staff do it for a runner."""
    user, clock = signed_in(request), clock_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    session = exchanged(request, asked.get("for", ""))
    runner = whose(request, asked, session)
    if runner is None:
        words = request.GET.get("q", "").strip()[:80]
        found = find_runners(words=words) if words else []
        return render(request, "bookings/wish_who.html", {"words": words, "found": found, "asked": asked})
    offered = Service.objects.active()
    service = session.service if session else offered.filter(slug=asked.get("service", "")[:60]).first()
    if service is None:
        if last_seen(runner, clock.now):
            offered = offered.first_visits_last()
        context = {"services": offered, "runner": runner, "asked": asked, "layout": layout_for(user)}
        return render(request, "bookings/wish_what.html", context)
    line = reverse("bookings:waitlist")
    back = reverse("bookings:times", args=[service.slug]) if user.is_runner else line
    if session:
        back = reverse("bookings:appointment", args=[session.pk])
    wanted = Wanted(service, runner, session, by=user, back=back, onwards=line)
    return wishing(request, wanted, clock)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who waits for what: for `service`, or for a better time of `session`. `back` and `onwards` are where the page leads."""

    service: Service
    runner: RunnerProfile
    session: Appointment | None
    by: User
    back: str
    onwards: str


def wishing(request: HttpRequest, wanted: Wanted, clock: Clock) -> HttpResponse:
    """The times that would suit, noted."""
    asked = request.POST if request.method == "POST" else request.GET
    usual = TimePreference.objects.filter(runner=wanted.runner).first() or TimePreference()
    initial = wish_initial(asked, wanted.session, clock)
    form = WishForm(typed(request), service=wanted.service, usual=usual, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                entry = join(form, wanted, now=clock.now)
            except DomainError as refused:
                form.add_error(next(iter(refused.fields), None), refused.message)
                status = refused.status
            else:
                name = "you" if wanted.by.is_runner else entry.runner.user.name
                messages.success(request, f"Noted. When a time comes free that suits, we keep it for {name} and write.")
                return redirect(wanted.onwards)
    context = {"form": form, "wanted": wanted, "service": wanted.service, "session": wanted.session, "clock": clock}
    context |= {"as_runner": wanted.by.is_runner, "layout": layout_for(wanted.by)}
    return render(request, "bookings/wish.html", context, status=status)


def join(form: WishForm, wanted: Wanted, *, now: datetime) -> WaitlistEntry:
    sent = form.cleaned_data
    return services.join_waitlist(
        service=wanted.service,
        therapist=sent["therapist"],
        runner=wanted.runner,
        first=sent["first"],
        last=sent["last"],
        weekdays=form.weekday_bits,
        parts=form.part_bits,
        exchange_for=wanted.session,
        note=sent["note"],
        by=wanted.by,
        now=now,
    )


def exchanged(request: HttpRequest, key: str) -> Appointment | None:
    """The session that a new time would replace. Raises Http404 for anybody else's."""
    return access.get_appointment(signed_in(request), key[:36]) if key else None


def whose(request: HttpRequest, asked: Any, session: Appointment | None) -> RunnerProfile | None:
    """Who waits: the runner who asks, or the one staff name. Raises Http404 for a runner who does not exist."""
    user = signed_in(request)
    if user.is_runner:
        return user.runner
    if session is not None:
        return session.runner
    try:
        return get_contact(user, UUID(asked.get("runner", "")))
    except ValueError:
        return None


def wish_initial(asked: Any, session: Appointment | None, clock: Clock) -> dict[str, Any]:
    person = TherapistProfile.objects.filter(slug=asked.get("therapist", "")[:80]).first()
    if session is None:
        return {"therapist": person.slug if person else None, "first": clock.today}
    return {
        "therapist": session.therapist.slug,
        "first": clock.today,
        "last": clock.local(session.start).date(),
    }


def layout_for(user: Any) -> str:
    return "base.html" if user.is_runner else "desk.html"


@role_required("runner", "staff")
@require_POST
def leave(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take a wish back."""
    entry = access.get_wish(signed_in(request), entry_id)
    services.leave_waitlist(entry=entry, by=signed_in(request), now=clock_of(request).now)
    messages.success(request, "The wish is taken back.")
    return redirect("bookings:waitlist")
