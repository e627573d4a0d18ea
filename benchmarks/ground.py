"""What the benchmarks stand on: a database of their own, a server of their own, and the ending of both."""

import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {
    "gthread": ["gunicorn", "clinic.wsgi:application", "-k", "gthread", "--threads", "{threads}"],
    "uvicorn": ["gunicorn", "clinic.asgi:application", "-k", "uvicorn_worker.UvicornWorker"],
}
"""How the web process may be run; `benchmarks/README.md` says which is faster for us."""


def prepare(database_url: str, *, empty: bool = True) -> None:
    """Make the database behind `database_url`, migrate it, and set Django up in this process.

    An existing database of that name is dropped unless `empty` is off: the name must hold "bench", so that no other can
    be hit.
    """
    parts = urlsplit(database_url)
    if "bench" not in parts.path:
        raise SystemExit(f"{database_url}: a benchmark empties its database, so the name must hold 'bench'.")
    os.environ.update(
        {
            "DATABASE_URL": database_url,
            "API_RATE_ANONYMOUS": "1000000/min",
            "API_RATE_PERSON": "1000000/min",
            "LOG_LEVEL": "ERROR",
        }
    )
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="bench-"))
    if not empty:
        print("  the database is kept as it is")
    elif parts.scheme.startswith("postgres"):
        import psycopg2
        from psycopg2 import sql

        server = psycopg2.connect(
            host=parts.hostname,
            port=parts.port or 5432,
            user=parts.username,
            password=parts.password,
            dbname="postgres",
        )
        server.autocommit = True
        name = sql.Identifier(parts.path.strip("/"))
        with server.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
        server.close()
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(parts.path[1:] + suffix).unlink(missing_ok=True)
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def end_in_order() -> None:
    """Told to stop (SIGTERM), end as after an error: what was started is ended and what was made is dropped."""

    def stop(*_: object) -> None:
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)


def drop(database_url: str) -> None:
    """Close our connections and drop the database that `prepare` made."""
    from django.db import connections

    connections.close_all()
    parts = urlsplit(database_url)
    if "bench" not in parts.path:
        raise SystemExit(f"{database_url}: only a database whose name holds 'bench' is dropped.")
    if parts.scheme.startswith("postgres"):
        import psycopg2
        from psycopg2 import sql

        server = psycopg2.connect(
            host=parts.hostname,
            port=parts.port or 5432,
            user=parts.username,
            password=parts.password,
            dbname="postgres",
        )
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(parts.path.strip("/")))
            )
        server.close()
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(parts.path[1:] + suffix).unlink(missing_ok=True)


class Server(NamedTuple):
    """A running server: its port, and the process group of all its workers."""

    port: int
    group: int

    def cpu_seconds(self) -> float:
        """Processor time of all workers so far, from Linux's /proc; 0 elsewhere."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(") ")[2].split()
                ticks += int(fields[11]) + int(fields[12]) if int(fields[2]) == self.group else 0
        return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(kind: str, *, workers: int, threads: int = 8) -> Iterator[Server]:
    """A server of `workers` warm processes on a free port of 127.0.0.1 while the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.format(threads=threads) for part in SERVERS[kind]]
    arguments = [
        "-m",
        *command,
        "--workers",
        str(workers),
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "--keep-alive",
        "30",
        "--backlog",
        "512",
    ]
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=os.environ.copy(), start_new_session=True)
    try:
        wait_for(port, process)
        for _ in range(20 * workers):
            call(http.client.HTTPConnection("127.0.0.1", port, timeout=30), "GET", "/api/v1/slots/?service=visit")
        yield Server(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("The server did not start.")
        with contextlib.suppress(OSError):
            status, _ = call(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "GET", "/healthz/")
            if status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The server did not answer within 20 seconds.")


def call(
    connection: http.client.HTTPConnection, method: str, path: str, *, token: str = "", body: object = None
) -> tuple[int, bytes]:
    """One request on an open connection: status and body."""
    headers = {"Accept": "application/json", **({"Authorization": f"Token {token}"} if token else {})}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, json.dumps(body).encode() if body is not None else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def milliseconds(samples: list[float]) -> str:
    """Median / 95th percentile of seconds, in ms."""
    ordered = sorted(samples)
    return f"{statistics.median(ordered) * 1000:.1f} / {ordered[int(len(ordered) * 0.95) - 1] * 1000:.1f}"


def machine() -> str:
    """Cores and load, which every figure should be read beside."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
