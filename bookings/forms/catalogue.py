"""What staff type about services, rooms and equipment."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from bookings.models import Equipment, Place, Service
from bookings.models.catalogue import LONGEST_BUFFER_MIN, LONGEST_SESSION_MIN, SHORTEST_SESSION_MIN
from clinic.people.models import Credential, TherapistProfile

INPUT = {"class": "form-control"}


def number(label: str, low: int, high: int, help_text: str = "") -> forms.IntegerField:
    wrong = f"A whole number from {low} to {high}."
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        help_text=help_text,
        widget=forms.NumberInput(attrs={**INPUT, "inputmode": "numeric"}),
        error_messages={"min_value": wrong, "max_value": wrong, "invalid": wrong, "required": wrong},
    )


class ServiceForm(forms.Form):
    """All of a service; the price in pounds."""

    name = forms.CharField(
        max_length=80,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": "What is it called? As in: Follow-up."},
    )
    summary = forms.CharField(
        label="One sentence for the runner",
        max_length=240,
        required=False,
        widget=forms.Textarea(attrs={**INPUT, "rows": 2}),
    )
    place = forms.ChoiceField(label="Where", choices=Place.choices, widget=forms.Select(attrs={"class": "form-select"}))
    price = forms.DecimalField(
        label="Price, £",
        min_value=0,
        max_value=5000,
        max_digits=6,
        decimal_places=2,
        widget=forms.NumberInput(attrs={**INPUT, "step": "0.01", "inputmode": "decimal"}),
        error_messages={"required": "What does it cost? 0 if nothing.", "invalid": "Pounds and pence, as in 68.50."},
    )
    minutes = number("Length, minutes", SHORTEST_SESSION_MIN, LONGEST_SESSION_MIN)
    buffer_before_min = number("Free before, minutes", 0, LONGEST_BUFFER_MIN)
    buffer_after_min = number("Free after, minutes", 0, LONGEST_BUFFER_MIN, "For notes.")
    slot_step_min = number("A start every, minutes", 5, 240)
    min_notice_min = number("Booked at least, minutes ahead", 0, 20_160)
    horizon_days = number("Offered, days ahead", 1, 365)
    change_notice_h = number("Free to change, hours before", 0, 336)
    late_fee_percent = number("Late cancellation costs, % of the price", 0, 100)
    equipment_kind = forms.ChoiceField(
        label="Needs", required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    credential = forms.ChoiceField(
        label="Only with the credential", required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    position = number("Place in lists", 0, 999)
    takes_insurance = forms.BooleanField(label="Insurance may pay for it", required=False)
    is_first_visit = forms.BooleanField(label="It is a first visit", required=False)
    is_active = forms.BooleanField(label="It can be booked", required=False)
    therapists = forms.ModelMultipleChoiceField(
        TherapistProfile.objects.none(), label="Who offers it", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, service: Service | None = None) -> None:
        super().__init__(data, initial=initial_of(service))
        kinds = set(Equipment.objects.filter(is_active=True).values_list("kind", flat=True))
        if service is not None and service.equipment_kind:
            kinds.add(service.equipment_kind)
        self.fields["equipment_kind"].choices = [("", "nothing"), *[(each, each) for each in sorted(kinds)]]  # type: ignore[attr-defined]
        names = set(Credential.objects.order_by().values_list("name", flat=True))
        if service is not None and service.credential:
            names.add(service.credential)
        self.fields["credential"].choices = [("", "none needed"), *[(each, each) for each in sorted(names)]]  # type: ignore[attr-defined]
        people = TherapistProfile.objects.filter(user__is_active=True).select_related("user").order_by("user__name")
        self.fields["therapists"].queryset = people  # type: ignore[attr-defined]

    def rules(self) -> dict[str, Any]:
        """What the service verb takes."""
        typed = dict(self.cleaned_data)
        typed.pop("therapists")
        return {**typed, "price_pence": int(typed.pop("price") * 100)}


def initial_of(service: Service | None) -> dict[str, Any]:
    found = service or Service(minutes=45, price_pence=0)
    fields = [each.name for each in Service._meta.fields]
    initial = {name: getattr(found, name) for name in fields}
    initial["price"] = Decimal(found.price_pence) / 100
    initial["therapists"] = list(service.therapists.values_list("pk", flat=True)) if service is not None else []
    return initial


class RoomForm(forms.Form):
    """A treatment room."""

    name = forms.CharField(
        max_length=60, widget=forms.TextInput(attrs=INPUT), error_messages={"required": "Give it a name, as in Room 2."}
    )
    is_active = forms.BooleanField(label="In use", required=False, initial=True)


class EquipmentForm(RoomForm):
    """A piece of equipment."""

    kind = forms.CharField(
        max_length=30,
        help_text="What services ask for, as in treadmill. The same word for each piece.",
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": "What is it? As in: treadmill."},
    )
    field_order = ("name", "kind", "is_active")
