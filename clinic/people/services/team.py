"""How therapists and staff come to the clinic, and how they leave: staff invite them, staff close their log-in."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import slugify

from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import Invitation, Role, TherapistProfile, User
from clinic.people.services.profiles import refused
from clinic.people.services.tokens import revoke_all_tokens

VALID_FOR = timedelta(days=7)


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(*, email: str, name: str, role: str, by: User, now: datetime) -> tuple[Invitation, str]:
    """Ask a person in as a therapist or as staff: the invitation and the secret of its link, good for 7 days, once.

    Raises DomainError `bad_details`; Conflict `has_account` when somebody logs in with this address already, and
    `invited_already` while an invitation is open.
    """
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "Somebody logs in with this address already. Use another address.",
            code="has_account",
            fields={"email": "Somebody logs in with this address already. Use another address."},
        )
    open_already = "This address has an open invitation. Send it again from the list, or withdraw it."
    if Invitation.objects.waiting().filter(email__iexact=email).exists():
        raise Conflict(open_already, code="invited_already", fields={"email": open_already})
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        email=email,
        name=name.strip(),
        role=role,
        token_hash=hashed(token),
        invited_by=by,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    try:
        invitation.full_clean()
        with transaction.atomic():
            invitation.save()
    except ValidationError as error:
        raise refused(error) from error
    except IntegrityError:
        raise Conflict(open_already, code="invited_already", fields={"email": open_already}) from None
    record(by=by, action="invitation.sent", subject=invitation, changes={"role": [None, role]})
    return invitation, token


@transaction.atomic
def resend(*, invitation: Invitation, by: User, now: datetime) -> str:
    """A new link, good for 7 days; the old one opens nothing any more. Raises Conflict `not_open`."""
    locked = locked_open(invitation)
    token = secrets.token_urlsafe(32)
    locked.token_hash, locked.expires_at = hashed(token), now + VALID_FOR
    locked.save(update_fields=["token_hash", "expires_at"])
    record(by=by, action="invitation.sent_again", subject=locked)
    return token


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User, now: datetime) -> None:
    """The link opens nothing any more. Raises Conflict `not_open`."""
    locked = locked_open(invitation)
    locked.withdrawn_at = now
    locked.save(update_fields=["withdrawn_at"])
    record(by=by, action="invitation.withdrawn", subject=locked)


def locked_open(invitation: Invitation) -> Invitation:
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.accepted_at or locked.withdrawn_at:
        raise Conflict("This invitation was accepted or withdrawn meanwhile. Nothing was changed.", code="not_open")
    return locked


def find_invitation(token: str, now: datetime) -> Invitation | None:
    """The open invitation that this link belongs to."""
    found = Invitation.objects.select_related("invited_by").filter(token_hash=hashed(token)).first()
    return found if found is not None and found.is_open(now) else None


@transaction.atomic
def accept(*, token: str, name: str, password: str, zone: str, now: datetime) -> User:
    """Make the invited person's account, its address confirmed, and use the invitation up.

    Raises Conflict `invitation_gone` when the link has run out, was withdrawn or used; DomainError `bad_details`
    for a weak password or a name that does not do. Of two acceptances at once one wins.
    """
    gone = Conflict(
        "This invitation is no longer open: it was used, withdrawn, or is older than 7 days. Ask the clinic for a new one.",
        code="invitation_gone",
    )
    invitation = Invitation.objects.select_for_update().filter(token_hash=hashed(token)).first()
    if invitation is None or not invitation.is_open(now):
        raise gone
    user = User(email=invitation.email, name=name.strip(), role=invitation.role, zone=zone)
    try:
        validate_password(password, user)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise DomainError(sentence, code="bad_details", fields={"password": sentence}) from error
    user.set_password(password)
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(accepted_at=now):
        raise gone
    try:
        user.full_clean()
        with transaction.atomic():
            user.save()
    except ValidationError as error:
        raise refused(error) from error
    except IntegrityError:
        raise gone from None
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if user.is_therapist:
        TherapistProfile.objects.create(user=user, slug=free_slug(user.name), is_listed=False)
    record(by=user, action="invitation.accepted", subject=user, changes={"role": [None, user.role]})
    return user


def free_slug(name: str) -> str:
    """An address for the therapist's page that nobody has yet."""
    wish = slugify(name)[:70] or "therapist"
    taken = set(TherapistProfile.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    return next(slug for slug in (wish, *(f"{wish}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def deactivate(*, person: User, by: User) -> None:
    """Close the log-in of a therapist or a member of staff; their records stay. Raises DomainError `yourself`, `not_team`."""
    if person.pk == by.pk:
        raise DomainError("You cannot close your own log-in. Ask a colleague.", code="yourself")
    set_active(person, by=by, active=False)
    if person.is_therapist:
        TherapistProfile.objects.filter(user=person).update(is_listed=False)
    revoke_all_tokens(user=person, by=by, reason="log-in closed")


@transaction.atomic
def reactivate(*, person: User, by: User) -> None:
    """Open a closed log-in again, with the password it had."""
    set_active(person, by=by, active=True)


def set_active(person: User, *, by: User, active: bool) -> None:
    if person.role not in (Role.THERAPIST, Role.STAFF):
        raise DomainError("This person is not of the team.", code="not_team")
    if User.objects.filter(pk=person.pk, is_active=not active).update(is_active=active):
        action = "person.reactivated" if active else "person.deactivated"
        record(by=by, action=action, subject=person, changes={"is_active": [not active, active]})


def send_invitation(*, invitation: Invitation, token: str) -> None:
    """Hand the letter with the link to the mail server, now: the secret is kept nowhere. Raises OSError as it does."""
    context = {
        "invitation": invitation,
        "link": settings.SITE_URL + reverse("people:accept_invitation", args=[token]),
        "days": VALID_FOR.days,
        "clinic_name": settings.CLINIC_NAME,
    }
    letter = EmailMultiAlternatives(
        render_to_string("emails/invitation/subject.txt", context).strip(),
        render_to_string("emails/invitation/body.txt", context),
        to=[invitation.email],
    )
    letter.attach_alternative(render_to_string("emails/invitation/body.html", context), "text/html")
    letter.send()
