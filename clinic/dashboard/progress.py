"""How a runner is getting on: pain, exercise days week by week, and what the assessments found, in plain words."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments.models import Assessment
from clinic.dashboard.charts import pain_trend
from clinic.dashboard.verdict import Pain
from clinic.people.access import PersonRequest, role_required
from exercises.adherence import Adherence, of_runner
from exercises.models import SessionLog

WEEKS = 12
SHOWN = 6  # assessments, the latest with its findings


@dataclass(frozen=True)
class Week:
    """Seven days from Monday `first`; exercise days done of those planned."""

    first: date
    done: int
    planned: int


@role_required("runner")
@require_safe
def progress(request: PersonRequest) -> HttpResponse:
    runner = request.user.runner
    today = timezone.now().astimezone(request.user.tz).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    logs = SessionLog.objects.filter(runner=runner, pain__isnull=False).between(first, today).order_by("on")
    worst: dict[date, int] = {}
    for on, pain in logs.values_list("on", "pain"):
        worst[on] = max(pain, worst.get(on, 0))
    pains = [Pain(on, pain) for on, pain in worst.items()]
    signed = list(
        Assessment.objects.signed().of(runner).select_related("therapist__user").order_by("-signed_at")[:SHOWN]
    )
    facts = {
        "trend": pain_trend(pains, first=first, today=today),
        "weeks": by_week(of_runner(runner, first=first, last=today), first),
        "latest": signed[0] if signed else None,
        "sentences": dict.fromkeys(signed[0].findings.values_list("lay", flat=True)) if signed else {},
        "earlier": signed[1:],
    }
    return render(request, "dashboard/progress.html", facts)


def by_week(adherence: Adherence, first: date) -> list[Week]:
    """Exercise days of each week from the Monday `first`; weeks before the first planned day are left out."""
    weeks = []
    for start in range(0, len(adherence.days), 7):
        days = adherence.days[start : start + 7]
        weeks.append(
            Week(days[0].on, sum(1 for day in days if day.planned and day.done), sum(1 for day in days if day.planned))
        )
    while weeks and not weeks[0].planned:
        weeks.pop(0)
    return weeks
