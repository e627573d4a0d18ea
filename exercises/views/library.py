"""The public library: search, shelves, one exercise."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.core.decorators import public
from exercises import access, today
from exercises.catalogue import catalogue
from exercises.models import Exercise
from exercises.search import LONGEST_QUERY, Answer
from exercises.shelves import SHELVES, WORD_FOR

A_PAGE = 12


@dataclass(frozen=True)
class Facet:
    """A filter as a link that puts it on, or takes it off."""

    word: str
    url: str
    n: int
    current: bool


@dataclass(frozen=True)
class Card:
    exercise: Exercise
    word: str
    direction: str = ""


@public
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    query = " ".join(request.GET.get("q", "").split())[:LONGEST_QUERY]
    exactly = "exactly" in request.GET
    wanted = {shelf.name: choice.key for shelf in SHELVES if (choice := shelf.chosen(request.GET))}
    answer = catalogue().search(query, exactly=exactly)
    found = answer.narrow(wanted)
    asked = {"q": query, **wanted} if query else dict(wanted)
    shown = shown_of(request.GET.get("show", ""))
    context = {
        "query": query,
        "read_as": answer.read_as,
        "exactly_url": address({**asked, "exactly": "1"}),
        "groups": [(shelf, facets(answer, wanted, asked, shelf)) for shelf in SHELVES],
        "wanted": wanted,
        "clear_url": address({"q": query} if query else {}),
        "cards": [Card(each, word_for(each)) for each in found[:shown]],
        "total": len(found),
        "more": min(A_PAGE, len(found) - shown),
        "more_url": address({**asked, "show": shown + A_PAGE}),
    }
    return render(request, "exercises/library.html", context)


@public
@require_safe
def exercise(request: HttpRequest, slug: str) -> HttpResponse:
    shown = access.get_exercise(slug)
    context = {"exercise": shown, "ladder": ladder(shown), "mine": mine(request, shown)}
    return render(request, "exercises/exercise.html", context)


def shown_of(text: str) -> int:
    return min(max(int(text), A_PAGE), 600) if text.isascii() and text.isdigit() and len(text) < 5 else A_PAGE


def address(query: dict[str, Any]) -> str:
    page = reverse("exercises:library")
    return f"{page}?{urlencode(query)}" if query else page


def facets(answer: Answer, wanted: dict[str, str], asked: dict[str, str], shelf: Any) -> list[Facet]:
    """The links of one shelf; a choice that leaves nothing is left out unless it is on."""
    counts = answer.count(wanted, shelf)
    links = []
    for choice in shelf.choices:
        current = wanted.get(shelf.name) == choice.key
        query = (
            {name: value for name, value in asked.items() if name != shelf.name}
            if current
            else {**asked, shelf.name: choice.key}
        )
        if current or counts[choice.key]:
            links.append(Facet(WORD_FOR.get(choice.key, choice.label), address(query), counts[choice.key], current))
    return links


def word_for(exercise: Exercise) -> str:
    """One word under the name: what it needs if that is special, else what it is for."""
    special = [thing for thing in exercise.equipment_words if thing not in ("Mat", "Wall", "Flat 20 m lane")]
    return special[0].split(" or ")[0] if special else exercise.region_words


def ladder(exercise: Exercise) -> list[Card]:
    """The way down and up from here, then its variations and siblings, each once and four of them at most."""
    cards: dict[int, Card] = {}
    steps = [(exercise.regression, "Easier"), (exercise.progression, "Harder")]
    family = Exercise.objects.active().filter(parent=exercise.parent_id or exercise.pk).select_related("parent")
    relatives = [(exercise.parent, "The plain one"), *((each, "Variation") for each in family)]
    for each, direction in [*steps, *relatives]:
        if each is not None and each.pk != exercise.pk and each.is_active and each.pk not in cards:
            cards[each.pk] = Card(each, word_for(each), direction)
    return list(cards.values())[:8]


def mine(request: Any, exercise: Exercise) -> today.Row | None:
    """Today's row of this exercise, if the person reading is a runner who has it in the programme."""
    user = request.user
    if not user.is_authenticated or not user.is_runner or not hasattr(user, "runner"):
        return None
    rows = today.for_runner(user.runner, timezone.now().astimezone(user.tz).date())
    return next((row for row in rows if row.exercise.pk == exercise.pk), None)
