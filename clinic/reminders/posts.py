"""The ways a message can leave: one post per channel, each saying what a failure means."""

import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.core import mail

from clinic.reminders.letters import write_letter
from clinic.reminders.models import Channel, Reminder

TOO_MANY_REQUESTS = 429
HANDED_OVER_ALREADY = 409


class Refused(Exception):
    """It will never arrive: the address is wrong, or the provider refuses the message. Says why, without the address."""


class NotNow(Exception):
    """It certainly did not leave, and may later."""


class Post(Protocol):
    """One open way out. `repeats_safely`: handing the same message over twice shows it once (same key)."""

    repeats_safely: bool

    def prepare(self, reminder: Reminder, now: datetime) -> object: ...

    def send(self, prepared: object) -> None:
        """Raises Refused, NotNow, or anything else when its fate is not known."""

    def close(self) -> None: ...


class EmailPost:
    """E-mail by the configured Django backend, over one connection that is opened again after a failure."""

    repeats_safely = True

    def __init__(self) -> None:
        self.connection = mail.get_connection()

    def prepare(self, reminder: Reminder, now: datetime) -> mail.EmailMultiAlternatives:
        letter = write_letter(reminder, now)
        letter.connection = self.connection
        return letter

    def send(self, prepared: object) -> None:
        if not isinstance(prepared, mail.EmailMessage):
            raise TypeError("The e-mail post sends e-mails.")
        try:
            self.connection.open()
            if not prepared.send():
                raise Refused("There is no address to send it to.")
        except Refused:
            raise
        except Exception as error:
            self.close()
            sentence = refusal(error)
            if sentence:
                raise Refused(sentence) from error
            raise NotNow(f"The mail server did not take it ({type(error).__name__}).") from error

    def close(self) -> None:
        with suppress(Exception):
            self.connection.close()


def refusal(error: Exception) -> str:
    """Why this error is final, in a sentence that names nobody; "" when a later attempt may succeed."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [answer[0] for answer in error.recipients.values()]
            return f"The address was refused ({codes[0]})." if codes and all(code >= 500 for code in codes) else ""
        case smtplib.SMTPAuthenticationError():
            return ""
        case smtplib.SMTPResponseException() if error.smtp_code >= 500:
            return f"The mail server refused it ({error.smtp_code})."
        case AnymailInvalidAddress() | AnymailRecipientsRefused():
            return "The address was refused."
        case AnymailAPIError():
            code = getattr(error, "status_code", None) or 0
            final = 400 <= code < 500 and code not in (401, 403, HANDED_OVER_ALREADY, TOO_MANY_REQUESTS)
            return f"The mail provider refused it ({code})." if final else ""
        case ValueError() | UnicodeError():
            return "The address or the subject cannot be written in an e-mail."
        case _:
            return ""


POSTS: dict[str, Callable[[], Post]] = {Channel.EMAIL: EmailPost}
"""Channels that a provider is set up for."""
