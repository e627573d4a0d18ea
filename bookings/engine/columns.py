"""Columns for reading several tables in one statement through the ORM: instants as seconds, and nothing of each type."""

from typing import Any

from django.db.models import BigIntegerField, BooleanField, DateField, Func, TimeField, Value
from django.db.models.functions import Cast

NO_DATE, NO_TIME = Cast(Value(None), DateField()), Cast(Value(None), TimeField())
NO_NUMBER, NOT = Cast(Value(None), BigIntegerField()), Value(False, output_field=BooleanField())


class Epoch(Func):
    """An instant as whole seconds since 1970. Both drivers give an int, so that no row needs converting."""

    output_field = BigIntegerField()

    @property
    def convert_value(self) -> Any:
        return self._convert_value_noop  # type: ignore[attr-defined]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)::bigint", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)", **context
        )
