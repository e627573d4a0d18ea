"""The offer to take back what was just logged: kept in the session for the next page, shown once."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from exercises.models import Prescription

SESSION_KEY = "just_logged"
SECONDS = 5


def keep_undo(request: HttpRequest, prescription: Prescription, on: date) -> None:
    """The next page offers to take back what was logged of `prescription` on the day `on`."""
    request.session[SESSION_KEY] = {
        "prescription": prescription.pk,
        "name": prescription.exercise.name,
        "on": on.isoformat(),
    }


def take_undo(request: HttpRequest) -> dict[str, Any] | None:
    """The offer, for components/undo.html; None if there is none. Each is handed out once."""
    kept = request.session.pop(SESSION_KEY, None)
    if kept is None:
        return None
    action = reverse("exercises:undo_log", args=[kept["prescription"]])
    return {
        "text": f"{kept['name']}: done as planned.",
        "action": action,
        "seconds": SECONDS,
        "on": kept["on"],
        "next": request.get_full_path(),
    }
