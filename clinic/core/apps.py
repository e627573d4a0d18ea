from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "clinic.core"
    label = "core"

    def ready(self) -> None:
        from clinic.core import checks  # noqa: F401 (registers the system checks)
        from clinic.core.constraints import restore_triggers

        post_migrate.connect(restore_triggers, dispatch_uid="core.restore_triggers")
