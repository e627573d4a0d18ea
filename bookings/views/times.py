"""The page of two weeks of free times, for booking and for moving; also the answer when a time has gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bookings.availability import Found, Slot, find_slots, search_slots
from bookings.engine.diaries import offering
from bookings.fortnight import DAYS, Choice, Day, lay_out, nearest, title_of
from bookings.instants import parse_day
from bookings.models import Appointment, PartOfDay, Service, TimePreference, Weekday
from bookings.models.waitlist import EVERY_DAY, EVERY_PART
from bookings.prices import price_of
from bookings.services.preferring import last_seen, preference_of
from bookings.views.clock import Clock
from bookings.zones import zone_groups
from clinic.core.errors import DomainError
from clinic.people.models import RunnerProfile, TherapistProfile

FITTING_SHOWN = 6
APART = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose time is looked for, and what for. `therapist` None means anyone; `moving` is the session to be moved, whose page is
    `back` and for which an earlier time is wished on the page `earlier`.
    """

    service: Service
    therapist: TherapistProfile | None
    runner: RunnerProfile | None
    moving: Appointment | None = None
    back: str = ""
    earlier: str = ""

    @property
    def people(self) -> Sequence[TherapistProfile] | None:
        return [self.therapist] if self.therapist else None


def times_page(
    request: HttpRequest,
    wish: Wish,
    clock: Clock,
    *,
    refused: DomainError | None = None,
    wanted: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    """Two weeks of slots. After a refusal it shows the sentence and the free times nearest to `wanted`."""
    first = first_day(request, wish, clock, wanted if refused else None)
    found = free_from(first, wish, clock)
    preference = preference_of(wish.runner)
    days = lay_out(
        found.slots,
        first=first,
        zone=clock.zone,
        clinic_zone=clock.clinic_zone,
        now=clock.now,
        suits=preference.suits if is_narrow(preference) else None,
    )
    last_bookable = clock.local(clock.now + timedelta(days=wish.service.horizon_days)).date()
    context = {
        "layout": "desk.html" if getattr(request.user, "role", "runner") != "runner" and wish.moving else "base.html",
        "wish": wish,
        "clock": clock,
        "zone_groups": zone_groups(),
        "refused": refused,
        "wanted": wanted,
        "near": near(found.slots, list(found.next.values()), wanted) if refused else [],
        "title": title_of(days),
        "weeks": [days[:7], days[7:]],
        "days": days,
        "count": sum(len(day.choices) for day in days),
        "first_free": min(found.next.values(), key=lambda slot: slot.start, default=None),
        "earlier": address(request, wish, first - timedelta(days=DAYS)) if days[0].on > clock.today else "",
        "later": address(request, wish, first + timedelta(days=DAYS)) if days[-1].on < last_bookable else "",
        "price_pence": price_of(wish.service, wish.therapist),
        "prefers": wish_words(preference) if is_narrow(preference) else "",
        "fitting": [choice for day in days for choice in fitting_of(day)][:FITTING_SHOWN],
        "free_url": "" if wish.moving else free_url(wish, first),
        "keep": [
            ("therapist", wish.therapist.slug if wish.therapist else ""),
            ("from", request.GET.get("from", "")[:10]),
        ],
        **choices_of_people(wish, preference, clock),
    }
    return render(request, "bookings/times.html", context, status=status)


def free_from(first: date, wish: Wish, clock: Clock) -> Found:
    """What is free for the wish in the two weeks from `first`, and each therapist's first time."""
    return search_slots(
        service=wish.service,
        therapists=wish.people,
        first=first,
        last=first + timedelta(days=DAYS - 1),
        zone=clock.zone,
        runner=wish.runner,
        now=clock.now,
        moving=wish.moving,
    )


def choices_of_people(wish: Wish, preference: TimePreference, clock: Clock) -> dict[str, Any]:
    """Who else can be chosen: anyone, or one of those who offer the service, the one seen last first for a follow-up.

    A move stays with its therapist.
    """
    if wish.moving:
        return {"people": [], "anyone_url": "", "seen_last": None}
    here = reverse("bookings:times", args=[wish.service.slug])
    is_follow_up = wish.runner is not None and preference.same_therapist and not wish.service.is_first_visit
    seen = last_seen(wish.runner, clock.now) if wish.runner is not None and is_follow_up else None
    people = sorted(
        offering(wish.service).filter(is_listed=True).select_related("user"),
        key=lambda person: (person != wish.therapist, person != seen, person.user.name),
    )
    return {
        "people": [(person, f"{here}?{urlencode({'therapist': person.slug})}") for person in people],
        "anyone_url": here,
        "seen_last": seen,
    }


def is_narrow(preference: TimePreference) -> bool:
    """Whether some times suit more than others."""
    return (preference.weekdays, preference.parts) != (EVERY_DAY, EVERY_PART)


def wish_words(preference: TimePreference) -> str:
    """The times wished for, in short: "weekdays, evenings", "Mon, Tue"."""
    named = {0b0011111: ["weekdays"], 0b1100000: ["weekends"], EVERY_DAY: []}
    days = named.get(preference.weekdays, [day.label[:3] for day in Weekday if preference.weekdays >> day.value & 1])
    parts = [part.label.split(",")[0].lower() for part in PartOfDay if preference.parts & part.value]
    return ", ".join([*days, *([] if preference.parts == EVERY_PART else parts)])


def fitting_of(day: Day) -> list[Choice]:
    """The first time of the day that suits, and the first at least two hours later."""
    found = [choice for choice in day.choices if choice.suits]
    later = [choice for choice in found if choice.start - found[0].start >= APART]
    return found[:1] + later[:1]


def free_url(wish: Wish, first: date) -> str:
    """Where the page asks which of its times are still free."""
    query = {"from": first.isoformat()} | ({"therapist": wish.therapist.slug} if wish.therapist else {})
    return f"{reverse('bookings:free', args=[wish.service.slug])}?{urlencode(query)}"


def free_values(wish: Wish, first: date, clock: Clock) -> list[str]:
    """The free starts of the fortnight from `first`, as the form sends them; in order."""
    slots = find_slots(
        service=wish.service,
        therapists=wish.people,
        first=first,
        last=first + timedelta(days=DAYS - 1),
        zone=clock.zone,
        runner=wish.runner,
        now=clock.now,
    )
    return list(dict.fromkeys(f"{slot.start:%Y-%m-%dT%H:%MZ}" for slot in slots))


def times_url(held: Appointment) -> str:
    """The times of the held service with its therapist."""
    return f"{reverse('bookings:times', args=[held.service.slug])}?{urlencode({'therapist': held.therapist.slug})}"


def first_day(request: HttpRequest, wish: Wish, clock: Clock, wanted: datetime | None) -> date:
    """The day to begin with: today, or a whole number of fortnights later, with `wanted` or the day `?from=` in it."""
    asked = clock.local(wanted).date() if wanted else parse_day(request.GET.get("from"))
    ahead = min((asked - clock.today).days, wish.service.horizon_days) if asked else 0
    return clock.today + timedelta(days=max(0, ahead // DAYS * DAYS))


def near(found: list[Slot], upcoming: list[Slot], wanted: datetime | None) -> Sequence[Any]:
    """The free times closest to `wanted`, or simply the first ones."""
    known = found or upcoming
    return nearest(known, wanted) if wanted else known[:6]


def address(request: HttpRequest, wish: Wish, first: date) -> str:
    """This page, beginning with `first`."""
    query = {"from": first.isoformat()}
    if wish.moving:
        return f"{request.path}?{urlencode(query)}"
    if wish.therapist:
        query["therapist"] = wish.therapist.slug
    return f"{reverse('bookings:times', args=[wish.service.slug])}?{urlencode(query)}"
