from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments import entry
from assessments.catalogue import catalogue
from assessments.models import Assessment, Finding, Intake, Measurement, Recommendation
from assessments.readings import Key, Value
from assessments.record import readings_of
from assessments.rules import findings, rule_book
from assessments.services.care import require_care
from bookings.models import Appointment
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import RunnerProfile, User

SORE_CALF = {"calf_left", "calf_right", "achilles_left", "achilles_right"}
DETAILS = ("involved_side", "speed_kmh", "steps", "note")


@dataclass(frozen=True)
class Saved:
    """The draft as it stands; `refused` values were not stored, `asked` ones were and wait for a yes before signing."""

    assessment: Assessment
    refused: dict[Key, str]
    asked: dict[Key, str]


@transaction.atomic
def start_assessment(
    *, runner: RunnerProfile, by: User, now: datetime, appointment: Appointment | None = None
) -> Assessment:
    """A new draft, or the one this therapist has open for the runner already. Raises Forbidden `not_in_care`.

    A sore calf or Achilles tendon told in the intake is noted in it, since it rules a higher cadence out.
    """
    therapist = require_care(by, runner)
    RunnerProfile.objects.select_for_update().get(pk=runner.pk)
    open_draft = Assessment.objects.drafts().filter(runner=runner, therapist=therapist, amends=None).first()
    if open_draft is not None:
        return open_draft
    if appointment is not None and appointment.runner_id != runner.pk:
        raise DomainError("That session belongs to somebody else.", code="wrong_session")
    last = Assessment.objects.signed().of(runner).order_by("-signed_at").first()
    draft = Assessment.objects.create(
        runner=runner,
        therapist=therapist,
        appointment=appointment,
        involved_side=last.involved_side if last else "",
        catalogue_version=catalogue().version,
        rules_version=rule_book()[0],
        started_at=now,
        saved_at=now,
    )
    told = Intake.objects.filter(runner=runner).first()
    if told is not None and SORE_CALF & set(told.regions):
        Measurement.objects.create(assessment=draft, key="achilles_history", word="yes")
    record(by=by, action="assessment.started", subject=draft, runner=runner)
    return draft


def locked(assessment: Assessment) -> Assessment:
    """The row as it stands now, kept from others until the transaction ends; raises Conflict `signed` unless a draft."""
    current = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if not current.is_draft:
        raise Conflict("This assessment is signed, so it is closed. Make a new version to correct it.", code="signed")
    return current


@transaction.atomic
def save_draft(
    *,
    assessment: Assessment,
    by: User,
    now: datetime,
    typed: Mapping[Key, str],
    confirmed: Iterable[Key] = (),
    details: Mapping[str, Any] | None = None,
    revision: int | None = None,
    all_or_nothing: bool = False,
) -> Saved:
    """Store what is typed: only the keys of `typed` are touched, an empty text takes a value away.

    `details` may hold involved_side, speed_kmh, steps, note. `revision` is the one the writer saw: an older one raises
    Conflict `stale`. With `all_or_nothing` a refused value raises DomainError `bad_values` and nothing is stored;
    otherwise the rest is stored and the refusals come back. Raises Conflict `signed`, Forbidden `not_in_care`.
    """
    require_care(by, assessment.runner)
    current = locked(assessment)
    if revision is not None and revision != current.revision:
        raise Conflict(
            "Somebody saved this draft meanwhile. What you typed is still here: compare, then save again.", code="stale"
        )
    sure = set(confirmed)
    parsed = entry.parse(catalogue(), typed, sure)
    if parsed.refused and all_or_nothing:
        fields = {entry.field_name(*key): sentence for key, sentence in parsed.refused.items()}
        raise DomainError(next(iter(fields.values())), code="bad_values", fields=fields)
    changes = store_values(current, parsed.values, sure, by_form=set(typed))
    for name in DETAILS:
        if details is not None and name in details and getattr(current, name) != details[name]:
            changes[name] = [getattr(current, name), details[name]]
            setattr(current, name, details[name])
    if not changes:
        return Saved(current, parsed.refused, parsed.asked)
    current.saved_at, current.revision = now, current.revision + 1
    current.catalogue_version, current.rules_version = catalogue().version, rule_book()[0]
    try:
        current.full_clean()
    except ValidationError as refusal:
        fields = {name: " ".join(sentences) for name, sentences in refusal.message_dict.items()}
        raise DomainError(" ".join(fields.values()), code="bad_values", fields=fields) from refusal
    current.save()
    refresh_findings(current)
    record(by=by, action="assessment.saved", subject=current, runner=current.runner, changes=changes)
    return Saved(current, parsed.refused, parsed.asked)


