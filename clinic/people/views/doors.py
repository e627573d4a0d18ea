"""Doors of our own beside allauth's: the code and the reset that forget nobody's goal, and the invitation."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.views import ConfirmEmailVerificationCodeView, PasswordResetFromKeyView, PasswordResetView
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.decorators import public
from clinic.core.errors import DomainError
from clinic.core.viewer import zone_of
from clinic.people.forms import Accept
from clinic.people.services import accept
from clinic.people.services.team import find_invitation

GOING_TO = "going_to_after_code"
RUN_OUT = "This code has run out. Log in, and we send you a new one."
TOO_OFTEN = "Five codes did not fit, so this one is void. Log in, and we send you a new one."


@method_decorator(public, name="dispatch")
class ConfirmAddress(ConfirmEmailVerificationCodeView):
    """allauth's code page; when the code has run out or was wrong too often, it says so and keeps where the person was going."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        was_waiting = "account_email_verification_code" in request.session
        if was_waiting and EmailVerificationProcess.resume(request) is None:
            messages.warning(request, RUN_OUT)
            return self.back_to_log_in()
        stage = LoginStageController.enter(request, EmailVerificationStage.key)
        if stage is not None and stage.login.redirect_url:
            request.session[GOING_TO] = stage.login.redirect_url
        return super().dispatch(request, *args, **kwargs)

    def _verify_form_invalid(self, form: Any) -> HttpResponseBase:
        if self._process.record_invalid_attempt():
            return super(ConfirmEmailVerificationCodeView, self).form_invalid(form)
        messages.error(self.request, TOO_OFTEN)
        return self.back_to_log_in()

    def back_to_log_in(self) -> HttpResponseBase:
        if self.request.user.is_authenticated:
            return redirect("account_email")
        going_to = self.request.session.get(GOING_TO, "")
        return redirect(reverse("account_login") + (f"?{urlencode({'next': going_to})}" if going_to else ""))


confirm_address = ConfirmAddress.as_view()


class KeepsGoal:
    """Goes on to its own next page, with `next` in the address; allauth would leave for `next` at once."""

    success_url: Any

    def get_success_url(self) -> str:
        return self.passthrough_next_url(str(self.success_url))  # type: ignore[attr-defined]


@method_decorator(public, name="dispatch")
class AskForReset(KeepsGoal, PasswordResetView):
    """Sends the link; the page after it says so."""


@method_decorator(public, name="dispatch")
class ResetPassword(KeepsGoal, PasswordResetFromKeyView):
    """The link of that letter; the page after it leads to the log-in, which goes on to where the person was going."""


ask_for_reset, reset_password = AskForReset.as_view(), ResetPassword.as_view()


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """The link of an invitation: name and password, once."""
    now = timezone.now()
    invitation = find_invitation(token, now)
    if invitation is None:
        return render(request, "people/invitation_gone.html", status=410)
    if request.user.is_authenticated:
        return render(request, "people/invitation_elsewhere.html", {"invitation": invitation})
    form = Accept(request.POST if request.method == "POST" else None, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            user = accept(token=token, zone=zone_of(request), now=now, **form.cleaned_data)
        except DomainError as refusal:
            if refusal.code == "invitation_gone":
                return render(request, "people/invitation_gone.html", status=410)
            for field, sentence in refusal.fields.items():
                form.add_error(field if field in form.fields else None, sentence)
        else:
            get_adapter(request).add_message(
                request, messages.SUCCESS, message=f"Welcome, {user.first_name}. You are logged in."
            )
            try:
                return perform_login(request, Login(user=user, email=user.email, signup=True))
            except ImmediateHttpResponse as answer:
                return answer.response
    return render(
        request,
        "people/accept_invitation.html",
        {"form": form, "invitation": invitation},
        status=422 if form.errors else 200,
    )


@public
@require_safe
def consent(request: HttpRequest) -> HttpResponse:
    """What the clinic keeps about a runner, and why."""
    return render(request, "people/consent.html")
