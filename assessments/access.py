"""Who may open which assessment; a stranger gets 404."""

from uuid import UUID

from django.http import Http404

from assessments.models import Assessment, Intake, Recommendation
from clinic.people.access import get_runner
from clinic.people.models import RunnerProfile, User


def get_assessment(user: User, assessment_id: UUID | str) -> Assessment:
    """An assessment that `user` may read: the runner their own once signed, a therapist those of runners in care."""
    found = (
        Assessment.objects.visible_to(user)
        .select_related("runner__user", "therapist__user", "signed_by")
        .filter(pk=assessment_id)
        .first()
    )
    if found is None:
        raise Http404("No such assessment.")
    return found


def get_editable(user: User, assessment_id: UUID | str) -> Assessment:
    """An assessment that `user`, a therapist of the runner, may work on. Raises Http404 for anybody else."""
    if not user.is_therapist:
        raise Http404("No such assessment.")
    return get_assessment(user, assessment_id)


def get_recommendation(user: User, pk: int) -> Recommendation:
    """An offer of an assessment that `user`, a therapist, may decide on."""
    found = Recommendation.objects.select_related("finding__assessment__runner").filter(pk=pk).first()
    if found is None or not user.is_therapist:
        raise Http404("No such recommendation.")
    get_assessment(user, found.finding.assessment_id)
    return found


def get_runner_in_care(user: User, runner_id: UUID | str) -> RunnerProfile:
    """A runner in `user`'s care; only a therapist writes in a chart. Raises Http404 for anybody else."""
    if not user.is_therapist:
        raise Http404("No such runner.")
    return get_runner(user, runner_id)


def get_intake(user: User, pk: int) -> Intake:
    """An intake of a runner whose chart `user` may open."""
    found = Intake.objects.select_related("runner__user").filter(pk=pk).first()
    if found is None:
        raise Http404("No such intake.")
    get_runner(user, found.runner_id)
    return found
