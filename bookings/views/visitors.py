"""Booking without an account: details, the code from the mail, the session behind its own link."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.throttling import BaseThrottle

from bookings import access, services
from bookings.forms.runners import CodeForm, DetailsForm, FirstPasswordForm
from bookings.letters import links
from bookings.letters.codes import mail_code
from bookings.models import Visitor
from bookings.models.appointments import State
from bookings.prices import agreed_late_fee, agreed_price, part_words
from bookings.receipts import receipt_of
from bookings.services import visitors
from bookings.services.holding import GRACE, HOLD
from bookings.services.transactions import hold_ended
from bookings.services.visitors import LONGEST_HOLD
from bookings.views.clock import Clock, clock_of
from bookings.views.sessions import (
    Opened,
    by_link,
    calendar_file,
    cancelling,
    entering,
    facts,
    moving,
    paper,
    stands,
    undoing,
)
from bookings.views.times import Wish, times_page, times_url
from bookings.views.waitlist import Wanted, wishing
from clinic.core.decorators import public
from clinic.core.errors import DomainError
from clinic.people.models import RunnerProfile
from clinic.people.services import choose_first_password

BROWSER, TYPED, PROVEN = "visitor", "visitor_typed", "visitor_proven"
PROOF_LASTS = LONGEST_HOLD.total_seconds() * 2


def browser_of(request: HttpRequest, *, make: bool = False) -> str:
    """The hash this browser's holds go by; "" when it has none and `make` is not asked."""
    if make and BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(24)
    token = request.session.get(BROWSER, "")
    return sha256(token.encode()).hexdigest() if token else ""


def source_of(request: HttpRequest) -> str:
    """Where the request comes from, behind as many proxies as NUM_PROXIES says."""
    return str(BaseThrottle().get_ident(request) or "")  # type: ignore[arg-type]  # reads headers alone


def held_visitor(request: HttpRequest, now: datetime) -> Visitor | None:
    """What this browser holds without an account."""
    browser = browser_of(request)
    return visitors.held_by(browser, now) if browser else None


def last_visitor(request: HttpRequest) -> Visitor | None:
    """What this browser held last without an account, whatever became of it."""
    browser = browser_of(request)
    mine = Visitor.objects.filter(session_hash=browser)
    people = mine.select_related("hold__service", "hold__therapist__user")
    return people.order_by("-made_at").first() if browser else None


def take_for_visitor(request: HttpRequest, wish: Wish, clock: Clock, start: datetime) -> HttpResponse:
    """Hold `start` for this browser and go on to the details; if it cannot be had, the page with the nearest times."""
    try:
        visitors.hold_for_visitor(
            service=wish.service,
            therapist=wish.therapist,
            start=start,
            browser=browser_of(request, make=True),
            source=source_of(request),
            zone=clock.zone,
            now=clock.now,
        )
    except DomainError as refused:
        return times_page(request, wish, clock, refused=refused, wanted=start, status=refused_status(refused))
    return redirect("bookings:details")


