"""Instants as whole numbers inside a query, so that lengths and weeks can be reckoned by the database."""

from typing import Any

from django.db.models import BigIntegerField, Func


class Epoch(Func):
    """An instant as whole seconds since 1970, rounded down."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)", **context
        )
