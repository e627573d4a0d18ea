"""The races a runner enters."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError, Forbidden
from clinic.people.models import RunnerProfile, User
from clinic.reminders.services import withdraw
from exercises.models import Race
from exercises.services.reminders import plan_recovery

LONGEST_AGO = timedelta(days=365)
FURTHEST_AHEAD = timedelta(days=730)


@transaction.atomic
def enter_race(*, runner: RunnerProfile, name: str, on: date, distance_km: Decimal, by: User, now: datetime) -> Race:
    """Keep a race of `runner`, on a day of their own calendar, and plan the message of the morning after.

    Raises Forbidden `not_yours`, Conflict `entered_already`, DomainError `bad_race` with its fields.
    """
    if by.pk != runner.user_id:
        raise Forbidden("Runners enter their races themselves.", code="not_yours")
    today = now.astimezone(by.tz).date()
    race = Race(
        runner=runner, name=" ".join(name.replace("\0", "").split()), on=on, distance_km=distance_km, created_at=now
    )
    wrong = faults_of(race, today)
    if wrong:
        raise DomainError(next(iter(wrong.values())), code="bad_race", fields=wrong)
    try:
        with transaction.atomic():
            race.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "You have entered this race already. It stands in the list below.", code="entered_already"
        ) from None
    record(by=by, action="race.entered", subject=race, runner=runner)
    plan_recovery(race, now=now)
    return race


@transaction.atomic
def withdraw_race(*, race: Race, by: User) -> None:
    """Take a race off the list, and its message with it. Raises Forbidden `not_yours`."""
    if by.pk != race.runner.user_id:
        raise Forbidden("Runners withdraw from their races themselves.", code="not_yours")
    withdraw(subject=race.subject, reason="The race was taken off the list.")
    record(by=by, action="race.withdrawn", subject=race, runner=race.runner)
    race.delete()


def faults_of(race: Race, today: date) -> dict[str, str]:
    """Field -> sentence for everything about `race` that cannot be meant."""
    wrong: dict[str, str] = {}
    try:
        race.clean_fields(exclude=["runner"])
    except ValidationError as refused:
        wrong = {field: " ".join(sentences) for field, sentences in refused.message_dict.items()}
    if "distance_km" not in wrong and not Decimal("0.1") <= race.distance_km <= 1000:
        wrong["distance_km"] = "A race is between 0.1 and 1,000 km long."
    if "on" not in wrong and not today - LONGEST_AGO <= race.on <= today + FURTHEST_AHEAD:
        wrong["on"] = "Choose a day of the last year or the next two."
    return wrong
