from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.core.viewer import CHOSEN_ZONE
from clinic.people.access import PersonRequest, role_required
from clinic.people.forms import Credentials, Directory, NameToken, Personal
from clinic.people.models import Role
from clinic.people.services import issue_token, revoke_token, update_profile, update_therapist


def show_refusal(form: object, refusal: DomainError) -> None:
    """Put each sentence of a refusal at its field, the rest above the form."""
    for field, sentence in (refusal.fields or {"": refusal.message}).items():
        form.add_error(field if field in form.fields else None, sentence)  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def you(request: PersonRequest) -> HttpResponse:
    """Who you are to the clinic, and the ways into your log-in."""
    form, zone = Personal(typed(request), person=request.user), request.user.zone
    if request.method == "POST" and form.is_valid():
        try:
            update_profile(by=request.user, values=form.cleaned_data)
        except DomainError as refusal:
            request.user.refresh_from_db()
            show_refusal(form, refusal)
        else:
            if request.user.zone != zone:
                request.session.pop(CHOSEN_ZONE, None)
            messages.success(request, "Saved.")
            return redirect("people:you")
    status = 422 if form.errors else 200
    return render(
        request, "people/you.html", {"form": form, "second_step": is_mfa_enabled(request.user)}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.THERAPIST)
def directory(request: PersonRequest) -> HttpResponse:
    """A therapist's own entry in the public directory."""
    therapist = request.user.therapist
    now = {name: getattr(therapist, name) for name in Directory.base_fields}
    data = typed(request)
    form = Directory(data, initial=now)
    rows = Credentials(data, initial=list(therapist.credentials.values("name", "issuer", "year")), prefix="credentials")
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        kept = [row for row in rows.cleaned_data if row.get("name") and not row.get("DELETE")]
        try:
            update_therapist(therapist=therapist, by=request.user, values=form.cleaned_data, credentials=kept)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Saved. This is how runners see you from now on.")
            return redirect("people:directory")
    status = 422 if request.method == "POST" else 200
    return render(request, "people/directory.html", {"form": form, "rows": rows, "therapist": therapist}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def tokens(request: PersonRequest) -> HttpResponse:
    """Your keys to the API: make one, see its secret once, revoke any."""
    form = NameToken(request.POST if request.method == "POST" else None)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = issue_token(by=request.user, name=form.cleaned_data["name"])
            form = NameToken()
        except DomainError as refusal:
            show_refusal(form, refusal)
    mine = request.user.auth_token_set.all()
    return render(
        request, "people/tokens.html", {"form": form, "made": made, "tokens": mine}, status=422 if form.errors else 200
    )


@require_POST
def revoke(request: PersonRequest, token_id: str) -> HttpResponse:
    token = get_object_or_404(request.user.auth_token_set, id=token_id)
    revoke_token(token=token, by=request.user)
    messages.success(request, f"“{token.name}” is revoked. It opens nothing any more.")
    return redirect("people:tokens")
