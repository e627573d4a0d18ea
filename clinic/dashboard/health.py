"""What a load balancer and an alarm ask: does the database answer, and are the reminders moving?"""

from importlib.metadata import version

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.core.decorators import public
from clinic.reminders.health import report


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process and its database answer; `late` tells the alarm that reminders wait for a sender."""
    now = timezone.now()
    return JsonResponse(
        {"status": "ok", "at": now.isoformat(), "reminders": report(now), "zone_rules": version("tzdata")}
    )
