"""Every part of the pages in light and in dark, with made-up words: what a page is built from, and how it should look."""

from types import SimpleNamespace

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.core.decorators import public
from clinic.core.widgets import Cards, ScaleField, Switch
from clinic.dashboard.verdict import Verdict

PEOPLE = [
    SimpleNamespace(pk=f"sample-{n}", name=name, user_id=n, portrait=n)
    for n, name in enumerate(("Maya Lindqvist", "Nadia Okello", "Gordon Pell"))
]


class Sample(forms.Form):
    """A field of each kind."""

    email = forms.EmailField(
        label="E-mail", error_messages={"invalid": "The part after the @ needs a dot, as in name@mail.example"}
    )
    goal = forms.ChoiceField(
        label="What do you want to do?",
        widget=Cards,
        choices=[
            ("first", "First 5k | You are starting, or starting again."),
            ("best", "Marathon best | You have a time to beat."),
        ],
    )
    pain = ScaleField(
        label="How much does it hurt when you run?",
        tinted=True,
        help_text="0 to 2 is fine. 3 to 5 is allowed. From 6 we stop.",
    )
    shoe = forms.ChoiceField(
        label="Shoe", choices=[("road", "Road"), ("trail", "Trail")], help_text="The pair you run in most."
    )
    note = forms.CharField(label="Anything else", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    remind = forms.BooleanField(label="Remind me by e-mail", required=False)
    quiet = forms.BooleanField(label="Quiet at night", required=False, widget=Switch)


def specimen(shade: str) -> dict[str, object]:
    """What one column of the page shows; `shade` keeps the ids of both columns apart."""
    return {
        "shade": shade,
        "people": PEOPLE,
        "blank": Sample(prefix=shade, initial={"pain": 1, "goal": "first", "quiet": True}),
        "wrong": Sample(
            {f"{shade}-wrong-email": "maya@lindqvist", f"{shade}-wrong-shoe": "road"}, prefix=f"{shade}-wrong"
        ),
        "verdicts": [
            Verdict("green", "Yes, as your plan says", "Pain was 2 on Sunday. Two green days in a row."),
            Verdict(
                "amber",
                "Same as last time, no more",
                "Pain was 4 yesterday. That is allowed, as long as it has settled by the next morning.",
            ),
            Verdict(
                "red",
                "Not today",
                "Pain was 7 yesterday. That is too much for now: rest a day or two, then go one step back.",
            ),
            Verdict(
                "unknown",
                "We cannot tell yet",
                "You have not logged any pain yet. Log today’s exercises and how much it hurt, and the answer stands here.",
            ),
        ],
        "slots": [
            {"time": "16:45", "small": "Thu 26", "url": "#"},
            {"time": "18:00", "small": "Wed 25", "url": "#"},
            {"time": "08:00", "small": "Fri 27", "url": "#"},
        ],
        "offers": [
            {"text": "Side plank with leg lift, 3 × 20 s"},
            {"text": "Cue: “level belt”", "icon": "chat-quote", "accepted": "accepted by NO, 6 Oct"},
        ],
        "sides": [
            {"side": "left", "name": f"{shade}-left", "value": "7.6", "last": "8.1", "outside": True},
            {"side": "right", "name": f"{shade}-right", "value": "4.4", "last": "4.9"},
        ],
        "colours": (
            "paper",
            "surface",
            "sunken",
            "line",
            "line-2",
            "ink",
            "ink-2",
            "ink-3",
            "field",
            "field-tint",
            "track",
            "ok",
            "amber",
            "stop",
            "info",
        ),
    }


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/styleguide.html", {"columns": [specimen("light"), specimen("dark")]})
