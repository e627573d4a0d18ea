"""The way back leads to pages of ours alone."""

import pytest
from django.test import RequestFactory

from clinic.core.back import own_page


@pytest.mark.parametrize("address", ["/", "/today/", "/messages/?state=look", "http://testserver/today/"])
def test_a_page_of_ours_is_gone_back_to(address):
    assert own_page(RequestFactory().get("/"), address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "3",
        "-1",
        "people:team",
        "[]",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:x/",
    ],
)
def test_anything_else_is_not(address):
    assert own_page(RequestFactory().get("/"), address) == ""
