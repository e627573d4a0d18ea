"""Getting somebody's calendar: where we go and where not, and what the other side can cost us."""

import gzip
import socket
import time

import pytest

from bookings.outside import fetch as fetching
from bookings.outside.addresses import is_public, target_of
from bookings.outside.fetch import fetch
from bookings.outside.limits import Limits, Unreadable
from bookings.tests.calendar_server import Server, give, redirect, serving
from bookings.tests.ics_texts import calendar, event

GOOD = calendar(event("a@x", "DTSTART:20270301T100000Z", "DURATION:PT1H"))
HERE = Limits(most_bytes=50_000, networks=("127.0.0.1/32",))
HURRIED = Limits(connect_s=0.2, fetch_s=0.3, most_bytes=50_000, networks=("127.0.0.1/32",))


@pytest.fixture
def server():
    with serving() as running:
        yield running


def refused(address: str, limits: Limits = HERE) -> str:
    with pytest.raises(Unreadable) as caught:
        fetch(address, limits=limits)
    return str(caught.value)


def test_a_calendar_and_word_that_it_has_not_changed(server: Server):
    def page(handler):
        fresh = handler.headers.get("If-None-Match") != '"v1"'
        give(handler, GOOD if fresh else b"", 200 if fresh else 304, etag='"v1"', last_modified="Mon, 01 Mar 2027")

    server.pages["/private%20one/basic.ics?key=s%C3%A9"] = page
    got = fetch(f"{server.root}/private%20one/basic.ics?key=sé", limits=HERE)
    assert (got.body, got.etag, got.last_modified) == (GOOD, '"v1"', "Mon, 01 Mar 2027")
    again = fetch(f"{server.root}/private%20one/basic.ics?key=sé", etag=got.etag, limits=HERE)
    assert (again.body, again.etag) == (None, '"v1"')
    _, headers = server.asked[0]
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["host"] == server.root.removeprefix("http://")


def test_what_is_packed_is_unpacked_and_a_wrong_type_does_not_matter(server: Server):
    server.pages["/a"] = lambda handler: give(
        handler, gzip.compress(b"\xef\xbb\xbf" + GOOD), content_encoding="gzip", content_type="text/html"
    )
    assert fetch(f"{server.root}/a", limits=HERE).body == b"\xef\xbb\xbf" + GOOD


def test_three_redirects_are_followed_and_no_more(server: Server):
    server.pages |= {f"/{step}": redirect(f"/{step + 1}", 301 + step % 2) for step in range(4)}
    server.pages["/4"] = GOOD
    assert fetch(f"{server.root}/1", limits=HERE).body == GOOD
    assert "round in circles" in refused(f"{server.root}/0")


PRIVATE = [
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.9/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.0.9/",
    "http://127.0.0.2/",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://2130706434/",
    "http://0x7f.0.0.2/",
    "http://0177.0.0.2/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:1::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_directly_and_behind_a_redirect(server: Server, monkeypatch, address):
    assert "private network" in refused(address)
    server.pages["/a"] = redirect(address)
    connected = []
    create = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda to, **how: connected.append(to[0]) or create(to, **how))
    assert "private network" in refused(f"{server.root}/a")
    assert connected == ["127.0.0.1"]


@pytest.mark.parametrize("address", ["8.8.8.8", "142.250.1.1", "2a00:1450:4009::1", "2606:4700::1111"])
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_without_the_setting_this_machine_is_private_too(server: Server):
    server.pages["/a"] = GOOD
    assert "private network" in refused(f"{server.root}/a", Limits())
    assert server.asked == []


