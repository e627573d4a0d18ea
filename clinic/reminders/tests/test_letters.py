import smtplib
from datetime import datetime
from email import message_from_bytes

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from clinic.people.models import User
from clinic.reminders import kinds
from clinic.reminders.dispatch import dispatch
from clinic.reminders.letters import message_id, read_stop_token, stop_token, write_letter
from clinic.reminders.models import Reminder, State
from clinic.reminders.posts import EmailPost, NotNow, Refused, refusal
from clinic.reminders.tests.conftest import plan


def test_a_letter_has_text_html_and_the_headers_that_keep_it_one(runner: User, now: datetime) -> None:
    letter = write_letter(plan(runner, now, context={"word": "It's <b>1 < 2</b>."}), now)
    parsed = message_from_bytes(letter.message().as_bytes())
    reminder = Reminder.objects.get()
    assert parsed["Subject"] == "A word for Maya"
    assert parsed["Message-ID"] == message_id(reminder) == f"<{reminder.key}@stridewell.test>"
    assert parsed["Idempotency-Key"] == reminder.key
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsed["List-Unsubscribe"].strip().startswith("<http://127.0.0.1")
    assert letter.body == "Hello Maya. It's <b>1 < 2</b>.\n"
    assert letter.reply_to == ["Stridewell <hello@stridewell.test>"]


def test_an_answer_to_what_somebody_did_offers_no_unsubscribing(runner: User, now: datetime) -> None:
    letter = write_letter(plan(runner, now, kind="told"), now)
    assert "List-Unsubscribe" not in letter.extra_headers


def test_a_name_with_a_line_break_puts_nothing_into_the_headers(runner: User, now: datetime) -> None:
    User.objects.filter(pk=runner.pk).update(name="Maya\r\nBcc:everybody@mail.example Lindqvist")
    reminder = plan(runner, now)
    reminder.person.refresh_from_db()
    letter = write_letter(reminder, now)
    assert "\n" not in letter.subject
    assert message_from_bytes(letter.message().as_bytes())["Bcc"] is None


def test_files_go_along(runner: User, now: datetime) -> None:
    kinds.register(
        kinds.Kind(
            "told",
            "plain",
            attachments=lambda reminder: [("visit.ics", b"BEGIN:VCALENDAR", "text/calendar; method=REQUEST")],
        )
    )
    parsed = message_from_bytes(write_letter(plan(runner, now, kind="told"), now).message().as_bytes())
    [part] = [part for part in parsed.walk() if part.get_filename()]
    assert (part.get_filename(), part.get_content_type(), part.get_param("method")) == (
        "visit.ics",
        "text/calendar",
        "REQUEST",
    )


def test_it_goes_out_by_the_configured_backend(runner: User, now: datetime) -> None:
    reminder = plan(runner, now)
    assert dispatch(now=now) == {"sent": 1}
    [letter] = mail.outbox
    assert letter.to == [runner.email]
    assert letter.extra_headers["Message-ID"] == message_id(reminder)


def test_the_links_token_names_person_kind_and_channel_and_nothing_else(runner: User, now: datetime) -> None:
    assert read_stop_token(stop_token(plan(runner, now))) == (runner.pk, "nudge", "email")


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (
            smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no such user a@b.example")}),
            "The address was refused (550).",
        ),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"later")}), ""),
        (smtplib.SMTPDataError(554, b"spam"), "The mail server refused it (554)."),
        (smtplib.SMTPDataError(451, b"later"), ""),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), ""),
        (smtplib.SMTPServerDisconnected("gone"), ""),
        (TimeoutError(), ""),
        (ConnectionRefusedError(), ""),
        (AnymailRecipientsRefused(), "The address was refused."),
        (AnymailAPIError("no answer"), ""),
        (ValueError("bad header"), "The address or the subject cannot be written in an e-mail."),
    ],
)
def test_which_failures_are_final_and_that_they_name_nobody(error: Exception, final: str) -> None:
    assert refusal(error) == final
    assert "@" not in final


def test_the_post_tells_final_from_temporary(runner: User, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = [smtplib.SMTPDataError(554, b"spam"), TimeoutError()]

    def fail(self: EmailBackend, messages: object) -> int:
        raise errors.pop(0)

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    post = EmailPost()
    letter = post.prepare(plan(runner, now), now)
    with pytest.raises(Refused, match="The mail server refused it"):
        post.send(letter)
    with pytest.raises(NotNow, match="TimeoutError"):
        post.send(letter)


def test_without_an_address_it_fails(runner: User, now: datetime) -> None:
    User.objects.filter(pk=runner.pk).update(email="")
    reminder = plan(runner, now)
    assert dispatch(now=now) == {"failed": 1}
    reminder.refresh_from_db()
    assert (reminder.state, reminder.note) == (State.FAILED, "There is no address to send it to.")