def refused_status(refused: DomainError) -> int:
    return 429 if refused.status == 429 else 409


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Who the time is for: name, address, consent; then a code is mailed. What was typed stays."""
    clock = clock_of(request)
    visitor = held_visitor(request, clock.now)
    if request.method == "POST":
        request.session[TYPED] = {name: request.POST.get(name, "")[:254] for name in DetailsForm.kept}
    if visitor is None:
        return ended(request, clock)
    if request.POST.get("do") == "release":
        services.release_visitor(browser=browser_of(request), now=clock.now)
        return redirect(times_url(visitor.hold))
    form = DetailsForm(
        request.POST if request.method == "POST" else None,
        service=visitor.hold.service,
        initial=request.session.get(TYPED, {}),
    )
    if request.method == "POST" and form.is_valid():
        refused = send(request, visitor, clock.now)
        if refused is None:
            return redirect("bookings:code")
        for field, sentence in (refused.fields or {"": refused.message}).items():
            form.add_error(field if field in form.fields else None, sentence)
    context = page_facts(visitor, clock) | {"form": form}
    return render(request, "bookings/details.html", context, status=422 if request.method == "POST" else 200)


def send(request: HttpRequest, visitor: Visitor, now: datetime) -> DomainError | None:
    """Mail a new code to whom this browser named; the refusal, if it was refused."""
    typed = request.session.get(TYPED, {})
    try:
        kept, made = visitors.ask_code(
            visitor=visitor,
            name=typed.get("name", ""),
            email=typed.get("email", ""),
            phone=typed.get("phone", ""),
            source=source_of(request),
            now=now,
        )
        mail_code(visitor=kept, code=made)
    except DomainError as refused:
        return refused
    return None


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The code from the mail: typed, it books."""
    clock = clock_of(request)
    visitor = held_visitor(request, clock.now - (GRACE if request.method == "POST" else timedelta()))
    if visitor is None:
        return ended(request, clock)
    if not visitor.code_hash:
        return redirect("bookings:details")
    is_again = request.POST.get("do") == "resend"
    form = CodeForm(request.POST if request.method == "POST" and not is_again else None)
    if is_again:
        refused = send(request, visitor, clock.now)
        if refused is not None:
            messages.error(request, refused.message)
        else:
            messages.success(request, "A new code is on its way. The old one fits no more.")
        return redirect("bookings:code")
    if request.method == "POST" and form.is_valid():
        typed = request.session.get(TYPED, {})
        try:
            booked = visitors.prove(
                visitor=visitor,
                code=form.cleaned_data["code"],
                payer=typed.get("payer", ""),
                insurer=typed.get("insurer", ""),
                now=clock.now,
            )
        except DomainError as refused:
            if refused.status == 409:
                return times_page(
                    request, wish_of(visitor), clock, refused=refused, wanted=visitor.hold.start, status=409
                )
            form.add_error("code" if "code" in refused.fields else None, refused.message)
        else:
            request.session.pop(TYPED, None)
            proof = {"runner": str(booked.runner_id), "appointment": str(booked.pk), "at": clock.now.timestamp()}
            request.session[PROVEN] = proof
            return redirect(f"{reverse('bookings:visit', args=[links.sign(booked)])}?booked=1")
    context = page_facts(visitor, clock) | {"form": form}
    return render(request, "bookings/code.html", context, status=422 if request.method == "POST" else 200)


def ended(request: HttpRequest, clock: Clock) -> HttpResponse:
    """The page with the nearest times after a hold has ended; without any hold, the choice of sessions."""
    last = last_visitor(request)
    if last is not None and last.proven_at and last.hold.state == State.BOOKED and PROVEN in request.session:
        return redirect("bookings:visit", links.sign(last.hold))
    if last is None or last.hold.runner_id is not None:
        return redirect("bookings:book")
    over = hold_ended(last.hold, visitors.OVER)
    return times_page(request, wish_of(last), clock, refused=over, wanted=last.hold.start, status=409)


def wish_of(visitor: Visitor) -> Wish:
    return Wish(visitor.hold.service, visitor.hold.therapist, None)


def page_facts(visitor: Visitor, clock: Clock) -> dict[str, Any]:
    """What the pages around a visitor's hold show."""
    held = visitor.hold
    left = ((held.hold_expires_at or clock.now) - clock.now).total_seconds()
    return {
        "visitor": visitor,
        "held": held,
        "clock": clock,
        "price_pence": agreed_price(held),
        "late_fee_pence": agreed_late_fee(held),
        "late_part": part_words(held.service.late_fee_percent),
        "change_until": held.change_until,
        "left": int(left),
        "whole": int((LONGEST_HOLD if visitor.code_hash else HOLD).total_seconds()),
        "times_url": times_url(held),
    }


