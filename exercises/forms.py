"""What people type about exercises, programmes and races."""

from collections.abc import Mapping
from typing import Any

from django import forms

from clinic.core.widgets import ScaleField
from exercises import doses
from exercises.doses import Dose, usual_dose
from exercises.models import Exercise, Prescription
from exercises.models.logs import NOTE_LENGTH
from exercises.services.logging import DoneSet

DAY_CHOICES = tuple((number, name[:3]) for number, name in enumerate(doses.WEEKDAYS))


def number(label: str, limits: tuple[Any, Any], **kwargs: Any) -> forms.IntegerField:
    wrong = f"From {limits[0]} to {limits[1]}."
    words = {
        "min_value": wrong,
        "max_value": wrong,
        "invalid": "A whole number, please.",
        "required": "A number, please.",
    }
    field = forms.IntegerField(label=label, min_value=limits[0], max_value=limits[1], error_messages=words, **kwargs)
    field.widget.attrs.update({"class": "form-control", "inputmode": "numeric"})
    return field


def kilograms(**kwargs: Any) -> forms.DecimalField:
    wrong = "From 0 to 300 kg."
    words = {"min_value": wrong, "max_value": wrong, "invalid": "A number, as in 7.5."}
    field = forms.DecimalField(
        label="Load, kg",
        min_value=0,
        max_value=300,
        max_digits=5,
        decimal_places=2,
        required=False,
        error_messages=words,
        **kwargs,
    )
    field.widget.attrs.update({"class": "form-control", "inputmode": "decimal", "step": "0.5"})
    return field


class SetForm(forms.Form):
    """One set, as it was done."""

    number = forms.IntegerField(min_value=1, max_value=20, widget=forms.HiddenInput)
    amount = forms.IntegerField()
    load_kg = kilograms()
    pain = ScaleField(label="Pain during this set", required=False, tinted=True, low="none", high="the worst")

    def __init__(self, prescription: Prescription, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prescription = prescription
        is_hold = prescription.hold_s is not None
        limits = (0, doses.HOLD_S[1]) if is_hold else (0, doses.REPS[1])
        side = " on each side" if prescription.per_side else ""
        self.fields["amount"] = number(f"{'Seconds held' if is_hold else 'Repetitions'}{side}", limits)
        self.fields["amount"].widget.attrs["data-planned"] = prescription.hold_s or prescription.reps
        self.initial.setdefault("amount", prescription.hold_s or prescription.reps)
        self.initial.setdefault("load_kg", prescription.load_kg)
        if prescription.load_kg is None:
            del self.fields["load_kg"]

    def done(self) -> DoneSet:
        amount = self.cleaned_data["amount"]
        measured = {"hold_s": amount} if self.prescription.hold_s is not None else {"reps": amount}
        return DoneSet(number=self.cleaned_data["number"], load_kg=self.cleaned_data.get("load_kg"), **measured)


class RatingForm(forms.Form):
    """How the whole session was."""

    pain = ScaleField(label="Worst pain today", required=False, tinted=True, low="none", high="the worst")
    effort = ScaleField(label="How hard was it?", required=False, low="nothing at all", high="all I had")
    note = forms.CharField(
        label="A word for your therapist",
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        error_messages={"max_length": f"Up to {NOTE_LENGTH:,} characters. Keep the part that matters today."},
    )


class DoseForm(forms.Form):
    """The dose of one exercise in a programme; its fields are named after the slug."""

    sets = number("Sets", doses.SETS)
    amount = forms.IntegerField()
    rest_s = number("Rest, s", doses.REST_S)
    load_kg = kilograms()
    days = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=DAY_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    note = forms.CharField(
        label="Note for the runner",
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, exercise: Exercise, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.exercise = exercise
        usual = usual_dose(exercise)
        initial = {
            "sets": usual.sets,
            "amount": usual.reps or usual.hold_s,
            "rest_s": usual.rest_s,
            "days": list(usual.days),
        }
        super().__init__(data, prefix=exercise.slug, initial=initial, **kwargs)
        self.fields["amount"] = number("Hold, s", doses.HOLD_S) if exercise.hold_s else number("Reps", doses.REPS)

    def dose(self) -> Dose:
        typed = self.cleaned_data
        amount = (
            {"hold_s": typed["amount"], "reps": None}
            if self.exercise.hold_s
            else {"reps": typed["amount"], "hold_s": None}
        )
        return usual_dose(
            self.exercise,
            sets=typed["sets"],
            rest_s=typed["rest_s"],
            load_kg=typed["load_kg"],
            days=tuple(typed["days"]),
            note=typed["note"],
            **amount,
        )


class ProgrammeForm(forms.Form):
    title = forms.CharField(
        label="Title",
        max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        error_messages={"required": "A name, as in: First four weeks."},
    )
    weeks = number("Weeks", (1, 52))
    visits_planned = number("Visits planned", (1, 60), required=False, help_text="The desk books what is missing.")
    starts_on = forms.DateField(
        label="Starts on",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        error_messages={"required": "A day, please.", "invalid": "A day, as in 2026-11-24."},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class RaceForm(forms.Form):
    name = forms.CharField(
        label="Which race?",
        max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={
            "required": "Give it a name, as in: City half marathon.",
            "max_length": "Up to 120 characters.",
        },
    )
    on = forms.DateField(
        label="When?",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        error_messages={"required": "The day of the race, please.", "invalid": "A day, as in 2027-04-25."},
    )
    distance_km = forms.DecimalField(
        label="How far, in km?",
        min_value=0,
        max_digits=7,
        decimal_places=3,
        widget=forms.NumberInput(
            attrs={"class": "form-control", "step": "any", "inputmode": "decimal", "list": "distances"}
        ),
        error_messages={
            "required": "The distance in kilometres, please.",
            "invalid": "A number, as in 21.1.",
            "min_value": "A race is between 0.1 and 1,000 km long.",
            "max_digits": "A number, as in 21.1.",
            "max_decimal_places": "Three decimals are enough, as in 21.098.",
            "max_whole_digits": "A race is between 0.1 and 1,000 km long.",
        },
    )
