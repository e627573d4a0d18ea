"""What can be booked, and what it takes: services, treatment rooms, equipment. Staff alone change them."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify

from bookings.models import Equipment, Service, TreatmentRoom
from bookings.services.transactions import require
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.core.wording import in_words
from clinic.people.models import Credential, TherapistProfile, User

RULES = (
    "name",
    "summary",
    "minutes",
    "buffer_before_min",
    "buffer_after_min",
    "price_pence",
    "place",
    "min_notice_min",
    "horizon_days",
    "slot_step_min",
    "change_notice_h",
    "late_fee_percent",
    "takes_insurance",
    "equipment_kind",
    "credential",
    "is_first_visit",
    "is_active",
    "position",
)


@transaction.atomic
def save_service(
    *, service: Service | None, rules: Mapping[str, Any], therapists: Collection[TherapistProfile], by: User
) -> Service:
    """Change a service, or (None) enter a new one, and say who offers it. Booked sessions stay as they were agreed.

    `rules` are the fields of RULES. Raises DomainError `bad_service` with a sentence for each field at fault,
    `no_equipment`, `no_credential` where one of `therapists` does not hold what it needs; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff)
    kind = rules.get("equipment_kind", "")
    if kind and not Equipment.objects.filter(kind=kind, is_active=True).exists():
        sentence = "There is no such equipment in use. Enter it under Rooms and equipment first."
        raise DomainError(sentence, code="no_equipment", fields={"equipment_kind": sentence})
    require_holders(rules.get("credential", service.credential if service else ""), therapists)
    found = service or Service(slug=free_slug(rules["name"]))
    before = {name: getattr(found, name) for name in RULES}
    for name in RULES:
        if name in rules:
            setattr(found, name, rules[name])
    checked(found, code="bad_service")
    found.save()
    offered = set(found.therapists.values_list("pk", flat=True))
    found.therapists.set(therapists)
    changes = {
        name: [None if service is None else before[name], getattr(found, name)]
        for name in RULES
        if service is None or before[name] != getattr(found, name)
    }
    now_offered = {each.pk for each in therapists}
    if offered != now_offered:
        changes["therapists"] = [sorted(offered), sorted(now_offered)]
    if changes:
        record(by=by, action="service.changed" if service else "service.entered", subject=found, changes=changes)
    return found


def require_holders(credential: str, therapists: Collection[TherapistProfile]) -> None:
    """Raises DomainError `no_credential` unless each of `therapists` holds the credential, where one is needed."""
    holders = (
        set(Credential.objects.filter(name=credential).values_list("therapist", flat=True)) if credential else None
    )
    if holders is None or all(each.pk in holders for each in therapists):
        return
    names = sorted(each.user.name for each in therapists if each.pk not in holders)
    sentence = (
        f"{in_words(names)} {'does' if len(names) == 1 else 'do'} not hold “{credential}”. "
        "Take them off the list, or enter it in their profile first."
    )
    raise DomainError(sentence, code="no_credential", fields={"therapists": sentence})


@transaction.atomic
def save_room(*, room: TreatmentRoom | None, name: str, is_active: bool, by: User) -> TreatmentRoom:
    """Rename a treatment room, take it out of use or back, or (None) enter one. What is booked in it stays.

    Raises DomainError `bad_room`; Forbidden `not_yours`.
    """
    return save_thing(room or TreatmentRoom(), by=by, code="bad_room", name=name.strip(), is_active=is_active)


@transaction.atomic
def save_equipment(*, piece: Equipment | None, name: str, kind: str, is_active: bool, by: User) -> Equipment:
    """The same for a piece of equipment; `kind` is what services ask for, as in treadmill.

    Raises DomainError `bad_equipment`, `still_needed` where it is the last of a kind that a service needs; Forbidden `not_yours`.
    """
    piece = piece or Equipment()
    kind = slugify(kind)[:30]
    if piece.pk is not None and (not is_active or kind != piece.kind):
        left = Equipment.objects.filter(kind=piece.kind, is_active=True).exclude(pk=piece.pk)
        needing = Service.objects.active().filter(equipment_kind=piece.kind).first()
        if needing is not None and not left.exists():
            sentence = (
                f"“{needing.name}” needs a {piece.kind}, and this is the last one in use. Change the service first."
            )
            raise DomainError(sentence, code="still_needed", fields={"is_active": sentence})
    return save_thing(piece, by=by, code="bad_equipment", name=name.strip(), kind=kind, is_active=is_active)


def save_thing(thing: Any, *, by: User, code: str, **fields: Any) -> Any:
    """Write the fields of a room or a piece of equipment, with an audit event of what is new."""
    require(by.is_clinic_staff)
    is_new = thing.pk is None
    if is_new:
        thing.position = type(thing).objects.count() + 1
    changes = {name: [None if is_new else getattr(thing, name), value] for name, value in fields.items()}
    for name, value in fields.items():
        setattr(thing, name, value)
    checked(thing, code=code)
    thing.save()
    changes = {name: both for name, both in changes.items() if both[0] != both[1]}
    if changes:
        record(
            by=by,
            action=f"{thing._meta.model_name}.{'entered' if is_new else 'changed'}",
            subject=thing,
            changes=changes,
        )
    return thing


def checked(thing: models.Model, *, code: str) -> None:
    """Raises DomainError `code` with a sentence for each field at fault."""
    try:
        thing.full_clean()
    except ValidationError as refused:
        fields = {
            name: " ".join("There is one of this name already." if "already exists" in each else each for each in said)
            for name, said in refused.message_dict.items()
        }
        raise DomainError(" ".join(fields.values()), code=code, fields=fields) from None


def free_slug(name: str) -> str:
    """A name for addresses that no service has yet."""
    base = slugify(name)[:50] or "session"
    taken = {"new", *Service.objects.filter(slug__startswith=base).values_list("slug", flat=True)}
    return base if base not in taken else next(f"{base}-{n}" for n in range(2, 1000) if f"{base}-{n}" not in taken)
