"""How allauth's log-in fits the clinic: its sentences, its addresses, what ends with a password."""

import base64
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME as NEXT
from django.forms import BaseForm
from django.http import HttpRequest

from clinic.audit.services import record
from clinic.people.addresses import refuse_demo_address
from clinic.people.backend import Backend
from clinic.people.models import Role, User
from clinic.people.services import revoke_all_tokens

WAIT = "Too many tries. Wait five minutes, then try again. Nothing is lost."


class Adapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This log-in is closed. Call the clinic to have it opened again.",
        "duplicate_email": "You use this address already. Type another one.",
        "email_password_mismatch": "This e-mail and password do not go together. Check both, or set a new password.",
        "email_taken": "This address cannot be used. Type another one.",
        "enter_current_password": "This is not your password of today. Type it again.",
        "incorrect_code": "This code does not fit. Check the newest e-mail or the app, and type it again.",
        "incorrect_password": "This is not your password. Type it again.",
        "invalid_or_expired_key": "This link has run out. Ask for a new one.",
        "invalid_login": "This does not go together. Check what you typed.",
        "invalid_password_reset": "This link has run out or was used. Ask for a new one.",
        "too_many_login_attempts": WAIT,
        "rate_limited": "That was a little fast. Wait a minute, then try again.",
        "same_as_current": "This is what you have already. Type something new.",
    }

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the letter keeps where the person was going when their password failed them."""
        return passthrough_next_redirect_url(self.request, super().get_reset_password_from_key_url(key), NEXT)

    def clean_email(self, email: str) -> str:
        refuse_demo_address(email)
        return super().clean_email(email)

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:  # type: ignore[override]
        """Whoever signs up is a runner; the team is invited."""
        user.role, user.name = Role.RUNNER, form.cleaned_data["name"]
        return super().save_user(request, user, form, commit)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """allauth hands back people whose password fits though the backend refuses them, to tell them that their
        log-in is closed; a person of the demonstration outside it is not even told that.
        """
        user = super().authenticate(request, **credentials)
        if user is not None and user.is_active and not Backend().user_can_authenticate(user):
            return None
        return user

    def set_password(self, user: Any, password: str) -> None:
        """With the old password end all other sessions (their hash no longer fits) and all tokens."""
        super().set_password(user, password)
        revoke_all_tokens(user=user, by=user, reason="password changed")

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """allauth tells people here of every change to their log-in; it is audited too, as in `login.totp_activated`."""
        record(by=user, action=f"login.{template_prefix.rpartition('/')[2]}", subject=user)
        super().send_notification_mail(template_prefix, user, context, email)


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps lie encrypted in the database; older keys of `SECRET_KEY_FALLBACKS` still open them."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code does not fit. Wait for the next one and type it again.",
        "rate_limited": WAIT,
    }

    @property
    def cipher(self) -> MultiFernet:
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return MultiFernet(
            [Fernet(base64.urlsafe_b64encode(sha256(b"clinic.people.mfa" + key.encode()).digest())) for key in keys]
        )

    def encrypt(self, text: str) -> str:
        return self.cipher.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self.cipher.decrypt(encrypted_text.encode()).decode()
