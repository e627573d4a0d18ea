"""The figure of an exercise as a file: a drawing that stands alone, and the sheet that moves the drawings on pages."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_safe

from clinic.core.decorators import public
from exercises.figures.choice import Shown, described, shown
from exercises.figures.picture import digest
from exercises.figures.standalone import document, palette_version
from exercises.models import Exercise
from exercises.shelves import contact_sheet

YEAR_S = 365 * 24 * 3600
SWITCHES = {"names": "off", "still": "1"}


def _shown(slug: str) -> tuple[Exercise, Shown]:
    exercise = Exercise.objects.select_related("parent").filter(slug=slug).first()
    if exercise is None:
        raise Http404("No such exercise.")
    return exercise, shown(exercise)


def _etag(request: HttpRequest, slug: str, **_: Any) -> str:
    exercise, now = _shown(slug)
    cues = " ".join(str(cue) for cue in exercise.cues)
    asked = f"{request.GET.get('view', '')} {'still' in request.GET}"
    return f'"{digest(now.version + palette_version() + exercise.name + cues + asked)}"'


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A versioned address never changes what it gives; a plain one is asked again after an hour."""
    if request.GET.get("v"):
        patch_cache_control(response, public=True, max_age=YEAR_S, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=3600)
    return response


@public
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The contact sheet: every figure at once, by kind. ``?names=off`` leaves numbers alone, ``?still=1`` holds them still."""
    on = {name: value for name, value in SWITCHES.items() if request.GET.get(name) == value}
    context = {
        **contact_sheet(Exercise.objects.active()),
        "on": on,
        "switches": [(name, name in on, _switched(on, name)) for name in SWITCHES],
    }
    return render(request, "exercises/figures.html", context)


def _switched(on: dict[str, str], turned: str) -> str:
    """The query with one switch turned."""
    asked = {name: value for name, value in SWITCHES.items() if (name in on) != (name == turned)}
    return f"?{urlencode(asked)}"


@public
@require_safe
@condition(etag_func=_etag)
def figure(request: HttpRequest, slug: str) -> HttpResponse:
    """The drawing as image/svg+xml; ``?view=front`` for another view than the first, ``?still=1`` for one that stands."""
    exercise, now = _shown(slug)
    picture = next((each for each in now.pictures if each.view.kind == request.GET.get("view")), now.pictures[0])
    text, policy = document(
        picture,
        title=exercise.name,
        description=described(exercise, now, picture, fully=True),
        still="still" in request.GET,
    )
    response = HttpResponse(text, content_type="image/svg+xml; charset=utf-8")
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    return _kept(request, response)


@public
@require_safe
@condition(etag_func=_etag)
def figure_css(request: HttpRequest, slug: str) -> HttpResponse:
    """The keyframes of every view of the exercise's own figure; empty where it has none."""
    _, now = _shown(slug)
    return _kept(
        request,
        HttpResponse("".join(picture.css() for picture in now.pictures), content_type="text/css; charset=utf-8"),
    )
