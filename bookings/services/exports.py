"""Lists of people that leave the clinic as files are written down."""

from clinic.audit.services import record
from clinic.people.models import User


def note_export(*, by: User, what: str) -> None:
    """Write down that `by` took the sessions behind a figure as a file; `what` says which."""
    record(by=by, action="report.exported", subject=by, reason=what[:200])
