"""Which miners a farm has: ids that nobody gave are made once, and a farm that grows keeps those it has."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Settings
from fleet.coordinator.declared import Declared
from fleet.coordinator.startup.miner_ids import miner_specs, without_address
from fleet.domain.miner_names import is_address
from fleet.errors import ServiceError


def ids(folder: Path, **settings: object) -> list[str]:
    return [spec.miner_id for spec in miner_specs(Settings.model_validate(settings), folder)]


def test_an_id_that_nobody_gave_is_made_once(tmp_path: Path) -> None:
    first = ids(tmp_path, miners=1)
    assert ids(tmp_path, miners=1) == first
    assert ids(tmp_path / "elsewhere", miners=1) != first


@pytest.mark.parametrize(("few", "many"), [(1, 8), (8, 100), (99, 1_200)])
def test_a_farm_that_grows_keeps_its_miners(few: int, many: int, tmp_path: Path) -> None:
    small, large = ids(tmp_path, miners=few), ids(tmp_path, miners=many)
    assert large[:few] == small
    assert len(set(large)) == many


def test_a_prefix_and_an_id_are_taken_as_the_server_keeps_them(tmp_path: Path) -> None:
    assert ids(tmp_path, miners=2, miner_prefix="Rig-") == ["rig-01", "rig-02"]
    assert ids(tmp_path, id="My_Miner_001") == ["my_miner_001"]


def test_named_miners_keep_their_own_hardware(tmp_path: Path) -> None:
    tables = [{"id": "A", "cpu_cores": 16, "gpu_memory_mb": 24_576, "gpu_model": "RTX 4090"}, {"id": "b"}]
    has = Declared(cpu_cores=2, gpu_memory_mb=4_096, gpu_model="GTX 1650")
    named, plain = miner_specs(Settings.model_validate({"miner": tables, "cpu": 8}), tmp_path, has=has)
    assert (named.miner_id, named.cpu_cores, named.gpu_memory_mb, named.gpu_model) == ("a", 16, 24_576, "RTX 4090")
    assert (plain.cpu_cores, plain.gpu_memory_mb, plain.gpu_model) == (2, 4_096, "GTX 1650")


def test_miners_without_tables_register_what_was_written_and_else_what_the_hosts_have(tmp_path: Path) -> None:
    has = Declared(cpu_cores=2, gpu_memory_mb=4_096, gpu_model="GTX 1650")
    for given, wanted in (
        ({}, (2, 4_096, "GTX 1650")),
        ({"cpu": 8}, (8, 4_096, "GTX 1650")),
        ({"gpu_mem": 8_192}, (2, 8_192, "")),
        ({"gpu_mem": 0}, (2, 0, "")),
        ({"gpu_mem": 8_192, "gpu_model": "RTX 4090"}, (2, 8_192, "RTX 4090")),
    ):
        for miners in ({"miners": 1}, {"id": "a"}, {"miner_prefix": "rig-", "miners": 1}):
            (spec,) = miner_specs(Settings.model_validate({**given, **miners}), tmp_path, has=has)
            assert (spec.cpu_cores, spec.gpu_memory_mb, spec.gpu_model) == wanted, (given, miners)


def test_an_id_that_nobody_gave_is_a_wallet_and_has_a_name(tmp_path: Path) -> None:
    specs = miner_specs(Settings.model_validate({"miners": 3}), tmp_path)
    assert all(is_address(spec.miner_id) for spec in specs)
    assert [spec.name for spec in specs] == ["miner-01", "miner-02", "miner-03"]
    assert without_address(specs, tmp_path) == ""
    assert stat.S_IMODE((tmp_path / "miner-ids").stat().st_mode) == 0o600


def test_a_farm_that_began_with_other_ids_keeps_them_and_says_what_they_can_not_do(tmp_path: Path) -> None:
    (tmp_path / "miner-prefix").write_text("miner-0a1b2c3d-\n")
    specs = miner_specs(Settings.model_validate({"miners": 5}), tmp_path)
    assert [spec.miner_id for spec in specs[:2]] == ["miner-0a1b2c3d-01", "miner-0a1b2c3d-02"]
    said = without_address(specs, tmp_path)
    assert "miner-01, miner-02, miner-03 and 2 more: the id is not a NeoNet address" in said
    assert f"remove {tmp_path / 'miner-prefix'}" in said


@pytest.mark.parametrize("text", ["neo1abcdefgh\nrubbish\n", "\x00", "neo1-abc\n"])
def test_a_damaged_file_of_ids_is_refused_and_kept(text: str, tmp_path: Path) -> None:
    (tmp_path / "miner-ids").write_text(text)
    with pytest.raises(ServiceError, match="restore the file from a backup"):
        ids(tmp_path, miners=3)
    assert (tmp_path / "miner-ids").read_text() == text


def test_names_in_the_settings_are_kept(tmp_path: Path) -> None:
    tables = [{"id": "neo1abcdefgh", "name": "garage"}, {"id": "neo1ijklmnop"}]
    specs = miner_specs(Settings.model_validate({"miner": tables}), tmp_path)
    assert [spec.name for spec in specs] == ["garage", ""]


def test_a_name_that_is_given_twice_is_refused() -> None:
    tables = [{"id": "neo1abcdefgh", "name": "garage"}, {"id": "neo1ijklmnop", "name": "Garage"}]
    with pytest.raises(ValidationError, match="settings contradict"):
        Settings.model_validate({"miner": tables})


def test_a_folder_that_can_not_keep_the_ids_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="FLEET_STATE_DIR"):
        ids(tmp_path / "file", miners=1)


SERVERS = [{"name": "main", "url": "https://a.example.com"}, {"name": "side", "url": "https://b.example.com"}]


def of_servers(folder: Path, **settings: object) -> list[list[tuple[str, str]]]:
    known = Settings.model_validate({"server": SERVERS} | settings)
    specs = (miner_specs(known, folder, server) for server in known.servers)
    return [[(spec.miner_id, spec.name) for spec in of_one] for of_one in specs]


def test_each_of_several_servers_has_ids_of_its_own_and_names_that_say_which(tmp_path: Path) -> None:
    main, side = of_servers(tmp_path, miners=3)
    assert [name for _, name in (*main, *side)] == ["main-01", "main-02", "side-01"]
    assert len({miner_id for miner_id, _ in (*main, *side)}) == 3
    assert of_servers(tmp_path, miners=3) == [main, side]
    grown = of_servers(tmp_path, miners=8)
    assert [len(of_one) for of_one in grown] == [4, 4]
    assert grown[0][:2] == main


def test_the_first_of_several_servers_takes_the_ids_of_a_farm_that_had_one(tmp_path: Path) -> None:
    before = ids(tmp_path, miners=2)
    main, side = of_servers(tmp_path, miners=4)
    assert [miner_id for miner_id, _ in main] == before
    assert not {miner_id for miner_id, _ in side} & set(before)
    # once taken, they stay with their server, whatever the order of the tables
    turned = Settings.model_validate({"server": SERVERS[::-1], "miners": 4})
    assert [spec.miner_id for spec in miner_specs(turned, tmp_path, turned.servers[1])] == before


def test_named_miners_mine_at_the_server_that_they_name(tmp_path: Path) -> None:
    tables = [{"id": "A", "server": "side"}, {"id": "b", "server": "main"}, {"id": "c", "server": "side"}]
    assert of_servers(tmp_path, miner=tables) == [[("b", "")], [("a", ""), ("c", "")]]


def test_auto_may_open_as_many_as_most_miners_at_each_server(tmp_path: Path) -> None:
    assert [len(of_one) for of_one in of_servers(tmp_path, most_miners=5)] == [5, 5]
