from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache


@pytest.fixture
def time_machine_clock() -> Iterator[time_machine.Traveller]:
    """A clock that runs on from the tests' instant and can be moved."""
    with time_machine.travel(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def fresh_doors(settings) -> Iterator[None]:
    """No throttle remembers another test; letters stay in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    yield
    cache.clear()
