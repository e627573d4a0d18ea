"""The e-mail backend of the demonstration: letters are kept in the database, to be read at /demo/mailbox/."""

from collections.abc import Sequence
from datetime import datetime
from email.message import Message

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from clinic.demo.models import Enclosure, Letter


class Backend(BaseEmailBackend):
    """Keeps what it is given. A message whose Message-ID it has seen is taken as sent and not kept again."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for message in email_messages:
            if message.recipients():
                keep(message)
                sent += 1
        return sent


@transaction.atomic
def keep(message: EmailMessage, *, at: datetime | None = None) -> Letter:
    """The letter as a mail program would show it."""
    parsed = message.message()
    letter, created = Letter.objects.get_or_create(
        message_id=str(parsed["Message-ID"])[:255],
        defaults={
            "sender": str(parsed["From"])[:255],
            "to": ", ".join(message.recipients())[:500],
            "subject": message.subject[:500],
        }
        | ({"at": at} if at else {}),
    )
    if not created:
        return letter
    for part in parsed.walk():
        if not part.is_multipart():
            sort_in(part, letter)
    letter.save()
    return letter


def sort_in(part: Message, letter: Letter) -> None:
    content = part.get_payload(decode=True)
    body = content if isinstance(content, bytes) else b""
    name = part.get_filename()
    if name:
        Enclosure.objects.create(letter=letter, name=name[:200], mimetype=part.get_content_type(), content=body)
    elif part.get_content_type() == "text/html":
        letter.html = body.decode("utf-8", "replace")
    elif part.get_content_type() == "text/plain":
        letter.text = body.decode("utf-8", "replace")
