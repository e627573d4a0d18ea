"""The demonstration's mailbox: public, since the letter that confirms an address must be readable before the first log-in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from clinic.core.decorators import public
from clinic.demo.models import Enclosure, Letter

View = Callable[..., HttpResponseBase]
PER_PAGE = 50


def demonstration_only(view: View) -> View:
    """Outside the demonstration there is no such page."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404("Only the demonstration has a mailbox.")
        return view(request, *args, **kwargs)

    return inner


@public
@require_GET
@demonstration_only
def mailbox(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    letters = Letter.objects.defer("text", "html").annotate(files=Count("enclosures")).order_by("-at", "-pk")
    if words:
        letters = letters.filter(Q(to__icontains=words) | Q(subject__icontains=words))
    page = Paginator(letters, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "demo/mailbox.html", {"page": page, "words": words})


@public
@require_GET
@demonstration_only
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Letter.objects.prefetch_related("enclosures"), pk=pk)
    return render(request, "demo/letter.html", {"letter": found})


@public
@require_GET
@demonstration_only
@xframe_options_sameorigin
@csp_replace(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'none'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation-by-user-activation"],
    }
)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter's own HTML in a sandbox: it may bring its styles, as in a mail program, and no script runs."""
    found = get_object_or_404(Letter.objects.only("html"), pk=pk)
    if not found.html:
        raise Http404("This letter is text alone.")
    return HttpResponse(found.html.replace("<head>", '<head><base target="_top">', 1))


@public
@require_GET
@demonstration_only
def enclosure(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    found = get_object_or_404(Enclosure, pk=file_pk, letter_id=pk)
    return HttpResponse(
        bytes(found.content),
        content_type=found.mimetype,
        headers={"Content-Disposition": f'attachment; filename="{found.name.replace(chr(34), "")}"'},
    )
