"""What runners and visitors type while booking: who they are, the code, who pays, which times suit them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html

from bookings.models import PartOfDay, Payer, Service, TimePreference, Weekday
from clinic.people.forms import read_phone


def consent_help() -> str:
    return format_html(
        'You can take it back at any time. <a href="{}">What we keep, and why</a>', reverse("people:consent")
    )


class PayerForm(forms.Form):
    """Who pays; without fields where the service takes no insurance, since then there is nothing to choose."""

    payer = forms.ChoiceField(
        label="Who pays?",
        choices=[(Payer.SELF, "I pay myself, after the visit"), (Payer.INSURANCE, "My insurance")],
        initial=Payer.SELF,
        widget=forms.RadioSelect,
    )
    insurer = forms.CharField(label="Name of your insurance", max_length=80, required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, service: Service, for_other: bool = False, **more: Any
    ) -> None:
        if data is not None and "payer" not in data:
            data = {name: data[name] for name in data} | {"payer": Payer.SELF}
        super().__init__(data, **more)
        if not service.takes_insurance:
            del self.fields["payer"], self.fields["insurer"]
        elif for_other:
            payers = [(Payer.SELF, "The runner, after the visit"), (Payer.INSURANCE, "Insurance")]
            self.fields["payer"].choices = payers  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("payer") == Payer.INSURANCE and not cleaned.get("insurer"):
            self.add_error("insurer", "Type the name of the insurance.")
        return cleaned


class DetailsForm(PayerForm):
    """Who the held time is for."""

    kept: ClassVar = ("name", "email", "phone", "payer", "insurer")

    name = forms.CharField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": "Type your name, as your therapist should say it.",
            "max_length": "Up to 120 characters.",
        },
    )
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="We send a code there, to book with.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Type your e-mail.",
            "invalid": "The part after the @ needs a dot, as in name@mail.example.",
        },
    )
    phone = forms.CharField(
        label="Phone",
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text="For the day when something goes wrong with the video.",
        error_messages={"max_length": "Up to 32 characters."},
    )
    consent = forms.BooleanField(
        label="The clinic may use what I tell it about my health to treat me.",
        help_text=lazy(consent_help, str)(),
        error_messages={"required": "Without this we cannot treat you. Tick it to go on."},
    )
    field_order = ("name", "email", "phone", "payer", "insurer", "consent")

    def clean_phone(self) -> str:
        return read_phone(self.cleaned_data["phone"])


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code from the e-mail",
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
        error_messages={"required": "Type the 6 numbers from the e-mail.", "max_length": "The code has 6 numbers."},
    )


class FirstPasswordForm(forms.Form):
    password = forms.CharField(
        label="Password",
        max_length=512,
        strip=False,
        help_text="At least 10 characters. Three words in a row are good.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )


class TimesForm(forms.Form):
    """Days and parts of the day that suit a runner, on their own clock."""

    weekdays = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=Weekday.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one day."},
    )
    parts = forms.TypedMultipleChoiceField(
        label="Parts of the day",
        coerce=int,
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one part of the day."},
    )
    same_therapist = forms.BooleanField(label="For follow-ups, the therapist I saw last comes first", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, known: TimePreference) -> None:
        super().__init__(
            data,
            initial={
                "weekdays": [day for day in Weekday.values if known.weekdays >> day & 1],
                "parts": [part for part in PartOfDay.values if known.parts & part],
                "same_therapist": known.same_therapist,
            },
        )

    @property
    def bits(self) -> tuple[int, int]:
        """The ticked days and parts as `TimeWish` keeps them."""
        return sum(1 << day for day in self.cleaned_data["weekdays"]), sum(self.cleaned_data["parts"])
