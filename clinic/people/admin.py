"""The back office for people: superusers of the staff alone, through the same log-in as everybody, audited."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from clinic.audit.services import record
from clinic.people.models import (
    ApiToken,
    CareRelationship,
    Consent,
    Credential,
    Invitation,
    RunnerProfile,
    TherapistProfile,
    User,
)


def may_use_back_office(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_active and getattr(user, "is_clinic_staff", False) and user.is_staff and user.is_superuser)


admin.site.has_permission = may_use_back_office  # type: ignore[method-assign]
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Stridewell back office"
admin.site.unregister(Group)


class Audited(ModelAdmin):
    """What is changed here is written down like everything else; nothing is deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changes = {name: [form.initial.get(name), form.cleaned_data.get(name)] for name in form.changed_data}
        record(
            by=request.user, action="backoffice.changed" if change else "backoffice.added", subject=obj, changes=changes
        )


class ReadOnly(Audited):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(Audited):
    list_display = ("name", "email", "role", "zone", "is_active", "is_staff")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")
    fields = ("name", "email", "role", "zone", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    readonly_fields = ("email", "role", "last_login", "date_joined")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(RunnerProfile)
class RunnerAdmin(ReadOnly):
    list_display = ("user", "phone")
    search_fields = ("user__name", "user__email", "phone")
    list_select_related = ("user",)
    fields = ("user", "phone", "pronouns")


class CredentialInline(TabularInline):
    model = Credential
    extra = 0


@admin.register(TherapistProfile)
class TherapistAdmin(Audited):
    list_display = ("user", "headline", "rate_pence", "is_listed", "takes_new_runners")
    list_filter = ("is_listed", "takes_new_runners")
    search_fields = ("user__name",)
    list_select_related = ("user",)
    readonly_fields = ("user",)
    inlines = (CredentialInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(CareRelationship)
class CareAdmin(ReadOnly):
    list_display = ("runner", "therapist", "since", "until")
    list_select_related = ("runner__user", "therapist__user")


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("email", "name", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    exclude = ("token_hash",)


@admin.register(Consent)
class ConsentAdmin(ReadOnly):
    list_display = ("user", "kind", "version", "given_at", "withdrawn_at")
    list_select_related = ("user",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "user", "created", "expiry")
    list_select_related = ("user",)
    fields = ("name", "user", "created", "expiry")
