import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from clinic.api.authentication import Token
from clinic.api.errors import for_status, shape
from clinic.api.models import IdempotentRequest
from clinic.core.middleware import Next

PREFIX = "/api/"
KEPT_HEADERS = ("Location", "ETag", "Content-Type")
LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=2)


class ErrorShape:
    """Whatever goes wrong under /api/ before, beside or after a view is answered in the one error shape too."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith(PREFIX) or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        kept = {
            name: value
            for name, value in response.headers.items()
            if name in ("Allow", "Retry-After", "WWW-Authenticate")
        }
        return JsonResponse(for_status(response.status_code, request), status=response.status_code, headers=kept)


class OnceOnly:
    """`Idempotency-Key` on any POST under /api/: what was created once is answered again, not created again.

    The key belongs to the person. The same key with another request is refused (422), a second call while the first
    is at work too (409); a refused or failed call leaves the key free. Views opt out with `once_only = False`.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        row = getattr(request, "once_only", None)
        if row is not None:
            self.keep(row, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key or request.method != "POST" or not request.path.startswith(PREFIX):
            return None
        if not getattr(getattr(view, "cls", None), "once_only", True):
            return None
        if len(key) > 200 or not key.isprintable():
            return refusal(
                request, 422, "bad_idempotency_key", "An Idempotency-Key has at most 200 printable characters."
            )
        user = self.person(request)
        if user is None:
            return None
        return self.claim(request, user, key)

    def person(self, request: HttpRequest) -> Any:
        """Whose call this is, as the view will find it; None leaves the refusal to the view."""
        try:
            found = Token().authenticate(request)
        except AuthenticationFailed:
            return None
        if found is not None:
            return found[0]
        return request.user if request.user.is_authenticated else None

    def claim(self, request: HttpRequest, user: Any, key: str) -> HttpResponse | None:
        """Take the key for this call, or answer in its place."""
        now, print_ = timezone.now(), fingerprint(request)
        IdempotentRequest.objects.filter(started_at__lt=now - KEPT_FOR).delete()  # everybody's: answers can be clinical
        row = IdempotentRequest(user=user, key=key, fingerprint=print_, started_at=now)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            return self.repeat(request, user, key, print_)
        request.once_only = row  # type: ignore[attr-defined]
        return None

    def repeat(self, request: HttpRequest, user: Any, key: str, print_: str) -> HttpResponse | None:
        first = IdempotentRequest.objects.filter(user=user, key=key).first()
        if first is None:  # the first call was refused meanwhile: its key is free again
            return self.claim(request, user, key)
        if first.fingerprint != print_:
            return refusal(
                request,
                422,
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request. Make a new one.",
            )
        if first.status is not None:
            headers = {**first.headers, "Idempotent-Replayed": "true"}
            return HttpResponse(first.body, status=first.status, headers=headers)
        now = timezone.now()
        crashed = IdempotentRequest.objects.filter(
            pk=first.pk, status=None, started_at=first.started_at, started_at__lt=now - LEASE
        )
        if crashed.update(started_at=now):
            request.once_only = first  # type: ignore[attr-defined]
            return None
        answer = refusal(
            request,
            409,
            "request_in_progress",
            "The first call with this Idempotency-Key is still at work. Ask again in a second.",
        )
        answer["Retry-After"] = "1"
        return answer

    @staticmethod
    def keep(row: IdempotentRequest, response: HttpResponseBase) -> None:
        if not 200 <= response.status_code < 300 or not isinstance(response, HttpResponse):
            row.delete()
            return
        row.status, row.body = response.status_code, response.content.decode()
        row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        row.save(update_fields=["status", "body", "headers"])


def refusal(request: HttpRequest, status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse(shape(code=code, message=message, request=request), status=status)


def fingerprint(request: HttpRequest) -> str:
    """Two calls are the same when method, address and body are; of an upload, its length stands for the body."""
    upload = (request.content_type or "").startswith("multipart/")
    body = request.headers.get("Content-Length", "").encode() if upload else request.body
    return hashlib.sha256(b"\0".join([request.method.encode(), request.get_full_path().encode(), body])).hexdigest()  # type: ignore[union-attr]
