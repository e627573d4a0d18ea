from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "clinic.people"
    label = "people"

    def ready(self) -> None:
        from clinic.people import checks  # noqa: F401 (registers the system check)
