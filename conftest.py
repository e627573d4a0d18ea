"""Personas and guards that every test shares."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client

from clinic.core.constraints import seals_lifted
from clinic.people.models import CareRelationship, Role, RunnerProfile, TherapistProfile, User

PASSWORD = "a long walk uphill"  # noqa: S105 (of people that live for one test)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def person(role: str, name: str, **fields: object) -> User:
    """A verified user of `role` with its profile."""
    email = f"{name.split(maxsplit=1)[0].lower()}@mail.example"
    user = User.objects.create_user(email, PASSWORD, name=name, role=role, **fields)
    user.emailaddress_set.create(email=email, verified=True, primary=True)
    if role == Role.RUNNER:
        RunnerProfile.objects.create(user=user)
    if role == Role.THERAPIST:
        TherapistProfile.objects.create(user=user, slug=name.lower().replace(" ", "-"))
    return user


@pytest.fixture
def now() -> datetime:
    """Tuesday 24 November 2026, 09:00 in London."""
    return NOW


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at `now` until the test moves it."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def runner(db: None) -> User:
    return person(Role.RUNNER, "Maya Lindqvist", zone="Europe/Stockholm")


@pytest.fixture
def other_runner(db: None) -> User:
    return person(Role.RUNNER, "Omar Haddad")


@pytest.fixture
def therapist(db: None, runner: User) -> User:
    """A therapist with `runner` in care."""
    user = person(Role.THERAPIST, "Nadia Okello")
    CareRelationship.objects.create(
        runner=runner.runner, therapist=user.therapist, since=datetime(2026, 9, 1, tzinfo=UTC)
    )
    return user


@pytest.fixture
def other_therapist(db: None) -> User:
    return person(Role.THERAPIST, "Tomas Reinholt")


@pytest.fixture
def staff(db: None) -> User:
    return person(Role.STAFF, "Joan Tregear")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """`client_of(user)` is a browser in which that user is logged in."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """No throttle of one test counts in the next, and no exercise of one is found in the next."""
    cache.clear()
    monkeypatch.setattr("exercises.catalogue._kept", None)


@pytest.fixture(autouse=True)
def sealed_from_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for any other machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):  # type: ignore[index]
            raise AssertionError(f"A test reached for {address}. Tests talk to this machine alone.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True, scope="session")
def emptied_in_peace() -> Iterator[None]:
    """After a test with real transactions the tables are emptied, append-only ones too.

    For the whole session, because a fixture of the single test would be gone before the tables are emptied. PostgreSQL
    empties what refers to them as well: the token library leaves a table of its own behind that no model knows.
    """
    operations = type(connection.ops)
    flush, flush_sql = operations.execute_sql_flush, operations.sql_flush

    def flush_sealed(self: Any, sql_list: list[str]) -> None:
        with seals_lifted(self.connection):
            flush(self, sql_list)

    def flush_sql_of_all(self: Any, *tables: Any, **how: Any) -> list[str]:
        return flush_sql(self, *tables, **{**how, "allow_cascade": True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", flush_sealed)
        if connection.vendor == "postgresql":
            patch.setattr(operations, "sql_flush", flush_sql_of_all)
        yield
