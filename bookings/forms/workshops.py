"""What the front desk types about a workshop."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from bookings.forms.sessions import ClockInput, DayInput, wall_time
from bookings.models import Place, Workshop
from bookings.models.catalogue import LONGEST_SESSION_MIN
from clinic.people.models import TherapistProfile


def line(**more: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", **more})


class AboutForm(forms.Form):
    """What a workshop is: its words, seats and price."""

    title = forms.CharField(
        max_length=120, widget=line(), error_messages={"required": "Give it a name, as in Running form."}
    )
    summary = forms.CharField(
        max_length=240, required=False, widget=line(), label="In one sentence", help_text="For the list of workshops."
    )
    description = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 5}),
        label="What happens, what to bring",
    )
    capacity = forms.IntegerField(
        min_value=1,
        max_value=500,
        label="Seats",
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
        error_messages={"required": "How many seats are there?"},
    )
    price = forms.DecimalField(
        min_value=Decimal(0),
        max_value=Decimal(9999),
        decimal_places=2,
        label="Price of a seat, in pounds",
        widget=line(inputmode="decimal"),
        error_messages={"required": "Type the price; 0 for a free workshop."},
    )
    change_notice_h = forms.IntegerField(
        min_value=0,
        max_value=336,
        label="Given back free until, in hours before",
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )

    @property
    def about(self) -> dict[str, Any]:
        """The fields of the workshop."""
        given = self.cleaned_data
        return {
            "price_pence": int(given["price"] * 100),
            **{name: given[name] for name in ("title", "summary", "description", "capacity", "change_notice_h")},
        }


def about_of(workshop: Workshop) -> dict[str, Any]:
    """The form's fields of a workshop that stands."""
    names = ("title", "summary", "description", "capacity", "change_notice_h")
    return {"price": Decimal(workshop.price_pence) / 100, **{name: getattr(workshop, name) for name in names}}


class TimeForm(forms.Form):
    """When, how long, with whom and where; by the clinic's clock."""

    on = forms.DateField(label="Day", widget=DayInput(), error_messages={"required": "On which day?"})
    at = forms.TimeField(
        label="Begins",
        help_text="By the clinic’s clock.",
        widget=ClockInput(),
        error_messages={"required": "Type when it begins, as in 18:00."},
    )
    minutes = forms.IntegerField(
        min_value=15,
        max_value=LONGEST_SESSION_MIN,
        label="Minutes",
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric", "step": 5}),
    )
    therapist = forms.ModelChoiceField(
        TherapistProfile.objects.none(),
        label="With",
        empty_label=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    place = forms.ChoiceField(choices=Place.choices, label="Where", widget=forms.Select(attrs={"class": "form-select"}))
    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why outside the therapist’s hours",
        help_text="Only where that is so. The team sees it. What is taken stays taken.",
        widget=line(),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["therapist"].queryset = (  # type: ignore[attr-defined]
            TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("on") and cleaned.get("at") is not None:
            try:
                cleaned["start"] = wall_time(cleaned["on"], cleaned["at"], settings.CLINIC_ZONE)
            except forms.ValidationError as refused:
                self.add_error("at", refused)
        return cleaned

    @property
    def time(self) -> dict[str, Any]:
        """The keywords of `plan_workshop` and `move_workshop`."""
        given = self.cleaned_data
        return {
            **{name: given[name] for name in ("start", "minutes", "therapist", "place")},
            "override_reason": given["reason"],
        }


class PlanForm(TimeForm, AboutForm):
    """A new workshop."""

    field_order = (
        *("title", "summary", "description", "on", "at", "minutes", "therapist", "place"),
        *("capacity", "price", "change_notice_h", "reason"),
    )


class CancelForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="The runners do not see it; the team does.",
        widget=line(),
        error_messages={"required": "Say why in a few words."},
    )


def time_of(workshop: Workshop, zone: Any) -> dict[str, Any]:
    """The form's fields of a workshop that stands, by the clock of `zone`."""
    booking = workshop.booking
    local = booking.start.astimezone(zone)
    return {
        "on": local.date(),
        "at": local.time(),
        "minutes": int(booking.length / timedelta(minutes=1)),
        "therapist": booking.therapist_id,
        "place": booking.place,
    }
