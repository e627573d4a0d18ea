"""A person's own messages and wishes; for staff every message of the clinic."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages as flashes
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Case, Count, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.back import own_page
from clinic.core.decorators import public
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.models import User
from clinic.reminders import health, kinds, posts, services
from clinic.reminders.access import get_reminder
from clinic.reminders.forms import WishesForm
from clinic.reminders.letters import read_stop_token
from clinic.reminders.models import Channel, Reminder, Rhythm, State

PER_PAGE = 50
PAUSE = timedelta(days=7)
LOOK_BACK = timedelta(days=14)


@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest) -> HttpResponse:
    """Staff: all messages and their states. Everybody else: what they get, and when."""
    if request.user.is_clinic_staff:  # type: ignore[union-attr]
        return everybodys(request)
    return own(request)


def own(request: HttpRequest) -> HttpResponse:
    person: User = request.user  # type: ignore[assignment]
    now = timezone.now()
    form = WishesForm(typed(request), person=person)
    if request.method == "POST" and form.is_valid():
        rhythm = {name: form.cleaned_data[name] for name in ("quiet_from", "quiet_to", "daily_cap")}
        services.choose(person=person, by=person, wanted=form.wanted(), now=now, **rhythm)
        flashes.success(request, "Saved. It counts from the next message on.")
        return redirect("reminders:messages")
    mine = Reminder.objects.of(person)
    facts = {
        "form": form,
        "channels": [Channel(channel).label for channel in posts.POSTS],
        "coming": named(mine.coming(now)[:8]),
        "lately": named(mine.filter(state=State.SENT, sent_at__gt=now - LOOK_BACK).order_by("-sent_at")[:8]),
        "paused_until": paused_until(person, now),
    }
    return render(request, "reminders/own.html", facts, status=422 if form.errors else 200)


def paused_until(person: User, now: Any) -> Any:
    """The day on which this person's pause ends, while there is one."""
    until = Rhythm.objects.filter(person=person).values_list("paused_until", flat=True).first()
    return until if until and now.astimezone(ZoneInfo(person.zone)).date() < until else None


def named(reminders: Any) -> list[Reminder]:
    """The rows, each with the words for its kind."""
    rows = list(reminders)
    for row in rows:
        row.kind_label = kind_label(row.kind)
    return rows


def kind_label(name: str) -> str:
    kind = kinds.find(name)
    return kind.label if kind and kind.label else name.replace("_", " ").capitalize()


def everybodys(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = Reminder.objects.select_related("person").defer("context")
    counts = dict(Reminder.objects.order_by().values_list("state").annotate(Count("pk")))
    waiting = Reminder.objects.needs_a_person().count()
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    words = request.GET.get("q", "").strip()[:100]
    if state == "look":
        rows = rows.needs_a_person()
    elif state in State.values:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind[:40])
    for word in words.split():
        rows = rows.filter(person__name__icontains=word) | rows.filter(person__email__icontains=word)
    coming = Case(When(due_at__gt=now, then=Value(1)), default=Value(0))
    rows = rows.order_by("next_at", "pk") if state == State.DUE else rows.order_by(coming, "-due_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = named(page.object_list)
    facts = {
        "page": page,
        "states": [(value, label, counts.get(value, 0)) for value, label in State.choices if counts.get(value)],
        "everything": sum(counts.values()),
        "waiting": waiting,
        "kinds": sorted(
            (name, kind_label(name)) for name in Reminder.objects.order_by().values_list("kind", flat=True).distinct()
        ),
        "state": state,
        "kind": kind,
        "words": words,
        "health": health.report(now),
        "here": request.get_full_path(),
    }
    return render(request, "reminders/everybodys.html", facts)


def back_to_list(request: HttpRequest) -> HttpResponse:
    return redirect(own_page(request, request.POST.get("next", "")) or "reminders:messages")


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = get_reminder(request.user, pk)  # type: ignore[arg-type]
    try:
        services.retry(reminder=reminder, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        flashes.success(request, f"The message to {reminder.person.name} goes out again within a minute.")
    except DomainError as refused:
        flashes.error(request, refused.message)
    return back_to_list(request)


@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = get_reminder(request.user, pk)  # type: ignore[arg-type]
    try:
        services.dismiss(reminder=reminder, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        flashes.success(request, f"Done with the message to {reminder.person.name}. It is not sent again.")
    except DomainError as refused:
        flashes.error(request, refused.message)
    return back_to_list(request)


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Pause for a week, or go on."""
    person: User = request.user  # type: ignore[assignment]
    until = None
    if request.POST.get("do") == "pause":
        until = timezone.now().astimezone(ZoneInfo(person.zone)).date() + PAUSE
    services.pause(person=person, by=person, until=until)
    flashes.success(request, "Paused for a week. Visits still come." if until else "Your reminders are on again.")
    return redirect("reminders:messages")


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a letter that turns its kind off. Only POST acts (RFC 8058): mail scanners follow links.

    The signed token is the permission, so it needs neither a log-in nor a CSRF token.
    """
    try:
        person_id, kind, channel = read_stop_token(token)
        person = User.objects.get(pk=person_id)
    except (signing.BadSignature, User.DoesNotExist, ValueError, TypeError):
        raise Http404("This link is not one of ours, or it is cut off.") from None
    if request.method == "POST":
        services.unsubscribe(person=person, kind=kind, channel=channel)
    return render(request, "reminders/stop.html", {"label": kind_label(kind), "done": request.method == "POST"})
