"""Several sessions from one plan, booked all or none; and the rest of them cancelled in one act."""

from collections.abc import Sequence
from datetime import datetime

from bookings import messages
from bookings.letters import series as series_letters
from bookings.models import Appointment, Change, Series, Service
from bookings.models.appointments import State
from bookings.series.plan import MOST_SESSIONS, Pick, Proposal, plan_series
from bookings.services.booking import checked_start, enter, require_booker
from bookings.services.changes import remember
from bookings.services.changing import cancel_appointment
from bookings.services.paying import payer_of
from bookings.services.transactions import lock, require, whole
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, User
from clinic.people.services import begin_care
from clinic.reminders.services import schedule_new, withdraw

__all__ = ["Pick", "Proposal", "book_series", "cancel_rest", "plan_series", "rest_of"]


def book_series(
    *,
    service: Service,
    runner: RunnerProfile,
    picks: Sequence[Pick],
    by: User,
    now: datetime,
    payer: str = "",
    insurer: str = "",
) -> Series:
    """Book every one of `picks`, or none: what cannot be had is named and nothing is stored.

    One letter tells them all; each has its own reminders, price and payer (`paying.payer_of`, whose refusals it raises).
    Raises Conflict `series_conflict` whose `extra["refused"]` is a list of `{start, code, message}`; DomainError
    `bad_series`; Forbidden `not_yours`.
    """
    for pick in picks:
        require_booker(by, runner, pick.therapist)
    if not picks or len(picks) > MOST_SESSIONS:
        raise DomainError(f"Choose between 1 and {MOST_SESSIONS} sessions.", code="bad_series")
    ordered = sorted(
        (Pick(each.therapist, checked_start(each.start, now)) for each in picks), key=lambda each: each.start
    )
    paid = payer_of(service, payer, insurer)
    return enter_all(service=service, runner=runner, picks=ordered, paid=paid, by=by, now=now)


@whole
def enter_all(
    *, service: Service, runner: RunnerProfile, picks: list[Pick], paid: tuple[str, str], by: User, now: datetime
) -> Series:
    """Everybody the series needs is locked first, in primary-key order; then each session is decided on and written."""
    lock(therapists=[each.therapist for each in picks], runner=runner, service=service)
    series = Series.objects.create(made_at=now, made_by=by)
    booked: list[Appointment] = []
    refused: list[dict[str, object]] = []
    for pick in picks:
        try:
            booked.append(
                enter(service=service, therapist=pick.therapist, runner=runner, start=pick.start, by=by, now=now)
            )
        except DomainError as refusal:
            refused.append({"start": pick.start, "code": refusal.code, "message": refusal.message})
    if refused:
        raise Conflict(
            "Not every time can be had any more. Nothing was booked: choose others for those that are marked.",
            code="series_conflict",
            refused=refused,
        )
    payer, insurer = paid
    rows = Appointment.objects.filter(pk__in=[each.pk for each in booked])
    rows.update(series=series, payer=payer, insurer=insurer)
    for therapist in {each.therapist.pk: each.therapist for each in picks}.values():
        begin_care(runner=runner, therapist=therapist, by=by, now=now)
    for each in booked:
        record(
            by=by,
            action="appointment.booked",
            subject=each,
            runner=runner,
            reason="Part of a series.",
            changes={"start": [None, each.start], "therapist": [None, each.therapist_id]},
        )
        remember(appointment=each, kind=Change.Kind.BOOKED, before={}, by=by, now=now)
        schedule_new(person=runner.user, subject=each.subject, messages=messages.visits(each, now=now))
    series_letters.plan_booked(series, runner=runner, until=booked[-1].start, now=now)
    return series


def rest_of(series: Series, *, now: datetime) -> list[Appointment]:
    """The sessions of the series that are still to come, nearest first."""
    coming = Appointment.objects.with_people().filter(series=series, state=State.BOOKED, start__gt=now)
    return list(coming.order_by("start"))


@whole
def cancel_rest(*, series: Series, by: User, now: datetime, reason: str = "") -> list[Appointment]:
    """Cancel what is left of the series and costs nothing, and tell it in one letter. Returns what was cancelled.

    Sessions whose free notice has passed stay: those are cancelled one by one, with what that costs in view.
    Raises DomainError `nothing_left`; Forbidden `not_yours`.
    """
    coming = rest_of(series, now=now)
    for each in coming:
        require(by.is_clinic_staff or by.pk in (each.runner.user_id, each.therapist.user_id))
    ending = [each for each in coming if now <= each.change_until]
    if not ending:
        raise DomainError(
            "No session of this series can be cancelled free of charge any more. Open each one to change it.",
            code="nothing_left",
        )
    lock(therapists=[each.therapist for each in ending], runner=ending[0].runner, service=ending[0].service)
    cancelled = [cancel_appointment(appointment=each, by=by, now=now, reason=reason) for each in ending]
    for each in cancelled:
        withdraw(subject=each.subject, kinds=["cancelled"], reason="The letter about the series tells it.")
    series_letters.plan_cancelled(series, runner=ending[0].runner, keys=[str(each.pk) for each in cancelled], now=now)
    return cancelled
