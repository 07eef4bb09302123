"""A farm's pages in a real browser: their figures are the ledger's, they keep up, and everyone can use them.

One file: its tests look at the same mined farm through the same browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from fleet.local.redis_server import free_port
from tests.chaos.farm import Farm, Setup
from tests.support.chromium import chromium, opened, serious
from tests.support.farms import earned, farm_settings
from tests.support.processes import run_fleet
from tests.support.sites import site
from tests.support.snapshots import HOSTILE, MARKUP

pytestmark = pytest.mark.timeout(240)

PASSWORD = "farmer:a-long-password"
PAGES = ("/", "/?span=24 h", "/miners", "/miner?name=rig-01", "/hosts", "/jobs", "/steer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mined:
    """A farm that has mined, whose worker host is dead, so that its figures stand still."""

    farm: Farm
    url: str
    browser: Browser

    def report(self, *words: str) -> Any:
        """The JSON of a report, amounts exact."""
        settings = farm_settings(self.farm.folder, {"FLEET_SERVER": self.farm.url})
        done = run_fleet(*words, "--json", folder=self.farm.folder, settings=settings)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout, parse_float=Decimal)


@pytest.fixture(scope="module")
def one() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def mined(one: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mined]:
    port = str(free_port())
    setup = Setup(miners=3, settings={"FLEET_WEB__PORT": port, "FLEET_WEB__BASIC_AUTH": PASSWORD})
    with Farm(tmp_path_factory.mktemp("page") / "farm", setup) as farm:
        farm.born()
        farm.accepts(10)
        mined = Mined(farm=farm, url=f"http://127.0.0.1:{port}", browser=one)
        with opened(one, password=PASSWORD) as page:
            page.goto(f"{mined.url}/")
            follows_the_farm(page)
            farm.hosts[0].kill()
            turns_red(page)
        yield mined
        with opened(one, password=PASSWORD) as page:
            page.goto(f"{mined.url}/")
            farm.hosts[0].start()
            page.locator("#state .pill.ok").wait_for()
            assert "vm" not in page.locator("#hosts tr.fail").all_inner_texts()


def follows_the_farm(page: Page) -> None:
    """Figures change on a page that is not loaded again."""
    page.evaluate("window.untouched = true")
    page.locator("#money details, #time details summary").first.click()
    first = page.locator("#ledger").inner_text()
    page.wait_for_function("first => document.getElementById('ledger').innerText !== first", arg=first)
    assert page.evaluate("window.untouched")
    assert page.locator("#time details").get_attribute("open") is not None, "what was opened stays open"


def turns_red(page: Page) -> None:
    """A killed worker is said, and its host turns red, within a minute, again without loading the page."""
    page.locator("#alerts.fail", has_text="No worker takes jobs").wait_for()
    page.locator("#hosts tr.fail").first.wait_for()
    assert page.evaluate("window.untouched")


@pytest.fixture
def page(mined: Mined) -> Iterator[Page]:
    with opened(mined.browser, password=PASSWORD) as found:
        found.goto(f"{mined.url}/")
        yield found


def shown(page: Page, selector: str) -> Decimal:
    return Decimal(page.locator(selector).first.inner_text().strip().replace(",", ""))


def rounded(amount: Decimal) -> Decimal:
    return round(amount, 6)


def test_the_figures_are_the_ledgers(mined: Mined, page: Page) -> None:
    rewards = mined.report("rewards")
    page.wait_for_function(
        "total => document.getElementById('ledger').innerText.replaceAll(',', '') === total",
        arg=f"{rounded(rewards['total_nnet'])}".rstrip("0").rstrip("."),
    )
    assert mined.report("rewards") == rewards, "the farm stands still"
    assert shown(page, "#today") == rounded(rewards["total_nnet"])
    for row in rewards["rows"]:
        page.goto(f"{mined.url}/miner?name={row['miner']}")
        assert shown(page, "#ledger") == rounded(row["total_nnet"])
    page.goto(f"{mined.url}/")
    accepted = page.locator("#types tbody td:nth-child(4)").all_inner_texts()
    assert sum(map(int, accepted)) == sum(row["payments"] for row in rewards["rows"])
    lost = mined.report("rewards", "--losses")
    amounts = page.locator("#losses tfoot td.n").all_inner_texts()
    assert [int(text) for text in amounts[1:]] == ([sum(row["jobs"] for row in lost["by_cause"])] if amounts else [])


def test_the_chart_holds_what_was_booked(mined: Mined, page: Page) -> None:
    total = f"{rounded(mined.report('rewards')['total_nnet'])}".rstrip("0").rstrip(".")
    for span in ("24 h", "30 d"):
        page.get_by_role("link", name=span).click()
        page.locator("#time .chart-sum", has_text=total).wait_for()
    assert page.locator("#time rect.column").last.locator("title").text_content()


def test_a_job_is_shown_with_its_receipt_and_its_place_in_the_chain(mined: Mined, page: Page) -> None:
    page.get_by_role("link", name="Jobs", exact=True).click()
    link = page.locator("#jobs tbody a.code").first
    job_id = link.get_attribute("title") or ""
    (life,) = mined.report("explain", "job", job_id)
    link.click()
    words = page.locator("main").inner_text()
    for text in (life["miner"], life["entries"][0]["hash"], life["entries"][0]["answered_sha256"], "accepted"):
        assert text in words
    page.goto(f"{mined.url}/jobs")
    page.get_by_label("Job by its id").fill(job_id[:13])
    page.keyboard.press("Enter")
    page.get_by_text(life["entries"][0]["hash"]).wait_for()


def test_the_list_is_searched_and_sorted_by_the_server(mined: Mined, page: Page) -> None:
    page.goto(f"{mined.url}/miners")
    page.get_by_label("Search by name or state").fill("rig-02")
    page.keyboard.press("Enter")
    page.get_by_text("1 of 3 miners").wait_for()
    page.get_by_role("link", name="show all").click()
    page.get_by_role("link", name="Miner", exact=True).click()
    names = page.locator("#miners tbody a").all_inner_texts()
    page.get_by_role("link", name="Miner", exact=True).click()
    page.locator('th[aria-sort="descending"]').wait_for()
    assert page.locator("#miners tbody a").all_inner_texts() == names[::-1]


def test_without_the_password_nothing_is_shown(mined: Mined) -> None:
    with mined.browser.new_context() as context:
        answer = context.request.get(f"{mined.url}/")
        assert answer.status == 401
        assert "NNET" not in answer.text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_no_id_is_shown(mined: Mined, scheme: str) -> None:
    ids = [miner for miner in earned(mined.farm.folder, mined.farm.url) if len(miner) >= 10]
    with opened(mined.browser, scheme=scheme, password=PASSWORD) as page:
        for path in PAGES:
            page.goto(mined.url + path)
            assert serious(page) == [], path
            assert not [miner for miner in ids if miner in page.content()]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_page_is_as_wide_as_the_screen(mined: Mined, width: int) -> None:
    with opened(mined.browser, width=width, password=PASSWORD) as page:
        for path in PAGES:
            page.goto(mined.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_it_is_used_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_printed_it_has_no_controls(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.locator("#money").is_visible()
    assert not page.locator(".top nav").is_visible()
    assert not page.locator("#time details").is_visible()


def test_markup_in_every_text_runs_nothing(one: Browser, tmp_path: Path) -> None:
    with site(tmp_path, latest=lambda: HOSTILE) as server, opened(one) as page:
        for path in ("/", "/miners", "/hosts", "/jobs"):
            page.goto(f"http://127.0.0.1:{server.port}{path}")
            assert page.locator("main img, main script").count() == 0
            assert page.locator("script").count() == 1
        page.goto(f"http://127.0.0.1:{server.port}/miners")
        page.locator("#miners tbody a").first.click()
        assert page.locator("h1").inner_text().startswith(MARKUP[:40])


def test_a_coordinator_that_no_longer_answers_is_said(one: Browser, tmp_path: Path) -> None:
    with one.new_context() as context:
        page = context.new_page()
        with site(tmp_path) as server:
            page.goto(f"http://127.0.0.1:{server.port}/")
        page.locator("#connection", has_text="does not answer").wait_for()
        assert page.locator("#connection", has_text="are of 2027-01-15 08:00:00 (UTC).").count() == 1
        assert page.locator("body.stale").count() == 1


def test_a_page_of_another_release_is_loaded_again_and_a_refusal_is_said(one: Browser, tmp_path: Path) -> None:
    def of_another_release(route: Route) -> None:
        if route.request.resource_type != "fetch":
            route.continue_()
            return
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("page.js", "page.js?next", 1))

    with one.new_context() as context, site(tmp_path) as server:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")
        with page.expect_navigation():
            page.route("**/*", of_another_release)
        page.unroute("**/*")
        page.route("**/*", lambda route: route.fulfill(status=401, body="no"))
        page.locator("#connection", has_text="answers 401").wait_for()
