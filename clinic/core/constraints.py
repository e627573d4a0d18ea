"""Database guards that hold on PostgreSQL and on SQLite from one declaration in `Meta.constraints`.

PostgreSQL gets an exclusion constraint or a trigger, SQLite gets triggers that carry the constraint's name in their
message. A rebuilt SQLite table drops its triggers, so `restore_triggers` puts them back after every migration.
"""

# mypy: disable-error-code="override, union-attr, arg-type, return-value"
# (the stubs allow None where Django never passes it)

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, F, Func, Model, Q
from django.db.models.sql.query import Query


class InstantRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Triggers:
    """A constraint that is kept by triggers; subclasses say which, in `trigger_sql`."""

    name: str

    def trigger_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        """Trigger name -> CREATE statement, for the database behind `schema_editor`; empty where none is needed."""
        raise NotImplementedError

    def create_triggers(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in self.trigger_sql(model, schema_editor).values():
            schema_editor.execute(statement, params=None)

    def drop_triggers(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        table = schema_editor.quote_name(model._meta.db_table)
        on_table = f" ON {table}" if on_postgres(schema_editor) else ""
        for name in self.trigger_sql(model, schema_editor):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(name)}{on_table}", params=None)


def condition_sql(model: type[Model], schema_editor: BaseDatabaseSchemaEditor, condition: Q | None, row: str) -> str:
    """`condition` as SQL over the row called `row` (a table or NEW)."""
    if condition is None:
        return "1 = 1"
    query = Query(model=model, alias_cols=False)
    where = query.build_where(condition)
    compiler = query.get_compiler(connection=schema_editor.connection)
    sql, params = where.as_sql(compiler, schema_editor.connection)
    sql = sql % tuple(schema_editor.quote_value(value) for value in params)
    for field in model._meta.local_fields:
        column = schema_editor.quote_name(field.column)
        sql = sql.replace(column, f"{row}.{column}")
    return sql


class NoOverlap(Triggers, ExclusionConstraint):
    """No two rows with equal `over` and matching `condition` overlap in the half-open range `start`..`end`.

    `over`: field names compared for equality (rows where one is null never clash). `start`, `end`: names of instant
    fields. Violations raise IntegrityError naming the constraint, on both databases.
    """

    def __init__(
        self,
        *,
        name: str,
        over: Sequence[str],
        start: str,
        end: str,
        condition: Q | None = None,
        violation_error_message: str | None = None,
        violation_error_code: str | None = None,
    ) -> None:
        self.over, self.start, self.end = tuple(over), start, end
        super().__init__(
            name=name,
            expressions=[
                *((field, RangeOperators.EQUAL) for field in over),
                (InstantRange(F(start), F(end), RangeBoundary()), RangeOperators.OVERLAPS),
            ],
            condition=condition,
            violation_error_message=violation_error_message,
            violation_error_code=violation_error_code,
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        kwargs.pop("expressions", None)
        kwargs.pop("index_type", None)
        return path, args, {**kwargs, "over": self.over, "start": self.start, "end": self.end}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoOverlap) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__

    def constraint_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> Any:
        if not on_postgres(schema_editor):
            return None
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        return super().constraint_sql(model, schema_editor)

    def create_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> Any:
        if not on_postgres(schema_editor):
            return None
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        return super().create_sql(model, schema_editor)

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> Any:
        return super().remove_sql(model, schema_editor) if on_postgres(schema_editor) else None

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = "default") -> None:
        """The database decides, under the lock that the service holds; asking beforehand would only be a guess."""

    def trigger_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        if on_postgres(schema_editor):
            return {}
        quote, fields = schema_editor.quote_name, model._meta
        table, key = quote(fields.db_table), quote(fields.pk.column)
        start, end = quote(fields.get_field(self.start).column), quote(fields.get_field(self.end).column)
        same = " AND ".join(
            f"other.{column} = NEW.{column}" for column in (quote(fields.get_field(name).column) for name in self.over)
        )
        clash = (
            f"SELECT RAISE(ABORT, 'constraint {self.name} violated') WHERE NEW.{end} <= NEW.{start} OR EXISTS ("
            f"SELECT 1 FROM {table} AS other WHERE {same} AND other.{start} < NEW.{end} AND other.{end} > NEW.{start}"
            f" AND other.{key} <> NEW.{key} AND {condition_sql(model, schema_editor, self.condition, 'other')})"
        )
        when = condition_sql(model, schema_editor, self.condition, "NEW")
        return {
            f"{self.name}_{verb.lower()}": (
                f"CREATE TRIGGER IF NOT EXISTS {quote(f'{self.name}_{verb.lower()}')} BEFORE {verb} ON {table} "
                f"WHEN {when} BEGIN {clash}; END"
            )
            for verb in ("INSERT", "UPDATE")
        }


