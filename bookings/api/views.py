"""Booking over the API: the directory, free times, holds and appointments. Each write is one call of one verb."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from bookings.access import get_appointment, get_hold
from bookings.api.asked import person, taken, therapist_named
from bookings.api.nearest import SHAPE, naming_nearest
from bookings.api.serializers import (
    AppointmentOut,
    BookIn,
    CancelIn,
    HoldOut,
    MoveIn,
    ServiceOut,
    TakeIn,
    TherapistOut,
)
from bookings.calendars import ics
from bookings.models import Appointment, Service
from bookings.services import book_slot, cancel_appointment, confirm_hold, hold_slot, move_appointment
from clinic.core.etags import versions_read
from clinic.people.models import TherapistProfile

WANTED = ("service", "therapist", "runner", "start")


class CalendarFile(BaseRenderer):
    media_type = "text/calendar"
    format = "ics"
    charset = "utf-8"

    def render(self, data: bytes, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data


Cursor: Any = api_settings.DEFAULT_PAGINATION_CLASS


class ByPosition(Cursor):
    ordering = ("position", "slug")


class BySlug(Cursor):
    ordering = "slug"


class LatestFirst(Cursor):
    ordering = ("-start", "id")


class NearestFirst(Cursor):
    ordering = ("start", "id")


class ServicesView(generics.ListAPIView):
    """What can be booked."""

    permission_classes = (AllowAny,)
    serializer_class = ServiceOut
    pagination_class = ByPosition

    def get_queryset(self) -> QuerySet[Service]:
        return Service.objects.active().prefetch_related(
            Prefetch("therapists", TherapistProfile.objects.listed().prefetch_related("credentials"))
        )


class TherapistsView(generics.ListAPIView):
    """The therapists of the public directory."""

    permission_classes = (AllowAny,)
    serializer_class = TherapistOut
    pagination_class = BySlug

    def get_queryset(self) -> QuerySet[TherapistProfile]:
        return TherapistProfile.objects.listed().select_related("user").prefetch_related("credentials", "services")


class TherapistView(generics.RetrieveAPIView):
    """One therapist of the public directory."""

    permission_classes = (AllowAny,)
    serializer_class = TherapistOut
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[TherapistProfile]:
        return TherapistProfile.objects.listed().select_related("user").prefetch_related("credentials", "services")


class HoldsView(APIView):
    """Keep a time for five minutes."""

    @extend_schema(
        request=TakeIn,
        responses={
            201: HoldOut,
            409: OpenApiResponse(SHAPE, description="`slot_taken`, `runner_busy`"),
            422: OpenApiResponse(description="The rule that refused."),
        },
    )
    def post(self, request: Request) -> Response:
        now, wanted = timezone.now(), taken(request, TakeIn, staff_reason=False)
        with naming_nearest(**wanted, now=now):
            held = hold_slot(**wanted, by=person(request), now=now)
        return Response(HoldOut(held, context={"request": request}).data, status=status.HTTP_201_CREATED)


class AppointmentsView(generics.ListAPIView):
    """The sessions you may see: the latest first, or with `when=upcoming` the nearest first; `POST` books one."""

    serializer_class = AppointmentOut
    pagination_class = LatestFirst

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.query_params.get("when") == "upcoming":
            self.pagination_class = NearestFirst

    def get_queryset(self) -> QuerySet[Appointment]:
        seen = Appointment.objects.visible_to(person(self.request)).sessions().with_people()
        match self.request.query_params.get("when"):
            case "upcoming":
                return seen.upcoming(timezone.now())
            case "past":
                return seen.past(timezone.now())
        return seen

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    @extend_schema(
        parameters=[OpenApiParameter("when", str, enum=["upcoming", "past"], description="All, if left out.")]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The sessions you may see."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=BookIn,
        responses={
            201: AppointmentOut,
            409: OpenApiResponse(SHAPE, description="`slot_taken`, `runner_busy`, `hold_ended`"),
            422: OpenApiResponse(description="The rule that refused."),
        },
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        given = BookIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        if "hold" in wanted:
            held = get_hold(person(request), wanted["hold"])
            with naming_nearest(**{name: getattr(held, name) for name in WANTED}, now=now):
                appointment = confirm_hold(
                    appointment=held, by=person(request), now=now, payer=wanted["payer"], insurer=wanted["insurer"]
                )
        else:
            asked = taken(request, BookIn, staff_reason=True)
            with naming_nearest(**{name: asked[name] for name in WANTED}, now=now):
                appointment = book_slot(**asked, by=person(request), now=now)
        return shown_appointment(appointment, request, now, status.HTTP_201_CREATED)


class AppointmentView(APIView):
    """One session."""

    @extend_schema(responses=AppointmentOut)
    def get(self, request: Request, appointment_id: str) -> Response:
        return shown_appointment(get_appointment(person(request), appointment_id), request, timezone.now())


class MoveView(APIView):
    """Give a session another time, or another therapist."""

    @extend_schema(
        request=MoveIn,
        responses={
            200: AppointmentOut,
            409: OpenApiResponse(SHAPE, description="`slot_taken`"),
            422: OpenApiResponse(description="The rule that refused."),
        },
    )
    def post(self, request: Request, appointment_id: str) -> Response:
        now = timezone.now()
        appointment = get_appointment(person(request), appointment_id)
        given = MoveIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        therapist, start = therapist_named(wanted.get("therapist")), wanted["start"]
        with naming_nearest(
            service=appointment.service,
            therapist=therapist or appointment.therapist,
            runner=appointment.runner,
            start=start,
            now=now,
            moving=appointment,
        ):
            moved = move_appointment(
                appointment=appointment,
                start=start,
                therapist=therapist,
                reason=wanted.get("reason", ""),
                override=wanted["override"],
                by=person(request),
                now=now,
                versions=versions_read(request),
            )
        return shown_appointment(moved, request, now)


class CancelView(APIView):
    """Cancel a session. After the notice it costs `cancel_costs_pence`, and needs `accept_fee`."""

    @extend_schema(
        request=CancelIn, responses={200: AppointmentOut, 422: OpenApiResponse(description="The rule that refused.")}
    )
    def post(self, request: Request, appointment_id: str) -> Response:
        now = timezone.now()
        appointment = get_appointment(person(request), appointment_id)
        given = CancelIn(data=request.data)
        given.is_valid(raise_exception=True)
        cancelled = cancel_appointment(
            appointment=appointment,
            reason=given.validated_data.get("reason", ""),
            accept_fee=given.validated_data["accept_fee"],
            by=person(request),
            now=now,
            versions=versions_read(request),
        )
        return shown_appointment(cancelled, request, now)


class CalendarView(APIView):
    """The session as a calendar file."""

    renderer_classes = (CalendarFile, JSONRenderer)

    @extend_schema(responses={(200, "text/calendar"): bytes})
    def get(self, request: Request, appointment_id: str) -> HttpResponse:
        appointment = get_appointment(person(request), appointment_id)
        content = ics.calendar_file(
            appointment,
            reader=person(request),
            now=timezone.now(),
            as_method="PUBLISH" if appointment.state != "cancelled" else None,
        )
        return HttpResponse(
            content,
            content_type=ics.MIME_TYPE,
            headers={"Content-Disposition": f'attachment; filename="{ics.file_name(appointment)}"'},
        )


def shown_appointment(
    appointment: Appointment, request: Request, now: datetime, code: int = status.HTTP_200_OK
) -> Response:
    data = AppointmentOut(appointment, context={"request": request, "now": now}).data
    return Response(data, status=code, headers={"ETag": version(appointment)})


def version(appointment: Appointment) -> str:
    """The ETag of the session as it stands."""
    return f'"{appointment.version}"'
