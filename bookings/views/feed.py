"""Your sessions in your own calendar: the private address, made, shown once, revoked."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.models import CalendarFeed
from bookings.services.feeds import make_feed, revoke_feed
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.people.access import role_required


@role_required("runner", "therapist")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """One private address per person. It is shown right after it was made and never again."""
    user, address = signed_in(request), ""
    match request.POST.get("do") if request.method == "POST" else None:
        case None if request.method != "POST":
            pass
        case "make":
            _, token = make_feed(by=user, now=timezone.now())
            address = settings.SITE_URL + reverse("bookings:feed_file", args=[token])
        case "revoke":
            revoke_feed(by=user, now=timezone.now())
            messages.success(request, "The address opens nothing any more. Your calendar shows no new sessions.")
            return redirect("bookings:feed")
        case _:
            raise DomainError("We could not tell what to do. Open the page again.", code="bad_form")
    standing = CalendarFeed.objects.filter(user=user, revoked_at=None).first()
    context = {
        "standing": standing,
        "address": address,
        "subscribe": address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1),
    }
    return render(request, "bookings/feed.html", context)
