"""What the front desk types on the pages about absences, limits, rooms and services."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from bookings.forms.sessions import ClockInput, DayInput, wall_time
from bookings.models import Service
from bookings.zones import zone_groups
from clinic.people.models import TherapistProfile

SELECT = {"class": "form-select"}
INPUT = {"class": "form-control"}
STRANDED = "stranded"


class AbsenceForm(forms.Form):
    """Who cannot keep which day, in that person's own clock; without times the whole day, `until` a later last day.

    `which` is STRANDED where the hours were changed already, and what that left outside them is looked for.
    """

    therapist = forms.TypedChoiceField(
        label="Who cannot come?",
        widget=forms.Select(attrs=SELECT),
        error_messages={"invalid_choice": "Choose one of the therapists."},
    )
    day = forms.DateField(label="Day", widget=DayInput(), error_messages={"required": "Choose the day."})
    until = forms.DateField(label="Last day, if more than one", required=False, widget=DayInput())
    starts = forms.TimeField(label="From", required=False, widget=ClockInput())
    ends = forms.TimeField(label="To", required=False, widget=ClockInput())
    reason = forms.CharField(
        max_length=120,
        required=False,
        help_text="Staff and the therapist see it, runners do not.",
        widget=forms.TextInput(attrs={**INPUT, "placeholder": "Ill"}),
    )
    which = forms.CharField(required=False, max_length=20)

    def __init__(self, data: Mapping[str, Any] | None = None, *, now: datetime) -> None:
        today = now.date()
        super().__init__(data, initial={"day": today})
        known = TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name")
        people = {each.slug: each for each in known}
        field: Any = self.fields["therapist"]
        field.choices, field.coerce = [(slug, str(person)) for slug, person in people.items()], people.__getitem__
        self.now = now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        person, first = cleaned.get("therapist"), cleaned.get("day")
        if person is None or first is None:
            return cleaned
        last = cleaned.get("until") or first
        zone = person.user.zone
        try:
            start = wall_time(first, cleaned.get("starts") or time(0), zone)
            ends = cleaned.get("ends")
            end = wall_time(last, ends, zone) if ends else wall_time(last + timedelta(days=1), time(0), zone)
        except (forms.ValidationError, OverflowError) as refused:
            self.add_error("starts", refused if isinstance(refused, forms.ValidationError) else "Check the days.")
            return cleaned
        if end <= start:
            self.add_error("until" if last < first else "ends", "The end comes after the start.")
        elif end <= self.now:
            self.add_error("day", f"That is over. It is {self.now.astimezone(ZoneInfo(zone)):%A %H:%M} there.")
        cleaned["start"], cleaned["end"] = start, end
        return cleaned

    @property
    def absence(self) -> dict[str, Any]:
        """Whom, when, and whether only what a change of hours left outside them is meant, for the services."""
        asked: dict[str, Any] = {name: self.cleaned_data[name] for name in ("therapist", "start", "end")}
        return {**asked, "stranded_only": self.cleaned_data["which"] == STRANDED}


class TravelForm(forms.Form):
    """Days on which a therapist's hours go by another clock."""

    zone = forms.ChoiceField(
        label="Where",
        widget=forms.Select(attrs=SELECT),
        error_messages={"invalid_choice": "Pick a city near the therapist."},
    )
    first = forms.DateField(label="First day", widget=DayInput())
    last = forms.DateField(label="Last day", widget=DayInput())

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["zone"].choices = [("", "Choose a city"), *zone_groups()]  # type: ignore[attr-defined]


class CapForm(forms.Form):
    """The most sessions of a day: of one service, or of all; no number takes the limit back."""

    service = forms.ModelChoiceField(
        Service.objects.none(),
        label="Of",
        to_field_name="slug",
        required=False,
        empty_label="all sessions together",
        widget=forms.Select(attrs=SELECT),
        error_messages={"invalid_choice": "Choose one of the sessions they offer."},
    )
    most = forms.IntegerField(
        label="At most, a day",
        required=False,
        min_value=1,
        max_value=50,
        help_text="Empty: no limit.",
        widget=forms.NumberInput(attrs={**INPUT, "inputmode": "numeric"}),
        error_messages={"min_value": "From 1 to 50.", "max_value": "From 1 to 50."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, therapist: TherapistProfile) -> None:
        super().__init__(data)
        self.fields["service"].queryset = Service.objects.filter(therapists=therapist).order_by("position", "name")  # type: ignore[attr-defined]