@transaction.atomic
def start_and_save(
    *,
    runner: RunnerProfile,
    by: User,
    now: datetime,
    typed: Mapping[Key, str],
    confirmed: Iterable[Key] = (),
    details: Mapping[str, Any] | None = None,
) -> Assessment:
    """A draft with its first values, all or none of them; raises what `start_assessment` and `save_draft` raise."""
    draft = start_assessment(runner=runner, by=by, now=now)
    saved = save_draft(
        assessment=draft,
        by=by,
        now=now,
        typed=typed,
        confirmed=confirmed,
        details=details,
        all_or_nothing=True,
    )
    return saved.assessment


def store_values(
    assessment: Assessment, values: Mapping[Key, Value | None], confirmed: set[Key], by_form: set[Key]
) -> dict[str, list[Any]]:
    """Write `values` over the stored ones and return what changed, by field name."""
    stored = {(row.key, row.side): row for row in assessment.measurements.all()}
    changes: dict[str, list[Any]] = {}
    gone, new, other = [], [], []
    for key, value in values.items():
        row = stored.get(key)  # type: ignore[call-overload]
        before = None if row is None else row.word or row.value
        if value is None:
            if row is not None:
                gone.append(row.pk)
                changes[entry.field_name(*key)] = [before, None]
            continue
        sure = key in confirmed
        if row is not None and before == value and (row.confirmed == sure or key not in by_form):
            continue
        word, amount = ("", value) if isinstance(value, Decimal) else (value, None)
        if row is None:
            new.append(
                Measurement(assessment=assessment, key=key[0], side=key[1], value=amount, word=word, confirmed=sure)
            )
        else:
            row.value, row.word, row.confirmed = amount, word, sure
            other.append(row)
        changes[entry.field_name(*key)] = [before, value]
    Measurement.objects.filter(pk__in=gone).delete()
    Measurement.objects.bulk_create(new)
    Measurement.objects.bulk_update(other, ["value", "word", "confirmed"])
    return changes


def refresh_findings(assessment: Assessment) -> None:
    """Bring the stored findings in line with the measurements; decisions on offers that still stand are kept."""
    stored = {(row.rule, row.side): row for row in assessment.findings.all()}
    found = findings(readings_of(assessment))
    assessment.findings.exclude(
        pk__in=[stored[f.rule, f.side].pk for f in found if (f.rule, f.side) in stored]
    ).delete()
    for position, each in enumerate(found):
        words = {
            "position": position,
            "title": each.title,
            "verdict": each.verdict,
            "reason": each.reason,
            "lay": each.lay,
            "source": each.source,
            "mark": each.mark,
            "grade": each.grade,
            "rules_version": assessment.rules_version,
        }
        row = stored.get((each.rule, each.side))
        if row is None:
            row = Finding.objects.create(assessment=assessment, rule=each.rule, side=each.side, **words)
            Recommendation.objects.bulk_create(
                Recommendation(finding=row, kind=offer.kind, text=offer.text, target=offer.target, position=place)
                for place, offer in enumerate(each.offers)
            )
            continue
        if any(getattr(row, name) != value for name, value in words.items()):
            for name, value in words.items():
                setattr(row, name, value)
            row.save()
        offered = {(offer.kind, offer.text): (place, offer) for place, offer in enumerate(each.offers)}
        standing = {(offer.kind, offer.text): offer for offer in row.recommendations.all()}
        row.recommendations.filter(pk__in=[standing[key].pk for key in standing if key not in offered]).delete()
        Recommendation.objects.bulk_create(
            Recommendation(finding=row, kind=offer.kind, text=offer.text, target=offer.target, position=place)
            for key, (place, offer) in offered.items()
            if key not in standing
        )


