from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from clinic.people.addresses import is_demo_address
from clinic.people.models import User


class Backend(AuthenticationBackend):
    """Log-in by e-mail and password; the demonstration's people get in nowhere else, whatever the database holds."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        if user is not None and not settings.DEMO and is_demo_address(user.email):  # type: ignore[attr-defined]
            return False
        return super().user_can_authenticate(user)

    def get_user(self, user_id: int) -> User | None:
        """Who a session belongs to, with their profile in the same query: almost every page asks for it."""
        found = User.objects.select_related("runner", "therapist").filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
