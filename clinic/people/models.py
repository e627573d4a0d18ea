"""Who is who in the clinic: users and their roles, their profiles, who cares for whom."""

import uuid
from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from knox.models import AbstractAuthToken

from clinic.core.portraits import PORTRAITS
from clinic.people.addresses import refuse_demo_address


class Role(models.TextChoices):
    RUNNER = "runner", "Runner"
    THERAPIST = "therapist", "Therapist"
    STAFF = "staff", "Staff"


def clinic_zone() -> str:
    return settings.CLINIC_ZONE


def validate_zone(value: str) -> None:
    """Raises ValidationError unless `value` names a zone of the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(
            "We do not know this time zone. Pick a city near you, as in Europe/London.", code="unknown_zone"
        )


def validate_words(value: object) -> None:
    """Raises ValidationError unless `value` is a list of short words."""
    if not isinstance(value, list) or not all(isinstance(word, str) and 0 < len(word) <= 60 for word in value):
        raise ValidationError('Write a list of short words, as in ["Knee", "Hip"].', code="not_words")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with the address in lower case; without a password nobody can log in as them."""
        refuse_demo_address(email)
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(
            email, password, **{"role": Role.STAFF, "is_staff": True, "is_superuser": True, **fields}
        )


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # the token library names it by a placeholder
    """Somebody who can log in; `role` says as what."""

    email = models.EmailField("e-mail", max_length=254, unique=True, validators=[refuse_demo_address])
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.RUNNER)
    zone = models.CharField("time zone", max_length=64, default=clinic_zone, validators=[validate_zone])
    theme = models.CharField(
        max_length=5,
        blank=True,
        choices=[("light", "Light"), ("dark", "Dark")],
        help_text="Empty: as the device has it.",
    )
    portrait = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Which of the drawn portraits stands for the person; empty: one chosen for them.",
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the back office", default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="people_user_email_once",
                violation_error_message="There is an account with this e-mail already.",
            ),
            models.CheckConstraint(
                condition=Q(portrait__isnull=True) | Q(portrait__range=(1, PORTRAITS)),
                name="people_user_portrait_drawn",
                violation_error_message="Choose one of the portraits shown.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values),
                name="people_user_role_known",
                violation_error_message="Choose runner, therapist or staff.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0] if self.name else ""

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def is_runner(self) -> bool:
        return self.role == Role.RUNNER

    @property
    def is_therapist(self) -> bool:
        return self.role == Role.THERAPIST

    @property
    def is_clinic_staff(self) -> bool:
        return self.role == Role.STAFF

    @property
    def works_here(self) -> bool:
        """Therapists and staff: the people who sit at the desk and need a second factor."""
        return self.role in (Role.THERAPIST, Role.STAFF)


class RunnerProfileQuerySet(models.QuerySet["RunnerProfile"]):
    def in_care_of(self, therapist: "TherapistProfile") -> "RunnerProfileQuerySet":
        return self.filter(care__therapist=therapist, care__until__isnull=True).distinct()

    def visible_to(self, user: User) -> "RunnerProfileQuerySet":
        """Whose chart `user` may open: a runner's own, a therapist's runners in care, for anybody else none."""
        if user.is_runner:
            return self.filter(user=user)
        if user.is_therapist:
            return self.filter(care__therapist__user=user, care__until__isnull=True).distinct()
        return self.none()

    def contactable_by(self, user: User) -> "RunnerProfileQuerySet":
        """Whose name, address and phone `user` may see: as above, and for staff everybody's."""
        return self.all() if user.is_clinic_staff else self.visible_to(user)


class RunnerProfile(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="runner")
    phone = models.CharField(max_length=32, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    pronouns = models.CharField(max_length=32, blank=True)
    exercise_reminder_at = models.TimeField(
        "hour of the exercise reminder", default=time(18, 0), help_text="In your own time zone."
    )

    objects = RunnerProfileQuerySet.as_manager()

    def __str__(self) -> str:
        return self.user.name


class TherapistProfileQuerySet(models.QuerySet["TherapistProfile"]):
    def listed(self) -> "TherapistProfileQuerySet":
        """Shown in the public directory."""
        return self.filter(is_listed=True, user__is_active=True)


class TherapistProfile(models.Model):
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="therapist")
    slug = models.SlugField(unique=True, max_length=80)
    headline = models.CharField(max_length=140, blank=True)
    bio = models.TextField(blank=True)
    specialisations = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_words],
        help_text="Short words, as in: knee, Achilles, return to running.",
    )
    languages = models.JSONField(default=list, blank=True, validators=[validate_words])
    rate_pence = models.PositiveIntegerField(default=0, help_text="Price of a first visit, in pence.")
    is_listed = models.BooleanField(default=True)
    takes_new_runners = models.BooleanField(default=True)

    objects = TherapistProfileQuerySet.as_manager()

    class Meta:
        ordering = ("user__name",)

    def __str__(self) -> str:
        return self.user.name


class Credential(models.Model):
    """A degree, registration or course of a therapist."""

    therapist = models.ForeignKey(TherapistProfile, on_delete=models.CASCADE, related_name="credentials")
    name = models.CharField(max_length=120)
    issuer = models.CharField(max_length=120, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-year", "name")

    def __str__(self) -> str:
        return self.name


class CareRelationshipQuerySet(models.QuerySet["CareRelationship"]):
    def active(self) -> "CareRelationshipQuerySet":
        return self.filter(until__isnull=True)


class CareRelationship(models.Model):
    """While it lasts, the therapist may open the runner's chart."""

    runner = models.ForeignKey(RunnerProfile, on_delete=models.PROTECT, related_name="care")
    therapist = models.ForeignKey(TherapistProfile, on_delete=models.PROTECT, related_name="care")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    objects = CareRelationshipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["runner", "therapist"],
                condition=Q(until__isnull=True),
                name="people_care_once",
                violation_error_message="This runner is in this therapist's care already.",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="people_care_ends_after_it_begins",
                violation_error_message="Care ends after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.runner_id} with {self.therapist_id}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; the link of some of them may have run out."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)


class Invitation(models.Model):
    """A therapist or a member of staff is asked in; only the hash of the link's token is kept."""

    email = models.EmailField(validators=[refuse_demo_address])
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=[(Role.THERAPIST, "Therapist"), (Role.STAFF, "Staff")])
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="people_invited_once",
                violation_error_message="This address has an open invitation already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at

    @property
    def has_run_out(self) -> bool:
        return self.expires_at <= timezone.now()


class Consent(models.Model):
    """What a person agreed to, when, and to which wording."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class ApiToken(AbstractAuthToken):
    """A person's own key to the API, with the name they gave it; only its hash is kept."""

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60, default="API")

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"