class AppendOnly(Triggers, BaseConstraint):
    """Rows are written once: the database refuses every UPDATE and DELETE of them.

    With `condition` only rows that match it (as they stood before) are sealed.
    """

    def __init__(self, *, name: str, condition: Q | None = None, violation_error_message: str | None = None) -> None:
        self.condition = condition
        super().__init__(name=name, violation_error_message=violation_error_message)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "condition": self.condition} if self.condition is not None else kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AppendOnly) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__

    def constraint_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Nothing inside CREATE TABLE: the triggers follow in `restore_triggers`."""

    def create_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Nothing here either, for the same reason."""

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
        self.drop_triggers(model, schema_editor)

    def validate(self, model: type[Model], instance: Model, exclude: Any = None, using: str = "default") -> None:
        """Only the database sees an UPDATE or DELETE coming."""

    def trigger_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        quote = schema_editor.quote_name
        table = quote(model._meta.db_table)
        sealed = condition_sql(model, schema_editor, self.condition, "OLD")
        statements = {}
        for verb in ("UPDATE", "DELETE"):
            name = f"{self.name}_{verb.lower()}"
            if on_postgres(schema_editor):
                statements[name] = (
                    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "RAISE EXCEPTION 'constraint % violated', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$; "
                    f"CREATE OR REPLACE TRIGGER {quote(name)} BEFORE {verb} ON {table} FOR EACH ROW "
                    f"WHEN ({sealed}) EXECUTE FUNCTION refuse_change('{self.name}')"
                )
            else:
                statements[name] = (
                    f"CREATE TRIGGER IF NOT EXISTS {quote(name)} BEFORE {verb} ON {table} "
                    f"WHEN {sealed} BEGIN SELECT RAISE(ABORT, 'constraint {self.name} violated'); END"
                )
        return statements


def on_postgres(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.vendor == "postgresql"


def guarded(models: Iterable[type[Model]] | None = None) -> Iterator[tuple[type[Model], Triggers]]:
    """Each of `models` (by default every model of the project) with each of its trigger-kept constraints."""
    for model in apps.get_models() if models is None else models:
        for constraint in model._meta.constraints:
            if isinstance(constraint, Triggers):
                yield model, constraint


def restore_triggers(*, sender: AppConfig, using: str, **_: Any) -> None:
    """After a migration: make the triggers of the app `sender` stand again, whatever a table rebuild has dropped."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    schema_editor = connection.schema_editor()
    for model, constraint in guarded(sender.get_models()):
        if model._meta.db_table in tables:
            constraint.create_triggers(model, schema_editor)


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should stand on a table of the database and do not."""
    if connection.vendor == "postgresql":
        catalogue = "SELECT tgname FROM pg_trigger"
    else:
        catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        standing = {row[0] for row in cursor.fetchall()}
    schema_editor = connection.schema_editor()
    tables = set(connection.introspection.table_names())
    wanted = [
        name
        for model, constraint in guarded()
        if model._meta.db_table in tables
        for name in constraint.trigger_sql(model, schema_editor)
    ]
    return [name for name in wanted if name not in standing]


@contextmanager
def seals_lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the append-only seals, to empty a database of demonstration or test data; they stand again afterwards."""
    seals = [(model, constraint) for model, constraint in guarded() if isinstance(constraint, AppendOnly)]
    schema_editor = connection.schema_editor()
    for model, constraint in seals:
        constraint.drop_triggers(model, schema_editor)
    try:
        yield
    finally:
        for model, constraint in seals:
            constraint.create_triggers(model, schema_editor)
