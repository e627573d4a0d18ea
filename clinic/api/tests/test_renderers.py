"""Answers are the framework's JSON to the byte, for everything our serializers give."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.serializer_helpers import ReturnDict

from clinic.api.renderers import Json
from clinic.people.models import Role


@pytest.mark.parametrize(
    "data",
    [
        {"at": datetime(2026, 11, 26, 9, 0, 1, 250_000, tzinfo=UTC), "on": date(2026, 11, 26), "from": time(9, 30)},
        {"id": UUID(int=7), "price": Decimal("68.50"), "took": timedelta(seconds=90), "role": Role.RUNNER},
        {"text": mark_safe("Müller’s “knee” </script> \u2028 \x00"), "lazy": gettext_lazy("Free"), 3: [1.5, None, True]},
        ReturnDict({"a": (1, 2)}, serializer=None),
        [],
        "word",
        2**70,
    ],
)  # fmt: skip
def test_the_same_bytes_as_the_frameworks(data: object) -> None:
    assert Json().render(data) == JSONRenderer().render(data)


def test_nothing_and_indented() -> None:
    assert Json().render(None) == b""
    assert Json().render({"a": 1}, "application/json; indent=2") == b'{\n  "a": 1\n}'
