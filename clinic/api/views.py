from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from clinic.api.serializers import MeSerializer, MyTokenSerializer, NewTokenSerializer, TokenSerializer
from clinic.api.tokens import token_for
from clinic.people.models import User
from clinic.people.services import revoke_token


class OwnRequest(Request):
    user: User


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Tokens(APIView):
    """Your tokens; and the door that gives one for e-mail and password."""

    throttle_classes = (ScopedRateThrottle,)
    once_only = False  # a kept answer would keep the secret

    def get_permissions(self) -> Any:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_authenticators(self) -> Any:
        posted = self.request is not None and self.request.method == "POST"
        return [] if posted else super().get_authenticators()

    @property
    def throttle_scope(self) -> str:
        return "tokens" if self.request.method == "POST" else "user"

    @extend_schema(responses=MyTokenSerializer(many=True))
    def get(self, request: OwnRequest) -> Response:
        """Your tokens, without their secrets."""
        return Response(MyTokenSerializer(request.user.auth_token_set.all(), many=True).data)

    @extend_schema(request=NewTokenSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: OwnRequest) -> Response:
        """A new token. 401 `second_factor_required` asks for `code`; 429 after too many wrong tries."""
        sent = NewTokenSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        token, secret = token_for(request=request._request, **sent.validated_data)
        return Response(
            TokenSerializer({"token": secret, "expires_at": token.expiry}).data, status=status.HTTP_201_CREATED
        )


class OneToken(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: OwnRequest, token_id: str) -> Response:
        """Revoke one of your tokens."""
        revoke_token(token=get_object_or_404(request.user.auth_token_set, id=token_id), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Me(APIView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: OwnRequest) -> Response:
        """Who this token belongs to."""
        return Response(MeSerializer(request.user).data)
