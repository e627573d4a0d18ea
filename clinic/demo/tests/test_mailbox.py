from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

from clinic.demo.models import Enclosure, Letter

pytestmark = pytest.mark.django_db


def post(**changes: Any) -> Letter:
    facts = {"subject": "Booked", "body": "See you. <b>", "to": ["maya@mail.example"]} | changes
    letter = EmailMultiAlternatives(connection=get_connection("clinic.demo.mailbox.Backend"), **facts)
    letter.attach_alternative(
        "<!doctype html><html><head><title>x</title></head><body>See <b>you</b> åäö.</body></html>", "text/html"
    )
    letter.attach("visit.ics", b"BEGIN:VCALENDAR", "text/calendar")
    assert letter.send() == 1
    return Letter.objects.latest("pk")


def test_a_letter_is_kept_with_its_text_html_and_file() -> None:
    kept = post()
    assert (kept.to, kept.subject, kept.text) == ("maya@mail.example", "Booked", "See you. <b>")
    assert "åäö" in kept.html
    assert [(each.name, bytes(each.content)) for each in kept.enclosures.all()] == [("visit.ics", b"BEGIN:VCALENDAR")]


def test_the_same_message_handed_over_twice_is_kept_once() -> None:
    headers = {"Message-ID": "<one@stridewell.test>"}
    post(headers=headers)
    post(headers=headers)
    assert Letter.objects.count() == Enclosure.objects.count() == 1


def test_everything_is_readable_without_a_log_in(client: Client) -> None:
    kept = post()
    file = kept.enclosures.get()
    listing = client.get("/demo/mailbox/").content.decode()
    assert "Booked" in listing
    assert "maya@mail.example" in listing
    page = client.get(f"/demo/mailbox/{kept.pk}/").content.decode()
    assert f'src="/demo/mailbox/{kept.pk}/page/"' in page
    assert "See you. &lt;b&gt;" in page
    answer = client.get(f"/demo/mailbox/{kept.pk}/files/{file.pk}/")
    assert answer.content == b"BEGIN:VCALENDAR"
    assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'


def test_the_letters_own_page_runs_no_script_and_stands_in_our_frames_alone(client: Client) -> None:
    answer = client.get(f"/demo/mailbox/{post().pk}/page/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in answer.content.decode()


def test_letters_are_found_by_address(client: Client) -> None:
    post()
    post(to=["omar@mail.example"])
    found = client.get("/demo/mailbox/", {"q": "omar"}).context["page"].object_list
    assert [letter.to for letter in found] == ["omar@mail.example"]


def test_an_empty_mailbox_says_what_to_do(client: Client) -> None:
    assert "Nothing was sent yet" in client.get("/demo/mailbox/").content.decode()


@pytest.mark.parametrize("path", ["", "{pk}/", "{pk}/page/", "{pk}/files/{file}/"])
def test_outside_the_demonstration_there_is_no_mailbox(client: Client, settings: Any, path: str) -> None:
    kept = post()
    settings.DEMO = False
    url = "/demo/mailbox/" + path.format(pk=kept.pk, file=kept.enclosures.get().pk)
    assert client.get(url).status_code == 404
