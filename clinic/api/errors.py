"""Every refusal of the API has one shape: {"code", "message", "fields", "request_id"}."""

import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from clinic.core.errors import DomainError

SENTENCES = {
    400: ("bad_request", "This request cannot be read. Check how it is written."),
    401: ("not_authenticated", "Log in, or send a token."),
    403: ("forbidden", "This is not yours to see or to do."),
    404: ("not_found", "There is nothing here, or it is not yours to see."),
    405: ("method_not_allowed", "This address does not take that method."),
    406: ("not_acceptable", "This address answers in JSON only."),
    409: ("conflict", "Somebody else was first. Read it again, then decide."),
    412: ("changed_meanwhile", "This was changed meanwhile. Read it again, then send your change with the new ETag."),
    413: ("too_large", "This is too large. Send less."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    422: ("refused", "A rule of the clinic refused this."),
    429: ("too_many_requests", "Too many requests. Wait a little."),
    500: ("our_fault", "That did not work, and it is our fault. Nothing was stored by half. Try again."),
    503: ("busy", "The clinic is very busy just now. Try again in a moment."),
}


def shape(
    *, code: str, message: str, fields: Mapping[str, Any] | None = None, request: Any = None, **extra: Any
) -> dict[str, Any]:
    """The one error shape; `extra` (such as the nearest free times) stands beside it."""
    return {
        "code": code,
        "message": message,
        "fields": dict(fields or {}),
        "request_id": getattr(request, "id", ""),
        **extra,
    }


def for_status(status: int, request: Any = None) -> dict[str, Any]:
    """The shape of a bare HTTP status, for answers that no view wrote."""
    code, message = SENTENCES.get(status) or SENTENCES[500 if status >= 500 else 400]
    return shape(code=code, message=message, request=request)


def flat(detail: Any) -> Any:
    """Nested details of serializers, with each list of sentences as one."""
    if isinstance(detail, Mapping):
        return {str(name): flat(inner) for name, inner in detail.items()}
    if isinstance(detail, list):
        if all(not isinstance(item, Mapping | list) for item in detail):
            return " ".join(str(item) for item in detail)
        return [flat(item) for item in detail]
    return str(detail)


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. Anything unknown is raised on and becomes a 500 of the same shape."""
    request = getattr(context.get("request"), "_request", context.get("request"))
    headers: dict[str, str] = {}
    if isinstance(error, DomainError):
        status = error.status
        data = shape(code=error.code, message=error.message, fields=error.fields, request=request, **error.extra)
    elif isinstance(error, exceptions.ValidationError | ValidationError):
        status = 400
        detail = (
            error.detail
            if isinstance(error, exceptions.ValidationError)
            else getattr(error, "message_dict", error.messages)
        )
        fields = flat(detail) if isinstance(detail, Mapping) else {"non_field_errors": flat(detail)}
        data = shape(
            code="invalid", message="Some of what was sent does not fit. See fields.", fields=fields, request=request
        )
    elif isinstance(error, Http404 | exceptions.NotFound):
        status, data = 404, for_status(404, request)
    elif isinstance(error, RequestDataTooBig):
        status, data = 413, for_status(413, request)
    elif isinstance(error, PermissionDenied):
        status, data = 403, for_status(403, request)
    elif isinstance(error, exceptions.APIException):
        status = error.status_code
        data = for_status(status, request)
        if isinstance(error, exceptions.ParseError):
            data["message"] = "The body is not JSON as it should be. Check the quotes and commas."
        if isinstance(error, exceptions.AuthenticationFailed) and status == 401:
            data |= {"code": "bad_credentials", "message": "This token is not known, or has run out. Get a new one."}
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if (wait := getattr(error, "wait", None)) is not None:
            wait = math.ceil(wait)
            headers["Retry-After"] = str(wait)
            data["message"] = f"Too many requests. Try again in {wait} seconds."
    else:
        return None
    set_rollback()
    return Response(data, status=status, headers=headers)
