"""What the booking API reads and writes. Instants are ISO 8601 in UTC, each with the zone to show."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings import video
from bookings.models import Appointment, Payer, Service
from bookings.prices import cost_of_cancelling
from bookings.services import may_cancel, may_change
from bookings.slots import to_instant
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile


class ServiceOut(serializers.ModelSerializer):
    therapists = serializers.SerializerMethodField()

    class Meta:
        model = Service
        fields: ClassVar = [
            "slug", "name", "summary", "minutes", "price_pence", "place", "is_first_visit",
            "min_notice_min", "horizon_days", "change_notice_h", "late_fee_percent", "takes_insurance", "therapists",
        ]  # fmt: skip

    def get_therapists(self, service: Service) -> list[str]:
        return [therapist.slug for therapist in service.therapists.all() if service.is_for(therapist)]


class CredentialOut(serializers.Serializer):
    name = serializers.CharField()
    issuer = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)


class TherapistOut(serializers.ModelSerializer):
    name = serializers.CharField(source="user.name")
    zone = serializers.CharField(source="user.zone")
    credentials = CredentialOut(many=True)
    services = serializers.SerializerMethodField()

    class Meta:
        model = TherapistProfile
        fields: ClassVar = [
            "slug",
            "name",
            "zone",
            "headline",
            "bio",
            "specialisations",
            "languages",
            "rate_pence",
            "takes_new_runners",
            "credentials",
            "services",
        ]

    def get_services(self, therapist: TherapistProfile) -> list[str]:
        return [service.slug for service in therapist.services.all() if service.is_active and service.is_for(therapist)]


class SlotOut(serializers.Serializer):
    therapist = serializers.CharField(help_text="Slug of the therapist.")
    service = serializers.CharField(help_text="Slug of the service.")
    start = serializers.DateTimeField(help_text="UTC.")
    end = serializers.DateTimeField(help_text="UTC.")
    zone = serializers.CharField(help_text="IANA zone to show the times in.")


class SlotsOut(serializers.Serializer):
    slots = SlotOut(many=True)
    next = serializers.DictField(
        child=SlotOut(allow_null=True), help_text="Each therapist's first free time within the horizon, or null."
    )


class FirstOut(serializers.Serializer):
    first = SlotOut(allow_null=True, help_text="Null: nothing is free within the horizon.")


class FirstQuery(serializers.Serializer):
    service = serializers.SlugField(max_length=60)
    zone = serializers.CharField(required=False, max_length=64)


class SlotsQuery(FirstQuery):
    """`from` and `to` are days of `zone`, both included."""

    therapist = serializers.ListField(child=serializers.SlugField(max_length=80), required=False, max_length=50)
    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": serializers.DateField(required=False)}


@extend_schema_field(OpenApiTypes.DATETIME)
class StartField(serializers.Field):
    """An instant with its offset; a wall-clock time without one is read in the request's `zone`."""

    default_error_messages: ClassVar = {"invalid": "Give the time as in 2026-11-26T16:30:00Z."}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            start = parse_datetime(data) if isinstance(data, str) and len(data) <= 40 else None
        except ValueError:
            start = None
        if start is None:
            self.fail("invalid")
        if start.tzinfo is not None:
            return start
        zone = self.parent.initial_data.get("zone")
        if not isinstance(zone, str):
            raise DomainError(
                "Give the time with its offset, as in 2026-11-26T16:30:00Z, or name its zone.",
                code="bad_start",
                fields={"start": "No offset."},
            )
        return to_instant(start, zone)

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class TakeIn(serializers.Serializer):
    """A time to hold or book. Without `therapist` anyone who is free; `runner` is for staff and therapists."""

    service = serializers.SlugField(max_length=60)
    therapist = serializers.SlugField(max_length=80, required=False, allow_null=True)
    start = StartField()
    zone = serializers.CharField(required=False, max_length=64, help_text="Zone of a `start` without an offset.")
    runner = serializers.UUIDField(required=False)


