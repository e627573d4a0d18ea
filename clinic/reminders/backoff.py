"""How long to wait before the next attempt. No ORM."""

from datetime import timedelta

WAITS_MIN = (1, 5, 15, 60, 240)
"""Minutes after the first, second, … failed attempt."""

SPREAD = 0.2
"""Share by which a wait is made longer or shorter, so that what failed together does not come back together."""


def wait_after(attempts: int, *, key: str) -> timedelta:
    """How long to wait after `attempts` failed attempts (1 or more) at the message called `key` (hexadecimal digits).

    The spread comes from the key, so that the same message always waits the same.
    """
    minutes = WAITS_MIN[min(attempts, len(WAITS_MIN)) - 1]
    place = int(key[attempts % 8 * 4 :][:4], 16) / 0xFFFF
    return timedelta(minutes=minutes * (1 + SPREAD * (2 * place - 1)))
