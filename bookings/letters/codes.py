"""The letter with the code that proves an address: handed over at once, since the code is kept nowhere."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from bookings.models import Visitor
from clinic.core.context import clinic_facts
from clinic.core.errors import DomainError


def mail_code(*, visitor: Visitor, code: str | None) -> None:
    """Hand the letter to the mail server, with the code or (None) the neutral words for the team's own addresses.

    Raises DomainError `mail_failed` when it cannot be handed over.
    """
    facts = {"clinic": clinic_facts(), "site": settings.SITE_URL, "code": code, "visitor": visitor}
    letter = EmailMultiAlternatives(
        render_to_string("emails/visitor_code/subject.txt", facts).strip(),
        render_to_string("emails/visitor_code/body.txt", facts).strip() + "\n",
        to=[visitor.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    letter.attach_alternative(render_to_string("emails/visitor_code/body.html", facts), "text/html")
    try:
        letter.send()
    except OSError as failed:  # smtplib's own errors are kinds of it
        raise DomainError(
            "The e-mail could not be sent just now. Your time is kept: try once more, or call us.", code="mail_failed"
        ) from failed
