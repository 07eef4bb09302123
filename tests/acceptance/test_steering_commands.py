"""A farm under load is given each command that steers, checks or compares: it mines on, and the books are exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, simulator, state
from tests.support.processes import Started, eventually, run_fleet

pytestmark = pytest.mark.timeout(300)

_TOML = '[[miner]]\nid = "neo1north000000000000000000000000000000000000"\nname = "north"\ntags = ["cold"]\n'


class Running:
    """A farm of one miner, and the server's URL."""

    def __init__(self, process: Started, home: Path, url: str) -> None:
        self.process, self.home, self.url = process, home, url

    def said(self, *words: str) -> str:
        settings = {"FLEET_STATE_DIR": str(state(self.home)), "FLEET_SERVER": self.url}
        done = run_fleet(*words, folder=self.home, settings=settings)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def accepted(self) -> int:
        return int(asked(self.url, "/simulator/requests")["accepted"])

    def mines(self) -> None:
        """Wait until the server pays for three more jobs."""
        goal = self.accepted() + 3
        eventually("three more jobs are paid", lambda: self.accepted() >= goal)

    def controls(self) -> list[str]:
        return [row["subject"] for row in json.loads(self.said("status", "--json"))["controls"]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("commands")
    home = folder / "farm"
    home.mkdir()
    (home / "fleet.toml").write_text(_TOML, encoding="utf-8")
    with simulator(folder / "server") as (_, url), farm(home, settings={"FLEET_SERVER": url}) as process:
        process.says("REWARD")
        yield Running(process, home, url)


@pytest.mark.parametrize("kind", ["miner", "tag", "server"])
def test_a_drained_part_stops_its_session_is_resumed_and_tries_again_at_once(running: Running, kind: str) -> None:
    server = json.loads(running.said("status", "--json"))["servers"][0]["server"]
    name = {"miner": "north", "tag": "cold", "server": server}[kind]
    running.said("drain", kind, name, "--reason", "a trial")
    eventually("it is drained", lambda: running.controls() == [f"{kind} {name}"])
    eventually("its session is stopped", lambda: asked(running.url, "/simulator/requests")["sessions_open"] == 0)
    running.said("resume", kind, name)
    assert "tries again now" in running.said("retry", kind, name)
    running.mines()


def test_settings_are_checked_and_compared_and_the_week_is_drawn(running: Running) -> None:
    assert "valid" in running.said("config", "check", "fleet.toml")
    running.said("config", "diff")
    assert "the farm mines" in running.said("schedule", "preview", "--farm")
    running.mines()


def test_a_token_is_made_listed_and_revoked(running: Running) -> None:
    running.said("token", "create", "phone", "--scope", "control")
    assert "phone" in running.said("token", "list")
    running.said("token", "revoke", "phone")
    assert "phone" not in running.said("token", "list")
    running.mines()


def test_both_books_are_equal_afterwards(running: Running) -> None:
    running.said("drain", "farm")
    assert running.process.wait(90) == 0, running.process.words()
    assert earned(running.home, running.url) == book(running.url)
