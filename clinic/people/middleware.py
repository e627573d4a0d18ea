from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from clinic.core.middleware import Next


class SecondFactorRequired:
    """Where `REQUIRE_MFA` is on, therapists and staff reach nothing but the pages that set a second factor up."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not settings.REQUIRE_MFA or not user.is_authenticated or not user.works_here or self.is_open(request.path):
            return self.get_response(request)
        if not is_mfa_enabled(user):
            if request.path.startswith("/api/"):
                sentence = "Set up a second factor first: log in on the website and follow the page."
                answer = {"code": "second_factor_needed", "message": sentence, "fields": {}, "request_id": request.id}  # type: ignore[attr-defined]
                return JsonResponse(answer, status=403)
            messages.warning(
                request, "Set up a second step for your log-in first. The clinic's records open after that."
            )
            return redirect("mfa_index")
        return self.get_response(request)

    @staticmethod
    def is_open(path: str) -> bool:
        return path.startswith(
            (
                reverse("mfa_index"),
                reverse("account_logout"),
                reverse("account_reauthenticate"),
                "/static/",
                "/healthz/",
            )
        )
