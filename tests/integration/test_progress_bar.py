"""A long command shows a bar on a terminal's stderr, and nothing of it in a pipe."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest

from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.farms import farm_settings, state
from tests.support.ledger_rows import paid
from tests.support.processes import FLEET, environ, run_fleet
from tests.support.sinks import silent_service, webhook
from tests.support.terminal import in_terminal

ENTRIES = 2_500


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of some thousand entries."""
    folder = tmp_path_factory.mktemp("farm")
    times = itertools.count(int(time.time() * 1000) - 86_400_000, 1_000)
    with Ledger(
        open_engine(f"sqlite:///{state(folder) / 'ledger.sqlite'}"), "one", now_ms=lambda: next(times)
    ) as ledger:
        ledger.commit([write for number in range(ENTRIES) for write in paid(number)])
    return folder


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ledger verify", "verifying"),
        ("ledger export --csv out.csv", "exporting"),
        ("history --last 26h --step 10m", "reading the ledger"),
        ("upgrade-check", "checking the ledger"),
        ("report out.tar.gz", "checking the ledger"),
    ],
)
def test_a_bar_counts_the_entries_on_a_terminal_and_is_silent_elsewhere(mined: Path, command: str, words: str) -> None:
    env = environ(mined, farm_settings(mined)) | {"TERM": "xterm"}
    with in_terminal([*FLEET, *command.split()], mined, env) as terminal:
        assert terminal.wait() == 0, terminal.shown
        terminal.close()
        assert words in terminal.shown
        assert f" of {ENTRIES:,}" in terminal.shown
    piped = run_fleet(*command.split(), folder=mined, settings=farm_settings(mined))
    assert piped.returncode == 0
    assert words not in piped.stdout + piped.stderr


@pytest.mark.parametrize(("command", "words"), [("reconcile", "comparing miners"), ("doctor", "checking settings")])
def test_a_bar_says_what_is_waited_for(mined: Path, command: str, words: str) -> None:
    env = environ(mined, farm_settings(mined)) | {"TERM": "xterm"}
    with in_terminal([*FLEET, command], mined, env) as terminal:
        terminal.wait()
        terminal.close()
        assert words in terminal.shown
    piped = run_fleet(command, folder=mined, settings=farm_settings(mined))
    assert words not in piped.stdout + piped.stderr


def test_a_bar_counts_the_services_that_a_test_message_was_sent_to(tmp_path: Path) -> None:
    with silent_service() as (silent, _), webhook() as (hook, _):
        given = {"FLEET_ALERTS__URLS": f"{hook} {silent}", "FLEET_ALERTS__TIMEOUT_S": "3"}
        settings = farm_settings(tmp_path, given)
        with in_terminal(
            [*FLEET, "alert", "test"], tmp_path, environ(tmp_path, settings) | {"TERM": "xterm"}
        ) as terminal:
            terminal.wait()
            terminal.close()
            assert "sending" in terminal.shown
            assert "1 of 2" in terminal.shown
        piped = run_fleet("alert", "test", folder=tmp_path, settings=settings)
    assert "sending" not in piped.stdout + piped.stderr
