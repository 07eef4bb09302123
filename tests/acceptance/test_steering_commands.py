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

    def name_of(self, kind: str) -> str:
        """What the farm has one of."""
        if kind == "server":
            return str(json.loads(self.said("status", "--json"))["servers"][0]["server"])
        return {"miner": "north", "tag": "cold"}[kind]

    def accepted(self) -> int:
        return int(asked(self.url, "/simulator/requests")["accepted"])

    def mines(self) -> None:
        """Wait until the server pays for three more jobs."""
        goal = self.accepted() + 3
        eventually("three more jobs are paid", lambda: self.accepted() >= goal)

    def sessions(self) -> int:
        return int(asked(self.url, "/simulator/requests")["sessions_started"])

    def log(self, last: int) -> list[tuple[str, str | None, str]]:
        """The last changes: what, of which, and why."""
        entries = json.loads(self.said("log", "--json", "--last", str(last)))["entries"]
        return [(one["change"], one["name"], one["reason"]) for one in entries]

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
def test_a_paused_part_stops_its_session_when_told_and_is_resumed(running: Running, kind: str) -> None:
    name = running.name_of(kind)
    running.said("pause", kind, name, "--until", "06:00", "--stop-after", "1s", "--reason", "a trial", "--by", "sam")
    eventually("it is paused", lambda: running.controls() == [f"{kind} {name}"])
    eventually("its session is stopped", lambda: asked(running.url, "/simulator/requests")["sessions_open"] == 0)
    running.said("resume", kind, name)
    assert running.log(2) == [("pause", name, "a trial"), ("resume", name, "")]
    running.mines()


@pytest.mark.parametrize("kind", ["miner", "tag", "server"])
def test_a_drained_part_stops_its_session_is_resumed_and_tries_again_at_once(running: Running, kind: str) -> None:
    name = running.name_of(kind)
    running.said("drain", kind, name, "--reason", "a trial")
    eventually("it is drained", lambda: running.controls() == [f"{kind} {name}"])
    eventually("its session is stopped", lambda: asked(running.url, "/simulator/requests")["sessions_open"] == 0)
    running.said("resume", kind, name)
    assert "tries again now" in running.said("retry", kind, name)
    running.mines()


def test_settings_are_checked_and_compared_and_the_week_is_drawn(running: Running) -> None:
    assert "valid" in running.said("config", "check", "fleet.toml")
    running.said("config", "diff")
    assert "the farm mines" in running.said("schedule", "preview", "--farm", "--week", "2026-03-29")
    running.mines()


def test_a_reload_is_logged_with_who_what_and_why_and_keeps_the_session(running: Running) -> None:
    before, file = running.sessions(), running.home / "fleet.toml"
    for head, change in (("drain_s = 7.5\n", "drain_s: 20.0 → 7.5"), ("", "drain_s: 7.5 → 20.0")):
        file.write_text(f"{head}{_TOML}", encoding="utf-8")
        assert change in running.said("reload", "--reason", "a trial", "--by", "sam")
        ((what, name, why),) = running.log(1)
        assert (what, change in (name or ""), why) == ("reload", True, "a trial")
    running.mines()
    assert running.sessions() == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("doctor",), ", 0 fail, "),
        (("doctor", "--host"), ", 0 fail, "),
        (("doctor", "--fix", "--json"), '"fail": 0'),
        (("report", "here.tar.gz"), "without secrets; the doctor found"),
        (("report", "--host", "here-host.tar.gz"), "without secrets; the doctor found"),
        (("upgrade-check",), ", 0 fail, "),
        (("upgrade-check", "--proof"), ", lost 0; entries before "),
        (("log",), "the settings"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_what_examines_the_farm_finds_no_fault_and_costs_no_session(
    running: Running, words: tuple[str, ...], says: str
) -> None:
    before = running.sessions()
    assert says in running.said(*words)
    running.mines()
    assert running.sessions() == before


def test_a_token_is_made_listed_and_revoked(running: Running) -> None:
    running.said("token", "create", "phone", "--scope", "control")
    assert "phone" in running.said("token", "list")
    running.said("token", "revoke", "phone", "--reason", "it was lost")
    assert "phone" not in running.said("token", "list")
    assert running.log(2) == [("create", "phone", "scope control"), ("revoke", "phone", "it was lost")]
    running.mines()


def test_both_books_are_equal_afterwards(running: Running) -> None:
    running.said("drain", "farm")
    assert running.process.wait(90) == 0, running.process.words()
    assert earned(running.home, running.url) == book(running.url)
