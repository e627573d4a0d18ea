"""Doing today's exercises: one set after the other, or all as planned; each step is a plain form."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.core.back import own_page
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import PersonRequest, role_required
from clinic.people.models import Role
from exercises import access, pain, services, today
from exercises.forms import RatingForm, SetForm
from exercises.offers import keep_undo
from exercises.services.logging import BACK_DAYS


@role_required(Role.RUNNER)
@require_safe
def session(request: PersonRequest) -> HttpResponse:
    return page(request, day_of(request))


@role_required(Role.RUNNER)
@require_POST
def log_planned(request: PersonRequest, prescription_id: int) -> HttpResponse:
    prescription, on = access.get_prescription(request.user, prescription_id), day_of(request)
    services.log_as_planned(prescription=prescription, by=request.user, on=on, now=timezone.now())
    keep_undo(request, prescription, on)
    return back(request, on)


@role_required(Role.RUNNER)
@require_POST
def undo_log(request: PersonRequest, prescription_id: int) -> HttpResponse:
    prescription, on = access.get_prescription(request.user, prescription_id), day_of(request)
    services.undo_log(prescription=prescription, by=request.user, on=on, now=timezone.now())
    return back(request, on, at=prescription.pk)


@role_required(Role.RUNNER)
@require_POST
def log_sets(request: PersonRequest, prescription_id: int) -> HttpResponse:
    prescription, on = access.get_prescription(request.user, prescription_id), day_of(request)
    form = SetForm(prescription, typed(request))
    if form.is_valid():
        done, felt = form.done(), form.cleaned_data["pain"]
        try:
            services.log_sets(
                prescription=prescription, sets=[done], by=request.user, on=on, now=timezone.now(), pain=felt
            )
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            last = done.number >= prescription.sets
            hurts = felt is not None and pain.advice(felt).stops
            stay = {"at": prescription.pk, "rest": 1} if not last or hurts else {}
            return redirect(session_url(on, **stay))
    return page(request, on, at=prescription.pk, form=form, status=422)


@role_required(Role.RUNNER)
@require_POST
def rate(request: PersonRequest) -> HttpResponse:
    on = day_of(request)
    programme = today.programme_on(request.user.runner, on)
    form = RatingForm(typed(request))
    if programme is None:
        return redirect("exercises:session")
    if form.is_valid():
        try:
            services.rate_session(programme=programme, by=request.user, on=on, now=timezone.now(), **form.cleaned_data)
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "Written down. Your therapist sees it on your chart.")
            return redirect("dashboard:today")
    return page(request, on, at="end", rating=form, status=422)


def day_of(request: PersonRequest) -> date:
    """The day asked for, by the runner's calendar, if it may still be written to; else today."""
    now = timezone.now().astimezone(request.user.tz).date()
    try:
        asked = date.fromisoformat(request.POST.get("on") or request.GET.get("on", ""))
    except ValueError:
        return now
    return asked if request.method == "POST" or now - timedelta(days=BACK_DAYS) <= asked <= now else now


def session_url(on: date, **query: Any) -> str:
    pairs = "&".join(f"{name}={value}" for name, value in {"on": on.isoformat(), **query}.items())
    return f"{reverse('exercises:session')}?{pairs}"


def back(request: HttpRequest, on: date, **query: Any) -> HttpResponse:
    """To the page the tap came from, if it is one of ours; else to the session page."""
    return redirect(own_page(request, request.POST.get("next", "")) or session_url(on, **query))


def page(
    request: PersonRequest,
    on: date,
    *,
    at: int | str = "",
    form: SetForm | None = None,
    rating: RatingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The session page at one exercise, or at its end; nothing planned has a page of its own."""
    programme = today.programme_on(request.user.runner, on)
    rows = today.rows_of(programme, on) if programme is not None else []
    context: dict[str, Any]
    if programme is None or not rows:
        now = timezone.now().astimezone(request.user.tz).date()
        asked_for = form or rating
        refused = [*asked_for.non_field_errors()] if asked_for else []
        context = {"programme": programme, "on": on, "today": now, "refused": refused}
        return render(request, "exercises/rest_day.html", context, status=status)
    asked = str(at or request.GET.get("at", ""))
    open_rows = [row for row in rows if not row.done]
    current = next((row for row in rows if str(row.prescription.pk) == asked), None)
    if current is None and asked != "end":
        current = open_rows[0] if open_rows else None
    log = today.log_on(programme, on)
    context = {
        "programme": programme,
        "rows": rows,
        "on": on,
        "is_today": on == timezone.now().astimezone(request.user.tz).date(),
        "log": log,
        "done": sum(row.done for row in rows),
    }
    if current is None:
        worst = log.pain if log else None
        known = {"pain": worst, "effort": log.effort if log else None, "note": log.note if log else ""}
        context |= {
            "rating": rating or RatingForm(initial=known),
            "advice": pain.advice(worst) if worst is not None else None,
        }
        return render(request, "exercises/session_end.html", context, status=status)
    place = rows.index(current)
    later = [row for row in rows[place + 1 :] + rows[:place] if not row.done]
    context |= {
        "row": current,
        "place": place + 1,
        "form": form or SetForm(current.prescription, initial={"number": current.next_set}),
        "advice": pain.advice(current.pain) if current.pain is not None else None,
        "skip_url": session_url(on, at=later[0].prescription.pk if later else "end"),
        "end_url": session_url(on, at="end"),
        "rests": "rest" in request.GET and not current.done and bool(current.sets),
        "is_last_set": current.next_set >= current.prescription.sets,
    }
    return render(request, "exercises/session.html", context, status=status)
