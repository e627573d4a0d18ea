"""Workshops over the API: what is coming, seats taken and given back, the line of those who wait."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import F, Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from bookings.api.asked import person, runner_for
from bookings.models import Seat, Workshop
from bookings.models.workshops import SeatState
from bookings.services.seats import give_up, join_waitlist, take_seats
from bookings.workshops.seating import MOST_FRIENDS, seats_left, with_counts

Cursor: Any = api_settings.DEFAULT_PAGINATION_CLASS


class NearestWorkshop(Cursor):
    ordering = ("start", "id")


class SeatOut(serializers.ModelSerializer):
    class Meta:
        model = Seat
        fields: ClassVar = ["id", "friend", "state", "offered_until"]


class WorkshopOut(serializers.ModelSerializer):
    therapist = serializers.CharField(source="booking.therapist.slug")
    therapist_name = serializers.CharField(source="booking.therapist.user.name")
    start = serializers.DateTimeField(source="booking.start", help_text="UTC.")
    end = serializers.DateTimeField(source="booking.end", help_text="UTC.")
    zone = serializers.SerializerMethodField()
    place = serializers.CharField(source="booking.place")
    seats_left = serializers.SerializerMethodField()
    waiting = serializers.IntegerField(help_text="How many are on the waitlist.")
    free_until = serializers.DateTimeField(help_text="Until then a seat is given back free; UTC.")
    your_seats = serializers.SerializerMethodField()

    class Meta:
        model = Workshop
        fields: ClassVar = [
            "id", "slug", "title", "summary", "description", "state", "therapist", "therapist_name", "start", "end", "zone",
            "place", "capacity", "seats_left", "waiting", "price_pence", "free_until", "your_seats",
        ]  # fmt: skip

    def get_zone(self, workshop: Workshop) -> str:
        return getattr(self.context["request"].user, "zone", settings.CLINIC_ZONE)

    def get_seats_left(self, workshop: Workshop) -> int:
        return seats_left(workshop, self.context["now"])

    @extend_schema_field(SeatOut(many=True))
    def get_your_seats(self, workshop: Workshop) -> Any:
        return SeatOut(workshop.mine, many=True).data  # type: ignore[attr-defined]


class TakeSeatsIn(serializers.Serializer):
    """A seat for the runner, and one for each friend; all or none. `runner` is for staff."""

    friends = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, default=list, max_length=MOST_FRIENDS
    )
    runner = serializers.UUIDField(required=False)


class WaitIn(serializers.Serializer):
    runner = serializers.UUIDField(required=False)


class SeatsOut(serializers.Serializer):
    seats = SeatOut(many=True)


class GivenBackOut(serializers.Serializer):
    seat = SeatOut()
    fee_pence = serializers.IntegerField(help_text="What giving it back costs: 0 in time.")


def shown_workshops(request: Request, now: datetime) -> QuerySet[Workshop]:
    """Workshops with their counts and what the one who asks has in them."""
    runner = getattr(request.user, "runner", None) if getattr(request.user, "is_runner", False) else None
    mine = Seat.objects.filter(runner=runner) if runner else Seat.objects.none()
    own = Prefetch("seats", mine.exclude(state=SeatState.CANCELLED).order_by("friend"), to_attr="mine")
    return with_counts(Workshop.objects.filter(booking__isnull=False), now).prefetch_related(own)


class WorkshopsView(generics.ListAPIView):
    """Workshops that are coming, the nearest first."""

    permission_classes = (AllowAny,)
    serializer_class = WorkshopOut
    pagination_class = NearestWorkshop

    def get_queryset(self) -> QuerySet[Workshop]:
        now = timezone.now()
        coming = shown_workshops(self.request, now).filter(state=Workshop.State.PLANNED, booking__start__gt=now)
        return coming.annotate(start=F("booking__start"))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}


class WorkshopView(APIView):
    """One workshop, planned, past or cancelled."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=WorkshopOut)
    def get(self, request: Request, workshop_id: UUID) -> Response:
        now = timezone.now()
        workshop = shown_workshops(request, now).filter(pk=workshop_id).first()
        if workshop is None:
            raise Http404("No such workshop.")
        return Response(WorkshopOut(workshop, context={"request": request, "now": now}).data)


class WorkshopSeatsView(APIView):
    """Take seats. Accepts an offered seat, too."""

    @extend_schema(
        request=TakeSeatsIn,
        responses={
            201: SeatsOut,
            409: OpenApiResponse(description="`full`, `runner_busy`"),
            422: OpenApiResponse(description="`too_late`, `cancelled`, `bad_friend`, `too_many_friends`"),
        },
    )
    def post(self, request: Request, workshop_id: UUID) -> Response:
        workshop = named(workshop_id)
        given = TakeSeatsIn(data=request.data)
        given.is_valid(raise_exception=True)
        seats = take_seats(
            workshop=workshop,
            runner=runner_for(request, given.validated_data.get("runner")),
            friends=given.validated_data["friends"],
            by=person(request),
            now=timezone.now(),
        )
        return Response({"seats": SeatOut(seats, many=True).data}, status=status.HTTP_201_CREATED)


class WorkshopSeatView(APIView):
    """Give a seat back, or leave the line."""

    @extend_schema(
        parameters=[
            OpenApiParameter("accept_fee", bool, description="Once `free_until` is over: its price is accepted.")
        ],
        responses={200: GivenBackOut, 422: OpenApiResponse(description="`late_fee`, `too_late`, `cancelled`")},
    )
    def delete(self, request: Request, workshop_id: UUID, seat_id: UUID) -> Response:
        user = person(request)
        seats = Seat.objects.filter(pk=seat_id, workshop=workshop_id).select_related(
            "workshop__booking", "runner__user"
        )
        if not user.is_clinic_staff:
            seats = seats.filter(runner__user=user)
        seat = seats.first()
        if seat is None:
            raise Http404("No such seat.")
        accepts = request.query_params.get("accept_fee") == "true"
        fee = give_up(seat=seat, by=user, now=timezone.now(), accept_fee=accepts)
        seat.state, seat.offered_until = SeatState.CANCELLED, None
        return Response({"seat": SeatOut(seat).data, "fee_pence": fee})


class WorkshopWaitlistView(APIView):
    """Stand in line for a seat of a full workshop."""

    @extend_schema(
        request=WaitIn,
        responses={201: SeatOut, 422: OpenApiResponse(description="`not_full`, `too_late`, `cancelled`")},
    )
    def post(self, request: Request, workshop_id: UUID) -> Response:
        workshop = named(workshop_id)
        given = WaitIn(data=request.data)
        given.is_valid(raise_exception=True)
        runner = runner_for(request, given.validated_data.get("runner"))
        seat = join_waitlist(workshop=workshop, runner=runner, by=person(request), now=timezone.now())
        return Response(SeatOut(seat).data, status=status.HTTP_201_CREATED)


def named(workshop_id: UUID) -> Workshop:
    """The workshop of the address. Raises Http404."""
    found = Workshop.objects.filter(pk=workshop_id, booking__isnull=False).first()
    if found is None:
        raise Http404("No such workshop.")
    return found
