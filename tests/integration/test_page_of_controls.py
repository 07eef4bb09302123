"""The page about controls: it shows their last changes, and reads them as it reads everything else of the ledger."""

from __future__ import annotations

import contextlib
import urllib.request
from pathlib import Path

from config.settings import Settings
from fleet.control.control import FARM, ControlChange
from fleet.control.request import ControlRequest
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import Desk, desk_at
from tests.support.sites import site


def test_the_page_reads_the_changes_without_opening_the_ledger_for_writing(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)

    def forbidden() -> Desk:
        raise AssertionError("the page opened the controls to change them")

    with site(tmp_path, desk=forbidden) as server:
        with contextlib.closing(desk_at(Settings(), place, {}, runs=True)) as desk:
            desk.order(ControlRequest(change=ControlChange.PAUSE, target=FARM, who="alex", reason="new fan"))
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/steer", timeout=60) as answer:
            assert "new fan" in answer.read().decode()
