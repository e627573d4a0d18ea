"""Who can be booked and what it costs: the therapist directory, one therapist, the prices. Open to everybody."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bookings.availability import Slot, search_slots
from bookings.models import Appointment, PartOfDay, Place, Service
from bookings.models.waitlist import part_of
from bookings.prices import price_of
from bookings.views.clock import Clock, clock_of
from bookings.zones import zone_groups
from clinic.core.decorators import public
from clinic.people.models import TherapistProfile, User

TIMES_SHOWN = 3
APART = timedelta(hours=3)
FACETS_SHOWN = 8
DAYS_AHEAD = 14
PARTS = ("morning", "evening")  # they narrow the times of everybody, too
LABELS = {"morning": "Mornings", "evening": "Evenings", "week": "Next 7 days"}


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow the directory: a link that puts the choice on, or takes it off. `count` None is not told."""

    label: str
    url: str
    count: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A therapist of the directory with the first free times of `service`; `words` is what can be asked of them, by facet."""

    therapist: TherapistProfile
    service: Service | None
    price_pence: int
    times: Sequence[Slot]
    words: Mapping[str, Sequence[str]]

    @property
    def is_open(self) -> bool:
        """Whether somebody new can book with them."""
        return self.service is not None

    def meets(self, asked: Mapping[str, str], *, but: str = "") -> bool:
        """Whether they fit everything asked, `but` one facet left aside."""
        return all(has(self.words[name], wanted) for name, wanted in asked.items() if name != but)


@public
@require_safe
def therapists(request: HttpRequest) -> HttpResponse:
    clock = clock_of(request)
    asked = {name: request.GET.get(name, "")[:60] for name in ("need", "language", "where", "when")}
    services = usual_services(request.user)
    usual = services.get(asked["where"]) or next(iter(services.values()), None)
    everybody = cards_for(listed(), services, usual, clock, request.user, when=asked["when"])
    cards = [card for card in everybody if card.meets(asked)]
    cards.sort(
        key=lambda card: (not card.times, card.times[0].start if card.times else clock.now, card.therapist.user.name)
    )
    context = {
        "clock": clock,
        "zone_groups": zone_groups(),
        "keep": list(asked.items()),
        "cards": cards,
        "asked": asked,
        "rows": [
            ("What hurts", facets("need", everybody, asked)),
            ("When, where", facets("when", everybody, asked) + places(services, usual, everybody, asked)),
            ("Language", facets("language", everybody, asked)),
        ],
    }
    return render(request, "bookings/therapists.html", context)


@public
@require_safe
def therapist(request: HttpRequest, slug: str) -> HttpResponse:
    clock = clock_of(request)
    person = get_object_or_404(listed(), slug=slug)
    services = usual_services(request.user)
    usual = next(iter(services.values()), None)
    card = cards_for([person], services, usual, clock, request.user)[0]
    offered = person.services.active()
    if usual is not None and not usual.is_first_visit:
        offered = offered.first_visits_last()
    bookable = [(service, price_of(service, person)) for service in offered if service.is_for(person)]
    return render(
        request,
        "bookings/therapist.html",
        {"clock": clock, "zone_groups": zone_groups(), "card": card, "person": person, "services": bookable},
    )


@public
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    return render(request, "bookings/prices.html", {"services": list(Service.objects.active())})


def listed() -> Any:
    """Therapists of the directory with everything a card shows; two queries more, whatever their number."""
    offered = Prefetch("services", queryset=Service.objects.active(), to_attr="offered")
    return TherapistProfile.objects.listed().select_related("user").prefetch_related("credentials", offered)


def usual_services(user: Any) -> dict[str, Service]:
    """What the reader most likely wants, by place, online first: a first visit, or a follow-up for who has been here."""
    services = list(Service.objects.active())
    been_here = bool(getattr(user, "is_runner", False)) and Appointment.objects.visible_to(user).standing().exists()
    fitting = [service for service in services if service.is_first_visit != been_here] or services
    found: dict[str, Service] = {}
    for service in sorted(fitting, key=lambda each: not each.is_online):
        found.setdefault(service.place, service)
    return found


def cards_for(
    people: Iterable[TherapistProfile],
    services: Mapping[str, Service],
    usual: Service | None,
    clock: Clock,
    user: User | Any,
    *,
    when: str = "",
) -> list[Card]:
    """A card each with times of the `usual` service, `when` they suit; the free times of all of them are one search."""
    people = list(people)
    runner = user.runner if getattr(user, "is_runner", False) and hasattr(user, "runner") else None
    times: dict[int, list[Slot]] = {}
    parts: dict[int, set[str]] = {}
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
            known = parts_of(slot, clock)
            parts.setdefault(slot.therapist_id, set()).update(known)
            kept = times.setdefault(slot.therapist_id, [])
            is_apart = not kept or (len(kept) < TIMES_SHOWN and slot.start - kept[-1].start >= APART)
            if is_apart and has(known, when):
                kept.append(slot)
        for therapist_id, slot in found.next.items():
            times.setdefault(therapist_id, [slot])
    return [
        Card(
            therapist=person,
            service=usual if usual is not None and is_offered(usual, person) else None,
            price_pence=price_of(usual, person) if usual is not None else person.rate_pence,
            times=times.get(person.pk, []),
            words={
                "need": person.specialisations,
                "language": person.languages,
                "where": [place for place, service in services.items() if is_offered(service, person)],
                "when": sorted(parts.get(person.pk, ())),
            },
        )
        for person in people
    ]


def parts_of(slot: Slot, clock: Clock) -> list[str]:
    """Which of LABELS the slot is, on the reader's own clock."""
    local = clock.local(slot.start)
    named = {PartOfDay.MORNING: ["morning"], PartOfDay.EVENING: ["evening"]}.get(part_of(local), [])
    return named + (["week"] if (local.date() - clock.today).days < 7 else [])


