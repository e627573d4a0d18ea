import structlog
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people import services
from clinic.people.access import PersonRequest, role_required
from clinic.people.forms import Invite
from clinic.people.models import Invitation, Role, User
from clinic.people.views.you import show_refusal

log = structlog.get_logger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.STAFF)
def team(request: PersonRequest) -> HttpResponse:
    """Who works here, who is invited, and the form that invites."""
    form = Invite(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            invitation, token = services.invite(by=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            post(request, invitation, token)
            return redirect("people:team")
    people = User.objects.filter(role__in=(Role.THERAPIST, Role.STAFF)).order_by("-is_active", "role", "name")
    waiting = Invitation.objects.waiting().select_related("invited_by")
    return render(
        request,
        "people/team.html",
        {"form": form, "people": people, "waiting": waiting},
        status=422 if form.errors else 200,
    )


@require_POST
@role_required(Role.STAFF)
def resend(request: PersonRequest, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    token = services.resend(invitation=invitation, by=request.user, now=timezone.now())
    post(request, invitation, token)
    return redirect("people:team")


@require_POST
@role_required(Role.STAFF)
def withdraw(request: PersonRequest, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    services.withdraw(invitation=invitation, by=request.user, now=timezone.now())
    messages.success(request, f"Withdrawn. The link sent to {invitation.email} opens nothing any more.")
    return redirect("people:team")


@require_POST
@role_required(Role.STAFF)
def deactivate(request: PersonRequest, person_id: int) -> HttpResponse:
    person = get_object_or_404(User, pk=person_id, role__in=(Role.THERAPIST, Role.STAFF))
    services.deactivate(person=person, by=request.user)
    messages.success(request, f"{person.name} is logged out and cannot log in any more. Records and visits stay.")
    return redirect("people:team")


@require_POST
@role_required(Role.STAFF)
def reactivate(request: PersonRequest, person_id: int) -> HttpResponse:
    person = get_object_or_404(User, pk=person_id, role__in=(Role.THERAPIST, Role.STAFF))
    services.reactivate(person=person, by=request.user)
    messages.success(request, f"{person.name} can log in again.")
    return redirect("people:team")


def post(request: PersonRequest, invitation: Invitation, token: str) -> None:
    """Send the letter now, and say whether the mail server took it."""
    try:
        services.send_invitation(invitation=invitation, token=token)
    except OSError:
        log.warning("invitation_not_sent", invitation=invitation.pk)
        messages.error(
            request,
            f"The invitation stands, but the letter to {invitation.email} could not be sent. Send it again from the list.",
        )
    else:
        messages.success(request, f"Invited: {invitation.email}. The link is good for 7 days.")
