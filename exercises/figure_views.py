"""The figure of an exercise as a file: a drawing that stands alone, and the sheet that moves the drawings on pages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_safe

from clinic.core.decorators import public
from exercises.figures.choice import Shown, described, shown
from exercises.figures.picture import digest
from exercises.figures.standalone import document, palette_version
from exercises.models import Exercise

YEAR_S = 365 * 24 * 3600


def _shown(slug: str) -> tuple[Exercise, Shown]:
    exercise = Exercise.objects.select_related("parent").filter(slug=slug).first()
    if exercise is None:
        raise Http404("No such exercise.")
    return exercise, shown(exercise)


def _etag(request: HttpRequest, slug: str, **_: Any) -> str:
    exercise, now = _shown(slug)
    cues = " ".join(str(cue) for cue in exercise.cues)
    return f'"{digest(now.version + palette_version() + exercise.name + cues + request.GET.get("view", ""))}"'


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A versioned address never changes what it gives; a plain one is asked again after an hour."""
    if request.GET.get("v"):
        patch_cache_control(response, public=True, max_age=YEAR_S, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=3600)
    return response


@public
@require_safe
@condition(etag_func=_etag)
def figure(request: HttpRequest, slug: str) -> HttpResponse:
    """The drawing as image/svg+xml; ``?view=front`` for another view than the first."""
    exercise, now = _shown(slug)
    picture = next((each for each in now.pictures if each.view.kind == request.GET.get("view")), now.pictures[0])
    text, policy = document(picture, title=exercise.name, description=described(exercise, now, picture, fully=True))
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
