"""What a person wants to be told, and when."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms

from clinic.core.widgets import Switch
from clinic.people.models import User
from clinic.reminders import kinds, posts
from clinic.reminders.kinds import Kind
from clinic.reminders.models import Preference, Rhythm

HALF_HOURS = [(f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}") for hour in range(24) for minute in (0, 15, 30, 45)]
CAPS = [(1, "1 message a day"), (2, "2 messages a day"), (3, "3 messages a day"), (5, "5 messages a day")]


def offered(person: User) -> list[Kind]:
    """The kinds this person can choose about, and those that are always on, as the page lists them: visits first."""
    named = [kind for kind in kinds.everything() if kind.label and person.role in kind.roles]
    return sorted(named, key=lambda kind: kind.capped)


def read_hour(text: str) -> time:
    return time.fromisoformat(text)


class WishesForm(forms.Form):
    """One switch per kind and channel, quiet hours, and the daily limit."""

    quiet_from = forms.TypedChoiceField(label="From", choices=HALF_HOURS, coerce=read_hour)
    quiet_to = forms.TypedChoiceField(label="To", choices=HALF_HOURS, coerce=read_hour)
    daily_cap = forms.TypedChoiceField(label="No more than", choices=CAPS, coerce=int)

    def __init__(self, data: Mapping[str, Any] | None, *, person: User) -> None:
        rhythm = Rhythm.objects.filter(person=person).first() or Rhythm(person=person)
        initial = {
            "quiet_from": f"{rhythm.quiet_from:%H:%M}",
            "quiet_to": f"{rhythm.quiet_to:%H:%M}",
            "daily_cap": rhythm.daily_cap,
        }
        super().__init__(data, initial=initial)
        unwanted = set(Preference.objects.filter(person=person, wanted=False).values_list("kind", "channel"))
        self.kinds = offered(person)
        for kind in self.kinds:
            for channel in posts.POSTS:
                self.fields[f"{kind.name}:{channel}"] = forms.BooleanField(
                    label=f"{kind.label}, {'e-mail' if channel == 'email' else 'phone'}",
                    required=False,
                    disabled=kind.transactional,
                    initial=kind.transactional or (kind.name, channel) not in unwanted,
                    widget=Switch(attrs={"aria-label": f"{kind.label}, {'e-mail' if channel == 'email' else 'phone'}"}),
                )

    def lines(self) -> list[tuple[Kind, list[forms.BoundField]]]:
        """Each kind with its switches, for the page."""
        return [(kind, [self[f"{kind.name}:{channel}"] for channel in posts.POSTS]) for kind in self.kinds]

    def wanted(self) -> dict[tuple[str, str], bool]:
        """(kind, channel) -> yes or no."""
        return {
            (kind.name, channel): self.cleaned_data[f"{kind.name}:{channel}"]
            for kind in self.kinds
            for channel in posts.POSTS
        }
