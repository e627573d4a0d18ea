"""A reminder as an e-mail: subject, text and HTML from its kind's templates, with the headers that keep it one message."""

from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.urls import reverse

from clinic.core.context import clinic_facts
from clinic.reminders import kinds
from clinic.reminders.kinds import Kind
from clinic.reminders.models import Reminder

STOP_SALT = "clinic.reminders.stop"


def stop_token(reminder: Reminder) -> str:
    """The signed text in a letter's link that turns this kind of message off for this person, and does nothing else."""
    return signing.dumps([reminder.person_id, reminder.kind, reminder.channel], salt=STOP_SALT, compress=True)


def read_stop_token(token: str) -> tuple[int, str, str]:
    """Person id, kind and channel. Raises signing.BadSignature for anything that we did not sign."""
    person_id, kind, channel = signing.loads(token, salt=STOP_SALT)
    return person_id, kind, channel


def stop_url(reminder: Reminder) -> str:
    return settings.SITE_URL + reverse("reminders:stop", args=[stop_token(reminder)])


def message_id(reminder: Reminder) -> str:
    """The same for every attempt, so that a mail program shows a message once even when it was handed over twice."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{reminder.key}@{domain}>"


def facts_for(reminder: Reminder, kind: Kind, now: datetime) -> dict[str, Any]:
    """What the templates of a letter may use."""
    return {
        "clinic": clinic_facts(),
        "person": reminder.person,
        "site": settings.SITE_URL,
        "now": now,
        "choose_url": settings.SITE_URL + reverse("reminders:messages")
        if reminder.person.has_usable_password()
        else "",
        "stop_url": "" if kind.transactional else stop_url(reminder),
        **reminder.context,
        **kind.extra(reminder),  # noqa: S610 (our own function, not a queryset)
    }


def plain_text(template: str, facts: dict[str, Any]) -> str:
    """A text template without HTML's escapes: an apostrophe stays an apostrophe."""
    return get_template(template).template.render(Context(facts, autoescape=False))  # type: ignore[attr-defined]


def write_letter(reminder: Reminder, now: datetime) -> EmailMultiAlternatives:
    """The e-mail of `reminder`, ready to be sent. Raises KeyError for an unknown kind, TemplateDoesNotExist without templates."""
    kind = kinds.get(reminder.kind)
    facts = facts_for(reminder, kind, now)
    folder = f"emails/{kind.template}"
    headers = {
        "Message-ID": message_id(reminder),
        "Idempotency-Key": reminder.key,
        "Auto-Submitted": "auto-generated",
    }
    if facts["stop_url"]:
        headers["List-Unsubscribe"] = f"<{facts['stop_url']}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter = EmailMultiAlternatives(
        subject=" ".join(plain_text(f"{folder}/subject.txt", facts).split()),
        body=plain_text(f"{folder}/body.txt", facts).strip() + "\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        reply_to=[settings.REPLY_TO_EMAIL],
        to=[reminder.person.email],
        headers=headers,
    )
    letter.attach_alternative(render_to_string(f"{folder}/body.html", facts), "text/html")
    for name, content, mimetype in kind.attachments(reminder):
        letter.attach(name, content, mimetype)
    return letter
