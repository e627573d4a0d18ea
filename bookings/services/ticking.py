"""What the book does by itself every minute. It is correct with none of it running: only somebody would wait longer."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bookings.services.offers import expire_offers
from bookings.services.seats import pass_on_offers
from bookings.services.visitors import forget_visitors
from bookings.services.waitlist import offer_free_times

log = structlog.get_logger(__name__)

STEPS: tuple[Callable[..., object], ...] = (expire_offers, offer_free_times, pass_on_offers, forget_visitors)
"""Each is called as `step(now=...)` and may run twice at once."""


def tick(*, now: datetime) -> None:
    """Take every step; one that fails keeps none of the others from theirs."""
    for step in STEPS:
        try:
            step(now=now)
        except Exception:
            log.exception("bookings.step_failed", step=step.__name__)