def unconfirmed(assessment: Assessment) -> dict[Key, str]:
    """Unusual values that nobody has said are right yet, with their question."""
    book = catalogue()
    return {
        (row.key, row.side): ask  # type: ignore[misc]
        for row in assessment.measurements.all()
        if not row.confirmed and row.value is not None and (ask := entry.question(book[row.key], row.value))
    }


@transaction.atomic
def sign(*, assessment: Assessment, by: User, now: datetime) -> Assessment:
    """Close the assessment for good. A second signature by the same person changes nothing.

    Raises DomainError `empty` without a measurement, `unconfirmed` while an unusual value waits for a yes, Conflict
    `signed` when somebody else has signed, Forbidden `not_in_care`. The version it corrects becomes `amended`.
    """
    require_care(by, assessment.runner)
    current = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if not current.is_draft:
        if current.signed_by_id == by.pk:
            return current
        raise Conflict("This assessment is signed already.", code="signed")
    if not current.measurements.exists():
        raise DomainError("Nothing is measured yet. Fill in at least one measure, then sign.", code="empty")
    if waiting := unconfirmed(current):
        fields = {entry.field_name(*key): ask for key, ask in waiting.items()}
        raise DomainError(
            f"{len(waiting)} unusual value{'s' if len(waiting) > 1 else ''} to confirm before you sign.",
            code="unconfirmed",
            fields=fields,
        )
    refresh_findings(current)
    current.state, current.signed_at, current.signed_by = Assessment.State.SIGNED, now, by
    current.save()
    if current.amends_id:
        Assessment.objects.filter(pk=current.amends_id, state=Assessment.State.SIGNED).update(
            state=Assessment.State.AMENDED
        )
    record(
        by=by,
        action="assessment.signed",
        subject=current,
        runner=current.runner,
        changes={"state": ["draft", "signed"]},
    )
    return current


@transaction.atomic
def amend(*, assessment: Assessment, by: User, reason: str, now: datetime) -> Assessment:
    """A new draft that starts as a copy of the signed one and will replace it. The signed one stays as it is.

    Raises DomainError `no_reason`, `not_signed`, Conflict `replaced` when a newer version is signed already.
    """
    therapist = require_care(by, assessment.runner)
    current = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if current.is_draft:
        raise DomainError("This is still a draft: change it directly.", code="not_signed")
    newer = Assessment.objects.filter(amends=current).first()
    if newer is not None:
        if newer.is_draft:
            return newer
        raise Conflict("A newer version stands already. Correct that one.", code="replaced")
    if not reason.strip():
        raise DomainError(
            "Write what the new version corrects.", code="no_reason", fields={"reason": "Write a reason."}
        )
    try:
        with transaction.atomic():
            draft = Assessment.objects.create(
                runner=current.runner,
                therapist=therapist,
                appointment=current.appointment,
                amends=current,
                amend_reason=reason.strip()[:1000],
                involved_side=current.involved_side,
                speed_kmh=current.speed_kmh,
                steps=current.steps,
                note=current.note,
                catalogue_version=catalogue().version,
                rules_version=rule_book()[0],
                started_at=current.started_at,
                saved_at=now,
            )
    except IntegrityError:
        return Assessment.objects.get(amends=current)
    Measurement.objects.bulk_create(
        Measurement(
            assessment=draft, key=row.key, side=row.side, value=row.value, word=row.word, confirmed=row.confirmed
        )
        for row in current.measurements.all()
    )
    refresh_findings(draft)
    record(by=by, action="assessment.amended", subject=draft, runner=current.runner, reason=reason.strip()[:1000])
    return draft
