"""Which times suit a runner in general: shown first, never a rule."""

from datetime import datetime

from django.db import transaction

from bookings.models import Appointment, TimePreference
from bookings.models.waitlist import EVERY_DAY, EVERY_PART
from clinic.audit.services import record
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import RunnerProfile, TherapistProfile, User


@transaction.atomic
def choose_times(
    *, runner: RunnerProfile, weekdays: int, parts: int, same_therapist: bool, by: User, now: datetime
) -> TimePreference:
    """Keep the days (bits from Monday) and parts of the day (`PartOfDay`) that suit the runner, and whom they see again.

    Raises DomainError `no_times` when no day or no part is left; Forbidden `not_yours` unless `by` is the runner or staff.
    """
    if by.pk != runner.user_id and not by.is_clinic_staff:
        raise Forbidden("These are another runner's times.", code="not_yours")
    if not 1 <= weekdays <= EVERY_DAY or not 1 <= parts <= EVERY_PART:
        raise DomainError("Tick at least one day and one part of the day.", code="no_times")
    values = {"weekdays": weekdays, "parts": parts, "same_therapist": same_therapist}
    kept, _ = TimePreference.objects.update_or_create(runner=runner, defaults=values)
    record(
        by=by,
        action="times.chosen",
        subject=kept,
        runner=runner,
        changes={name: [None, value] for name, value in values.items()},
    )
    return kept


def preference_of(runner: RunnerProfile | None) -> TimePreference:
    """What the runner chose, or the usual: every time suits, the same therapist first. One query."""
    found = TimePreference.objects.filter(runner=runner).first() if runner is not None else None
    return found or TimePreference()


def last_seen(runner: RunnerProfile, now: datetime) -> TherapistProfile | None:
    """The therapist of the runner's latest session that has begun and was not cancelled; one query."""
    sessions = Appointment.objects.standing().filter(runner=runner, start__lte=now)
    latest = sessions.select_related("therapist__user").order_by("-start").first()
    return latest.therapist if latest is not None else None