class BookIn(TakeIn):
    """Either `hold`, or `service`, `therapist` and `start`."""

    reason = serializers.CharField(
        required=False, max_length=200, help_text="Staff: why the rules of notice and hours are passed."
    )
    hold = serializers.UUIDField(required=False)
    payer = serializers.ChoiceField(Payer.choices, required=False, default=Payer.SELF)
    insurer = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=80, help_text="Needed with `insurance`."
    )
    service = serializers.SlugField(max_length=60, required=False)
    start = StartField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "hold" not in attrs:
            missing = {name: ["Needed, or name a hold."] for name in ("service", "start") if name not in attrs}
            if missing:
                raise serializers.ValidationError(missing)
        return attrs


class MoveIn(serializers.Serializer):
    start = StartField()
    zone = serializers.CharField(required=False, max_length=64)
    therapist = serializers.SlugField(max_length=80, required=False, allow_null=True)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)
    override = serializers.BooleanField(required=False, default=False, help_text="Staff only, with a reason.")


class CancelIn(serializers.Serializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)
    accept_fee = serializers.BooleanField(
        required=False,
        default=False,
        help_text="After the notice: the late fee is accepted. Without it a runner gets 422 `late_fee`; staff waive it.",
    )


class TimeOut(serializers.ModelSerializer):
    """What a hold and an appointment have in common."""

    service = serializers.CharField(source="service.slug")
    therapist = serializers.CharField(source="therapist.slug")
    zone = serializers.SerializerMethodField()

    def get_zone(self, appointment: Appointment) -> str:
        return self.context["request"].user.zone


class HoldOut(TimeOut):
    expires_at = serializers.DateTimeField(source="hold_expires_at")

    class Meta:
        model = Appointment
        fields: ClassVar = ["id", "service", "therapist", "start", "end", "zone", "expires_at"]


class AppointmentOut(TimeOut):
    service_name = serializers.CharField(source="service.name")
    therapist_name = serializers.CharField(source="therapist.user.name")
    runner = serializers.UUIDField(source="runner_id")
    runner_name = serializers.CharField(source="runner.user.name")
    agreed_zone = serializers.CharField(source="zone", help_text="The zone the time was agreed in.")
    agreed_start = serializers.CharField(
        source="wall_start", help_text="The wall-clock time agreed, with its offset then."
    )
    change_until = serializers.DateTimeField(help_text="Until then the runner may move or cancel; UTC.")
    may_change = serializers.SerializerMethodField()
    may_cancel = serializers.SerializerMethodField()
    cancel_costs_pence = serializers.SerializerMethodField()
    room_opens_at = serializers.SerializerMethodField()
    room_url = serializers.SerializerMethodField()
    cancel_reason = serializers.SerializerMethodField()

    class Meta:
        model = Appointment
        fields: ClassVar = [
            "id", "state", "service", "service_name", "therapist", "therapist_name", "runner", "runner_name", "start", "end", "zone",
            "agreed_zone", "agreed_start", "place", "sequence", "change_until", "may_change", "may_cancel", "cancel_costs_pence",
            "late_fee_pence", "payer", "insurer", "room_opens_at", "room_url", "cancel_reason",
        ]  # fmt: skip

    def get_may_change(self, appointment: Appointment) -> bool:
        return may_change(appointment, self.context["request"].user, self.context["now"])

    def get_may_cancel(self, appointment: Appointment) -> bool:
        return may_cancel(appointment, self.context["request"].user, self.context["now"])

    def get_cancel_costs_pence(self, appointment: Appointment) -> int | None:
        """What cancelling costs the runner just now; null for what cannot be cancelled any more."""
        if not appointment.is_coming(self.context["now"]):
            return None
        return cost_of_cancelling(appointment, self.context["now"])

    def get_cancel_reason(self, appointment: Appointment) -> str:
        """The team's own words, which runners do not see."""
        return "" if self.context["request"].user.is_runner else appointment.cancel_reason

    def get_room_opens_at(self, appointment: Appointment) -> datetime | None:
        return video.opens_at(appointment) if appointment.video_key else None

    def get_room_url(self, appointment: Appointment) -> str | None:
        """The join link while the room is open, for the two people of the session."""
        user = self.context["request"].user
        if video.door(appointment, self.context["now"]) is video.Door.OPEN and video.is_concerned(user, appointment):
            return video.room_address(appointment)
        return None
