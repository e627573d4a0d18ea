"""A time that is kept for one person: look at it and answer, with a log-in or from the signed link of the letter."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import access, services
from bookings.letters import links
from bookings.letters.offers import given_up, link_ends, read_link_token
from bookings.models import Appointment, Offer
from bookings.models.waitlist import OfferState
from bookings.prices import agreed_late_fee, agreed_price
from bookings.services.offers import is_open, runner_of, taken_by
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from clinic.audit.services import acting_by_link
from clinic.core.decorators import public
from clinic.core.errors import DomainError
from clinic.people.access import role_required
from clinic.people.models import User


@role_required("runner", "staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """The offered time, for its runner, and for staff who answer for somebody on the phone."""
    user, clock = signed_in(request), clock_of(request)
    found = access.get_offer(user, offer_id)
    if request.method != "POST":
        return offer_page(request, found, clock)
    try:
        booked = answer(request, found, clock, by=user)
    except DomainError as refused:
        return offer_page(request, access.get_offer(user, offer_id), clock, refused=refused)
    if booked is None:
        messages.success(request, "Declined. The time goes to the next in line.")
        return redirect("bookings:waitlist")
    return redirect("bookings:appointment", booked.pk)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same from the letter, without a log-in. Reading it changes nothing, so that mail scanners answer for nobody."""
    try:
        found = access.offer_by_key(read_link_token(token))
    except signing.BadSignature:
        raise Http404("No such offer.") from None
    clock = Clock(runner_of(found).user.zone, clock_of(request).now)
    if clock.now >= link_ends(found):
        return render(request, "bookings/offer_over.html", status=410)
    if request.method != "POST":
        return offer_page(request, found, clock, by_link=True)
    try:
        with acting_by_link():
            answer(request, found, clock, by=runner_of(found).user)
    except DomainError as refused:
        return offer_page(request, access.offer_by_key(str(found.pk)), clock, by_link=True, refused=refused)
    return redirect("bookings:offer_link", token)


def answer(request: HttpRequest, found: Offer, clock: Clock, *, by: User) -> Appointment | None:
    """Take the time or decline it, as the button says; what was booked, None where it was declined."""
    match request.POST.get("do", ""):
        case "take":
            return services.accept_offer(offer=found, by=by, now=clock.now)
        case "decline" | "cancel" as how:
            services.decline_offer(offer=found, by=by, now=clock.now, cancel=how == "cancel")
            return None
    raise DomainError("Choose to take the time or to decline it.", code="bad_answer")


def offer_page(
    request: HttpRequest, found: Offer, clock: Clock, *, by_link: bool = False, refused: DomainError | None = None
) -> HttpResponse:
    runner = runner_of(found)
    session = given_up(found)
    charged = taken_by(found) if found.state == OfferState.ACCEPTED else session or found.hold
    context: dict[str, Any] = {
        "layout": "base.html" if by_link or signed_in(request).is_runner else "desk.html",
        "offer": found,
        "hold": found.hold,
        "runner": runner,
        "session": session,
        "session_url": links.address(charged) if by_link else reverse("bookings:appointment", args=[charged.pk]),
        "may_undo": found.answered_at is not None and clock.now < found.answered_at + services.UNDO,
        "clock": clock,
        "by_link": by_link,
        "for_other": not by_link and not signed_in(request).is_runner,
        "is_open": is_open(found, clock.now),
        "refused": refused,
        "price_pence": agreed_price(charged),
        "late_fee_pence": agreed_late_fee(charged),
    }
    return render(request, "bookings/offer.html", context, status=refused.status if refused else 200)
