"""One farm under load, steered by all commands: what is paused earns nothing, and the books are exact afterwards.

One file: all tests share one farm, which takes long to start.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.hours import DAYS
from fleet.domain.wall_clock import wall_ms
from fleet.status.snapshot_file import read_snapshot
from tests.support.farms import book, earned, farm, simulator, state
from tests.support.processes import Started, eventually, run_fleet

pytestmark = pytest.mark.timeout(300)

_MINERS = ("north", "south", "east")
_TOML = "".join(
    f'[[miner]]\nid = "neo1{name}000000000000000000000000000000000000"\nname = "{name}"\ntags = ["{tag}"]\n'
    for name, tag in zip(_MINERS, ("cold", "warm", "warm"), strict=True)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A farm that mines, the server's URL, and the farm's settings."""

    process: Started
    home: Path
    url: str

    def said(self, *words: str, code: int = 0) -> str:
        settings = {"FLEET_STATE_DIR": str(state(self.home)), "FLEET_SERVER": self.url}
        done = run_fleet(*words, folder=self.home, settings=settings)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def states(self) -> dict[str, str]:
        return {row["miner"]: row["state"] for row in self.standing()["miners"]}

    def standing(self) -> dict[str, Any]:
        """The figures that `fleet status` shows, of this moment."""
        found = read_snapshot(state(self.home), wall_ms())
        assert found is not None
        return found.figures

    def paid(self) -> dict[str, int]:
        return {row["miner"]: row["paid"] for row in self.standing()["miners"]}

    def kill_coordinator(self) -> None:
        """Kill the coordinator, and wait until another one runs in its place, which reads the settings again."""
        lock = state(self.home) / "coordinator.lock"
        pid = lock.read_text().split()[1]
        os.kill(int(pid), signal.SIGKILL)
        # the next one empties the file before it writes its own number
        eventually("it runs again", lambda: lock.read_text().split()[1:2] not in ([], [pid]))

    def mines(self, *names: str) -> None:
        """Wait until each of these miners, and no other, is paid again."""
        eventually(f"only {names} mine", lambda: {n for n, s in self.states().items() if s == "mining"} == set(names))
        before = self.paid()
        eventually(
            f"{names} are paid", lambda: all(self.paid().get(name, 0) >= before.get(name, 0) + 3 for name in names)
        )
        now = self.paid()
        # an open job of a paused miner may end meanwhile
        assert all(now.get(name, 0) <= before.get(name, 0) + 1 for name in _MINERS if name not in names), (before, now)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("steering")
    home = folder / "farm"
    home.mkdir()
    (home / "fleet.toml").write_text(_TOML, encoding="utf-8")
    with simulator(folder / "server") as (_, url), farm(home, settings={"FLEET_SERVER": url}) as process:
        process.says("REWARD")
        yield Running(process=process, home=home, url=url)


def test_a_miner_is_paused_with_a_reason_that_every_screen_shows_and_resumed(running: Running) -> None:
    told = running.said("pause", "miner", "north", "--reason", "new fan", "--by", "alex", "--stop-after", "1s")
    assert "miner north is paused by alex: new fan" in told
    running.mines("south", "east")
    assert running.states()["north"] == "paused"
    eventually(
        "its session is stopped", lambda: "closed" in running.said("miners", "--all").split("north")[1].split("\n")[0]
    )
    for words in (("status",), ("explain", "farm"), ("explain", "miner", "north")):
        assert "paused by alex: new fan" in " ".join(running.said(*words).split()), words
    assert [one for one in running.standing()["wrong"] if "north" in one["subject"]] == []
    assert "already paused by alex: new fan" in running.said("pause", "miner", "north", code=65)
    running.said("resume", "miner", "north")
    running.mines(*_MINERS)


def test_a_tag_is_paused_and_a_miner_of_it_says_so_when_it_is_resumed_alone(running: Running) -> None:
    running.said("pause", "tag", "warm", "--keep-session", "--for", "1h")
    running.said("pause", "miner", "east")
    running.mines("north")
    assert "it stays paused until" in running.said("resume", "miner", "east")
    running.mines("north")
    running.said("resume", "tag", "warm")
    running.mines(*_MINERS)


def test_a_pause_ends_by_itself_and_that_is_logged(running: Running) -> None:
    running.said("pause", "farm", "--for", "2s")
    eventually("its end is logged", lambda: "the time was over" in running.said("log", "--last", "1"))
    running.mines(*_MINERS)


def test_a_paused_farm_is_not_wrong_and_outlasts_kill_minus_nine_of_the_coordinator(running: Running) -> None:
    running.said("pause", "farm", "--reason", "tariff", "--stop-after", "1s")
    running.mines()
    running.kill_coordinator()
    running.mines()
    found = running.standing()
    assert [one["kind"] for one in found["wrong"]] == []
    assert [one["text"].partition(" by ")[0] for one in found["controls"]] == ["paused"]
    running.said("resume", "farm")
    running.mines(*_MINERS)


