"""A web server on 127.0.0.1 that gives the calendars of a test, also in every wrong way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """`pages` maps a path to what answers it; `asked` holds (path, headers) of every request."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                page = outer.pages.get(self.path)
                try:
                    if page is None:
                        self.send_error(404)
                    elif isinstance(page, bytes):
                        give(self, page)
                    else:
                        page(self)
                except OSError:
                    self.close_connection = True  # who asked has gone

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"


def give(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Answer with `body`; headers as etag="…", content_encoding="gzip"."""
    handler.send_response(status)
    for name, value in {"content_type": "text/calendar", "content_length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-").title(), value)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(to: str, status: int = 302) -> Answer:
    return lambda handler: give(handler, b"", status, location=to)


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()
