"""Controls of our own for Django's forms; each works without script."""

from typing import Any

from django import forms
from django.utils.safestring import mark_safe

from clinic.core.portraits import portrait_of


class Cards(forms.RadioSelect):
    """Answers as large cards. A choice labelled "Title | sentence" shows the sentence below its title."""

    template_name = "forms/cards.html"

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        title, _, sentence = str(option["label"]).partition("|")
        return {**option, "title": title.strip(), "sentence": sentence.strip()}


class Portraits(forms.RadioSelect):
    """The drawn portraits, one to pick."""

    template_name = "forms/portraits.html"

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        return {**option, "shapes": mark_safe(portrait_of("", int(option["value"])))}


class Scale(forms.RadioSelect):
    """A number from 0 to 10. `tinted` colours it by the pain traffic light: 0-2 green, 3-5 amber, 6-10 red."""

    template_name = "forms/scale.html"

    def __init__(
        self,
        *,
        low: str = "nothing",
        high: str = "the worst there is",
        tinted: bool = False,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs, choices=[(n, str(n)) for n in range(11)])
        self.low, self.high, self.tinted = low, high, tinted

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"].update(low=self.low, high=self.high, tinted=self.tinted)
        return context

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        number = int(option["value"]) if str(option["value"]).isdigit() else 0
        return {**option, "tint": "s" if number >= 6 else "a" if number >= 3 else "g"}


class ScaleField(forms.TypedChoiceField):
    """An answer from 0 to 10 as an int, None where it is left out."""

    def __init__(
        self, *, low: str = "nothing", high: str = "the worst there is", tinted: bool = False, **kwargs: Any
    ) -> None:
        kwargs.setdefault("widget", Scale(low=low, high=high, tinted=tinted))
        super().__init__(choices=[(n, str(n)) for n in range(11)], coerce=int, empty_value=None, **kwargs)


class Switch(forms.CheckboxInput):
    """On or off, as a switch."""

    template_name = "forms/switch.html"
