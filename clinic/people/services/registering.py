"""How runners come to the clinic: by themselves, or through the front desk."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from clinic.audit.models import Event
from clinic.audit.services import noted, record, record_all
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import Consent, Role, RunnerProfile, User

HEALTH_DATA = "health_data"
HEALTH_DATA_VERSION = "2026-11"
"""The wording of `templates/people/consent.html` that a runner agrees to; a new wording gets a new version."""


@transaction.atomic
def welcome_runner(*, user: User, zone: str, now: datetime) -> RunnerProfile:
    """Make the freshly signed-up `user` a runner of the clinic who agreed to the processing of health data."""
    user.zone = zone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["zone"])
    runner = RunnerProfile.objects.create(user=user)
    Consent.objects.create(user=user, kind=HEALTH_DATA, version=HEALTH_DATA_VERSION, given_at=now)
    record(by=user, action="runner.signed_up", subject=runner, runner=runner)
    return runner


@transaction.atomic
def register_runner(*, name: str, email: str, phone: str, by: User | None, zone: str = "") -> RunnerProfile:
    """The runner with this address, made if there is none (without a password: they set one by the reset link).

    Raises DomainError `bad_email` or `no_name`, and Conflict `not_a_runner` when the address belongs to the team.
    """
    runner, events = runner_registered(name=name, email=email, phone=phone, by=by, zone=zone)
    record_all(events)
    return runner


@transaction.atomic
def runner_registered(
    *, name: str, email: str, phone: str, by: User | None, zone: str = "", is_unknown: bool = False
) -> tuple[RunnerProfile, list[Event]]:
    """As `register_runner`, and leaves its event to the caller, who writes it with others (`record_all`); none where they were known.

    `is_unknown`: the caller has just looked for the address in vain, so that it is not looked for again. Somebody who has it
    all the same is found by the database, which refuses a second.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise DomainError(
            "The part after the @ needs a dot, as in name@mail.example.",
            code="bad_email",
            fields={"email": "Check the address."},
        ) from None
    known = None if is_unknown else known_runner(email)
    if known is not None:
        return known, []
    if not name.strip():
        raise DomainError("Who is calling? Type the runner's name.", code="no_name", fields={"name": "Type a name."})
    try:
        with transaction.atomic():
            user = User(email=email, name=name.strip(), role=Role.RUNNER)
            if zone:
                user.zone = zone
            user.set_unusable_password()
            user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
            user.save(force_insert=True)
            runner = RunnerProfile.objects.create(user=user, phone=phone.strip())
    except ValidationError as refused:
        fields = {name: " ".join(sentences) for name, sentences in refused.message_dict.items()}
        raise DomainError(" ".join(fields.values()), code="bad_details", fields=fields) from refused
    except IntegrityError:
        known = known_runner(email)
        if known is None:
            raise
        return known, []
    return runner, [noted(by=by, action="runner.registered", subject=runner, runner=runner)]


def known_runner(email: str) -> RunnerProfile | None:
    """The runner with this address. Raises Conflict `not_a_runner` when it belongs to the team."""
    known = User.objects.filter(email__iexact=email).select_related("runner").first()
    if known is None:
        return None
    if not known.is_runner:
        raise Conflict(
            "This address belongs to somebody of the team, not to a runner. Use another address.",
            code="not_a_runner",
            fields={"email": "Not a runner's address."},
        )
    return known.runner
