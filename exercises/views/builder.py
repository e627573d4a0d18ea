"""The therapist's programme builder: pick on the left, doses on the right, one button."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import PersonRequest, get_runner, role_required
from clinic.people.models import Role
from exercises import doses, services
from exercises.forms import DoseForm, ProgrammeForm
from exercises.models import Category, Exercise, Programme
from exercises.services.programmes import MOST_EXERCISES

USUAL_WEEKS = 4


@role_required(Role.THERAPIST)
@require_http_methods(["GET", "HEAD", "POST"])
def programme_new(request: PersonRequest, runner_id: UUID) -> HttpResponse:
    runner = get_runner(request.user, runner_id)
    posted = typed(request)
    asked = posted if posted is not None else request.GET
    library = {each.slug: each for each in Exercise.objects.active().select_related("parent")}
    chosen = [
        library[slug] for slug in dict.fromkeys(asked.getlist("chosen") or asked.getlist("exercise")) if slug in library
    ][: MOST_EXERCISES + 1]
    rows = [DoseForm(each, data_for(each, posted, request.GET)) for each in chosen]
    starts_on = timezone.now().astimezone(runner.user.tz).date()
    usual = {"key": uuid4(), "title": "First weeks", "weeks": USUAL_WEEKS, "starts_on": starts_on}
    kept = request.GET if posted is None and "key" in request.GET else posted
    frame = ProgrammeForm(kept, initial=usual)
    refusal = None
    if request.method == "POST" and all((frame.is_valid(), *[row.is_valid() for row in rows])):
        try:
            made = services.create_programme(
                runner=runner,
                therapist=request.user.therapist,
                by=request.user,
                doses=[row.dose() for row in rows],
                now=timezone.now(),
                **frame.cleaned_data,
            )
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, f"The programme stands. {runner.user.first_name} sees it now.")
            return redirect("exercises:programme_detail", made.pk)
    context = {
        "runner": runner,
        "rows": rows,
        "frame": frame,
        "refusal": refusal,
        "groups": [
            (label, [each for each in library.values() if each.category == key]) for key, label in Category.choices
        ],
        "chosen": {each.slug for each in chosen},
        "minutes": doses.minutes(doses.usual_dose(each) for each in chosen),
        "running": Programme.objects.active().of(runner).first(),
    }
    return render(request, "exercises/builder.html", context, status=422 if request.method == "POST" else 200)


def data_for(exercise: Exercise, posted: QueryDict | None, asked: QueryDict) -> QueryDict | None:
    """What was typed for `exercise`: posted, or carried along while others were picked; None for the usual dose."""
    for data in (posted, asked):
        if data is not None and f"{exercise.slug}-sets" in data:
            return data
    return None
