"""The page steers a farm: only with a token, by the API, and what it did is on the page without loading it again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import Desk, desk_at
from fleet.status.snapshot import FarmSnapshot
from fleet.tokens.token import Token, TokenScope, digest_of, new_text
from fleet.tokens.token_file import TokenFile
from tests.support.chromium import chromium, opened, serious
from tests.support.sites import site
from tests.support.snapshots import SNAPSHOT

pytestmark = pytest.mark.timeout(240)


def test_the_farm_is_paused_and_resumed_on_the_page_with_a_token(tmp_path: Path) -> None:
    place, text = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False), new_text()
    TokenFile(tmp_path).add(Token(name="phone", scope=TokenScope.CONTROL, digest=digest_of(text), made_ms=0), 0)

    def desk() -> Desk:
        return desk_at(Settings(), place, {}, runs=True)

    def latest() -> FarmSnapshot:
        with closing(desk()) as found:
            return replace(SNAPSHOT, controls=tuple(found.book.in_force()))

    with site(tmp_path, latest=latest) as server, chromium() as browser, opened(browser, width=360) as page:
        page.goto(f"http://127.0.0.1:{server.port}/steer?kind=farm")
        page.get_by_label("For, or until").fill("2h")
        page.get_by_label("Reason").fill("new <b>fan</b>")
        page.get_by_role("button", name="Send").click()
        page.locator("#outcome.failed", has_text="A token with scope control is needed").wait_for()
        page.get_by_label("Token with scope control").fill(text)
        page.get_by_role("button", name="Send").click()
        page.locator("#outcome:not(.failed)", has_text="the farm is paused until").wait_for()
        row = page.locator("#controls tbody tr", has_text="new <b>fan</b>")
        row.wait_for()
        assert not serious(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        row.get_by_role("button", name="Resume").click()
        page.locator("#controls", has_text="Nothing is paused.").wait_for()
        page.reload()
        assert page.get_by_label("Token with scope control").input_value() == text, "this tab keeps it"
    with closing(desk()) as found:
        assert [(one.change, one.who) for one in found.book.log()] == [
            ("pause", "token phone"),
            ("resume", "token phone"),
        ]
