"""What an intake says against giving a programme."""

from assessments.models import Intake
from clinic.people.models import RunnerProfile
from exercises import blocks

OPEN_FLAG = (
    "A red flag of the intake is open. Look at it on the chart and write what you found; then build the programme."
)


def open_red_flag(runner: RunnerProfile) -> str:
    """The sentence while the latest answers hold a red flag that no therapist has cleared, else ""."""
    latest = Intake.objects.filter(runner=runner).first()
    return OPEN_FLAG if latest is not None and latest.blocks else ""


def register() -> None:
    blocks.register("red_flag", open_red_flag)
