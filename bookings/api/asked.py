"""Whom and what a request names, found or refused."""

from typing import Any, cast

from rest_framework.request import Request

from bookings.api.serializers import TakeIn
from bookings.engine.diaries import offering
from bookings.models import Service
from clinic.core.errors import DomainError, Forbidden
from clinic.people.access import get_contact
from clinic.people.models import RunnerProfile, TherapistProfile, User


def person(request: Request) -> User:
    """Who asks; only behind the log-in."""
    return cast(User, request.user)


def taken(request: Request, form: type[TakeIn], *, staff_reason: bool) -> dict[str, Any]:
    """The keywords of `hold_slot` and `book_slot` out of a request."""
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    wanted = given.validated_data
    result = {
        "service": service_named(wanted["service"]),
        "therapist": therapist_named(wanted.get("therapist")),
        "runner": runner_for(request, wanted.get("runner")),
        "start": wanted["start"],
    }
    if not staff_reason:
        return result
    return {
        **result,
        "override_reason": wanted.get("reason", ""),
        "payer": wanted["payer"],
        "insurer": wanted["insurer"],
    }


def runner_for(request: Request, runner_id: Any) -> RunnerProfile:
    """Whom the session is for: the runner who asks, or the one staff or a therapist name. Raises Forbidden, Http404."""
    user = person(request)
    if user.is_runner:
        if runner_id is not None and runner_id != user.runner.pk:
            raise Forbidden("You can book for yourself alone.", code="not_yours")
        return user.runner
    if runner_id is None:
        raise DomainError("Say for which runner this is.", code="no_runner", fields={"runner": "Name the runner."})
    return get_contact(user, runner_id)


def service_named(slug: str) -> Service:
    """Raises DomainError `not_offered` for a service that cannot be booked."""
    service = next(iter(Service.objects.active().order_by().filter(slug=slug)), None)
    if service is None:
        raise DomainError(
            "We do not offer this session. Look at the list of services.",
            code="not_offered",
            fields={"service": "Not offered."},
        )
    return service


def therapist_named(slug: str | None) -> TherapistProfile | None:
    """None for anyone. Raises DomainError `not_offered` for a therapist who is not in the directory."""
    if not slug:
        return None
    therapist = TherapistProfile.objects.listed().select_related("user").filter(slug=slug).first()
    if therapist is None:
        raise DomainError(
            "We have no such therapist. Look at the list of therapists.",
            code="not_offered",
            fields={"therapist": "Not known."},
        )
    return therapist


def directory(service: Service, asked: list[str] | None) -> tuple[dict[int, str], dict[int, str]]:
    """Slugs by key, and the zones of those who offer the service: of the therapists asked for, or of all listed ones.

    Raises DomainError `not_offered` when a slug is unknown.
    """
    offering_it = offering(service).filter(is_listed=True).order_by("pk").values_list("pk", "slug", "user__zone")
    if asked is None:
        rows = list(offering_it)
        return {key: slug for key, slug, _ in rows}, {key: zone for key, _, zone in rows}
    names = dict(TherapistProfile.objects.listed().filter(slug__in=asked).order_by("pk").values_list("pk", "slug"))
    if set(asked) - set(names.values()):
        raise DomainError(
            "We have no such therapist. Look at the list of therapists.",
            code="not_offered",
            fields={"therapist": "Not known."},
        )
    return names, {key: zone for key, _, zone in offering_it.filter(pk__in=names)}
