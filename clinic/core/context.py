from django.conf import settings
from django.http import HttpRequest


def clinic_facts() -> dict[str, object]:
    """What pages and letters say about the clinic itself."""
    return {
        "name": settings.CLINIC_NAME,
        "address": settings.CLINIC_ADDRESS,
        "town": settings.CLINIC_TOWN,
        "phone": settings.CLINIC_PHONE,
        "zone": settings.CLINIC_ZONE,
        "demo": settings.DEMO,
    }


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's own facts, for every page."""
    return {"clinic": clinic_facts()}
