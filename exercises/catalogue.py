"""The library as it is searched, kept in memory until one of its exercises changes."""

from exercises.models import Exercise
from exercises.search import Index

Version = tuple[tuple[int, object], ...]
_kept: tuple[Version, Index] | None = None


def catalogue() -> Index:
    """Every exercise of today's library; its records are shared by all who read, and never changed. One query, two after a change."""
    global _kept  # noqa: PLW0603 (one index for the process; a reader sees a whole one, old or new)
    active = Exercise.objects.active()
    version = tuple(active.order_by("pk").values_list("pk", "changed_at"))
    kept = _kept
    if kept is None or kept[0] != version:
        kept = _kept = (version, Index(active.select_related("parent")))
    return kept[1]
