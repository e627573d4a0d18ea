from typing import Any

from django.forms import BaseForm, BoundField
from django.forms.renderers import TemplatesSetting


class Field(BoundField):
    """A field of a form; the first that is wrong takes the focus, so that a phone shows the sentence beside it."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        built = super().build_widget_attrs(attrs, widget)
        shown = widget or self.field.widget
        if self.name == first_wrong(self.form) and not (shown.use_fieldset or shown.is_hidden):
            built["autofocus"] = True
        return built


def first_wrong(form: BaseForm) -> str | None:
    """The name of the first field with an error; None where all is well, or only the form as a whole is wrong."""
    if not form.is_bound:
        return None
    return next((name for name in form.fields if name in form.errors), None)


class Renderer(TemplatesSetting):
    """Forms are drawn by the project's own parts in `templates/forms/`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = Field
