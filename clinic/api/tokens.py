"""POST tokens/: e-mail and password, and the second factor where one is set, against a personal token."""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from clinic.core.errors import DomainError, Forbidden, TooMany
from clinic.people.backend import Backend
from clinic.people.models import ApiToken, User
from clinic.people.services import issue_token


class Refused(DomainError):
    status = 401


def token_for(
    *, request: HttpRequest, email: str, password: str, code: str = "", name: str = ""
) -> tuple[ApiToken, str]:
    """A new token of the person, through the same doors as the log-in page: one lock counts the wrong tries of both.

    Raises Refused `bad_credentials` (also for unknown, closed and unconfirmed log-ins: nothing tells them apart),
    `second_factor_required`, `bad_code`; Forbidden `second_factor_needed`; TooMany `too_many_tries`.
    """
    try:
        user = get_adapter(request).authenticate(request, email=email, password=password)
    except ValidationError as locked:
        raise TooMany(" ".join(locked.messages), code="too_many_tries") from locked
    confirmed = (
        user is not None and EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()
    )
    if user is None or not user.is_active or not confirmed or not may_log_in(user):
        raise Refused("This e-mail and password do not go together.", code="bad_credentials")
    if is_mfa_enabled(user):
        check_second_factor(user, code)
    elif settings.REQUIRE_MFA and user.works_here:
        raise Forbidden("Set up a second factor on the website first.", code="second_factor_needed")
    return issue_token(by=user, name=name)


def may_log_in(user: User) -> bool:
    return Backend().user_can_authenticate(user)


def check_second_factor(user: User, code: str) -> None:
    if not code:
        raise Refused(
            "This log-in has a second factor. Send the code of the app, or a recovery code, as `code`. With a passkey alone, make the token on the website under You.",
            code="second_factor_required",
            fields={"code": "Needed."},
        )
    try:
        clear = check_rate_limit(user)
    except ValidationError as locked:
        raise TooMany(" ".join(locked.messages), code="too_many_tries") from locked
    for factor in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
        if factor.wrap().validate_code(code):
            clear()
            factor.record_usage()
            return
    raise Refused(
        "This code does not fit. Wait for the next one and try again.",
        code="bad_code",
        fields={"code": "Does not fit."},
    )
