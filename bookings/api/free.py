"""Free times over the API: a range of days over all therapists, and the nearest with anyone."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings import slots
from bookings.api.asked import directory, service_named
from bookings.api.nearest import stamp
from bookings.api.serializers import FirstOut, FirstQuery, SlotsOut, SlotsQuery
from bookings.availability import Slot, search_slots
from bookings.models import Service
from bookings.soonest import first_with_anyone
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile

FORTNIGHT = timedelta(days=13)
LONGEST_RANGE = timedelta(days=62)
SERVICE = OpenApiParameter("service", str, required=True, description="Slug.")
ZONE = OpenApiParameter("zone", str, description="IANA zone (yours, or the clinic's).")


def zone_asked(request: Request, wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("zone") or getattr(request.user, "zone", settings.CLINIC_ZONE))


def shown(slot: Slot, service: Service, names: Mapping[int, str]) -> dict[str, str]:
    """A free time as the API writes it; `names` are the therapists' slugs by key."""
    return {
        "therapist": names[slot.therapist_id],
        "service": service.slug,
        "start": stamp(slot.start),
        "end": stamp(slot.end),
        "zone": slot.zone,
    }


class SlotsView(APIView):
    """Free times of a range of days over all therapists in one call."""

    permission_classes = (AllowAny,)

    @extend_schema(
        parameters=[
            SERVICE,
            OpenApiParameter("therapist", str, many=True, description="Slug; may repeat. Left out: anyone."),
            OpenApiParameter("from", date, description="First day in `zone` (today)."),
            OpenApiParameter("to", date, description="Last day in `zone`, included (13 days later)."),
            ZONE,
        ],
        responses=SlotsOut,
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        asked: dict[str, Any] = {
            name: request.query_params[name]
            for name in ("service", "from", "to", "zone")
            if name in request.query_params
        }
        if "therapist" in request.query_params:
            asked["therapist"] = request.query_params.getlist("therapist")
        query = SlotsQuery(data=asked)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        service = service_named(wanted["service"])
        zone = zone_asked(request, wanted)
        first = wanted.get("from") or now.astimezone(slots.zone_of(zone)).date()
        last = wanted.get("to") or min(first, date.max - FORTNIGHT) + FORTNIGHT
        if last < first or last - first > LONGEST_RANGE:
            sentence = "Ask for at most 62 days, the last not before the first."
            raise DomainError(sentence, code="bad_range", fields={"to": sentence})
        names, offered_by = directory(service, wanted.get("therapist"))
        found = search_slots(
            service=service,
            offered_by=offered_by,
            first=first,
            last=last,
            zone=zone,
            runner=getattr(request.user, "runner", None),
            now=now,
        )
        return Response(
            {
                "slots": [shown(slot, service, names) for slot in found.slots],
                "next": {
                    name: shown(found.next[key], service, names) if key in found.next else None
                    for key, name in names.items()
                },
            }
        )


class FirstSlotView(APIView):
    """The nearest free time with anyone."""

    permission_classes = (AllowAny,)

    @extend_schema(parameters=[SERVICE, ZONE], responses=FirstOut)
    def get(self, request: Request) -> Response:
        query = FirstQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        service, zone = service_named(query.validated_data["service"]), zone_asked(request, query.validated_data)
        runner = getattr(request.user, "runner", None)
        slot = first_with_anyone(service=service, zone=zone, runner=runner, now=timezone.now())
        if slot is None:
            return Response({"first": None})
        names = dict(TherapistProfile.objects.filter(pk=slot.therapist_id).values_list("pk", "slug"))
        return Response({"first": shown(slot, service, names)})
