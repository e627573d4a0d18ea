"""The calendar feed over HTTP: no log-in, the address is the key."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from bookings.calendars import ics
from bookings.calendars.feeds import feed_file
from bookings.services.feeds import reader_of
from clinic.core.etags import etag_of


class FeedView(APIView):
    """A person's own sessions and workshops, for their calendar program."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (AnonRateThrottle,)
    renderer_classes = (JSONRenderer,)  # for refusals; the calendar goes out as it is

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Calendar programs ask for all sorts of types; they all get the calendar."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        auth=[],
        responses={
            (200, "text/calendar"): str,
            304: OpenApiResponse(description="Unchanged since the ETag given in If-None-Match."),
            404: OpenApiResponse(description="Unknown or revoked address."),
        },
    )
    def get(self, request: Request, token: str) -> HttpResponse:
        """The feed as an RFC 5545 calendar: 30 days back, 400 ahead, UTC. Answers 304 to a fitting `If-None-Match`."""
        now = timezone.now()
        user = reader_of(token=token, now=now)
        if user is None:
            raise Http404("No such calendar.")
        content = feed_file(user, now=now)
        etag = etag_of(content)
        answer = HttpResponse(content, content_type=ics.MIME_TYPE)
        if etag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
            answer = HttpResponseNotModified()
        answer["ETag"] = etag
        patch_cache_control(answer, private=True, max_age=0, must_revalidate=True)
        answer["Content-Disposition"] = 'inline; filename="stridewell.ics"'
        answer["X-Robots-Tag"] = "noindex"
        return answer


@extend_schema(exclude=True)
class FeedFile(FeedView):
    """The same under the short address that people copy."""