def test_a_host_is_paused_and_drained_and_its_worker_is_there_again_when_it_is_resumed(running: Running) -> None:
    (host,) = (row["name"] for row in running.standing()["hosts"])
    running.process.says("REWARD")
    told = running.said("pause", "host", host, "--reason", "somebody sits there", "--by", "alex", "--for", "1h")
    assert "take nothing more" in told
    running.process.says(f"[STEER]  every worker pauses: {host}: the farm pauses this host")
    nothing_open = "nothing more is computed"
    eventually(nothing_open, lambda: [row["busy_slots"] for row in running.standing()["hosts"]] == [0])
    before = sum(running.paid().values())
    for words in (("status",), ("explain", "farm"), ("explain", "host", host)):
        assert f"host {host} is paused until" in " ".join(running.said(*words).split()).lower(), words
    assert "has no session" in running.said("pause", "host", host, "--keep-session", code=64)
    assert "waits for nothing" in running.said("retry", "host", host, code=65)
    assert "the farm has no host 'nowhere'" in running.said("pause", "host", "nowhere", code=65)
    running.said("drain", "host", host, "--replace")
    running.process.says("worker ended with 0; starting it again")
    assert [one["kind"] for one in running.standing()["wrong"]] == []
    assert sum(running.paid().values()) <= before + len(_MINERS), "only what was computed before is paid"
    running.said("resume", "host", host)
    running.mines(*_MINERS)


def test_jobs_of_a_paused_type_wait_and_are_computed_once_it_is_resumed(running: Running) -> None:
    def computed() -> dict[str, int]:
        return {row["name"]: row["computed"] for row in running.standing()["job_types"]}

    def waits(miner: str) -> bool:
        return f"Type {kind} is paused by" in running.said("explain", "miner", miner)

    kind = max(computed(), key=lambda name: computed()[name])
    assert "waits with it until it is resumed" in running.said("pause", "type", kind, "--reason", "too long")
    eventually("the status says so", lambda: f"type {kind} is paused by" in " ".join(running.said("status").split()))
    # one that waits says so until the type is resumed, so none of them can leave while the next is asked
    for miner in _MINERS:
        eventually(f"sooner or later {miner} is given one", partial(waits, miner))
    assert "has nothing to finish" in running.said("drain", "type", kind, code=65)
    before = computed()[kind]
    running.said("resume", "type", kind)
    eventually("jobs of the type are computed again", lambda: computed()[kind] >= before + len(_MINERS))
    running.mines(*_MINERS)
    assert [one["kind"] for one in running.standing()["wrong"]] == []


def test_a_start_outside_the_farms_hours_mines_nothing_whatever_an_operator_resumes_and_one_without_hours_mines(
    running: Running,
) -> None:
    # three days from now, so that no midnight matters
    day = DAYS[(datetime.now(UTC).weekday() + 3) % 7]
    (running.home / "fleet.toml").write_text(f'{_TOML}[schedule]\nhours = ["{day} 00:00-24:00"]\n', encoding="utf-8")
    running.said("pause", "farm", "--reason", "new roof")
    running.kill_coordinator()
    running.process.says(f"the farm is paused by the schedule: outside its hours until {day} 00:00")
    running.mines()
    told = " ".join(running.said("resume", "farm").split())
    assert "it stays paused by the schedule: outside its hours" in told
    running.mines()
    assert "paused by the schedule alone" in running.said("resume", "farm", code=65)
    assert [one["kind"] for one in running.standing()["wrong"]] == []
    (running.home / "fleet.toml").write_text(_TOML, encoding="utf-8")
    running.kill_coordinator()
    running.mines(*_MINERS)
    assert "the schedule" in running.said("log", "--last", "1")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("pause", "miner", "nort"), 65, "there are east, north, south; did you mean 'north'?"),
        (("pause", "tag", "hot"), 65, "no miner has the tag 'hot': there are cold, warm"),
        (("drain", "server", "other"), 65, "the farm has no server 'other'"),
        (("resume", "miner", "north"), 65, "miner north is not paused; nothing is"),
        (("pause", "farm", "--until", "2020-01-01 06:00"), 64, "'2020-01-01 06:00' is in the past"),
        (("pause", "farm", "--until", "soon"), 64, "is not a time; try 06:00"),
        (("pause", "farm", "--for", "1h", "--until", "06:00"), 64, "give one"),
        (("pause", "miner"), 64, "name the miner"),
        (("pause", "farm", "all"), 64, "stands alone"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_there_is(
    running: Running, words: tuple[str, ...], code: int, says: str
) -> None:
    assert says in running.said(*words, code=code)


def test_a_drained_miner_stops_its_session_and_a_retry_is_logged(running: Running) -> None:
    running.said("drain", "miner", "south")
    running.mines("north", "east")
    running.said("resume", "miner", "south")
    running.said("retry", "farm", "--reason", "why not")
    running.mines(*_MINERS)
    entries = json.loads(running.said("log", "--json", "--last", "3"))["entries"]
    assert [(one["change"], one["name"]) for one in entries] == [
        ("drain", "south"),
        ("resume", "south"),
        ("retry", None),
    ]


def test_the_farm_drains_as_by_ctrl_c_and_both_books_are_equal(running: Running) -> None:
    running.said("drain", "farm", "--reason", "enough")
    assert running.process.wait(90) == 0, running.process.words()
    assert earned(running.home, running.url) == book(running.url)
    assert "no coordinator runs" in running.said("drain", "farm", code=65)
