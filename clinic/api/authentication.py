from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from clinic.people.addresses import is_demo_address
from clinic.people.models import User


class Token(TokenAuthentication):
    """`Authorization: Token …`. A closed log-in's token, and outside the demonstration a demo person's, opens nothing."""

    def authenticate_credentials(self, token):  # type: ignore[no-untyped-def]
        if not token.isalnum():  # bytes that are no token at all
            raise AuthenticationFailed
        return super().authenticate_credentials(token)

    def validate_user(self, auth_token):  # type: ignore[no-untyped-def]
        user: User = auth_token.user
        if not settings.DEMO and is_demo_address(user.email):
            raise AuthenticationFailed
        if settings.REQUIRE_MFA and user.works_here and not is_mfa_enabled(user):
            raise AuthenticationFailed
        return super().validate_user(auth_token)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "clinic.api.authentication.Token"
    name = "token"

    def get_security_definition(self, auto_schema):  # type: ignore[no-untyped-def]
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token` and your token, as in: Token 3f2a…",
        }
