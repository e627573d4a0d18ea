"""Personal keys to the API: named, hashed, revocable; each has the rights of the person it belongs to, no more."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import ApiToken, User


@transaction.atomic
def issue_token(*, by: User, name: str = "") -> tuple[ApiToken, str]:
    """A new token of `by` and its secret, which is never shown again. Raises DomainError `too_many_tokens`, `bad_name`."""
    name = name.strip() or "API"
    if len(name) > 60:
        raise DomainError(
            "Give the token a name of at most 60 characters.", code="bad_name", fields={"name": "Too long."}
        )
    User.objects.select_for_update().get(pk=by.pk)
    ApiToken.objects.filter(user=by, expiry__lte=timezone.now()).delete()
    limit = settings.REST_KNOX["TOKEN_LIMIT_PER_USER"]
    if ApiToken.objects.filter(user=by).count() >= limit:
        raise DomainError(f"You have {limit} tokens, the most there can be. Revoke one first.", code="too_many_tokens")
    token, secret = ApiToken.objects.create(by, name=name)
    record(by=by, action="token.issued", subject=by, changes={"name": [None, name]})
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """The token opens nothing from now on."""
    record(by=by, action="token.revoked", subject=token.user, changes={"name": [token.name, None]})
    token.delete()


@transaction.atomic
def revoke_all_tokens(*, user: User, by: User | None, reason: str) -> None:
    """None of the person's tokens opens anything from now on."""
    count, _ = ApiToken.objects.filter(user=user).delete()
    if count:
        record(by=by, action="token.revoked", subject=user, reason=reason, changes={"count": [count, 0]})
