"""Booking for a caller: find the runner or take their details, choose what, with whom and when; one form, kept whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import services
from bookings.availability import Slot, find_slots
from bookings.board.page import is_id
from bookings.engine.diaries import offering
from bookings.forms.sessions import CallerForm
from bookings.fortnight import Choice, lay_out, nearest
from bookings.instants import parse_day, parse_instant
from bookings.models import Appointment, Service, WaitlistEntry
from bookings.prices import price_of
from bookings.services.preferring import preference_of
from bookings.services.waiting import book_for_wish
from bookings.views.board import clinic_tz
from bookings.views.clock import Clock
from bookings.views.reader import signed_in
from bookings.views.times import is_narrow
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import find_runners

DAYS_OFFERED = 7
TIMES_A_DAY = 6
LONGEST_WORDS = 80
PAST_PER_PAGE = 15


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of the call so far: who, what of all that is offered, with whom, from which day, at which time."""

    runner: RunnerProfile | None
    services: list[Service]
    service: Service | None
    therapist: TherapistProfile | None
    on: date
    start: datetime | None
    wish: WaitlistEntry | None


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A day with free times: a few of them at once, the others behind "more", each with who is free where that is open.

    `is_opened`: the time picked is one of the others.
    """

    on: date
    few: list[tuple[Choice, str]]
    rest: list[tuple[Choice, str]]
    is_opened: bool


@role_required("staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def book_for(request: HttpRequest) -> HttpResponse:
    """The page. `do` says what a button asks for: find, times, from:<day>, runner:<id>, nobody, book, different; all keep what is typed."""
    now = timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    do = request.POST.get("do", "book") if request.method == "POST" else ""
    call = call_of(request, asked, do, now)
    is_booking = do in ("book", "different")
    bound = typed(request)
    words = asked.get("q", "").strip()[:LONGEST_WORDS] if call.runner is None else ""
    found = find_runners(words=words) if words else []
    kept = {key: asked.get(key, "") for key in CallerForm.KEPT} if request.method == "POST" else {}
    form = CallerForm(
        bound if is_booking or request.method != "POST" else None,
        known=call.runner is not None,
        takes_insurance=call.service is not None and call.service.takes_insurance,
        initial={"on": call.on, "at": call.start.astimezone(clinic_tz()).time() if call.start else None}
        | kept
        | ({} if found or any(kept.get(key) for key in ("name", "email", "phone")) else heard(words)),
    )
    refused: DomainError | None = None
    wanted = call.start
    if is_booking and call.service is not None and form.is_valid():
        wanted = form.cleaned_data["instant"]
        try:
            booked = book_now(form, call, call.service, by=signed_in(request), now=now, are_different=do == "different")
        except DomainError as error:
            refused = error
        else:
            messages.success(
                request,
                f"Booked: {booked.runner.user.name}, {booked.start.astimezone(clinic_tz()):%A %-d %B %H:%M} with {booked.therapist.user.name}.",
            )
            return redirect("bookings:appointment", booked.pk)
    status = refused.status if refused else 422 if is_booking else 200
    context = context_of(call, form, wanted=wanted, refused=refused, now=now) | {"words": words, "found": found}
    context["is_other"] = asked.get("start") == "other" or (wanted is not None and not context["is_listed"])
    context["is_settled"] = (
        do == "times" or do.startswith("from:") or bool(asked.get("settled")) or bool(request.GET.get("service"))
    )
    return render(request, "bookings/book_for.html", context, status=status)


@role_required("staff")
@never_cache
@require_POST
def find_caller(request: HttpRequest) -> HttpResponse:
    """The runners who fit what is typed so far, as buttons of the booking's form."""
    words = request.POST.get("q", "").strip()[:LONGEST_WORDS]
    return render(request, "bookings/_callers.html", {"words": words, "found": find_runners(words=words)})


@role_required("staff")
@never_cache
@require_safe
def sessions_of(request: HttpRequest, runner_id: UUID) -> HttpResponse:
    """A runner's sessions, coming and past, and what they wait for: what somebody who calls asks about."""
    runner, clock = get_contact(signed_in(request), runner_id), Clock(settings.CLINIC_ZONE, timezone.now())
    theirs = Appointment.objects.filter(runner=runner).with_people()
    facts = {
        "runner": runner,
        "clock": clock,
        "upcoming": list(theirs.upcoming(clock.now)),
        "past": Paginator(theirs.past(clock.now), PAST_PER_PAGE).get_page(request.GET.get("page")),
        "wishes": WaitlistEntry.objects.filter(runner=runner, state="waiting").select_related(
            "service", "therapist__user"
        ),
    }
    return render(request, "bookings/sessions_of.html", facts)


def call_of(request: HttpRequest, asked: Any, do: str, now: datetime) -> Call:
    """What was chosen so far; what is not known is as good as not chosen, except a runner (404)."""
    by = signed_in(request)
    wish = wish_of(asked.get("wish", ""))
    chosen = do.removeprefix("runner:") if do.startswith("runner:") else asked.get("runner", "")
    runner = get_contact(by, UUID(chosen)) if do != "nobody" and is_id(chosen) else None
    all_services = list(Service.objects.active())
    service = next((each for each in all_services if each.slug == asked.get("service")), None)
    slug = asked.get("therapist", "")[:80]
    therapist = TherapistProfile.objects.select_related("user").filter(slug=slug).first() if slug else None
    is_just_known = do.startswith("runner:") or (request.method != "POST" and not asked.get("service"))
    if is_just_known and runner is not None and not asked.get("settled"):
        last = last_of(runner)
        service = (next_after(last, all_services) if last else service) or service
        if last is not None and therapist is None and service is not None:
            therapist = last.therapist if offering(service).filter(pk=last.therapist_id).exists() else None
    if service is None and not asked.get("service"):
        service = next(iter(all_services), None)
    start = parse_instant(asked.get("start"))
    on = (
        parse_day(do.removeprefix("from:"))
        or parse_day(asked.get("day"))
        or (start or now).astimezone(clinic_tz()).date()
    )
    if wish is not None and (runner is None or wish.runner_id != runner.pk):
        wish = None
    return Call(runner, all_services, service, therapist, on, start, wish)


