"""The back office looks at everything and changes nothing: the verbs behind the clinic's own pages keep the rules."""

from datetime import datetime

from django.contrib import admin

from bookings.models import Appointment, Override, Seat, Service, TimeOff, TreatmentRoom, WeeklyHours, Workshop
from clinic.people.admin import ReadOnly


@admin.register(Service)
class ServiceAdmin(ReadOnly):
    list_display = ("name", "minutes", "place", "price_pence", "min_notice_min", "change_notice_h", "is_active")
    list_filter = ("place", "is_active")
    search_fields = ("name",)


@admin.register(TreatmentRoom)
class TreatmentRoomAdmin(ReadOnly):
    list_display = ("name", "position", "is_active")


@admin.register(WeeklyHours)
class WeeklyHoursAdmin(ReadOnly):
    list_display = ("therapist", "weekday", "starts", "ends", "place", "valid_from", "valid_until")
    list_filter = ("therapist", "weekday")
    list_select_related = ("therapist__user",)


@admin.register(Override)
class OverrideAdmin(ReadOnly):
    list_display = ("therapist", "on", "starts", "ends", "place", "closed")
    list_filter = ("therapist",)
    list_select_related = ("therapist__user",)


@admin.register(TimeOff)
class TimeOffAdmin(ReadOnly):
    list_display = ("therapist", "start", "end", "reason")
    list_filter = ("therapist",)
    list_select_related = ("therapist__user",)


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly):
    list_display = ("start", "therapist", "runner", "service", "state", "place")
    list_filter = ("state", "place", "therapist")
    list_select_related = ("therapist__user", "runner__user", "service")
    date_hierarchy = "start"
    exclude = ("video_key",)


@admin.register(Workshop)
class WorkshopAdmin(ReadOnly):
    list_display = ("title", "starts", "seats_words", "price_pence", "state")
    list_filter = ("state",)
    list_select_related = ("booking",)
    search_fields = ("title",)

    @admin.display(ordering="booking__start")
    def starts(self, workshop: Workshop) -> datetime | None:
        return workshop.booking.start if hasattr(workshop, "booking") else None


@admin.register(Seat)
class SeatAdmin(ReadOnly):
    list_display = ("workshop", "runner", "friend", "state", "offered_until", "attended")
    list_filter = ("state",)
    list_select_related = ("workshop", "runner__user")
