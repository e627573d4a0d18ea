"""The forms of the doors: log-in, sign-up, passwords, codes. Labels above, no placeholders, sentences that help."""

from datetime import time
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from allauth.account import forms as account
from allauth.account.utils import passthrough_next_redirect_url
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html

from clinic.core.portraits import PORTRAITS
from clinic.core.viewer import zone_of
from clinic.core.widgets import Portraits
from clinic.people.models import Role, User
from clinic.people.services import welcome_runner

REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zone_choices() -> list[tuple[str, Any]]:
    """Every zone of the world by region, as cities; for a select that works without script."""
    groups: list[tuple[str, Any]] = []
    for region in REGIONS:
        names = sorted(name for name in available_timezones() if name.startswith(f"{region}/"))
        groups.append((region, [(name, name.split("/", 1)[1].replace("_", " ").replace("/", ", ")) for name in names]))
    return [*groups, ("Other", [("UTC", "UTC")])]


def read_phone(typed: str) -> str:
    """The number as typed, with single spaces; "" stays "". Raises ValidationError for what nobody can call."""
    phone = " ".join(typed.split())
    if phone and (sum(c.isdigit() for c in phone) < 6 or not all(c.isdigit() or c in "+()-. /x" for c in phone)):
        raise ValidationError("Type a phone number with its area code, as in 0117 496 0123 or +46 8 123 456.")
    return phone


def zone_field(**options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        error_messages={"invalid_choice": "We do not know this time zone. Pick a city near you."},
        **options,
    )


ADDRESS = "The part after the @ needs a dot, as in name@mail.example."
REQUIRED = {
    "password": "Type your password.",
    "password1": "Choose a password.",
    "password2": "Type it once more.",
    "oldpassword": "Type your password of today.",
    "code": "Type the code.",
}


class Plain:
    """Takes allauth's placeholders off: the label says it."""

    labels: ClassVar[dict[str, str]] = {}
    helps: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, "")
            if isinstance(field, forms.EmailField):
                field.error_messages |= {"invalid": ADDRESS, "required": "Type your e-mail."}
            elif "required" in field.error_messages and name in REQUIRED:
                field.error_messages["required"] = REQUIRED[name]
            if isinstance(field, forms.CharField):
                field.validators += [MaxLengthValidator(512), ProhibitNullCharactersValidator()]


def reset_link() -> str:
    address = passthrough_next_redirect_url(context.request, reverse("account_reset_password"), REDIRECT_FIELD_NAME)
    return format_html('<a href="{}">Forgotten? Set a new one</a>', address)


def consent_help() -> str:
    return format_html(
        'Bookings and exercises need it. You can take it back at any time. <a href="{}">What we keep, and why</a>',
        reverse("people:consent"),
    )


PASSWORD_HELP = "At least 10 characters. Three words in a row are good."  # noqa: S105 (a sentence)


class LogIn(Plain, account.LoginForm):
    labels: ClassVar = {"login": "E-mail", "password": "Password"}
    helps: ClassVar = {"password": lazy(reset_link, str)()}


class SignUp(Plain, account.SignupForm):
    """A runner's own account. `zone` comes from the browser where it tells, else from the select."""

    labels: ClassVar = {"email": "E-mail", "password1": "Password"}
    helps: ClassVar = {
        "email": "We send a code there, and your bookings and reminders later.",
        "password1": PASSWORD_HELP,
        "zone": "Times are shown in it.",
        "consent": lazy(consent_help, str)(),
    }
    field_order: ClassVar = ["name", "email", "password1", "zone", "consent"]

    name = forms.CharField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": "Type your name, as your therapist should say it.",
            "max_length": "Up to 120 characters.",
        },
    )
    zone = zone_field()
    consent = forms.BooleanField(
        label="The clinic may use what I tell it about my health to treat me.",
        error_messages={"required": "Without this we cannot treat you. Tick it to go on."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].initial = zone_of(context.request)
        if not self.is_bound:
            self.fields["zone"].widget.attrs["data-zone-here"] = True

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not name:
            raise ValidationError("Type your name, as your therapist should say it.")
        return name

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """As allauth does it, in one transaction. Two sign-ups at once with one address: the second is told of the
        account by mail, as if it had come a minute later.
        """
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:
            if not User.objects.filter(email__iexact=self.cleaned_data["email"]).exists():
                raise
            self.account_already_exists = True
            return super().try_save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        welcome_runner(user=user, zone=self.cleaned_data["zone"], now=timezone.now())


class AskForReset(Plain, account.ResetPasswordForm):
    labels: ClassVar = {"email": "E-mail"}


class NewPassword(Plain, account.ResetPasswordKeyForm):
    labels: ClassVar = {"password1": "New password", "password2": "The same once more"}
    helps: ClassVar = {"password1": PASSWORD_HELP}


class ChangePassword(Plain, account.ChangePasswordForm):
    labels: ClassVar = {
        "oldpassword": "Password of today",
        "password1": "New password",
        "password2": "The same once more",
    }
    helps: ClassVar = {"password1": PASSWORD_HELP, "password2": "All other devices and API tokens are logged out."}


class AddAddress(Plain, account.AddEmailForm):
    labels: ClassVar = {"email": "New e-mail"}
    helps: ClassVar = {"email": "We send a code there. Until you type it, the old address stays."}


class ConfirmPassword(Plain, account.ReauthenticateForm):
    labels: ClassVar = {"password": "Password"}


class AddressCode(Plain, account.ConfirmEmailVerificationCodeForm):
    labels: ClassVar = {"code": "Code from the e-mail"}
    helps: ClassVar = {"code": "Capitals or not, both are fine."}


class ChangeAddress(Plain, account.ChangeEmailForm):
    labels: ClassVar = {"email": "E-mail"}


class SecondFactor(Plain, mfa.AuthenticateForm):
    labels: ClassVar = {"code": "Code"}
    helps: ClassVar = {"code": "6 numbers from your authenticator app, or one of your recovery codes."}


class ConfirmSecondFactor(Plain, mfa.ReauthenticateForm):
    labels: ClassVar = {"code": "Code"}
    helps: ClassVar = {"code": "6 numbers from your authenticator app, or one of your recovery codes."}


class ActivateApp(Plain, ActivateTOTPForm):
    labels: ClassVar = {"code": "Code the app shows now"}
    helps: ClassVar = {"code": "6 numbers. They change every 30 seconds."}


class AddPasskey(Plain, AddWebAuthnForm):
    labels: ClassVar = {"name": "Name of the passkey", "passwordless": "Log in with it alone, without a password"}
    helps: ClassVar = {
        "name": "So that you know it later, as in Phone.",
        "passwordless": "It then asks for your finger, face or PIN.",
    }


def reminder_times() -> list[tuple[str, str]]:
    """Every quarter of an hour from 05:00 to 22:00, as people read it."""
    quarters = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(5 * 60, 22 * 60 + 1, 15))
    return [(quarter, quarter) for quarter in quarters]


