"""What people say about themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import Credential, TherapistProfile, User

PERSONAL = ("name", "zone", "portrait")
OF_RUNNERS = ("phone", "birth_date", "pronouns", "exercise_reminder_at")
OF_THERAPISTS = ("headline", "bio", "specialisations", "languages", "takes_new_runners")


def refused(error: ValidationError) -> DomainError:
    """The sentences of `error`, field by field, as a refusal of the clinic."""
    fields = {name: " ".join(sentences) for name, sentences in error.message_dict.items()}
    return DomainError(" ".join(fields.values()), code="bad_details", fields=fields)


def change(record_of: Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set `values`, validate, save; what changed as [before, after]. Raises DomainError `bad_details`."""
    changes = {
        name: [getattr(record_of, name), value] for name, value in values.items() if getattr(record_of, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(record_of, name, value)
    try:
        record_of.full_clean(exclude=["password"])
    except ValidationError as error:
        raise refused(error) from error
    if changes:
        record_of.save(update_fields=list(changes))
    return changes


@transaction.atomic
def update_profile(*, by: User, values: Mapping[str, Any]) -> None:
    """Change what `by` says about themself: name, zone, portrait, and for runners phone, birth date, pronouns, reminder hour.

    `values` maps field names to new values; others are left alone. Raises DomainError `bad_details`, naming the fields.
    """
    changes = change(by, {name: values[name] for name in PERSONAL if name in values})
    runner = getattr(by, "runner", None) if by.is_runner else None
    if runner is not None:
        changes |= change(runner, {name: values[name] for name in OF_RUNNERS if name in values})
    if changes:
        record(by=by, action="profile.changed", subject=by, runner=runner, changes=changes)


@transaction.atomic
def update_therapist(
    *,
    therapist: TherapistProfile,
    by: User,
    values: Mapping[str, Any],
    credentials: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Change a therapist's public profile; `credentials` replaces the whole list where given.

    Raises DomainError `bad_details`, naming the fields.
    """
    changes = change(therapist, {name: values[name] for name in OF_THERAPISTS if name in values})
    if credentials is not None:
        before = list(therapist.credentials.values("name", "issuer", "year"))
        after = [{"name": row["name"], "issuer": row.get("issuer", ""), "year": row.get("year")} for row in credentials]
        if before != after:
            therapist.credentials.all().delete()
            for row in after:
                credential = Credential(therapist=therapist, **row)
                try:
                    credential.full_clean()
                except ValidationError as error:
                    raise refused(error) from error
                credential.save()
            changes["credentials"] = [before, after]
    if changes:
        record(by=by, action="therapist.changed", subject=therapist, changes=changes)


@transaction.atomic
def choose_theme(*, theme: str, by: User) -> None:
    """Show every page to `by` in light ("light"), dark ("dark"), or as the device has it ("")."""
    before, by.theme = by.theme, theme
    by.full_clean(exclude=["password"])
    by.save(update_fields=["theme"])
    record(by=by, action="theme.chosen", subject=by, changes={"theme": [before, theme]})
