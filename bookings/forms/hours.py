"""What therapists and the desk type about hours: a week, a day that is different, time off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from django import forms

from bookings.forms.sessions import ClockInput, DayInput, wall_time
from bookings.models import HoursPlace, Override, Weekday
from bookings.services import DayRange
from bookings.weeks import HoursRange, Stretch

RANGES_A_DAY, SHOWN = 4, 2
"""Ranges a day has room for, and how many of them stand open on the page though they are empty."""

PLACES = [(HoursPlace.EITHER, "Either"), (HoursPlace.ONLINE, "Online"), (HoursPlace.CLINIC, "Clinic")]
CLOSED = "closed"


@dataclass(frozen=True)
class Range:
    """The bound fields of one range of a day."""

    starts: forms.BoundField
    ends: forms.BoundField
    what: forms.BoundField

    @property
    def is_empty(self) -> bool:
        return not (self.starts.value() or self.ends.value() or self.starts.errors or self.ends.errors)


class RangesForm(forms.Form):
    """Rows of a start, an end and a choice, named `starts-KEY`, `ends-KEY` and `what-KEY`."""

    def add_range(self, key: str, choices: Sequence[tuple[str, str]]) -> None:
        for edge in ("starts", "ends"):
            self.fields[f"{edge}-{key}"] = forms.TimeField(
                required=False, widget=ClockInput(), error_messages={"invalid": "Type a time as 09:00."}
            )
            del self.fields[f"{edge}-{key}"].widget.attrs["placeholder"]  # an empty range is no suggestion
        self.fields[f"what-{key}"] = forms.ChoiceField(
            choices=choices, required=False, widget=forms.Select(attrs={"class": "form-select"})
        )

    def show_range(self, key: str) -> Range:
        return Range(self[f"starts-{key}"], self[f"ends-{key}"], self[f"what-{key}"])

    def read_range(self, key: str) -> tuple[time, time, str] | None:
        """What was typed; None for nothing, and for what is wrong."""
        starts, ends = self.cleaned_data.get(f"starts-{key}"), self.cleaned_data.get(f"ends-{key}")
        wrong = self.errors.keys() & {f"starts-{key}", f"ends-{key}"}
        if wrong or (starts is None and ends is None):
            return None
        if starts is None or ends is None:
            self.add_error(f"ends-{key}", "Give a start and an end.")
        elif ends <= starts and ends != time(0):
            self.add_error(f"ends-{key}", "The end comes after the start.")
        else:
            return starts, ends, self.cleaned_data.get(f"what-{key}") or HoursPlace.EITHER
        return None


def range_initial(key: str, starts: time | None, ends: time | None, what: str) -> dict[str, Any]:
    return {f"starts-{key}": starts, f"ends-{key}": ends, f"what-{key}": what}


class WeekForm(RangesForm):
    """A therapist's week: ranges of each day with their place, from a day on, for good or until another.

    `shown` is the stretch the page shows; `corrects` says that it is to be replaced, and not only followed.
    """

    valid_from = forms.DateField(label="From", widget=DayInput())
    valid_until = forms.DateField(
        label="Until",
        required=False,
        widget=DayInput(),
        help_text="With a last day, the usual week comes back after it.",
    )
    instead_of = forms.DateField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, shown: Stretch, today: date, corrects: bool = False
    ) -> None:
        by_day: dict[int, list[HoursRange]] = {weekday: [] for weekday in range(7)}
        for each in shown.ranges:
            by_day[each.weekday].append(each)
        initial: dict[str, Any] = {
            "valid_from": max(shown.first, today),
            "valid_until": shown.last if shown.temporary else None,
            "instead_of": shown.first if corrects else None,
        }
        for weekday, ranges in by_day.items():
            for number, each in enumerate(ranges):
                initial |= range_initial(f"{weekday}-{number}", each.starts, each.ends, each.place)
        super().__init__(data, initial=initial)
        self.most = max(RANGES_A_DAY, *(len(each) for each in by_day.values()))
        for weekday in range(7):
            for number in range(self.most):
                self.add_range(f"{weekday}-{number}", PLACES)

    @property
    def days(self) -> list[tuple[str, list[Range], list[Range]]]:
        """(weekday, the ranges that stand open, those that open when they are needed)."""
        return [
            (Weekday(weekday).label, *parted([self.show_range(f"{weekday}-{number}") for number in range(self.most)]))
            for weekday in range(7)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", "The last day comes after the first. Leave it empty for hours that stay.")
        typed = [
            (weekday, self.read_range(f"{weekday}-{number}")) for weekday in range(7) for number in range(self.most)
        ]
        cleaned["ranges"] = [HoursRange(weekday, *found) for weekday, found in typed if found is not None]
        return cleaned


def parted(ranges: list[Range]) -> tuple[list[Range], list[Range]]:
    """The first few and all that are filled in; the rest."""
    shown = [each for number, each in enumerate(ranges) if number < SHOWN or not each.is_empty]
    return shown, [each for number, each in enumerate(ranges) if number >= SHOWN and each.is_empty]


class DayForm(RangesForm):
    """One day that is different: closed, other hours, or the weekly hours with changes.

    `shown` are the exceptions that stand on the day the page shows.
    """

    on = forms.DateField(label="Day", widget=DayInput())
    kind = forms.ChoiceField(
        choices=[
            ("instead", "Only the hours below"),
            ("beside", "The weekly hours, changed as below"),
            ("closed", "Closed all day"),
        ],
        label="What holds",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    note = forms.CharField(
        max_length=120,
        required=False,
        help_text="Staff and the therapist see it, runners do not.",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    instead_of = forms.DateField(required=False, widget=forms.HiddenInput())

    def __init__(self, data: Mapping[str, Any] | None = None, *, shown: Sequence[Override] = ()) -> None:
        ranges = [each for each in shown if each.starts is not None]
        initial: dict[str, Any] = {}
        if shown:
            day = shown[0]
            whole = len(ranges) < len(shown)
            kind = "beside" if not whole else "instead" if ranges else CLOSED
            initial = {"on": day.on, "instead_of": day.on, "note": day.note, "kind": kind}
        for number, each in enumerate(ranges):
            what = CLOSED if each.closed else each.place
            initial |= range_initial(str(number), each.starts, each.ends, what)
        super().__init__(data, initial=initial)
        self.most = max(RANGES_A_DAY, len(ranges))
        for number in range(self.most):
            self.add_range(str(number), [*PLACES, (CLOSED, "Closed")])

    @property
    def ranges(self) -> tuple[list[Range], list[Range]]:
        """The ranges that stand open, those that open when they are needed."""
        return parted([self.show_range(str(number)) for number in range(self.most)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = [found for number in range(self.most) if (found := self.read_range(str(number))) is not None]
        cleaned["ranges"] = [
            DayRange(starts, ends, HoursPlace.EITHER if what == CLOSED else what, what == CLOSED)
            for starts, ends, what in typed
        ]
        kind = cleaned.get("kind")
        if kind == CLOSED and typed:
            self.add_error("kind", "The day is closed and has hours below. Empty them, or choose what holds.")
        elif kind == "instead" and any(each.closed for each in cleaned["ranges"]):
            self.add_error(
                "kind", "Closed hours belong to the weekly hours. Choose “The weekly hours, changed as below”."
            )
        elif kind in ("instead", "beside") and not typed and not self.errors:
            self.add_error("starts-0", "Give the hours of that day.")
        return cleaned


class TimeOffForm(forms.Form):
    """An absence, in the therapist's own clock; without times whole days, the last one included."""

    first = forms.DateField(label="First day", widget=DayInput())
    first_at = forms.TimeField(label="From", required=False, widget=ClockInput())
    last = forms.DateField(label="Last day", widget=DayInput())
    last_at = forms.TimeField(label="To", required=False, widget=ClockInput())
    reason = forms.CharField(
        max_length=120,
        required=False,
        help_text="Staff and the therapist see it, runners do not.",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, zone: str, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("first") or not cleaned.get("last"):
            return cleaned
        try:
            start = wall_time(cleaned["first"], cleaned.get("first_at") or time(0), self.zone)
            last_at = cleaned.get("last_at")
            end = (
                wall_time(cleaned["last"], last_at, self.zone)
                if last_at
                else wall_time(cleaned["last"] + timedelta(days=1), time(0), self.zone)
            )
        except (forms.ValidationError, OverflowError) as refused:
            self.add_error("first_at", refused if isinstance(refused, forms.ValidationError) else "Check the days.")
            return cleaned
        if end <= start:
            self.add_error("last", "Time off ends after it begins.")
        cleaned["start"], cleaned["end"] = start, end
        return cleaned
