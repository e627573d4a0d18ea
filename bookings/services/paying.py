"""Who pays for a session: the runner, or an insurance where the service takes one."""

from bookings.models import Appointment, Payer, Service
from clinic.core.errors import DomainError


def pay_by(appointment: Appointment, payer: str, insurer: str) -> None:
    """Write down who pays; call it in the booking's transaction. Raises what `payer_of` raises."""
    payer, insurer = payer_of(appointment.service, payer, insurer)
    if (appointment.payer, appointment.insurer) != (payer, insurer):
        appointment.payer, appointment.insurer = payer, insurer
        appointment.save(update_fields=["payer", "insurer"])


def payer_of(service: Service, payer: str, insurer: str) -> tuple[str, str]:
    """Who pays for sessions of `service`, and the insurer's name as it is kept. "" is the runner.

    Raises DomainError `no_insurance` where the service takes none, `no_insurer` without a name, `bad_payer`.
    """
    payer, insurer = payer or Payer.SELF, " ".join(insurer.split())[:80]
    if payer not in Payer.values:
        raise DomainError("Choose yourself or insurance.", code="bad_payer", fields={"payer": "Choose one of the two."})
    if payer == Payer.SELF:
        insurer = ""
    elif not service.takes_insurance:
        raise DomainError(
            "Insurance does not pay for this session here. Choose to pay yourself.",
            code="no_insurance",
            fields={"payer": "Insurance is not accepted."},
        )
    elif not insurer:
        raise DomainError(
            "Which insurance pays? Type its name.", code="no_insurer", fields={"insurer": "Type the insurer's name."}
        )
    return payer, insurer
