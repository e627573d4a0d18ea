"""Records with what belongs to them in one statement, where a page has no statement to spare for `prefetch_related`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet


def with_children(
    parents: QuerySet[Any], name: str, *, ones: Sequence[str] = (), theirs: Sequence[str] = ()
) -> list[Any]:
    """The records of `parents`, each with its `name` (a reverse foreign key) as if prefetched; one left join.

    `ones` are foreign keys of the parents to read along, `theirs` of the children, an outer one before those that lie beyond
    it ("therapist", "therapist__user"). Order `parents` by their own fields first and then by the children's. Each child
    repeats its parent's columns: for few and slim parents.
    """
    relation: Any = parents.model._meta.get_field(name)
    paths = ["", *ones, name, *(f"{name}__{one}" for one in theirs)]
    shapes = [(path, model_at(parents.model, path)) for path in paths]
    columns = [(path, model, [each.attname for each in model._meta.concrete_fields]) for path, model in shapes]
    asked = [f"{path}__{column}" if path else column for path, _, names in columns for column in names]
    found: dict[Any, Any] = {}
    children: dict[Any, list[Any]] = {}
    for row in parents.values_list(*asked):
        built: dict[str, Any] = {}
        place = 0
        for path, model, names in columns:
            values = row[place : place + len(names)]
            place += len(names)
            known = values[names.index(model._meta.pk.attname)] is not None
            built[path] = model.from_db(parents.db, names, values) if known else None
            owner, _, link = path.rpartition("__")
            if known and path not in ("", name):
                setattr(built[owner], link, built[path])
        parent = found.setdefault(built[""].pk, built[""])
        if built[name] is not None:
            setattr(built[name], relation.field.name, parent)
            children.setdefault(parent.pk, []).append(built[name])
    for key, parent in found.items():
        fetched = getattr(parent, relation.get_accessor_name()).get_queryset()
        fetched._result_cache, fetched._prefetch_done = children.get(key, []), True
        parent._prefetched_objects_cache = {relation.cache_name: fetched}
    return list(found.values())


def model_at(model: type[Model], path: str) -> type[Model]:
    """The model that a path of relations leads to; "" is `model` itself."""
    for step in filter(None, path.split("__")):
        related: Any = model._meta.get_field(step).related_model
        model = related
    return model
