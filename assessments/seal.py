"""Signed is signed: the database itself refuses to change a signed assessment, whoever writes the SQL."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Model

from clinic.core.constraints import AppendOnly, on_postgres


def trigger(editor: BaseDatabaseSchemaEditor, *, table: str, rule: str, verb: str, refused_if: str) -> dict[str, str]:
    """Name and CREATE statement of a trigger of the constraint `rule`: it refuses `verb` on `table` where `refused_if` holds."""
    quote, name = editor.quote_name, f"{rule}_{verb.lower()}"
    if not on_postgres(editor):
        return {
            name: f"CREATE TRIGGER IF NOT EXISTS {quote(name)} BEFORE {verb} ON {quote(table)} WHEN {refused_if} "
            f"BEGIN SELECT RAISE(ABORT, 'constraint {rule} violated'); END"
        }
    row = "OLD" if verb == "DELETE" else "NEW"
    return {
        name: f"CREATE OR REPLACE FUNCTION {quote(name)}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {refused_if} THEN RAISE EXCEPTION 'constraint {rule} violated' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$; "
        f"CREATE OR REPLACE TRIGGER {quote(name)} BEFORE {verb} ON {quote(table)} "
        f"FOR EACH ROW EXECUTE FUNCTION {quote(name)}()"
    }


class SealedOnceSigned(AppendOnly):
    """A row whose state is not `draft` cannot be changed or deleted; `signed` may become `amended`, nothing else."""

    def trigger_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        quote = schema_editor.quote_name
        differs = "IS DISTINCT FROM" if on_postgres(schema_editor) else "IS NOT"
        columns = [quote(str(field.column)) for field in model._meta.local_concrete_fields if field.name != "state"]
        changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
        replaced = f"OLD.state = 'signed' AND NEW.state IN ('signed', 'amended') AND NOT ({changed})"
        refusals = {"UPDATE": f"OLD.state <> 'draft' AND NOT ({replaced})", "DELETE": "OLD.state <> 'draft'"}
        return {
            name: statement
            for verb, refused in refusals.items()
            for name, statement in trigger(
                schema_editor, table=model._meta.db_table, rule=self.name, verb=verb, refused_if=refused
            ).items()
        }


class SealedByAssessment(AppendOnly):
    """Rows of a signed assessment cannot be added, changed, moved or deleted."""

    def trigger_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
        quote = schema_editor.quote_name
        field = model._meta.get_field("assessment")
        parent, own = quote(field.related_model._meta.db_table), quote(field.column)  # type: ignore[union-attr, arg-type]

        def signed(row: str) -> str:
            return (
                f"EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.id = {row}.{own} AND parent.state <> 'draft')"
            )

        refusals = {"INSERT": signed("NEW"), "UPDATE": f"{signed('OLD')} OR {signed('NEW')}", "DELETE": signed("OLD")}
        return {
            name: statement
            for verb, refused in refusals.items()
            for name, statement in trigger(
                schema_editor, table=model._meta.db_table, rule=self.name, verb=verb, refused_if=refused
            ).items()
        }
