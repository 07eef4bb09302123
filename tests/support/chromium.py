"""A real Chromium that a test drives: clicks, keys, screens of any width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import QUIET, browser

#: how much a violation of accessibility may matter at most
_TOLERATED = frozenset({"minor", "moderate"})


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine; a test that has none is skipped, or fails where CI=true."""
    command = browser()
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=command, args=list(QUIET))


@contextmanager
def opened(one: Browser, *, width: int = 1280, scheme: str = "light", password: str = "") -> Iterator[Page]:
    """An empty page on a screen of this width; what its console says must be nothing."""
    user, _, secret = password.partition(":")
    given: dict[str, Any] = {"http_credentials": {"username": user, "password": secret}} if password else {}
    said: list[str] = []
    with one.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **given) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        yield page
    assert said == []


def serious(page: Page) -> list[str]:
    """What axe-core finds on a page that is serious or critical, each with its place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] not in _TOLERATED
        for node in one["nodes"]
    ]
