"""When therapists work: the week, single days, time off; and the list of services. Staff keep everybody's, therapists their own."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import services
from bookings.board.schedule import minutes_of, week_bars
from bookings.calendars.connected import overview, stale_calendars
from bookings.forms.desk import CapForm, TravelForm
from bookings.forms.sessions import RANGES_PER_DAY, OverrideForm, TimeOffForm, WeekForm
from bookings.instants import parse_day
from bookings.models import Appointment, DailyCap, Override, TimeOff, Travel, WeeklyHours
from bookings.services.limits import set_daily_cap, set_travel
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required
from clinic.people.models import TherapistProfile, User


@role_required("staff", "therapist")
@require_safe
def hours(request: HttpRequest) -> HttpResponse:
    """Everybody's week at a glance; a therapist goes straight to their own."""
    user = signed_in(request)
    if user.is_therapist:
        return redirect("bookings:hours_of", user.therapist.slug)
    now = timezone.now()
    people = list(TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name"))
    weekly: dict[int, list[WeeklyHours]] = {}
    for row in WeeklyHours.objects.in_force(now.date()):
        weekly.setdefault(row.therapist_id, []).append(row)
    away: dict[int, TimeOff] = {}
    for off in TimeOff.objects.upcoming(now).order_by("start"):
        away.setdefault(off.therapist_id, off)
    rows = [
        (person, week_bars(weekly.get(person.pk, [])), total_hours(weekly.get(person.pk, [])), away.get(person.pk))
        for person in people
    ]
    return render(request, "bookings/hours.html", {"rows": rows, "now": now, "stale": stale_calendars(now)})


@role_required("staff", "therapist")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hours_of(request: HttpRequest, slug: str) -> HttpResponse:
    """One therapist's week, exceptions, time off, journeys and limits. Five forms; `do` says which of them was sent."""
    person = get_therapist(signed_in(request), slug)
    now = timezone.now()
    today = now.astimezone(ZoneInfo(person.user.zone)).date()
    sent = typed(request)
    do = sent.get("do", "") if sent else ""
    forms = {
        "week": WeekForm(sent if do == "week" else None, initial=week_initial(person, today)),
        "override": OverrideForm(sent if do == "override" else None),
        "time_off": TimeOffForm(sent if do == "time_off" else None, zone=person.user.zone),
        "travel": TravelForm(sent if do == "travel" else None),
        "cap": CapForm(sent if do == "cap" else None, therapist=person),
    }
    status = 200
    if request.method == "POST":
        form = forms.get(do)
        if form is None:
            raise DomainError("We could not tell what to save. Open the page again.", code="bad_form")
        status = 422
        if form.is_valid():
            try:
                return save(request, person, do, form.cleaned_data, now)
            except DomainError as refused:
                form.add_error(None, refused.message)
                status = refused.status
    hit = hit_sessions(person, now, today)
    context = {
        "person": person,
        "today": today,
        "forms": forms,
        "changed": changed_days(person, today),
        "away": TimeOff.objects.filter(therapist=person).upcoming(now).order_by("start"),
        "later": WeeklyHours.objects.filter(therapist=person, valid_from__gt=today).order_by("valid_from").first(),
        "hit": hit,
        "hit_days": sorted({each.start.astimezone(ZoneInfo(person.user.zone)).date() for each in hit})[:5],
        **journeys_and_limits(person, now),
        **overview(person, now),
    }
    return render(request, "bookings/hours_of.html", context, status=status)


def save(
    request: HttpRequest, person: TherapistProfile, do: str, typed_in: dict[str, Any], now: datetime
) -> HttpResponse:
    """Write what was sent; sessions it hits stay booked and are listed on the page."""
    by = signed_in(request)
    hit: list[Appointment]
    if do in ("travel", "cap"):
        said, hit = save_journey_or_limit(person, do, typed_in, by=by, now=now)
        return said_and_done(request, person, said, hit)
    if do == "week":
        hit = services.set_weekly_hours(
            therapist=person, ranges=typed_in["ranges"], valid_from=typed_in["valid_from"], by=by, now=now
        ).hit
        said = f"The week stands from {typed_in['valid_from']:%A %-d %B}."
    elif do == "override":
        kind = typed_in["kind"]
        hit = services.set_override(
            therapist=person,
            on=typed_in["on"],
            ranges=typed_in["ranges"],
            by=by,
            now=now,
            closed=kind == "closed",
            replace=kind == "instead",
            note=typed_in["note"],
        ).hit
        said = f"{typed_in['on']:%A %-d %B} is different now."
    else:
        hit = services.add_time_off(
            therapist=person, start=typed_in["start"], end=typed_in["end"], reason=typed_in["reason"], by=by, now=now
        ).hit
        said = "Time off is entered."
    return said_and_done(request, person, said, hit)


def said_and_done(request: HttpRequest, person: TherapistProfile, said: str, hit: list[Appointment]) -> HttpResponse:
    """Back to the page, with what was done and how many booked sessions it leaves outside the hours."""
    if hit:
        messages.warning(
            request,
            f"{said} {len(hit)} booked session{'s fall' if len(hit) > 1 else ' falls'} outside the hours: move or cancel below.",
        )
    else:
        messages.success(request, f"{said} No booked session is touched.")
    return redirect("bookings:hours_of", person.slug)


@role_required("staff", "therapist")
@require_POST
def clear_day(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the exceptions of one day back."""
    person = get_therapist(signed_in(request), slug)
    on = parse_day(request.POST.get("on"))
    if on is None:
        raise DomainError("Which day? Open the page again.", code="bad_day")
    services.clear_overrides(therapist=person, on=on, by=signed_in(request), now=timezone.now())
    messages.success(request, f"{on:%A %-d %B} follows the weekly hours again.")
    return redirect("bookings:hours_of", person.slug)


@role_required("staff", "therapist")
@require_POST
def time_off(request: HttpRequest, time_off_id: int) -> HttpResponse:
    """Take an absence back."""
    absence = get_object_or_404(TimeOff.objects.select_related("therapist__user"), pk=time_off_id)
    person = get_therapist(signed_in(request), absence.therapist.slug)
    services.remove_time_off(time_off=absence, by=signed_in(request), now=timezone.now())
    messages.success(request, "Taken back: those hours are open again.")
    return redirect("bookings:hours_of", person.slug)


def get_therapist(user: Any, slug: str) -> TherapistProfile:
    """The therapist whose hours `user` keeps: staff anybody's, therapists their own. Raises Http404."""
    people = TherapistProfile.objects.select_related("user")
    found = (people if user.is_clinic_staff else people.filter(user=user)).filter(slug=slug).first()
    if found is None:
        raise Http404("No such therapist.")
    return found


def week_initial(person: TherapistProfile, today: Any) -> dict[str, Any]:
    """The hours in force today, as the form's fields."""
    initial: dict[str, Any] = {"valid_from": today}
    for weekday, rows in week_bars(WeeklyHours.objects.filter(therapist=person).in_force(today)).items():
        for number, row in enumerate(rows[:RANGES_PER_DAY]):
            initial |= {
                f"starts-{weekday}-{number}": row.starts,
                f"ends-{weekday}-{number}": row.ends,
                f"place-{weekday}-{number}": row.place,
            }
    return initial


def changed_days(person: TherapistProfile, today: Any) -> list[tuple[Any, list[Override]]]:
    """Coming days that are different, with their rows."""
    result: dict[Any, list[Override]] = {}
    for row in Override.objects.filter(therapist=person, on__gte=today).order_by("on", "starts"):
        result.setdefault(row.on, []).append(row)
    return list(result.items())


def hit_sessions(person: TherapistProfile, now: datetime, today: Any) -> list[Appointment]:
    """Booked sessions that lie outside the hours or in time off, nearest first."""
    outside = services.outside_hours(person, now=now, first=today)
    away = TimeOff.objects.filter(therapist=person).upcoming(now)
    coming = Appointment.objects.with_people().upcoming(now).filter(therapist=person)
    inside = [session for session in coming if any(session.start < off.end and off.start < session.end for off in away)]
    return sorted({session.pk: session for session in [*outside, *inside]}.values(), key=lambda session: session.start)


def total_hours(rows: list[WeeklyHours]) -> float:
    """Hours of a week."""
    return sum(minutes_of(row.ends, closing=True) - minutes_of(row.starts) for row in rows) / 60


def journeys_and_limits(person: TherapistProfile, now: datetime) -> dict[str, Any]:
    """What the hours page shows of both."""
    return {
        "journeys": Travel.objects.filter(therapist=person, last__gte=now.date()).order_by("first"),
        "caps": DailyCap.objects.filter(therapist=person).select_related("service").order_by("service__position"),
    }


def save_journey_or_limit(
    person: TherapistProfile, do: str, typed_in: dict[str, Any], *, by: User, now: datetime
) -> tuple[str, list[Appointment]]:
    """What to say, and the booked sessions it leaves outside the hours. Raises what the services raise."""
    if do == "travel":
        done = set_travel(
            therapist=person, zone=typed_in["zone"], first=typed_in["first"], last=typed_in["last"], by=by, now=now
        )
        return "The journey is entered: the hours of those days go by the clock there.", done.hit
    cap = set_daily_cap(therapist=person, service=typed_in["service"], most=typed_in["most"], by=by)
    return ("There is no limit any more." if cap is None else f"At most {cap.most} a day from now on."), []
