"""What people type on the booking pages."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q

from bookings import slots
from bookings.engine.diaries import offering
from bookings.instants import parse_instant
from bookings.models import Appointment, Payer
from clinic.core.errors import DomainError
from clinic.core.wording import pounds
from clinic.people.models import TherapistProfile


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"class": "form-control"})


class ClockInput(forms.TimeInput):
    """Hours and minutes as text: a browser's own time field follows its language and may ask for am and pm."""

    def __init__(self) -> None:
        super().__init__(
            format="%H:%M",
            attrs={
                "class": "form-control",
                "inputmode": "numeric",
                "maxlength": 5,
                "placeholder": "09:00",
                "autocomplete": "off",
            },
        )


class ReasonForm(forms.Form):
    """Why a session is moved or cancelled. `needed` None: nobody asks (the runner); True: it has to be given."""

    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="The runner does not see it; the team does.",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, needed: bool | None) -> None:
        super().__init__(data)
        if needed is None:
            del self.fields["reason"]
        else:
            self.fields["reason"].required = needed
            self.fields["reason"].error_messages["required"] = "Say why in a few words: the runner’s notice has passed."

    @property
    def given(self) -> str:
        """The reason, or ""."""
        return self.cleaned_data.get("reason", "")


class CancelForm(ReasonForm):
    """Cancelling, and what it costs just now (`cost`, pence): a runner sends the `fee` the page named, the team may waive it."""

    waive = forms.BooleanField(required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, needed: bool | None, cost: int) -> None:
        super().__init__(data, needed=needed)
        self.cost, self.by_runner = cost, needed is None
        if self.by_runner or not cost:
            del self.fields["waive"]
        else:
            self.fields["waive"].label = f"Waive the late fee of {pounds(cost)}"
            self.fields["waive"].help_text = "When the clinic cancels, or there is a good reason."

    @property
    def accepts_fee(self) -> bool:
        """Whether the runner saw this very fee, or the team charges it."""
        if self.by_runner:
            return self.data.get("fee") == str(self.cost)
        return bool(self.cost) and not self.cleaned_data["waive"]


def wall_time(on: date, at: time, zone: str) -> datetime:
    """The instant of a wall-clock time in `zone`; ValidationError for a time that a clock change skips."""
    try:
        return slots.to_instant(datetime.combine(on, at), zone)
    except DomainError as refused:
        raise forms.ValidationError(refused.message, code=refused.code) from None


class StaffMoveForm(ReasonForm):
    """The desk gives a session any free time, in the clinic's clock, and past the rules with a reason."""

    on = forms.DateField(label="Day", widget=DayInput())
    at = forms.TimeField(label="Time", help_text="By the clinic’s clock.", widget=ClockInput())
    therapist = forms.ModelChoiceField(
        TherapistProfile.objects.none(),
        label="With",
        empty_label=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    override = forms.BooleanField(label="Outside the rules: pass notice, hours and the grid of starts", required=False)

    field_order = ("on", "at", "therapist", "reason", "override")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        needed: bool,
        session: Appointment,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, needed=needed)
        self.initial = initial or {}
        self.people = (
            TherapistProfile.objects.filter(
                Q(pk__in=offering(session.service).values("pk")) | Q(pk=session.therapist_id), user__is_active=True
            )
            .distinct()
            .select_related("user")
            .order_by("user__name")
        )
        self.fields["therapist"].queryset = self.people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("on") and cleaned.get("at") is not None:
            try:
                cleaned["start"] = wall_time(cleaned["on"], cleaned["at"], settings.CLINIC_ZONE)
            except forms.ValidationError as refused:
                self.add_error("at", refused)
        if cleaned.get("override") and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why in a few words: the rules of the service are passed over.")
        return cleaned


class CallerForm(forms.Form):
    """Who is calling, the time they want (a free one from the list, or another by the clinic's clock), and who pays."""

    KEPT = ("on", "at", "reason", "name", "email", "phone", "payer", "insurer")
    """What a button that books nothing yet leaves as it was typed."""

    use_required_attribute = False  # a search may be sent before the rest is filled in

    start = forms.CharField(required=False, max_length=40)
    on = forms.DateField(label="Day", required=False, widget=DayInput())
    at = forms.TimeField(label="Time", required=False, widget=ClockInput())
    reason = forms.CharField(
        label="Why outside the rules",
        max_length=200,
        required=False,
        help_text="Only for a time that is not on the list.",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    name = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    phone = forms.CharField(
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "inputmode": "tel"}),
    )

    payer = forms.ChoiceField(
        choices=[(Payer.SELF, "The runner"), (Payer.INSURANCE, "Insurance")],
        label="Paid by",
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    insurer = forms.CharField(
        label="Which insurance",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        known: bool,
        takes_insurance: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        if not takes_insurance:
            del self.fields["payer"], self.fields["insurer"]
        for field, sentence in (
            ("name", "Who is calling? Type the runner’s name."),
            ("email", "We need an e-mail address for the confirmation."),
        ):
            self.fields[field].required = not known
            self.fields[field].error_messages["required"] = sentence

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("start")
        if chosen and chosen != "other":
            cleaned["instant"] = parse_instant(chosen)
            if cleaned["instant"] is None:
                self.add_error("start", "We could not read that time. Pick one from the list.")
        elif cleaned.get("on") and cleaned.get("at") is not None:
            try:
                cleaned["instant"] = wall_time(cleaned["on"], cleaned["at"], settings.CLINIC_ZONE)
            except forms.ValidationError as refused:
                self.add_error("at", refused)
        elif not self.errors.keys() & {"on", "at"}:
            self.add_error("start", "Pick a time from the list, or type a day and a time.")
        return cleaned
