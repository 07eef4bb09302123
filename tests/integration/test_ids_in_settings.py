"""Wrong, doubled and misplaced ids: no error about the settings shows a whole one, nor does `fleet config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load
from tests.support.processes import run_fleet

WALLET = "neo1" + "5f0c3b9a7e" * 4
OTHER = "0x" + "0f1e2d3c4b" * 4
SHOWN = "neo1..9a7e"


def toml(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (toml(f'id = "{WALLET}!"'), "'neo1..a7e!'"),
        (toml(f'miner_prefix = "{WALLET}/"'), "'neo1..'"),
        (toml("[[miner]]", f'id = "{WALLET} "', "[[miner]]", f'id = "{WALLET}$"'), "'neo1..a7e$'"),
        (toml(f'miner = ["{WALLET}"]'), SHOWN),
        (toml(f'miner = "{WALLET}"'), SHOWN),
        (toml("[[miner]]", f'{WALLET} = "garage"'), f"miner.0.{SHOWN}"),
        (toml(f'miners = "{WALLET}"'), SHOWN),
        (toml(f'server = "{WALLET}"'), SHOWN),
        (
            toml(f'[[miner]]\nid = "{WALLET}"', '[[miner]]\nid = "garage-rig"', f'[[miner]]\nid = "{WALLET.upper()}"'),
            f"[[miner]] tables 1 and 3 have the same id, {SHOWN}",
        ),
        (
            toml(*(f'[[miner]]\nid = "rig-{number}"\nname = "{name}"' for number, name in enumerate(["a", "b", "A"]))),
            "[[miner]] tables 1 and 3 have the same name, a",
        ),
        (
            toml(f'[[miner]]\nid = "{OTHER}"', f'[[miner]]\nid = "{WALLET}"\nname = "{WALLET[:20]}"'),
            "the name of [[miner]] table 2 is an id",
        ),
        (
            toml('[[miner]]\nid = "my_miner_001"', '[[miner]]\nid = "rig"\nname = "my_miner_001"'),
            "the name of [[miner]] table 2 is an id",
        ),
    ],
)
def test_an_error_about_an_id_shows_only_its_ends(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "fleet.toml").write_text(text)
    done = run_fleet("config", folder=tmp_path)
    assert done.returncode == 78, done.stdout + done.stderr
    assert said in done.stderr
    assert WALLET[:20] not in done.stderr.lower()
    assert OTHER not in done.stderr.lower()


@pytest.mark.parametrize("command", ["up --miners", "up", "explain"])
def test_an_id_in_the_wrong_place_of_the_command_line_is_not_repeated(tmp_path: Path, command: str) -> None:
    done = run_fleet(*command.split(), WALLET, folder=tmp_path)
    assert done.returncode == 64
    assert SHOWN in done.stderr
    assert WALLET not in done.stderr


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_start_of_ids_is_shown_as_far_as_ids_are(tmp_path: Path, form: list[str]) -> None:
    prefix = WALLET[:40]
    shown = run_fleet("config", *form, folder=tmp_path, settings={"FLEET_MINER_PREFIX": prefix})
    asked_for = run_fleet("config", *form, "--ids", folder=tmp_path, settings={"FLEET_MINER_PREFIX": prefix})
    assert shown.returncode == asked_for.returncode == 0
    assert prefix not in shown.stdout
    assert "neo1.." in shown.stdout
    assert prefix in asked_for.stdout


def test_the_start_of_ids_that_are_no_wallets_is_shown(tmp_path: Path) -> None:
    shown = run_fleet("config", "--json", folder=tmp_path, settings={"FLEET_MINER_PREFIX": "rig-"})
    assert json.loads(shown.stdout)["miner_prefix"]["value"] == "rig-"


def test_a_miner_without_an_id_is_named_with_the_line_of_its_table(tmp_path: Path) -> None:
    file, nothing = tmp_path / "fleet.toml", {"FLEET_SECRETS_DIR": str(tmp_path)}
    file.write_text(toml("cpu = 2", "[[miner]]", 'id = "neo1abcdefgh"', "", "[[miner]]", 'name = "garage-1"'))
    with pytest.raises(ConfigError) as caught:
        load(environ=nothing, toml_file=file)
    assert str(caught.value).startswith(f"miner.1.id ({file}, line 5): is not set, and each [[miner]] table needs it; ")
    file.write_text("")
    with pytest.raises(ConfigError, match=r"^FLEET_MINER__0__ID \(environment\): is not set"):
        load(environ=nothing | {"FLEET_MINER": '[{"name": "garage-1"}]'}, toml_file=file)
