"""Which ledger a report reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import load
from fleet.ledger.storage.places import LedgerPlace, ledger_address, ledger_to_read


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


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////var/lib/ledger.sqlite", Path("/var/lib/ledger.sqlite")),
        ("sqlite:///here.sqlite", Path("here.sqlite")),
        ("sqlite:////var/lib/ledger.sqlite?timeout=3", None),
        ("sqlite://", None),
        ("postgresql+psycopg://fleet@db.lan/fleet", None),
    ],
)
def test_a_ledger_in_sqlite_is_a_file(url: str, file: Path | None) -> None:
    assert LedgerPlace(url=url, simulated=False).file == file