@public
@never_cache
@require_safe
@by_link
def visit(request: HttpRequest, opened: Opened) -> HttpResponse:
    """A session by its own link, without a log-in; a runner who is logged in gets the page they know."""
    found, clock = opened.session, opened.clock(request)
    if request.user == opened.by:
        return redirect("bookings:appointment", found.pk)
    context = facts(opened, clock) | {
        "just_booked": "booked" in request.GET and found.state == State.BOOKED,
        "has_log_in": opened.by.has_usable_password(),
        "may_choose": may_choose(request, found.runner, clock.now),
        "form": FirstPasswordForm(),
    }
    return render(request, "bookings/visit.html", context)


@public
@require_safe
@by_link
def visit_calendar(request: HttpRequest, opened: Opened) -> HttpResponse:
    return calendar_file(request, opened)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def visit_move(request: HttpRequest, opened: Opened) -> HttpResponse:
    return moving(request, opened)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def visit_cancel(request: HttpRequest, opened: Opened) -> HttpResponse:
    return cancelling(request, opened)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def visit_earlier(request: HttpRequest, opened: Opened) -> HttpResponse:
    """A wish for an earlier time in exchange for this session; what is found comes by mail, with a link of its own."""
    found, clock, back = opened.session, opened.clock(request), opened.url("appointment")
    if not services.may_change(found, opened.by, clock.now):
        return stands(request, opened, clock, "move")
    wanted = Wanted(found.service, found.runner, found, by=opened.by, back=back, onwards=back)
    return wishing(request, wanted, clock)


@public
@require_POST
@by_link
def visit_undo(request: HttpRequest, opened: Opened, change_id: UUID) -> HttpResponse:
    """Only what was done to the session of the link."""
    change = access.get_change(opened.by, change_id)
    if change.appointment_id != opened.session.pk:
        raise Http404("No such change.")
    return undoing(request, opened, change)


@public
@never_cache
@require_safe
@by_link
def visit_room(request: HttpRequest, opened: Opened) -> HttpResponse:
    """The runner's way in, online."""
    if not opened.session.video_key:
        raise Http404("No such room.")
    return entering(request, opened)


@public
@never_cache
@require_safe
@by_link
def visit_receipt(request: HttpRequest, opened: Opened) -> HttpResponse:
    if receipt_of(opened.session) is None:
        raise Http404("No such receipt.")
    return paper(request, opened)


def may_choose(request: HttpRequest, runner: RunnerProfile, now: datetime) -> bool:
    """Whether this browser has just proven the runner's address, and the runner has no log-in yet."""
    proven = request.session.get(PROVEN) or {}
    is_fresh = now.timestamp() - proven.get("at", 0) < PROOF_LASTS
    return proven.get("runner") == str(runner.pk) and is_fresh and not runner.user.has_usable_password()


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def first_password(request: HttpRequest) -> HttpResponseBase:
    """A new runner's own log-in, in the browser that has just typed the code from their mail."""
    clock = clock_of(request)
    proof = request.session.get(PROVEN) or {}
    proven = proof.get("runner")
    runner = RunnerProfile.objects.select_related("user").filter(pk=proven).first() if proven else None
    if runner is None or not may_choose(request, runner, clock.now):
        return redirect("account_login")
    form = FirstPasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            user = choose_first_password(user=runner.user, password=form.cleaned_data["password"])
        except DomainError as refused:
            for field, sentence in (refused.fields or {"": refused.message}).items():
                form.add_error(field if field in form.fields else None, sentence)
        else:
            request.session.pop(PROVEN, None)
            onwards = f"{reverse('bookings:appointment', args=[proof['appointment']])}?booked=1"
            try:
                return perform_login(request, Login(user=user, email=user.email, redirect_url=onwards))
            except ImmediateHttpResponse as answer:
                return answer.response
    context = {"form": form, "email": runner.user.email}
    return render(request, "bookings/first_password.html", context, status=422 if request.method == "POST" else 200)
