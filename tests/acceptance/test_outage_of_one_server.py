"""What a farm at two servers says while one of them is down: by every report, and on the page in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fleet.local.redis_server import free_port
from tests.acceptance.test_several_servers import booked, job_ids, more, shown, stopped, two_servers
from tests.support.chromium import chromium, opened, serious
from tests.support.farms import asked, book, state
from tests.support.processes import eventually, run_fleet

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """A farm at `main`, which is down, and at `side`."""

    home: Path
    main: str
    side: str
    page: str
    settings: dict[str, str]

    def says(self, *words: str) -> str:
        done = run_fleet(*words, folder=self.home, settings={"FLEET_STATE_DIR": str(state(self.home))} | self.settings)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    port = str(free_port())
    with two_servers(tmp_path_factory.mktemp("outage"), second_priority=1, settings={"FLEET_WEB__PORT": port}) as farm:
        process, home, main, side = farm
        more(main, 20)
        more(side, 20)
        asked(main, "/simulator/faults", {"faults": ["drop_before"]})
        found = Outage(home=home, main=main, side=side, page=f"http://127.0.0.1:{port}", settings={})
        eventually("main to be away", lambda: servers(found)["main"]["state"] == "away")
        yield found
        asked(main, "/simulator/faults", {"faults": []})
        more(main, 5)
        told = stopped(process)
        assert told["rewards"]["difference_nnet"] == 0
        assert booked(home) == {main: book(main), side: book(side)}


def servers(outage: Outage) -> dict[str, Any]:
    return {row["server"]: row for row in shown(outage.home, "status", "--json")["servers"]}


def test_status_and_explain_say_it_of_that_server_and_its_miners_alone(outage: Outage) -> None:
    status = shown(outage.home, "status", "--json")
    assert [(one["kind"], one["subject"]) for one in status["wrong"]] == [("server_down", "server main")]
    assert {row["miner"]: row["server"] for row in status["miners"]} == {
        "main-01": "main",
        "main-02": "main",
        "main-03": "main",
        "side-01": "side",
    }
    assert "The server main does not answer" in outage.says("status")
    assert "The server main does not answer" in outage.says("explain", "farm")
    assert "The server main does not answer" in outage.says("explain", "miner", "main-01")
    assert "main does" not in outage.says("explain", "miner", "side-01")


def test_each_report_has_both_accounts(outage: Outage) -> None:
    before = book(outage.main)
    both = {outage.main, outage.side}
    assert {row["server"] for row in shown(outage.home, "rewards", "--json")["rows"]} == both
    assert {row["server"] for row in shown(outage.home, "reconcile", "--json")["miners"]} == both
    history = shown(outage.home, "history", "--last", "1h", "--step", "1m", "--by", "server", "--json")
    paid = {one["name"]: one["total_nnet"] for one in history["series"]}
    assert paid.keys() == both
    assert paid[outage.main] == sum(before.values())
    entries = shown(outage.home, "ledger", "export", "-", "--json")
    of_main = [Decimal(row["amount_nnet"]) for row in entries if row["server"] == outage.main]
    assert sum(of_main) == sum(before.values())


def test_the_page_shows_each_server_its_income_and_its_own_jobs(outage: Outage) -> None:
    both = job_ids(outage.home, outage.main) & job_ids(outage.home, outage.side)
    assert both, "the simulators had no job id in common"
    with chromium() as browser, opened(browser) as page:
        page.goto(f"{outage.page}/")
        page.locator("#servers tr[data-key=main]", has_text="away").wait_for()
        assert "mining" in page.locator("#servers tr[data-key=side]").inner_text()
        page.locator("#alerts", has_text="The server main does not answer").wait_for()
        charts = page.locator("#servers figure")
        charts.nth(1).locator("rect.column").first.wait_for(state="attached")
        main = sum(book(outage.main).values())
        page.locator("#servers figcaption", has_text=f"main: {round(main, 6):,f}".rstrip("0").rstrip(".")).wait_for()
        assert charts.count() == 2
        assert serious(page) == []
        for name, url in (("main", outage.main), ("side", outage.side)):
            page.goto(f"{outage.page}/job?id={name}:{min(both)}")
            text = page.locator("main").inner_text()
            assert url in text
            assert ({outage.main, outage.side} - {url}).pop() not in text
