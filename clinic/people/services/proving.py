"""People who have shown, by a code or a link, that an address is theirs: their consent, and their first password."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import Consent, User
from clinic.people.services.registering import HEALTH_DATA, HEALTH_DATA_VERSION


@transaction.atomic
def agree_to_health_data(*, user: User, now: datetime) -> None:
    """`user` agreed to the processing of health data; who has agreed already is not asked, and nothing changes."""
    agreed = Consent.objects.filter(user=user, kind=HEALTH_DATA, version=HEALTH_DATA_VERSION, withdrawn_at=None)
    if not agreed.exists():
        consent = Consent.objects.create(user=user, kind=HEALTH_DATA, version=HEALTH_DATA_VERSION, given_at=now)
        record(by=user, action="consent.given", subject=consent, runner=user.runner)


def prove_address(*, user: User) -> None:
    """`user` reads the mail of their address: somebody without a log-in yet needs no other proof to make one."""
    elsewhere = EmailAddress.objects.filter(email__iexact=user.email, verified=True).exclude(user=user)
    if not user.has_usable_password() and not elsewhere.exists():
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


@transaction.atomic
def choose_first_password(*, user: User, password: str) -> User:
    """Somebody whom the clinic knows makes their log-in; the door has made sure that the address is theirs.

    Raises Conflict `has_password` when there is a way in already, DomainError `bad_details` for a weak password.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.has_usable_password() or is_mfa_enabled(locked) or not locked.is_runner or not locked.is_active:
        raise Conflict("You have a password already. Log in with it, or set a new one.", code="has_password")
    try:
        validate_password(password, locked)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise DomainError(sentence, code="bad_details", fields={"password": sentence}) from error
    locked.set_password(password)
    locked.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(user=locked, email=locked.email, defaults={"verified": True, "primary": True})
    record(by=locked, action="login.password_chosen", subject=locked, runner=locked.runner)
    return locked
