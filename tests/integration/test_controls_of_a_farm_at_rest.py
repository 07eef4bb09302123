"""A farm that does not run shows what its next start will follow."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from fleet.control.control import FARM, ControlChange, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import desk_at
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


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("https://a.example.com", ["https://a.example.com"]),
        ([{"name": "main", "url": "https://a.example.com", "account": "a"}], ["a"]),
        (
            [{"name": "main", "url": "https://a.example.com"}, {"name": "side", "url": "https://b.example.com"}],
            ["main", "side"],
        ),
    ],
)
def test_its_servers_are_called_as_while_it_runs(tmp_path: Path, given: Any, names: list[str]) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    open_engine(place.url).dispose()
    with closing(desk_at(Settings(server=given), place, {}, runs=False)) as desk:
        assert desk.known.names(TargetKind.SERVER) == names


def test_a_farm_without_a_ledger_lists_none(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    assert standing(tmp_path, place, NOW_MS).figures["controls"] == []
