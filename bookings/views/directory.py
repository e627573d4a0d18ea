"""Who can be booked and what it costs: the therapist directory, one therapist, the prices. Open to everybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bookings.availability import Slot, search_slots
from bookings.models import Appointment, Service
from bookings.prices import price_of
from bookings.views.clock import Clock, clock_of
from bookings.zones import zone_groups
from clinic.core.decorators import public
from clinic.people.models import TherapistProfile, User

TIMES_SHOWN = 3
APART = timedelta(hours=3)
FACETS_SHOWN = 8
DAYS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow the directory: a link that puts the choice on, or takes it off."""

    label: str
    url: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A therapist of the directory with their first free times of `service`."""

    therapist: TherapistProfile
    service: Service | None
    price_pence: int
    times: Sequence[Slot]

    @property
    def is_open(self) -> bool:
        """Whether somebody new can book with them."""
        return self.service is not None


@public
@require_safe
def therapists(request: HttpRequest) -> HttpResponse:
    clock = clock_of(request)
    need, language = request.GET.get("need", "")[:60], request.GET.get("language", "")[:60]
    everybody = list(listed())
    chosen = [each for each in everybody if has(each.specialisations, need) and has(each.languages, language)]
    cards = cards_for(chosen, usual_service(request.user), clock, request.user)
    cards.sort(
        key=lambda card: (not card.times, card.times[0].start if card.times else clock.now, card.therapist.user.name)
    )
    context = {
        "clock": clock,
        "zone_groups": zone_groups(),
        "cards": cards,
        "need": need,
        "language": language,
        "needs": facets(
            "need",
            need,
            [word for each in everybody if has(each.languages, language) for word in each.specialisations],
            language=language,
        ),
        "languages": facets(
            "language",
            language,
            [word for each in everybody if has(each.specialisations, need) for word in each.languages],
            need=need,
        ),
    }
    return render(request, "bookings/therapists.html", context)


@public
@require_safe
def therapist(request: HttpRequest, slug: str) -> HttpResponse:
    clock = clock_of(request)
    person = get_object_or_404(listed(), slug=slug)
    usual = usual_service(request.user)
    card = cards_for([person], usual, clock, request.user)[0]
    offered = person.services.active()
    if usual is not None and not usual.is_first_visit:
        offered = offered.first_visits_last()
    services = [(service, price_of(service, person)) for service in offered if service.is_for(person)]
    return render(
        request,
        "bookings/therapist.html",
        {"clock": clock, "zone_groups": zone_groups(), "card": card, "person": person, "services": services},
    )


@public
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    return render(request, "bookings/prices.html", {"services": list(Service.objects.active())})


def listed() -> Any:
    """Therapists of the directory with everything a card shows; two queries more, whatever their number."""
    offered = Prefetch("services", queryset=Service.objects.active(), to_attr="offered")
    return TherapistProfile.objects.listed().select_related("user").prefetch_related("credentials", offered)


def usual_service(user: Any) -> Service | None:
    """What the reader most likely wants: a first visit, or for a runner who has been here a follow-up."""
    services = list(Service.objects.active())
    been_here = bool(getattr(user, "is_runner", False)) and Appointment.objects.visible_to(user).standing().exists()
    fitting = [service for service in services if service.is_first_visit != been_here] or services
    return next((service for service in fitting if service.is_online), fitting[0] if fitting else None)


def cards_for(people: Iterable[TherapistProfile], usual: Service | None, clock: Clock, user: User | Any) -> list[Card]:
    """A card each; the free times of all of them are one search."""
    people = list(people)
    runner = user.runner if getattr(user, "is_runner", False) and hasattr(user, "runner") else None
    times: dict[int, list[Slot]] = {}
    if usual is not None and people:
        last = clock.today + timedelta(days=DAYS_AHEAD - 1)
        found = search_slots(
            service=usual,
            therapists=people,
            first=clock.today,
            last=last,
            zone=clock.zone,
            runner=runner,
            now=clock.now,
        )
        for slot in found.slots:
            kept = times.setdefault(slot.therapist_id, [])
            if not kept or (len(kept) < TIMES_SHOWN and slot.start - kept[-1].start >= APART):
                kept.append(slot)
        for therapist_id, slot in found.next.items():
            times.setdefault(therapist_id, [slot])
    return [
        Card(
            therapist=person,
            service=usual if usual is not None and is_offered(usual, person) else None,
            price_pence=price_of(usual, person) if usual is not None else person.rate_pence,
            times=times.get(person.pk, []),
        )
        for person in people
    ]


def is_offered(service: Service, person: TherapistProfile) -> bool:
    """Whether `person`, read by `listed`, can be booked for `service`."""
    return service.is_for(person) and any(
        each.pk == service.pk
        for each in person.offered  # type: ignore[attr-defined]
    )


def has(words: Sequence[str], wanted: str) -> bool:
    """Whether `wanted` (any case, empty for no wish) is one of `words`."""
    return not wanted or wanted.casefold() in (str(word).casefold() for word in words)


def facets(name: str, chosen: str, words: Iterable[str], **others: str) -> list[Facet]:
    """A facet for each of the most frequent `words`, and for the chosen one; `others` are the choices that stay."""
    counted = Counter(str(word) for word in words)
    result: list[Facet] = []
    for word, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0].casefold())):
        is_chosen = word.casefold() == chosen.casefold()
        if len(result) >= FACETS_SHOWN and not is_chosen:
            continue
        query = {key: value for key, value in others.items() if value}
        if not is_chosen:
            query[name] = word
        result.append(Facet(word, f"?{urlencode(query)}" if query else "?", count, is_chosen))
    return result
