"""What a person reads when `make run` cannot go on."""

import socket
import subprocess
import sys

import pytest

from clinic import make


def test_a_busy_port_is_one_sentence(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(make.Trouble, match=f"Port {port} is taken by another program"):
            make.run()


@pytest.mark.parametrize("port", ["web", "70000", "0", ""])
def test_a_port_that_is_none_is_one_sentence(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(make.Trouble, match="PORT"):
        make.run()


def test_a_half_made_environment_is_made_again(monkeypatch, tmp_path, capsys):
    half = tmp_path / ".venv"
    (half / "bin").mkdir(parents=True)
    made = []
    monkeypatch.setattr(make, "VENV", half)
    monkeypatch.setattr(make, "PYTHON", half / "bin" / "python")
    monkeypatch.setattr(make, "STAMP", half / "stridewell.json")
    monkeypatch.setattr(make.venv, "create", lambda path, with_pip: (made.append(path), path.mkdir()))
    monkeypatch.setattr(make, "call", lambda *command, what, **environment: made.append(what))
    make.prepare_python("requirements.txt")
    assert made == [half, "Installing the Python packages"]
    assert "half made" in capsys.readouterr().out


def test_without_python_make_says_what_is_missing(tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    make_path = subprocess.run(["which", "make"], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run(
        [make_path, "-f", str(make.ROOT / "Makefile"), "run"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr


def test_what_failed_shows_its_last_lines():
    with pytest.raises(make.Trouble, match=r"Trying did not work[^\n]*\nno luck"):
        make.call(sys.executable, "-c", "raise SystemExit('no luck')", what="Trying")