def is_offered(service: Service, person: TherapistProfile) -> bool:
    """Whether `person`, read by `listed`, can be booked for `service`."""
    return service.is_for(person) and any(
        each.pk == service.pk
        for each in person.offered  # type: ignore[attr-defined]
    )


def has(words: Sequence[str], wanted: str) -> bool:
    """Whether `wanted` (any case, empty for no wish) is one of `words`."""
    return not wanted or wanted.casefold() in (str(word).casefold() for word in words)


def facets(name: str, everybody: Iterable[Card], asked: Mapping[str, str]) -> list[Facet]:
    """A facet for each of the most frequent words that narrow what the other choices leave, and for the one chosen."""
    left = [card for card in everybody if card.meets(asked, but=name)]
    counted = Counter(str(word) for card in left for word in card.words[name])
    if asked[name] and not any(has([word], asked[name]) for word in counted):
        counted[asked[name]] = 0
    result: list[Facet] = []
    for word, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0].casefold())):
        is_chosen = word.casefold() == asked[name].casefold()
        if is_chosen or (len(result) < FACETS_SHOWN and (count < len(left) or word in PARTS)):
            result.append(Facet(LABELS.get(word, word), url_with(asked, name, word, is_chosen), count, is_chosen))
    return result


def places(
    services: Mapping[str, Service], usual: Service | None, everybody: Iterable[Card], asked: Mapping[str, str]
) -> list[Facet]:
    """A facet for each place that shows other times, or fewer people, and for the one chosen."""
    left = [card for card in everybody if card.meets(asked, but="where")]
    result = []
    for place, service in services.items():
        is_chosen = asked["where"] == place
        if is_chosen or service != usual or any(place not in card.words["where"] for card in left):
            url = url_with(asked, "where", place, is_chosen)
            result.append(Facet(str(Place(place).label), url, None, is_chosen))
    return result


def url_with(asked: Mapping[str, str], name: str, word: str, is_chosen: bool) -> str:
    """The address of what is asked with one choice more, or with that one taken off."""
    query = {key: value for key, value in asked.items() if value and key != name}
    query |= {} if is_chosen else {name: word}
    return f"?{urlencode(query)}" if query else "?"
