"""Who reads the page."""

from typing import cast

from django.http import HttpRequest

from clinic.people.models import User


def signed_in(request: HttpRequest) -> User:
    """The user of a page that needs a log-in (every page does that is not marked public)."""
    return cast(User, request.user)
