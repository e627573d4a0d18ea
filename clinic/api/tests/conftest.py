from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from clinic.people.models import User
from clinic.people.services import issue_token


@pytest.fixture(autouse=True)
def fresh_throttles() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def api_of() -> Callable[[User], Client]:
    """`api_of(user)` sends a token of that user with every call."""

    def client(user: User) -> Client:
        _, secret = issue_token(by=user)
        return Client(headers={"authorization": f"Token {secret}"})

    return client
