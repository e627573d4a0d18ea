"""A headless Chromium for the journeys. Every page it opens must be free of console errors and of serious axe findings."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    # Playwright keeps an event loop in this thread; the ORM calls of the tests beside it are as synchronous as ever.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_browser(chromium: Browser, live_server) -> Iterator[Open]:
    """`open_browser(viewport, scripts=True)` is a fresh browser of its own; troubles on its pages fail the test."""
    contexts, troubles = [], []

    def start(viewport: dict[str, int] = PHONE, *, scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport=viewport,
            java_script_enabled=scripts,
            base_url=live_server.url,
            locale="en-GB",
            timezone_id="Europe/London",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                troubles.append(f"{page.url}: {message.text}")
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on(
            "request",
            lambda request: (
                troubles.append(f"{page.url} reached for {request.url}")
                if not request.url.startswith((live_server.url, "data:", "blob:"))
                else None
            ),
        )
        contexts.append(context)
        return page

    yield start
    for context in contexts:
        context.close()
    assert troubles == []


def serious_findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands, in light and in dark."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text())
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        result = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
        found += [
            f"{page.url} ({theme}) {finding['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for finding in result["violations"]
            if finding["impact"] in ("serious", "critical")
            for node in finding["nodes"]
        ]
    page.emulate_media(color_scheme="light")
    return found
