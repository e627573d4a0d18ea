"""How often a stranger may ask. Counted in the cache, by fixed windows; no address is kept, only its hash."""

from datetime import timedelta
from hashlib import sha256

from django.core.cache import cache

from clinic.core.errors import TooMany

HOUR = timedelta(hours=1)
WAIT = "That was a little often. Wait a while, then try again, or call us. Nothing you typed is lost."


def require_under(name: str, key: str, most: int) -> None:
    """Raises TooMany `too_often` when `name` was counted `most` times for `key` in this hour."""
    if key and (cache.get(window(name, key)) or 0) >= most:
        raise TooMany(WAIT, code="too_often")


def count(name: str, key: str) -> None:
    """One more of `name` for `key`; an empty key is not counted."""
    if key:
        place = window(name, key)
        cache.add(place, 0, timeout=int(HOUR.total_seconds()))
        try:
            cache.incr(place)
        except ValueError:  # the window ended between the two steps
            cache.set(place, 1, timeout=int(HOUR.total_seconds()))


def window(name: str, key: str) -> str:
    what = sha256(f"{name}:{key}".encode()).hexdigest()
    return f"limit:{what[:40]}"
