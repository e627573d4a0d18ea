"""Forms of the room. The measures themselves are not Django fields: `typed_measures` reads them from the post."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.http import QueryDict

from assessments.catalogue import catalogue
from assessments.entry import field_key, field_name
from assessments.models import Goal, InvolvedSide
from assessments.questions import red_flags, region_groups
from assessments.readings import Key
from clinic.core.widgets import Cards, ScaleField
from exercises import doses

LONGEST_TYPED = 200


def typed_measures(data: QueryDict) -> dict[Key, str]:
    """What was typed into the fields of the measures; only names the catalogue knows, only those that were sent."""
    return {
        (measure.key, side): str(data[name])[:LONGEST_TYPED]
        for measure in catalogue().by_key.values()
        if measure.input != "derived"
        for side in measure.sides
        if (name := field_name(measure.key, side)) in data
    }


def confirmed_measures(data: QueryDict) -> set[Key]:
    """Keys whose tick box "it is right" was ticked for the very text that stands in the field."""
    sure = set()
    for each in data.getlist("confirm"):
        name, _, text = each.partition("|")
        if data.get(name, "").strip() == text.strip() and text.strip():
            sure.add(field_key(name))
    return sure


class Amount(forms.DecimalField):
    """A decimal number with a point or a comma, typed as text."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class DetailsForm(forms.Form):
    """What holds for the whole assessment."""

    involved_side = forms.ChoiceField(
        label="Involved side", choices=[("", "None"), *InvolvedSide.choices], required=False
    )
    speed_kmh = Amount(
        label="Speed, km/h", min_value=Decimal(1), max_value=Decimal(40), max_digits=4, decimal_places=1, required=False,
        error_messages={"invalid": "Speed needs a number, as in 10.2.", "min_value": "Speed goes from 1 to 40 km/h.", "max_value": "Speed goes from 1 to 40 km/h."},
    )  # fmt: skip
    steps = forms.IntegerField(
        label="Steps a side", min_value=1, max_value=500, required=False,
        help_text="7 or more: below that the mean is not stable (Dingenen 2018).",
        error_messages={"invalid": "Steps need a whole number.", "min_value": "At least 1 step.", "max_value": "At most 500 steps."},
    )  # fmt: skip
    note = forms.CharField(label="Note", max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
        for name in ("speed_kmh", "steps"):
            self.fields[name].widget = forms.TextInput(
                attrs={"class": "form-control", "inputmode": "decimal" if name == "speed_kmh" else "numeric"}
            )

    def good(self) -> dict[str, Any]:
        """The fields that hold something sensible; the others keep what is typed and their error."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if name not in self.errors}


class IntakeForm(forms.Form):
    goal = forms.ChoiceField(
        label="What do you want to reach?",
        choices=Goal.choices,
        widget=Cards,
        error_messages={"required": "Choose one: it is where we start."},
    )
    weekly_km = Amount(
        label="How far do you run in a usual week now?", min_value=0, max_value=400, max_digits=5, decimal_places=1,
        required=False, help_text="Kilometres. 0 if you are not running at the moment.",
        error_messages={"invalid": "Type a number of kilometres, as in 25.", "max_value": "More than 400 km a week cannot be: check the number.", "min_value": "Type 0 or more."},
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "decimal"}),
    )  # fmt: skip
    regions = forms.MultipleChoiceField(
        label="Where does it hurt?",
        required=False,
        choices=[(region.key, region.name) for _, regions in region_groups() for region in regions],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose places from the list."},
    )
    pain = ScaleField(label="How much does it hurt, at its worst this week?", required=False, tinted=True)
    red_flags = forms.MultipleChoiceField(
        label="Is any of this true for you?",
        required=False,
        choices=[(flag.key, flag.text) for flag in red_flags().values()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose answers from the list."},
    )
    note = forms.CharField(
        label="Anything your therapist should know",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )

    def groups(self) -> Iterator[tuple[str, list[BoundWidget]]]:
        """The places of the body by group, head to toes, each with its tick box."""
        boxes = {box.data["value"]: box for box in self["regions"]}
        for name, regions in region_groups():
            yield name, [boxes[region.key] for region in regions]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
        error_messages={"required": "Write a reason: it stays in the chart."},
    )


class ProgrammeForm(forms.Form):
    """The frame of a programme; its exercises are DoseForms."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"class": "form-control"}))
    weeks = forms.IntegerField(
        min_value=1, max_value=26, widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "numeric"})
    )
    visits_planned = forms.IntegerField(
        label="Visits planned",
        required=False,
        min_value=1,
        max_value=60,
        help_text="The desk books what is missing.",
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )
    starts_on = forms.DateField(
        label="Starts on", widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_starts_on(self) -> date:
        starts: date = self.cleaned_data["starts_on"]
        if not self.today - timedelta(days=7) <= starts <= self.today + timedelta(days=60):
            raise forms.ValidationError("Choose a day from a week ago to two months ahead.")
        return starts


class DoseForm(forms.Form):
    """One accepted exercise with its dose; unticked it is left out."""

    take = forms.BooleanField(required=False, initial=True)
    sets = forms.IntegerField(min_value=doses.SETS[0], max_value=doses.SETS[1])
    amount = forms.IntegerField()
    days = forms.TypedMultipleChoiceField(
        choices=[(day, name[:3]) for day, name in enumerate(doses.WEEKDAYS)],
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    note = forms.CharField(max_length=160, required=False)

    def __init__(self, exercise: Any, reason: str, data: QueryDict | None) -> None:
        usual = doses.usual_dose(exercise)
        super().__init__(
            data,
            prefix=exercise.slug,
            initial={"sets": usual.sets, "amount": usual.reps or usual.hold_s, "days": list(usual.days)},
        )
        self.exercise, self.reason = exercise, reason
        limits = doses.REPS if usual.reps else doses.HOLD_S
        self.fields["amount"] = forms.IntegerField(
            label="Repetitions" if usual.reps else "Seconds", min_value=limits[0], max_value=limits[1]
        )
        self.fields["sets"].label = "Sets"
        for name in ("sets", "amount"):
            self.fields[name].widget = forms.TextInput(attrs={"class": "form-control", "inputmode": "numeric"})
        self.fields["note"].widget.attrs["class"] = "form-control"

    @property
    def taken(self) -> bool:
        """Whether the exercise goes into the programme; an unticked one is not looked at further."""
        return not self.is_bound or bool(self["take"].data)

    def dose(self) -> doses.Dose:
        changes = {"reps" if self.exercise.reps else "hold_s": self.cleaned_data["amount"]}
        return doses.usual_dose(
            self.exercise,
            sets=self.cleaned_data["sets"],
            days=tuple(sorted(self.cleaned_data["days"])),
            note=self.cleaned_data["note"],
            reason=self.reason,
            **changes,
        )


def all_right(forms_: Iterable[DoseForm]) -> bool:
    """Whether every ticked exercise has a possible dose; every form is looked at, so that all errors show at once."""
    verdicts = [form.is_valid() for form in forms_ if form.taken]
    return all(verdicts)