def wish_of(key: str) -> WaitlistEntry | None:
    return WaitlistEntry.objects.filter(pk=key, state="waiting").first() if is_id(key) else None


def last_of(runner: RunnerProfile) -> Appointment | None:
    """The runner's latest session that was not cancelled."""
    return Appointment.objects.standing().with_people().filter(runner=runner).order_by("-start").first()


def next_after(last: Appointment, offered: Sequence[Service]) -> Service | None:
    """Which of `offered` somebody who had `last` most likely calls for: the same again, after a first visit a follow-up."""
    if last.service.is_active and not last.service.is_first_visit:
        return last.service
    return next((each for each in offered if not each.is_first_visit and each.place == last.service.place), None)


def book_now(
    form: CallerForm, call: Call, service: Service, *, by: User, now: datetime, are_different: bool
) -> Appointment:
    """The one booking: for the runner found, or for the caller whose details were typed."""
    sent = form.cleaned_data
    reason = sent["reason"] if sent["start"] in ("", "other") else ""
    common: dict[str, Any] = {
        "service": service,
        "therapist": call.therapist,
        "start": sent["instant"],
        "by": by,
        "now": now,
        "override_reason": reason,
        "payer": sent.get("payer", ""),
        "insurer": sent.get("insurer", ""),
    }
    if call.runner is None:
        return services.book_for_caller(
            **common, name=sent["name"], email=sent["email"], phone=sent["phone"], are_different=are_different
        )
    if call.wish is not None:
        return book_for_wish(**common, runner=call.runner, entry=call.wish)
    return services.book_slot(**common, runner=call.runner)


def context_of(
    call: Call, form: CallerForm, *, wanted: datetime | None, refused: DomainError | None, now: datetime
) -> dict[str, Any]:
    theirs = Appointment.objects.standing().select_related("service", "therapist__user").filter(runner=call.runner)
    service, therapist = call.service, call.therapist
    therapists = list(offering(service).select_related("user").order_by("user__name")) if service else []
    free = free_slots(call, now)
    names = {} if therapist else {each.pk: each.user.first_name for each in therapists}
    return {
        "services": call.services,
        "service": service,
        "therapists": therapists,
        "therapist": therapist,
        "runner": call.runner,
        "wish": call.wish,
        "last": theirs.past(now).first() if call.runner else None,
        "coming": theirs.upcoming(now).first() if call.runner else None,
        "on": call.on,
        "start": wanted,
        "later": call.on + timedelta(days=DAYS_OFFERED),
        "is_listed": any(slot.start == wanted for slot in free),
        "days": free_days(call, free, names, wanted=wanted, now=now),
        "near": nearest(free, wanted) if refused and refused.status == 409 and wanted else [],
        "form": form,
        "refused": refused,
        "doubles": refused.extra.get("doubles", []) if refused else [],
        "zone": settings.CLINIC_ZONE,
        "price_pence": price_of(service, therapist) if service else 0,
    }


def free_slots(call: Call, now: datetime) -> list[Slot]:
    """What is free in the week from the day asked for, by the clinic's clock."""
    if call.service is None:
        return []
    return find_slots(
        service=call.service,
        therapists=[call.therapist] if call.therapist else None,
        first=call.on,
        last=call.on + timedelta(days=DAYS_OFFERED - 1),
        zone=settings.CLINIC_ZONE,
        runner=call.runner,
        now=now,
    )


def free_days(
    call: Call, free: Sequence[Slot], names: Mapping[int, str], *, wanted: datetime | None, now: datetime
) -> list[FreeDay]:
    """The days on which something is free; `names` by therapist, none where the therapist is chosen."""
    preference = preference_of(call.runner)
    days = lay_out(
        free,
        first=call.on,
        zone=settings.CLINIC_ZONE,
        clinic_zone=settings.CLINIC_ZONE,
        now=now,
        days=DAYS_OFFERED,
        at_once=TIMES_A_DAY,
        suits=preference.suits if is_narrow(preference) else None,
    )

    def told(choices: Sequence[Choice]) -> list[tuple[Choice, str]]:
        return [(each, free_words([names[pk] for pk in each.therapist_ids]) if names else "") for each in choices]

    return [
        FreeDay(day.on, told(day.shown), told(day.rest), any(each.start == wanted for each in day.rest))
        for day in days
        if day.choices
    ]


def free_words(names: Sequence[str]) -> str:
    """ "Nadia", "Ines, Nadia", "4 free"."""
    return ", ".join(names) if len(names) < 3 else f"{len(names)} free"


def heard(words: str) -> dict[str, str]:
    """What was typed to find somebody, as the beginning of a new caller's details."""
    if "@" in words:
        return {"email": words}
    return {"phone": words} if any(letter.isdigit() for letter in words) else {"name": words}
