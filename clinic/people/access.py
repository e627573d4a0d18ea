"""Who may open what. Every record of a person is reached through here; a stranger gets 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from rest_framework.request import Request

from clinic.people.models import RunnerProfile, User


class PersonRequest(HttpRequest):
    """A request past the log-in."""

    user: User


class Call(Request):
    """An API request past the log-in."""

    user: User


View = Callable[..., HttpResponseBase]


def role_required(*roles: str) -> Callable[[View], View]:
    """Only people with one of `roles` get in; others are told so (403)."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.role not in roles:  # type: ignore[union-attr]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return inner

    return wrap


def get_runner(user: User, runner_id: UUID | str) -> RunnerProfile:
    """The runner whose chart `user` may open. Raises Http404 for everybody else, and for ids that do not exist."""
    runner = RunnerProfile.objects.visible_to(user).select_related("user").filter(pk=runner_id).first()
    if runner is None:
        raise Http404("No such runner.")
    return runner


def get_contact(user: User, runner_id: UUID | str) -> RunnerProfile:
    """The runner whose contact data `user` may see (staff: anybody's). Raises Http404 otherwise."""
    runner = RunnerProfile.objects.contactable_by(user).select_related("user").filter(pk=runner_id).first()
    if runner is None:
        raise Http404("No such runner.")
    return runner


def may_read_chart(user: User, runner: RunnerProfile) -> bool:
    return RunnerProfile.objects.visible_to(user).filter(pk=runner.pk).exists()