class Personal(forms.Form):
    """What a person tells about themself; the fields of runners fall away for others."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Type your name.", "max_length": "Up to 120 characters."},
    )
    pronouns = forms.CharField(
        label="Pronouns",
        max_length=32,
        required=False,
        help_text="As in she/her, he/him, they/them.",
        error_messages={"max_length": "Up to 32 characters."},
    )
    phone = forms.CharField(
        label="Phone",
        max_length=32,
        required=False,
        error_messages={"max_length": "Up to 32 characters."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text="For the day when something goes wrong with the video.",
    )
    birth_date = forms.DateField(
        label="Birth date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        help_text="Some tests are read by age.",
    )
    zone = zone_field(help_text="Times on every page are shown in it.")
    portrait = forms.TypedChoiceField(
        label="Portrait",
        required=False,
        choices=[(number, f"Portrait {number}") for number in range(1, PORTRAITS + 1)],
        coerce=int,
        empty_value=None,
        widget=Portraits(),
        help_text="It stands beside your name until there is a photograph.",
    )
    exercise_reminder_at = forms.TypedChoiceField(
        label="Remind me of exercises at",
        choices=reminder_times,
        coerce=time.fromisoformat,
        help_text="Only on days with exercises that are not done yet. In your own time.",
        error_messages={"invalid_choice": "Pick one of the times."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        about = {"name": person.name, "zone": person.zone, "portrait": person.portrait}
        if person.role == Role.RUNNER:
            runner = person.runner
            about |= {name: getattr(runner, name) for name in ("pronouns", "phone", "birth_date")}
            about["exercise_reminder_at"] = f"{runner.exercise_reminder_at:%H:%M}"
        super().__init__(*args, **{"initial": about, **kwargs})
        if person.role != Role.RUNNER:
            for name in ("pronouns", "phone", "birth_date", "exercise_reminder_at"):
                del self.fields[name]

    def clean_phone(self) -> str:
        return read_phone(self.cleaned_data["phone"])

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        if born:
            age = (timezone.now().date() - born).days / 365.25
            if not 5 <= age <= 110:
                raise ValidationError("Check the year: this would make you younger than 5 or older than 110.")
        return born


class Lines(forms.CharField):
    """A list of short words, one to a line; empty lines and repeats fall away."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), max_length=2_000, required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        words = list(dict.fromkeys(" ".join(line.split()) for line in super().clean(value).splitlines()))
        words = [word for word in words if word]
        if len(words) > 12 or any(len(word) > 60 for word in words):
            raise ValidationError("At most 12 lines of at most 60 characters.")
        return words


class Directory(forms.Form):
    """A therapist's entry in the public directory."""

    headline = forms.CharField(label="Headline", max_length=140, required=False, help_text="One line under your name.")
    bio = forms.CharField(
        label="About you",
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="What you treat, how you work. Runners read it before they book.",
    )
    specialisations = Lines(label="Specialisations", help_text="One to a line, as in: Achilles.")
    languages = Lines(label="Languages", help_text="One to a line.")
    takes_new_runners = forms.BooleanField(label="I take new runners", required=False)


class CredentialRow(forms.Form):
    name = forms.CharField(label="Degree, registration or course", max_length=120)
    issuer = forms.CharField(label="From", max_length=120, required=False)
    year = forms.IntegerField(label="Year", min_value=1950, max_value=2100, required=False)


Credentials = forms.formset_factory(CredentialRow, extra=2, max_num=12, can_delete=True)


class Invite(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        error_messages={"invalid": ADDRESS, "required": "Type an e-mail."},
    )
    role = forms.ChoiceField(label="Role", choices=[(Role.THERAPIST, "Therapist"), (Role.STAFF, "Staff")])


class Accept(forms.Form):
    name = forms.CharField(label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        max_length=512,
        strip=False,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NameToken(forms.Form):
    name = forms.CharField(
        label="Name of the token", max_length=60, help_text="So that you know it later, as in: watch export."
    )
