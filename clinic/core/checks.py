from typing import Any

from django.core.checks import Tags, Warning, register
from django.db import connections

from clinic.core.constraints import missing_triggers


@register(Tags.database)
def triggers_stand(app_configs: Any = None, databases: Any = None, **_: Any) -> list[Warning]:
    """The no-overlap and append-only triggers are where they belong (`check --database default`)."""
    errors = []
    for alias in databases or []:
        for name in missing_triggers(connections[alias]):
            errors.append(
                Warning(
                    f"Trigger {name} is missing from the database.",
                    hint="Run manage.py migrate: it puts the triggers back.",
                    id="core.W001",
                )
            )
    return errors
