"""What a receipt says: what was paid for, and how much. Pure, nothing clinical."""

from dataclasses import dataclass

from bookings.models import Appointment, Payer
from bookings.models.appointments import State
from bookings.prices import agreed_price


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number` never changes; `pence` is the price of a session that was held, or the fee of a late cancellation."""

    number: str
    what: str
    pence: int
    payer: str


def receipt_of(appointment: Appointment) -> Receipt | None:
    """The receipt of a session that was held, or cancelled at a cost; None while there is nothing to pay."""
    if appointment.state == State.COMPLETED:
        what, pence = appointment.service.name, agreed_price(appointment)
    elif appointment.state == State.CANCELLED and appointment.late_fee_pence:
        what, pence = f"Late cancellation: {appointment.service.name}", appointment.late_fee_pence
    else:
        return None
    is_insured = appointment.payer == Payer.INSURANCE
    payer = f"Insurance: {appointment.insurer}" if is_insured else appointment.runner.user.name
    return Receipt(f"{appointment.start:%Y%m%d}-{appointment.pk.hex[:8].upper()}", what, pence, payer)
