"""Wishes, offers and series over the API. Each write is one call of one verb."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from bookings import access
from bookings.api.asked import person, runner_for, service_named, therapist_named
from bookings.api.serializers import AppointmentOut, StartField
from bookings.forms.wishes import bits
from bookings.letters.offers import given_up
from bookings.models import Appointment, Offer, PartOfDay, Payer, WaitlistEntry
from bookings.models.waitlist import EVERY_DAY, EVERY_PART, EntryState, OfferState
from bookings.services import accept_offer, decline_offer, join_waitlist, leave_waitlist
from bookings.services.offers import is_open
from bookings.services.series import Pick, book_series
from clinic.core.errors import DomainError

Cursor: Any = api_settings.DEFAULT_PAGINATION_CLASS
PARTS = {part.name.lower(): part.value for part in PartOfDay}


class OldestFirst(Cursor):
    ordering = ("made_at", "id")


class SoonestFirst(Cursor):
    ordering = ("answer_until", "id")


class WishIn(serializers.Serializer):
    """What to wait for. Days and parts of the day are of the runner's calendar and clock; left out, all of them."""

    service = serializers.SlugField(max_length=60, required=False, help_text="Needed without `exchange_for`.")
    therapist = serializers.SlugField(max_length=80, required=False, allow_null=True)
    first = serializers.DateField()
    last = serializers.DateField(required=False, allow_null=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7, help_text="0 is Monday."
    )
    parts = serializers.ListField(child=serializers.ChoiceField(list(PARTS)), required=False, max_length=3)
    exchange_for = serializers.UUIDField(required=False, help_text="The session that moves into the time.")
    runner = serializers.UUIDField(required=False, help_text="Staff: for whom.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class WishOut(serializers.ModelSerializer):
    service = serializers.CharField(source="service.slug")
    therapist = serializers.CharField(source="therapist.slug", default=None, allow_null=True)
    weekdays = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()

    class Meta:
        model = WaitlistEntry
        fields: ClassVar = [
            "id", "state", "service", "therapist", "runner", "first", "last", "weekdays", "parts", "exchange_for",
            "priority", "made_at", "ended_at",
        ]  # fmt: skip

    def get_weekdays(self, entry: WaitlistEntry) -> list[int]:
        return [day for day in range(7) if entry.weekdays >> day & 1]

    def get_parts(self, entry: WaitlistEntry) -> list[str]:
        return [name for name, bit in PARTS.items() if entry.parts & bit]


class OfferOut(serializers.ModelSerializer):
    service = serializers.CharField(source="hold.service.slug")
    therapist = serializers.CharField(source="hold.therapist.slug")
    start = serializers.DateTimeField(source="hold.start", help_text="UTC.")
    end = serializers.DateTimeField(source="hold.end", help_text="UTC.")
    zone = serializers.SerializerMethodField()
    open = serializers.SerializerMethodField(help_text="Whether it can still be answered.")
    instead_of = serializers.SerializerMethodField(help_text="The session that would move into the time.")

    class Meta:
        model = Offer
        fields: ClassVar = [
            "id", "state", "open", "entry", "instead_of", "service", "therapist", "start", "end", "zone", "answer_until",
        ]  # fmt: skip

    def get_zone(self, offer: Offer) -> str:
        return self.context["request"].user.zone

    def get_open(self, offer: Offer) -> bool:
        return is_open(offer, self.context["now"])

    def get_instead_of(self, offer: Offer) -> str | None:
        session = given_up(offer)
        return str(session.pk) if session is not None else None


class DeclineIn(serializers.Serializer):
    cancel = serializers.BooleanField(
        required=False, default=False, help_text="Where the clinic cannot keep your session: cancel it, free of charge."
    )


class SessionIn(serializers.Serializer):
    therapist = serializers.SlugField(max_length=80)
    start = StartField()


class SeriesIn(serializers.Serializer):
    """Several sessions, booked all or none."""

    service = serializers.SlugField(max_length=60)
    sessions = serializers.ListField(child=SessionIn(), allow_empty=False, max_length=60)
    runner = serializers.UUIDField(required=False)
    payer = serializers.ChoiceField(Payer.choices, required=False, default=Payer.SELF)
    insurer = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class SeriesOut(serializers.Serializer):
    series = serializers.UUIDField()
    appointments = AppointmentOut(many=True)


class WaitlistView(generics.ListAPIView):
    """Your wishes (staff: everybody's) that are waiting, the oldest first; `POST` adds one.

    A freed time is offered by the highest `priority`, then by age.
    """

    queryset = WaitlistEntry.objects.none()
    serializer_class = WishOut
    pagination_class = OldestFirst

    def get_queryset(self) -> QuerySet[WaitlistEntry]:
        user = person(self.request)
        waiting = WaitlistEntry.objects.filter(state=EntryState.WAITING).select_related("service", "therapist")
        return waiting if user.is_clinic_staff else waiting.filter(runner__user=user)

    @extend_schema(
        request=WishIn, responses={201: WishOut, 422: OpenApiResponse(description="`bad_days`, `too_many_wishes`")}
    )
    def post(self, request: Request) -> Response:
        given = WishIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted, session = given.validated_data, None
        if "exchange_for" in wanted:
            session = access.get_appointment(person(request), wanted["exchange_for"])
        elif "service" not in wanted:
            sentence = "Name the service, or the session to exchange."
            raise DomainError(sentence, code="no_service", fields={"service": sentence})
        entry = join_waitlist(
            service=session.service if session else service_named(wanted["service"]),
            therapist=therapist_named(wanted.get("therapist")),
            runner=runner_for(request, wanted.get("runner")),
            first=wanted["first"],
            last=wanted.get("last"),
            weekdays=bits(1 << day for day in wanted["weekdays"]) if "weekdays" in wanted else EVERY_DAY,
            parts=bits(PARTS[name] for name in wanted["parts"]) if "parts" in wanted else EVERY_PART,
            exchange_for=session,
            note=wanted.get("note", ""),
            by=person(request),
            now=timezone.now(),
        )
        return Response(WishOut(entry).data, status=status.HTTP_201_CREATED)


class WishView(APIView):
    """One wish; `DELETE` takes it back."""

    @extend_schema(responses=WishOut)
    def get(self, request: Request, entry_id: str) -> Response:
        return Response(WishOut(access.get_wish(person(request), entry_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, entry_id: str) -> HttpResponse:
        entry = access.get_wish(person(request), entry_id)
        leave_waitlist(entry=entry, by=person(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class OffersView(generics.ListAPIView):
    """Times kept for you just now (staff: everybody's), the nearest deadline first."""

    queryset = Offer.objects.none()
    serializer_class = OfferOut
    pagination_class = SoonestFirst

    def get_queryset(self) -> QuerySet[Offer]:
        user = person(self.request)
        open_ones = Offer.objects.filter(state=OfferState.OPEN, answer_until__gt=timezone.now())
        if not user.is_clinic_staff:
            open_ones = open_ones.filter(entry__runner__user=user) | open_ones.filter(moves__runner__user=user)
        return open_ones.select_related("hold__service", "hold__therapist", "moves", "entry__exchange_for")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}


class OfferView(APIView):
    """One offer, open or ended."""

    @extend_schema(responses=OfferOut)
    def get(self, request: Request, offer_id: str) -> Response:
        return shown_offer(access.get_offer(person(request), offer_id), request, timezone.now())


class AcceptView(APIView):
    """Take the time: it is booked, or your session moves into it."""

    @extend_schema(
        request=None,
        responses={200: AppointmentOut, 409: OpenApiResponse(description="`offer_ended`, `changed_meanwhile`")},
    )
    def post(self, request: Request, offer_id: str) -> Response:
        now = timezone.now()
        booked = accept_offer(offer=access.get_offer(person(request), offer_id), by=person(request), now=now)
        found = Appointment.objects.with_people().get(pk=booked.pk)
        return Response(AppointmentOut(found, context={"request": request, "now": now}).data)


class DeclineView(APIView):
    """Let the time go to the next in line."""

    @extend_schema(request=DeclineIn, responses={200: OfferOut, 409: OpenApiResponse(description="`offer_ended`")})
    def post(self, request: Request, offer_id: str) -> Response:
        now = timezone.now()
        offer = access.get_offer(person(request), offer_id)
        given = DeclineIn(data=request.data)
        given.is_valid(raise_exception=True)
        declined = decline_offer(offer=offer, by=person(request), now=now, cancel=given.validated_data["cancel"])
        return shown_offer(declined, request, now)


class SeriesView(APIView):
    """Book several sessions at once: all or none."""

    @extend_schema(
        request=SeriesIn,
        responses={201: SeriesOut, 409: OpenApiResponse(description="`series_conflict`: `refused` names each start.")},
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        given = SeriesIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        people = {slug: therapist_named(slug) for slug in {each["therapist"] for each in wanted["sessions"]}}
        picks = [
            Pick(therapist, each["start"])
            for each in wanted["sessions"]
            if (therapist := people[each["therapist"]]) is not None
        ]
        series = book_series(
            service=service_named(wanted["service"]),
            runner=runner_for(request, wanted.get("runner")),
            picks=picks,
            by=person(request),
            now=now,
            payer=wanted["payer"],
            insurer=wanted["insurer"],
        )
        booked = Appointment.objects.with_people().filter(series=series).order_by("start")
        shown = AppointmentOut(booked, many=True, context={"request": request, "now": now}).data
        return Response({"series": series.pk, "appointments": shown}, status=status.HTTP_201_CREATED)


def shown_offer(offer: Offer, request: Request, now: datetime) -> Response:
    return Response(OfferOut(offer, context={"request": request, "now": now}).data)
