from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Forms are drawn by the project's own parts in `templates/forms/`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
