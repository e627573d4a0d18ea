"""Getting the file: one GET, at the very internet address that was checked, within one span of time and one size."""

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urljoin

from bookings.outside.addresses import SCHEMES, Target, checked, target_of
from bookings.outside.limits import Limits, Unreadable

AGENT = "Stridewell calendar reader"
MOVED = frozenset({301, 302, 303, 307, 308})
PIECE = 65_536
TOO_SLOW = "The calendar’s server took too long to answer. We try again."
TOO_LARGE = "This calendar is larger than 5 MB. Choose a smaller one, or share fewer past years of it."
NO_CALENDAR = "This address answers with something that is no calendar. Copy the private address in iCal format."
SENTENCES = {
    401: "The calendar asks for a log-in. Use its private address, which needs none.",
    403: "The calendar is not shared with us. Make a private address for it and enter that.",
    404: "There is no calendar at this address any more. Copy its address again.",
    410: "There is no calendar at this address any more. Copy its address again.",
    429: "The calendar’s server is busy. We try again later.",
}


@dataclass(frozen=True)
class Fetched:
    """What came: `body` is None when nothing has changed since the copy with the given `etag` or `last_modified`."""

    body: bytes | None
    etag: str
    last_modified: str


class Deadline:
    """One span of time for everything. When it is over, the open connection is cut, also in the middle of a byte."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.over = False

    def left(self) -> float:
        """Seconds that remain. Raises Unreadable when none do."""
        left = self.ends - time.monotonic()
        if left <= 0 or self.over:
            raise Unreadable(TOO_SLOW)
        return left

    @contextmanager
    def guarding(self, connection: socket.socket) -> Iterator[None]:
        """Inside, `connection` is cut when the time is over. Encryption takes the socket over, so a second handle cuts it."""
        handle = connection.dup()

        def cut() -> None:
            self.over = True
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, self.ends - time.monotonic()), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            handle.close()


def fetch(address: str, *, etag: str = "", last_modified: str = "", limits: Limits) -> Fetched:
    """The calendar behind `address`, or word that it has not changed. Raises Unreadable for everything else."""
    deadline = Deadline(limits.fetch_s)
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    for _ in range(limits.redirects + 1):
        target = target_of(address)
        answer = ask(target, {name: value for name, value in known.items() if value}, deadline, limits)
        if isinstance(answer, Fetched):
            return answer
        address = urljoin(f"{target.scheme}://{netloc(target)}{target.path}", answer)
        if target.scheme == "https" and target_of(address).scheme != "https":
            raise Unreadable("The calendar’s server leads to an address without encryption, where we do not follow.")
    raise Unreadable("The calendar’s server sends us round in circles. Copy the address again.")


def netloc(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{host}:{target.port}"


def ask(target: Target, headers: dict[str, str], deadline: Deadline, limits: Limits) -> Fetched | str:
    """One request: what came, or the address it was moved to."""
    plain = connect(checked(target, limits.networks), target.port, deadline, limits)
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        with deadline.guarding(plain):
            connection.sock = encrypted(plain, target.host) if target.scheme == "https" else plain
            connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
            for name, value in {**usual_headers(target), **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            with closing(connection.getresponse()) as response:
                return answer_of(response, bool(headers), deadline, limits)
    except Unreadable:
        raise
    except ssl.SSLCertVerificationError:
        raise Unreadable("The certificate of the calendar’s server is not valid, so we do not trust it.") from None
    except (OSError, http.client.HTTPException, ValueError) as broken:
        if deadline.over or isinstance(broken, TimeoutError):
            raise Unreadable(TOO_SLOW) from None
        raise Unreadable("The connection to the calendar’s server broke off. We try again.") from None
    finally:
        connection.close()
        plain.close()


def usual_headers(target: Target) -> dict[str, str]:
    """No cookie, no log-in, nothing that tells who asks or for whom."""
    host = netloc(target)
    return {
        "Host": host.rpartition(":")[0] if target.port == SCHEMES[target.scheme] else host,
        "User-Agent": AGENT,
        "Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }


def connect(addresses: list[str], port: int, deadline: Deadline, limits: Limits) -> socket.socket:
    """A connection to the first of these checked addresses that answers."""
    for address in addresses[:3]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=min(limits.connect_s, deadline.left()))
    raise Unreadable("The calendar’s server does not answer. We try again.")


def encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def answer_of(
    response: http.client.HTTPResponse, conditional: bool, deadline: Deadline, limits: Limits
) -> Fetched | str:
    status = response.status
    if status in MOVED and response.headers.get("Location"):
        return str(response.headers["Location"])
    etag, last_modified = kept(response, "ETag", 200), kept(response, "Last-Modified", 60)
    if status == 304 and conditional:
        return Fetched(None, etag, last_modified)
    if status != 200:
        raise Unreadable(
            SENTENCES.get(status) or f"The calendar’s server answered with an error ({status}). We try again."
        )
    if (response.length or 0) > limits.most_bytes:
        raise Unreadable(TOO_LARGE)
    body = unpacked(response, deadline, limits.most_bytes)
    if not looks_like_a_calendar(body):
        raise Unreadable(NO_CALENDAR)
    return Fetched(body, etag, last_modified)


def kept(response: http.client.HTTPResponse, name: str, longest: int) -> str:
    """A header we may send back, or "" for one that is odd."""
    value = response.headers.get(name, "").strip()
    return value if len(value) <= longest and value.isascii() and value.isprintable() else ""


def unpacked(response: http.client.HTTPResponse, deadline: Deadline, most: int) -> bytes:
    """The whole body, unpacked; never more than `most` bytes of it, packed or not, are held."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise Unreadable("The calendar’s server packs its answer in a way we do not read.")
    unpack = zlib.decompressobj(31) if "gzip" in encoding else None
    arrived, body = 0, bytearray()
    while True:
        deadline.left()
        piece = response.read1(PIECE)
        arrived += len(piece)
        try:
            body += piece if unpack is None else unpack.decompress(piece, most + 1 - len(body))
        except zlib.error:
            raise Unreadable("What the calendar’s server sent is damaged. We try again.") from None
        if arrived > most or len(body) > most:
            raise Unreadable(TOO_LARGE)
        if not piece:
            deadline.left()
            if response.length or (unpack is not None and not unpack.eof):
                raise Unreadable("The connection to the calendar’s server broke off. We try again.")
            return bytes(body)


def looks_like_a_calendar(body: bytes) -> bool:
    """Sniffed by what it says, whatever type the server gives it."""
    start = body[:200].removeprefix(b"\xef\xbb\xbf")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = start[2:].replace(b"\0", b"")
    return start.lstrip().upper().startswith(b"BEGIN:VCALENDAR")
