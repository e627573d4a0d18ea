"""The clinic refuses to start without its secrets, and `.env.example` names every setting."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCTION = {
    "PRODUCTION": "on",
    "SECRET_KEY": "k7" * 40,
    "ALLOWED_HOSTS": "clinic.example",
    "SITE_URL": "https://clinic.example",
    "DATABASE_URL": "postgres://clinic@127.0.0.1/clinic",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp://127.0.0.1:25",
}


def start(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Import the settings in a fresh process that knows of `environment` alone."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from django.conf import settings; print(settings.DEBUG, settings.DEMO, settings.REQUIRE_MFA)",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "clinic.settings", **environment},
        capture_output=True,
        text=True,
    )


def test_production_starts_with_its_secrets_and_without_the_demonstration():
    done = start(**PRODUCTION)
    assert done.stdout == "False False True\n", done.stderr


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"PRODUCTION"}))
def test_production_refuses_to_start_without(name):
    done = start(**{key: value for key, value in PRODUCTION.items() if key != name})
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("DEBUG", "on", "DEBUG and PRODUCTION are both on"),
        ("DEMO", "on", "DEMO and PRODUCTION are both on"),
        ("SECRET_KEY", "short", "SECRET_KEY is shorter than 50"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS holds *"),
        ("VIDEO_ROOM_URL", "https://meet.clinic.example/", "VIDEO_ROOM_URL needs {room}"),
    ],
)
def test_production_refuses_an_unsafe(setting, value, sentence):
    done = start(**{**PRODUCTION, setting: value})
    assert done.returncode != 0
    assert sentence in done.stderr


def test_every_setting_has_its_line_in_the_example():
    source = (ROOT / "clinic" / "settings.py").read_text()
    read = set(re.findall(r"(?:env(?:\.\w+)?|required_in_production)\(\s*[\"\x27]([A-Z_]+)[\"\x27]", source))
    named = set(re.findall(r"^([A-Z_]+)=.*#\s\S", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read - named - {"PYTEST_XDIST_WORKER"} == set()
    assert named - read == {"WEB_CONCURRENCY"}  # read by the Procfile
