"""Which ledger a report reads."""

from __future__ import annotations

from pathlib import Path

from config.load import load
from fleet.places import ledger_address, ledger_to_read


def test_simulated_rewards_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    settings = load({"state_dir": tmp_path}, environ={})
    assert ledger_address(settings).endswith(f"{tmp_path}/simulator/ledger.sqlite")
    assert ledger_to_read(settings).simulated


def test_a_report_without_a_named_server_is_about_the_real_ledger_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").touch()
    place = ledger_to_read(load({"state_dir": tmp_path}, environ={}))
    assert not place.simulated
    assert place.url.endswith(f"{tmp_path}/ledger.sqlite")


def test_a_named_server_has_the_ledger_of_its_folder(tmp_path: Path) -> None:
    place = ledger_to_read(load({"state_dir": tmp_path, "server": "https://neonet.example.com"}, environ={}))
    assert (place.simulated, place.url) == (False, f"sqlite:///{tmp_path}/ledger.sqlite")
