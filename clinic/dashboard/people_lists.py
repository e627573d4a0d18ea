"""Runners as a list: a therapist's own with how they stand, the front desk's with how to reach them."""

from datetime import datetime
from typing import NamedTuple

from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments.models import Intake
from bookings.models import Appointment
from clinic.dashboard.logged import Fortnight, fortnights
from clinic.dashboard.verdict import Verdict, can_i_run
from clinic.people.access import PersonRequest, role_required
from clinic.people.models import RunnerProfile
from clinic.people.services import find_runners
from exercises.models import Programme

A_PAGE = 25


class Standing(NamedTuple):
    """How a runner stands: what they logged, the answer they read today, an open red flag, their programme's title."""

    runner: RunnerProfile
    logged: Fortnight
    verdict: Verdict
    blocked: bool
    programme: str


@role_required("therapist", "staff")
@require_safe
def runners(request: PersonRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:80]
    now = timezone.now()
    people = RunnerProfile.objects.contactable_by(request.user).select_related("user").order_by("user__name", "pk")
    if request.user.is_clinic_staff:
        return contacts(request, people, words=words, now=now)
    in_care = found_by(words, people).annotate(next_session=next_session(now))
    page = Paginator(in_care, A_PAGE).get_page(request.GET.get("page"))
    facts = {"page": page, "words": words, "now": now, "zone": request.user.zone}
    on = now.astimezone(request.user.tz).date()
    logged = fortnights(page.object_list, until=on)
    titles = dict(
        Programme.objects.filter(
            runner__in=[each.pk for each in page.object_list], state=Programme.State.ACTIVE
        ).values_list("runner_id", "title")
    )
    blocked = set(
        Intake.objects.filter(runner__in=[each.pk for each in page.object_list])
        .blocking()
        .values_list("runner_id", flat=True)
    )
    facts["rows"] = [
        Standing(
            each,
            logged[each.pk],
            can_i_run(pains=logged[each.pk].pains, today=on, red_flags=each.pk in blocked),
            each.pk in blocked,
            titles.get(each.pk, ""),
        )
        for each in page.object_list
    ]
    return render(request, "dashboard/runners.html", facts)


def contacts(request: PersonRequest, people: QuerySet[RunnerProfile], *, words: str, now: datetime) -> HttpResponse:
    """How to reach everybody; what is looked for is found as it is for a caller, slips of the ear and the finger allowed."""
    found = [each.pk for each in find_runners(words=words)] if words else []
    page = Paginator(people.filter(pk__in=found) if words else people, A_PAGE).get_page(request.GET.get("page"))
    rows = sorted(page.object_list, key=lambda each: found.index(each.pk)) if words else list(page.object_list)
    coming = Appointment.objects.upcoming(now).filter(runner__in=rows).select_related("therapist__user")
    next_of = {each.runner_id: each for each in reversed(coming)}
    facts = {"page": page, "rows": [(each, next_of.get(each.pk)) for each in rows], "words": words}
    return render(request, "dashboard/contacts.html", facts)


def found_by(words: str, people: QuerySet[RunnerProfile]) -> QuerySet[RunnerProfile]:
    """Whose name, address or phone holds every one of `words`."""
    for word in words.split():
        people = people.filter(
            Q(user__name__icontains=word) | Q(user__email__icontains=word) | Q(phone__icontains=word)
        )
    return people


def next_session(now: datetime) -> Subquery:
    """The start of a runner's next session."""
    return Subquery(Appointment.objects.upcoming(now).filter(runner=OuterRef("pk")).values("start")[:1])
