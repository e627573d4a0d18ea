"""When therapists work: the weeks, single days, time off. Staff keep everybody's, therapists their own."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import services, weeks
from bookings.board.schedule import minutes_of
from bookings.calendars.connected import overview, stale_calendars
from bookings.engine.columns import NO_DATE, NO_NUMBER
from bookings.forms.desk import CapForm, TravelForm
from bookings.forms.hours import DayForm, TimeOffForm, WeekForm
from bookings.instants import parse_day
from bookings.models import Appointment, DailyCap, Offer, Override, TimeOff, Travel, WeeklyHours
from bookings.services.limits import set_daily_cap, set_travel
from bookings.services.offers import runner_of
from bookings.services.proposing import LONGEST
from bookings.views.reader import signed_in
from bookings.weeks import HoursRange, Stretch
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.core.wording import long_day, short_day
from clinic.people.access import role_required
from clinic.people.models import TherapistProfile


class Change(Protocol):
    """What every change of hours says: `bookings.services.stranded`."""

    @property
    def hit(self) -> list[Appointment]: ...
    @property
    def holds(self) -> list[Appointment]: ...
    @property
    def offers(self) -> list[Offer]: ...


@role_required("staff", "therapist")
@require_safe
def hours(request: HttpRequest) -> HttpResponse:
    """Everybody's week at a glance, and what comes next; a therapist goes straight to their own."""
    user = signed_in(request)
    if user.is_therapist:
        return redirect("bookings:hours_of", user.therapist.slug)
    now = timezone.now()
    people = list(TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name"))
    weekly: dict[int, list[WeeklyHours]] = {}
    for row in WeeklyHours.objects.between(now.date() - weeks.DAY, None):
        weekly.setdefault(row.therapist_id, []).append(row)
    away: dict[int, TimeOff] = {}
    for off in TimeOff.objects.upcoming(now).order_by("start"):
        away.setdefault(off.therapist_id, off)
    rows = [(person, *glance(person, weekly.get(person.pk, []), now), away.get(person.pk)) for person in people]
    return render(request, "bookings/hours.html", {"rows": rows, "now": now, "stale": stale_calendars(now)})


def glance(
    person: TherapistProfile, rows: Sequence[WeeklyHours], now: datetime
) -> tuple[list[list[HoursRange]], str, float, Stretch, Stretch | None]:
    """The ranges of each weekday, their one place if it is one, their hours, the week that holds, and the one after it."""
    today = services.today_of(person, now)
    plan = weeks.stretches(rows, today)
    place = next(number for number, each in enumerate(plan) if each.holds(today))
    held = plan[place]
    by_day = [[each for each in held.ranges if each.weekday == weekday] for weekday in range(7)]
    places = {each.place for each in held.ranges}
    where = weeks.PLACE_WORDS.get(places.pop(), "") if len(places) == 1 else ""
    return by_day, where, total_hours(held.ranges), held, plan[place + 1] if held.last is not None else None


@role_required("staff", "therapist")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hours_of(request: HttpRequest, slug: str) -> HttpResponse:
    """One therapist's weeks, exceptions, time off, journeys and limits. Five forms; `do` says which of them was sent.

    `?week=` and `?day=` show the week, or the exceptions, of another day than today to be changed.
    """
    person = get_therapist(signed_in(request), slug)
    now = timezone.now()
    today = services.today_of(person, now)
    sent = typed(request)
    do = sent.get("do", "") if sent else ""
    plan = services.weeks_of(person, today)
    asked_week, asked_day = (parse_day(request.GET.get(name)) for name in ("week", "day"))
    shown = week_shown(plan, today, asked_week)
    corrects = shown.temporary or shown.first > today
    changed = changed_days(person, today)
    day_rows = next((rows for on, rows in changed if on == asked_day), [])
    forms = {
        "week": WeekForm(sent if do == "week" else None, shown=shown, today=today, corrects=corrects),
        "override": DayForm(sent if do == "override" else None, shown=day_rows),
        "time_off": TimeOffForm(sent if do == "time_off" else None, zone=person.user.zone),
        "travel": TravelForm(sent if do == "travel" else None),
        "cap": CapForm(sent if do == "cap" else None, therapist=person),
    }
    for name, each in forms.items():
        each.auto_id = f"{name}_%s"  # several have a field of the same name
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
    context = {
        "person": person,
        "today": today,
        "forms": forms,
        "weeks": week_rows(plan, today),
        "shown": shown,
        "is_usual": not corrects,
        "asked": asked_week,
        "no_hours": not any(each.ranges for each in plan),
        "changed": changed,
        "day_shown": asked_day if day_rows else None,
        "away": TimeOff.objects.filter(therapist=person).upcoming(now).order_by("start"),
        **stranded_facts(person, now, today),
        **journeys_and_limits(person, now),
    }
    return render(request, "bookings/hours_of.html", context, status=status)


def save(
    request: HttpRequest, person: TherapistProfile, do: str, typed_in: dict[str, Any], now: datetime
) -> HttpResponse:
    """Write what was sent; sessions it hits stay booked and are listed on the page."""
    by = signed_in(request)
    match do:
        case "week":
            asked = {name: typed_in[name] for name in ("ranges", "valid_from", "valid_until", "instead_of")}
            week = services.set_weekly_hours(therapist=person, **asked, by=by, now=now)
            return said_and_done(request, person, week_said(week.hours, **typed_in), week)
        case "override":
            day = services.set_override(
                therapist=person,
                on=typed_in["on"],
                ranges=typed_in["ranges"],
                replace=typed_in["kind"] != "beside",
                note=typed_in["note"],
                instead_of=typed_in["instead_of"],
                by=by,
                now=now,
            )
            return said_and_done(request, person, f"{long_day(typed_in['on'])} is different now.", day)
        case "time_off":
            asked = {name: typed_in[name] for name in ("start", "end", "reason")}
            off = services.add_time_off(therapist=person, **asked, by=by, now=now)
            return said_and_done(request, person, "Time off is entered.", off)
        case "travel":
            asked = {name: typed_in[name] for name in ("zone", "first", "last")}
            trip = set_travel(therapist=person, **asked, by=by, now=now)
            said = "The journey is entered: the hours of those days go by the clock there."
            return said_and_done(request, person, said, trip)
    cap = set_daily_cap(therapist=person, service=typed_in["service"], most=typed_in["most"], by=by)
    messages.success(
        request, "There is no limit any more." if cap is None else f"At most {cap.most} a day from now on."
    )
    return redirect("bookings:hours_of", person.slug)


def week_said(rows: Sequence[Any], *, valid_from: date, valid_until: date | None, **_: Any) -> str:
    """From when the week stands, which is after a week for a time that runs then."""
    if valid_until is not None:
        return f"This week holds from {long_day(valid_from)} to {long_day(valid_until)}; then the usual one comes back."
    return f"The week stands from {long_day(min((row.valid_from for row in rows), default=valid_from))}."


def said_and_done(request: HttpRequest, person: TherapistProfile, said: str, change: Change) -> HttpResponse:
    """Back to the page, with what was done and what it leaves outside the hours."""
    told = [said]
    if change.hit:
        fall = "sessions fall" if len(change.hit) > 1 else "session falls"
        told.append(f"{len(change.hit)} booked {fall} outside the hours: move or cancel below.")
    for offer in change.offers:
        start = offer.hold.start.astimezone(ZoneInfo(person.user.zone))
        told.append(
            f"The offer of {short_day(start.date())} {start:%H:%M} to {runner_of(offer).user.name} is taken back; we tell them."
        )
    if change.holds:
        was = "times were" if len(change.holds) > 1 else "time was"
        told.append(f"{len(change.holds)} {was} being booked just now: whoever does so is asked to choose again.")
    if len(told) == 1:
        messages.success(request, f"{said} No booked session is touched.")
    else:
        messages.warning(request, " ".join(told))
    return redirect("bookings:hours_of", person.slug)


@role_required("staff", "therapist")
@require_POST
def clear_day(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the exceptions of one day back."""
    person = get_therapist(signed_in(request), slug)
    on = parse_day(request.POST.get("on"))
    if on is None:
        raise DomainError("Which day? Open the page again.", code="bad_day")
    done = services.clear_overrides(therapist=person, on=on, by=signed_in(request), now=timezone.now())
    return said_and_done(request, person, f"{long_day(on)} follows the weekly hours again.", done)


@role_required("staff", "therapist")
@require_POST
def clear_week(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a coming week, or one for a time, back."""
    person = get_therapist(signed_in(request), slug)
    first = parse_day(request.POST.get("first"))
    if first is None:
        raise DomainError("Which week? Open the page again.", code="bad_day")
    try:
        done = services.take_back_week(therapist=person, first=first, by=signed_in(request), now=timezone.now())
    except DomainError as refused:
        messages.warning(request, refused.message)
        return redirect("bookings:hours_of", person.slug)
    return said_and_done(request, person, "Taken back: the usual week before it runs on.", done)


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


def week_shown(plan: Sequence[Stretch], today: date, asked: date | None) -> Stretch:
    """The stretch the form shows: that of the day `asked`, else the usual week of today."""
    if asked is not None and asked >= today:
        return next(each for each in plan if each.holds(asked))
    return weeks.usual_at(plan, today)


def week_rows(plan: Sequence[Stretch], today: date) -> list[tuple[Stretch, str, bool]]:
    """What stands and what comes, in order, with its words and whether it can be taken back."""
    result = []
    for each in plan:
        if each.last is not None and each.last < today:
            continue
        usual = weeks.usual_before(plan, each.first)
        comes_back = not each.temporary and usual is not None and usual.ranges == each.ranges
        words = "the usual week again" if comes_back and each.first > today else weeks.week_words(each.ranges)
        may_go = each.temporary or (each.first > today and usual is not None and not comes_back)
        result.append((each, words, may_go))
    return result


def changed_days(person: TherapistProfile, today: date) -> list[tuple[date, list[Override]]]:
    """Coming days that are different, with their rows."""
    result: dict[date, list[Override]] = {}
    for row in Override.objects.filter(therapist=person, on__gte=today).order_by(
        "on", F("starts").asc(nulls_first=True)
    ):
        result.setdefault(row.on, []).append(row)
    return list(result.items())


def stranded_facts(person: TherapistProfile, now: datetime, today: date) -> dict[str, Any]:
    """What is booked outside the hours or busy elsewhere, and the days whose sessions get new places at once."""
    hit, clashing = services.stranded_and_clashing(person, now=now, first=today)
    days = [each.start.astimezone(ZoneInfo(person.user.zone)).date() for each in hit if each.workshop_id is None]
    until = min(days[-1], days[0] + LONGEST - weeks.DAY) if days else None
    at_once = sum(day <= until for day in days) if until else 0
    facts = {"hit_days": (days[0], until) if days else None, "at_once": at_once, "more": len(days) > at_once}
    return {"hit": hit, **facts, **overview(person, now, clashing=clashing)}


def total_hours(rows: Iterable[HoursRange]) -> float:
    """Hours of a week."""
    return sum(minutes_of(row.ends, closing=True) - minutes_of(row.starts) for row in rows) / 60


class Rule(NamedTuple):
    """A journey (`text` is its zone) or a limit of a day (`text` is its service, "" for all of them)."""

    kind: str
    pk: int
    text: str
    most: int | None = None
    first: date | None = None
    last: date | None = None


def journeys_and_limits(person: TherapistProfile, now: datetime) -> dict[str, list[Rule]]:
    """What the hours page shows of both; one query."""
    trips = Travel.objects.filter(therapist=person, last__gte=now.date()).order_by()
    limits = DailyCap.objects.filter(therapist=person).order_by()
    service = Coalesce("service__name", Value(""))
    rows = limits.values_list(Value("cap"), "pk", service, "most", NO_DATE, NO_DATE).union(
        trips.values_list(Value("journey"), "pk", "zone", NO_NUMBER, "first", "last")
    )
    rules = [Rule(*row) for row in rows]
    journeys = sorted((each for each in rules if each.first), key=lambda each: (each.first, each.pk))
    return {
        "journeys": journeys,
        "caps": sorted((each for each in rules if not each.first), key=lambda each: each.text),
    }