def test_the_very_address_that_was_checked_is_connected_to(monkeypatch):
    """A name that leads elsewhere the second time (DNS rebinding) is asked once only."""
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    connected = []

    def resolve(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in answers.pop(0)]

    def connect(to, timeout):
        connected.append(to)
        raise OSError

    monkeypatch.setattr(fetching.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(fetching.socket, "create_connection", connect)
    assert "does not answer" in refused("http://calendar.example/a")
    assert connected == [("8.8.8.8", 80)]
    answers[:] = [["8.8.8.8", "10.0.0.1"]]
    assert "private network" in refused("http://calendar.example/a")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("file:///etc/passwd", "begin with https"),
        ("gopher://x.example/", "begin with https"),
        ("calendar.example/a.ics", "begin with https"),
        ("https://me:secret@calendar.example/a.ics", "user name or a password"),
        ("https:///a.ics", "names no server"),
        ("https://calendar.example:99999/", "cannot be read"),
        ("https://[broken/", "cannot be read"),
        ("https://a b.example/", "no address"),
        ("https://a.example/\r\nX: y", "no address"),
        ("https://" + "a" * 500, "no address"),
        ("https://" + "é" * 70 + ".example/", "cannot be read"),
        ("http://8.8.8.8:22/", "port"),
    ],
)
def test_addresses_that_are_none(address, sentence):
    assert sentence in refused(address)


def test_webcal_is_https_and_names_are_plain():
    target = target_of("webcal://Kalender.exämple./a?b=c")
    assert (target.scheme, target.host, target.port, target.path) == ("https", "kalender.xn--exmple-cua", 443, "/a?b=c")


def test_encryption_is_not_given_up(server: Server, monkeypatch):
    server.pages["/a"] = redirect(f"{server.root}/b")
    monkeypatch.setattr(fetching, "encrypted", lambda plain, host: plain)
    assert "without encryption" in refused(f"{server.root}/a".replace("http:", "https:"))


def test_a_server_that_speaks_no_encryption(server: Server):
    assert "broke off" in refused(f"{server.root}/a".replace("http:", "https:"))


def endless(handler):
    give(handler, GOOD[:-2], content_length="40000")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def endless_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-A: b\r\n")
        handler.wfile.flush()
        time.sleep(0.05)


def silent(handler):
    time.sleep(1)


@pytest.mark.parametrize("page", [endless, endless_headers, silent])
def test_slow_and_silent_servers_are_left_in_time(server: Server, page):
    server.pages["/a"] = page
    started = time.monotonic()
    assert "took too long" in refused(f"{server.root}/a", HURRIED)
    assert time.monotonic() - started < 3


BOMB = gzip.compress(b"BEGIN:VCALENDAR\r\n" + b" " * 20_000_000)


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (lambda handler: give(handler, GOOD, content_length="9000000"), "larger than 5 MB"),
        (lambda handler: give(handler, GOOD + b" " * 60_000), "larger than 5 MB"),
        (lambda handler: give(handler, BOMB, content_encoding="gzip"), "larger than 5 MB"),
        (lambda handler: give(handler, gzip.compress(GOOD)[:-20], content_encoding="gzip"), "broke off"),
        (lambda handler: give(handler, b"not packed", content_encoding="gzip"), "damaged"),
        (lambda handler: give(handler, GOOD, content_encoding="br"), "do not read"),
        (lambda handler: give(handler, b"<!doctype html><title>Log in</title>"), "no calendar"),
        (lambda handler: give(handler, b""), "no calendar"),
        (lambda handler: give(handler, b"", 401), "log-in"),
        (lambda handler: give(handler, b"", 403), "not shared"),
        (lambda handler: give(handler, b"", 410), "any more"),
        (lambda handler: give(handler, b"", 500), "error (500)"),
        (lambda handler: give(handler, b"", 304), "error (304)"),
        (lambda handler: handler.wfile.write(b"rubbish\r\n\r\n"), "broke off"),
        (lambda handler: setattr(handler, "close_connection", True), "broke off"),
    ],
)
def test_what_is_no_calendar_is_said_in_words(server: Server, page, sentence):
    server.pages["/a"] = page
    assert sentence in refused(f"{server.root}/a")


def test_a_body_that_breaks_off_is_no_calendar(server: Server):
    def cut(handler):
        give(handler, GOOD, content_length=str(len(GOOD) + 10))
        handler.close_connection = True

    server.pages["/a"] = cut
    assert "broke off" in refused(f"{server.root}/a")
