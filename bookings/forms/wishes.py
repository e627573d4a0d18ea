"""What people type when they wish for times: for the waitlist, and for a series."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import reduce
from typing import Any

from django import forms

from bookings.engine.diaries import offering
from bookings.forms.sessions import DayInput
from bookings.models import PartOfDay, Service, TimeWish, Weekday
from clinic.people.models import TherapistProfile

DAY_CHOICES = [(1 << day.value, str(day.label)[:3]) for day in Weekday]
PART_CHOICES = [(part.value, str(part.label).partition(",")[0]) for part in PartOfDay]


def bits(values: Iterable[int]) -> int:
    """Several bits as one number."""
    return reduce(lambda whole, bit: whole | bit, values, 0)


def bits_of(whole: int, choices: Iterable[tuple[int, str]]) -> list[int]:
    """The bits of `whole`, as the boxes of a form want them."""
    return [bit for bit, _ in choices if whole & bit]


class TimesForm(forms.Form):
    """Days and parts of the day that suit, and with whom."""

    therapist = forms.ModelChoiceField(
        TherapistProfile.objects.none(),
        to_field_name="slug",
        required=False,
        label="With",
        empty_label="Anyone",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    days = forms.TypedMultipleChoiceField(
        choices=DAY_CHOICES,
        coerce=int,
        label="Days that suit",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day.", "invalid_choice": "Choose at least one day."},
    )
    parts = forms.TypedMultipleChoiceField(
        choices=PART_CHOICES,
        coerce=int,
        label="Time of day",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one time of the day.",
            "invalid_choice": "Choose at least one time of the day.",
        },
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        service: Service,
        usual: TimeWish,
        initial: dict[str, Any] | None = None,
    ) -> None:
        suits = {"days": bits_of(usual.weekdays, DAY_CHOICES), "parts": bits_of(usual.parts, PART_CHOICES)}
        super().__init__(data, initial=suits | (initial or {}))
        people = offering(service).filter(is_listed=True).select_related("user").order_by("user__name")
        self.fields["therapist"].queryset = people  # type: ignore[attr-defined]

    @property
    def weekday_bits(self) -> int:
        return bits(self.cleaned_data["days"])

    @property
    def part_bits(self) -> int:
        return bits(self.cleaned_data["parts"])


class WishForm(TimesForm):
    """A wish of the waitlist."""

    first = forms.DateField(label="From", widget=DayInput())
    last = forms.DateField(
        label="Until", required=False, widget=DayInput(), help_text="Empty: for as long as it takes."
    )
    note = forms.CharField(
        label="Note for the team",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    field_order = ("therapist", "days", "parts", "first", "last", "note")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("first") and cleaned.get("last") and cleaned["last"] < cleaned["first"]:
            self.add_error("last", "The last day cannot be before the first.")
        return cleaned


class SeriesForm(TimesForm):
    """A plan: how often, for how long, from when."""

    per_week = forms.TypedChoiceField(
        choices=[(1, "Once a week"), (2, "Twice a week"), (3, "Three times a week")],
        coerce=int,
        label="How often",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "Choose how often.", "invalid_choice": "Choose how often."},
    )
    weeks = forms.TypedChoiceField(
        coerce=int,
        label="For",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "Choose how many weeks.", "invalid_choice": "Choose how many weeks."},
    )
    first = forms.DateField(
        label="From",
        widget=DayInput(),
        error_messages={"required": "Choose the first day.", "invalid": "Choose the first day."},
    )

    field_order = ("per_week", "weeks", "therapist", "days", "parts", "first")

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, service=service, **kwargs)
        most = max(2, (service.horizon_days - 1) // 7)
        self.fields["weeks"].choices = [(n, f"{n} weeks") for n in (2, 3, 4, 6, 8, 10, 12) if n <= most]  # type: ignore[attr-defined]
        self.today: date | None = None

    def clean_first(self) -> date:
        first: date = self.cleaned_data["first"]
        if self.today and not self.today <= first <= self.today + timedelta(days=365):
            raise forms.ValidationError("Choose a day from today on, within a year.")
        return first
