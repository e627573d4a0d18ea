"""The addresses of the demonstration exist in the demonstration alone: their password is public."""

from django.conf import settings
from django.core.exceptions import ValidationError

DEMO_DOMAIN = "@stridewell.test"


def is_demo_address(email: str) -> bool:
    return email.strip().lower().endswith(DEMO_DOMAIN)


def refuse_demo_address(email: str) -> None:
    """Raises ValidationError for an address of the demonstration anywhere else."""
    if is_demo_address(email) and not settings.DEMO:
        raise ValidationError("This address belongs to the demonstration. Use your own.", code="demo_address")
