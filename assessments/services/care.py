from clinic.core.errors import Forbidden
from clinic.people.access import may_read_chart
from clinic.people.models import RunnerProfile, TherapistProfile, User


def require_care(by: User, runner: RunnerProfile) -> TherapistProfile:
    """The therapist `by` is, if the runner is in their care. Raises Forbidden `not_in_care` otherwise."""
    if not by.is_therapist or not may_read_chart(by, runner):
        raise Forbidden("Only a therapist of this runner writes in the chart.", code="not_in_care")
    return by.therapist
