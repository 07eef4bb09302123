"""A farm that does not run shows what its next start will follow."""

from __future__ import annotations

from pathlib import Path

from fleet.control.control import FARM, ControlChange, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.standing import standing

NOW_MS = 1_800_000_000_000
RIG = Target(kind=TargetKind.MINER, name="rig")


def test_its_status_lists_the_controls_of_its_ledger_until_they_are_over(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    open_engine(place.url).dispose()
    book = ControlBook(open_beside(place.url), "", lambda: NOW_MS)
    book.ask(ControlRequest(change=ControlChange.PAUSE, target=RIG, who="sam", reason="fan"))
    book.ask(ControlRequest(change=ControlChange.PAUSE, target=FARM, who="sam", until_ms=NOW_MS + 60_000))
    book.close()

    def listed(now_ms: int) -> list[tuple[str, str]]:
        found = standing(tmp_path, place, now_ms)
        assert found.coordinator == "never"
        return sorted((row["subject"], row["text"]) for row in found.figures["controls"])

    assert listed(NOW_MS) == [("farm", "paused until 08:01 by sam"), ("miner rig", "paused by sam: fan")]
    assert listed(NOW_MS + 60_000) == [("miner rig", "paused by sam: fan")]


def test_a_farm_without_a_ledger_lists_none(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    assert standing(tmp_path, place, NOW_MS).figures["controls"] == []
