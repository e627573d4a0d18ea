import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from clinic.core.errors import DomainError

Next = Callable[[HttpRequest], HttpResponseBase]
GIVEN_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class RequestId:
    """Every request has an id: the caller's own when it is a sane one, on the answer, in the logs, in the audit."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request.id):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


class SessionClock:
    """A session lives on with every use, written down once a minute, and ends for good after its longest time."""

    STEP = timedelta(minutes=1)

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if SESSION_KEY in session:
            now = time.time()
            if now - session.setdefault("since", now) > settings.SESSION_ABSOLUTE_HOURS * 3600:
                session.flush()
                request.user = AnonymousUser()
            elif now - session.get("seen", 0) > self.STEP.total_seconds():
                session["seen"] = now
        return self.get_response(request)


class DropBrokenCookies:
    """A cookie that holds a null byte is none of ours, and PostgreSQL would fall over it as the key of a session."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if "\0" in name + value]:
            del request.COOKIES[name]
        return self.get_response(request)


class RefuseNullBytes:
    """No text that anybody types holds a null byte, and no database column takes one."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        inputs = [request.GET]
        if request.method == "POST" and request.content_type in (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            inputs.append(request.POST)
        if "\0" in request.path or any(
            "\0" in text for data in inputs for key, values in data.lists() for text in (key, *values)
        ):
            return render(
                request,
                "400.html",
                {
                    "reason": "What was sent holds a character that no text may have (a null byte). Type it again by hand."
                },
                status=400,
            )
        return self.get_response(request)


class DomainErrors:
    """A refusal that no view turned into its own page becomes a page with the sentence and the right status."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "refused.html", {"error": exception}, status=exception.status)
