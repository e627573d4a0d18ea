"""Who may open which programme, log or race. A stranger gets 404; so do staff, since all of it is clinical."""

from uuid import UUID

from django.http import Http404

from clinic.people.models import User
from exercises.models import Exercise, Prescription, Programme, Race


def get_exercise(slug: str) -> Exercise:
    """The exercise of the public library under this name. Raises Http404."""
    exercise = Exercise.objects.active().with_ladder().filter(slug=slug).first()
    if exercise is None:
        raise Http404("No such exercise.")
    return exercise


def get_programme(user: User, programme_id: UUID | str) -> Programme:
    """The programme `user` may read, with its plan. Raises Http404 for everybody else."""
    programme = Programme.objects.visible_to(user).with_plan().filter(pk=programme_id).first()
    if programme is None:
        raise Http404("No such programme.")
    return programme


def get_prescription(user: User, prescription_id: int) -> Prescription:
    """A prescription of the runner `user`'s own programmes, to log it. Raises Http404 for everybody else."""
    own = (
        Prescription.objects.filter(phase__programme__in=Programme.objects.visible_to(user))
        if user.is_runner
        else Prescription.objects.none()
    )
    found = (
        own.select_related("exercise", "phase__programme__runner__user")
        .prefetch_related("phase__programme__phases")
        .filter(pk=prescription_id)
        .first()
    )
    if found is None:
        raise Http404("No such exercise in your programme.")
    return found


def get_race(user: User, race_id: int) -> Race:
    """A race of the runner, or of a runner in the therapist's care. Raises Http404 for everybody else."""
    race = Race.objects.visible_to(user).select_related("runner__user").filter(pk=race_id).first()
    if race is None:
        raise Http404("No such race.")
    return race
