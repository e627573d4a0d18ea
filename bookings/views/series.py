"""Several sessions from one plan: all of them on one page, conflicts with their alternatives, booked all or none."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import access
from bookings.engine.diaries import offering
from bookings.forms.runners import PayerForm
from bookings.forms.sessions import ReasonForm
from bookings.forms.wishes import SeriesForm
from bookings.instants import parse_instant
from bookings.models import Appointment, Service, TimePreference
from bookings.prices import late_fee_of, price_of
from bookings.series import pattern
from bookings.services.series import Pick, Proposal, book_series, cancel_rest, plan_series, rest_of
from bookings.templatetags.wishes import times_in_words
from bookings.views.clock import Clock, clock_of
from bookings.views.reader import signed_in
from bookings.views.waitlist import layout_for
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import get_contact, role_required
from clinic.people.models import RunnerProfile, TherapistProfile

PLANNED = ("per_week", "weeks", "therapist", "days", "parts", "first", "runner")
"""What of the address belongs to the plan."""


@dataclass(slots=True)
class Row:
    """One session of the plan on the page: what can be picked for it, and what is picked."""

    proposal: Proposal
    name: str
    picked: str
    pence: int
    gone: bool = False
    options: list[tuple[str, int, Pick]] = field(default_factory=list)

    @property
    def costs(self) -> int:
        """Pence for what is picked."""
        return (
            next((pence for value, pence, _ in self.options if value == self.picked), self.pence) if self.picked else 0
        )


@role_required("runner", "staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """How often, how long and when; then every session with its time, and one button for all."""
    user, clock = signed_in(request), clock_of(request)
    service = access.get_service(slug)
    runner = whose(request)
    if runner is None:
        return redirect(f"{reverse('bookings:book_for')}?{urlencode({'service': slug})}")
    asked = "weeks" in request.GET
    form = SeriesForm(
        request.GET if asked else None, service=service, usual=usual_of(runner), initial=first_plan(request, clock)
    )
    form.today = clock.today
    rows: list[Row] = []
    refused: DomainError | None = None
    sent = typed(request)
    paying = PayerForm(sent, service=service, for_other=not user.is_runner)
    if asked and form.is_valid():
        rows = rows_of(form, service=service, runner=runner, clock=clock, sent=sent)
        if request.method == "POST" and paying.is_valid():
            try:
                return book(request, rows, service, runner, clock, paying=paying)
            except DomainError as error:
                refused = error
                rows = rows_of(form, service=service, runner=runner, clock=clock, sent=sent, refused=error)
    person = rows[0].proposal.therapist if rows else None
    context = {
        "layout": layout_for(user),
        "service": service,
        "runner": runner,
        "clock": clock,
        "form": form,
        "asked": asked,
        "rows": rows,
        "person": person,
        "picked": sum(1 for row in rows if row.picked),
        "total_pence": sum(row.costs for row in rows),
        "paying": paying,
        "clashes": sum(1 for row in rows if row.options),
        "refused": refused,
        "words": plan_words(form) if asked and form.is_valid() else "",
        "beats": beats_of(rows),
        "price_pence": price_of(service, person),
        "late_fee_pence": late_fee_of(service, person),
        "wish_url": wish_url(service, form, runner if not user.is_runner else None),
    }
    is_wrong = (asked and not form.is_valid()) or bool(paying.errors)
    status = refused.status if refused else 422 if is_wrong else 200
    return render(request, "bookings/series.html", context, status=status)


def rows_of(
    form: SeriesForm,
    *,
    service: Service,
    runner: RunnerProfile,
    clock: Clock,
    sent: Any,
    refused: DomainError | None = None,
) -> list[Row]:
    """The plan as it can be had now, with what was picked on the page before, less what `refused` names."""
    wanted = form.cleaned_data
    proposals = plan_series(
        service=service,
        therapist=wanted["therapist"],
        runner=runner,
        weekdays=form.weekday_bits,
        per_week=wanted["per_week"],
        weeks=wanted["weeks"],
        parts=form.part_bits,
        first=wanted["first"],
        zone=clock.zone,
        now=clock.now,
        keep=pattern.from_text(sent.get("beats", "")) if sent else None,
    )
    gone = {each["start"] for each in refused.extra.get("refused", ())} if refused else set()
    people = (
        {each.slug: each for each in offering(service).filter(is_listed=True).select_related("user")} if sent else {}
    )
    rows = []
    for number, proposal in enumerate(proposals):
        picks = [Pick(proposal.therapist, proposal.start)] if proposal.start else list(proposal.alternatives)
        name = f"pick-{number}"
        before = parse_pick(sent.get(name, ""), people) if sent else None
        lost = before is not None and before.start in gone
        if before is not None and not lost and before not in picks:
            picks.insert(0, before)
        suggested = proposal.suggested if sent is None or lost else before
        is_plain = len(picks) == 1 and not proposal.conflict
        options = [] if is_plain else [(value_of(pick), price_of(service, pick.therapist), pick) for pick in picks]
        pence = price_of(service, proposal.therapist)
        rows.append(Row(proposal, name, value_of(suggested) if suggested else "", pence, lost, options))
    return rows


def book(
    request: HttpRequest, rows: list[Row], service: Service, runner: RunnerProfile, clock: Clock, *, paying: PayerForm
) -> HttpResponse:
    """Book what is picked, in one act."""
    people = {each.slug: each for each in offering(service).filter(is_listed=True).select_related("user")}
    picks = [pick for row in rows if (pick := parse_pick(request.POST.get(row.name, ""), people)) is not None]
    series = book_series(
        service=service,
        runner=runner,
        picks=picks,
        by=signed_in(request),
        now=clock.now,
        payer=paying.cleaned_data.get("payer", ""),
        insurer=paying.cleaned_data.get("insurer", ""),
    )
    count = len(picks)
    messages.success(
        request,
        f"Booked: {count} session{'' if count == 1 else 's'}, the first {clock.local(min(pick.start for pick in picks)):%A %-d %B, %H:%M}. One letter with all of them leaves in 3 minutes.",
    )
    if signed_in(request).is_runner:
        return redirect("bookings:appointments")
    return redirect("bookings:appointment", Appointment.objects.filter(series=series).earliest("start").pk)


def value_of(pick: Pick) -> str:
    """A pick as the form sends it: its instant in UTC, and with whom."""
    return f"{pick.start.astimezone(UTC):%Y-%m-%dT%H:%MZ}~{pick.therapist.slug}"


def parse_pick(text: str, people: dict[str, TherapistProfile]) -> Pick | None:
    """What `value_of` wrote; None for anything else."""
    instant, _, slug = text[:140].partition("~")
    start: datetime | None = parse_instant(instant)
    return Pick(people[slug], start) if start is not None and slug in people else None


def whose(request: HttpRequest) -> RunnerProfile | None:
    """Whose series: the runner who asks, or the one staff name. Raises Http404 for one who does not exist."""
    user = signed_in(request)
    if user.is_runner:
        return user.runner
    try:
        return get_contact(user, UUID(request.GET.get("runner", "")))
    except ValueError:
        return None


def usual_of(runner: RunnerProfile) -> TimePreference:
    return TimePreference.objects.filter(runner=runner).first() or TimePreference()


def first_plan(request: HttpRequest, clock: Clock) -> dict[str, Any]:
    return {
        "per_week": 1,
        "weeks": 4,
        "first": clock.today + timedelta(days=1),
        "therapist": request.GET.get("therapist", "")[:80],
    }


def plan_words(form: SeriesForm) -> str:
    """ "Twice a week for 4 weeks. Mon, Thu, after 17:00"."""
    wanted = form.cleaned_data
    often = dict(form.fields["per_week"].choices)[wanted["per_week"]]  # type: ignore[attr-defined]
    return f"{often} for {wanted['weeks']} weeks. {times_in_words(form.weekday_bits, form.part_bits)}"


def beats_of(rows: list[Row]) -> str:
    """The pattern of the plan, so that the page comes back the same after a time has gone."""
    if not rows:
        return ""
    beats = {(row.proposal.target.on.weekday(), row.proposal.target.wall) for row in rows}
    kept = tuple(pattern.Beat(weekday, wall, 0) for weekday, wall in sorted(beats))
    return pattern.as_text(pattern.Pattern(rows[0].proposal.therapist.pk, kept))


def wish_url(service: Service, form: SeriesForm, runner: RunnerProfile | None) -> str:
    query = {"service": service.slug}
    if form.is_bound and form.is_valid() and form.cleaned_data["therapist"]:
        query["therapist"] = form.cleaned_data["therapist"].slug
    if runner is not None:
        query["runner"] = str(runner.pk)
    return f"{reverse('bookings:wish')}?{urlencode(query)}"


@role_required("runner", "therapist", "staff")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """What is left of a series, and one button that cancels what costs nothing."""
    user, clock = signed_in(request), clock_of(request)
    series = access.get_series(user, series_id)
    coming = rest_of(series, now=clock.now)
    form = ReasonForm(typed(request), needed=None if user.is_runner else False)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                ended = cancel_rest(series=series, by=user, now=clock.now, reason=form.given)
            except DomainError as refused:
                form.add_error(None, refused.message)
                status = refused.status
            else:
                count = len(ended)
                messages.success(request, f"Cancelled: {count} session{'' if count == 1 else 's'}. It costs nothing.")
                if user.is_clinic_staff:
                    return redirect("bookings:appointment", ended[0].pk)
                return redirect("bookings:appointments")
    context = {
        "layout": layout_for(user),
        "clock": clock,
        "form": form,
        "free": [each for each in coming if clock.now <= each.change_until],
        "late": [each for each in coming if clock.now > each.change_until],
    }
    return render(request, "bookings/series_cancel.html", context, status=status)
