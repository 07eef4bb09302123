"""A page that is open for a week keeps up, by the browser's own clock, and takes no more memory than after an hour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from config.sections import WebSettings
from fleet.local.redis_server import free_port
from tests.support.chromium import chromium
from tests.support.sites import site
from tests.support.snapshots import SNAPSHOT

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def one() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_a_page_open_for_a_week_follows_restarts_and_says_what_is_old(one: Browser, tmp_path: Path) -> None:
    """By the browser's clock: many turns, a night's sleep while the coordinator restarts, and the rest of the week."""
    port = free_port()
    nights = replace(SNAPSHOT, earnings=replace(SNAPSHOT.earnings, ledger=Decimal(998877)))
    with one.new_context() as context:
        page = context.new_page()
        page.clock.install()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.resource_type))
        with site(tmp_path, WebSettings(port=port)):
            page.goto(f"http://127.0.0.1:{port}/")
            page.evaluate("window.untouched = true")
            while page.get_by_text("still reading the ledger").count():
                turns(page, 1)
            page.route("**/*", another_miner)
            turns(page, 20)
            before = held(page)
            turns(page, 200)
            page.unroute("**/*")
            # a new minute may have begun
            assert [name for name, kept in held(page).items() if kept > before[name] * 1.05 + 20] == []
        page.clock.fast_forward(10 * 3_600_000)
        page.locator("#connection", has_text="does not answer").wait_for()
        with site(tmp_path, WebSettings(port=port), latest=lambda: nights):
            turns(page, 1)
            page.locator("#ledger", has_text="998,877").wait_for()
            assert page.locator("#connection").is_hidden()
            asked.clear()
            page.route("**/*", left_waiting)
            page.clock.fast_forward(140 * 3_600_000)
            page.locator("#connection", has_text="The figures below are old.").wait_for()
            page.unroute("**/*")
            assert asked == ["fetch"], "the turns that were slept through are not made up for"
            assert page.evaluate("window.untouched")


def held(page: Page) -> dict[str, float]:
    """What the browser keeps for the page: bytes of its objects, its nodes in or out of the document, its listeners."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


def another_miner(route: Route) -> None:
    """Name the miner by the moment, so that its row is another one with each answer."""
    if route.request.resource_type != "fetch":
        route.continue_()
        return
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("garage-1", f"rig-{time.monotonic_ns()}"))


def left_waiting(_: Route) -> None:
    """Answer a request never."""


def turns(page: Page, number: int) -> None:
    """Let the page ask for new figures so many times, and take each answer over."""
    for _ in range(number):
        with page.expect_response(lambda response: response.request.resource_type == "fetch") as answer:
            page.clock.run_for(3_000)
        answer.value.finished()
        page.wait_for_function("!asking")
