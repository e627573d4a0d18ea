from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from clinic.people.addresses import DEMO_DOMAIN
from clinic.people.models import User


@register(Tags.database)
def no_demo_people(app_configs: Any = None, databases: Any = None, **_: Any) -> list[Error]:
    """Outside the demonstration none of its log-ins exists (`migrate` and `check --database default` ask)."""
    if settings.DEMO:
        return []
    errors = []
    for alias in databases or []:
        if User._meta.db_table not in connections[alias].introspection.table_names():
            continue
        count = User.objects.using(alias).filter(email__iendswith=DEMO_DOMAIN).count()
        if count:
            errors.append(
                Error(
                    f"{count} log-ins of the demonstration ({DEMO_DOMAIN}) are in this database. Their password is public.",
                    hint="Start production on an empty database; never on the demonstration's.",
                    id="people.E001",
                )
            )
    return errors
