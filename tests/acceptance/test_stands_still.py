"""A thread or a process that dies or stands still is noticed, and the farm goes on."""

from __future__ import annotations

import array
import os
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.farm import Farm, Setup
from tests.chaos.threads import ENDED, DeadThread
from tests.support.farms import farm_settings
from tests.support.processes import FLEET, Started, environ, eventually, started, stop

_HASTY = [sys.executable, "-m", "tests.support.hasty_fleet"]
_PATIENCE_S = 12


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm of separate processes, without a coordinator yet."""
    with Farm(tmp_path_factory.mktemp("parts") / "farm", Setup(miners=2)) as one:
        yield one


@pytest.mark.parametrize("thread", ["dispatcher", "intake", "transport"])
def test_a_coordinator_that_loses_a_thread_ends_and_says_which(parts: Farm, thread: str) -> None:
    life = parts.born(DeadThread(name=thread))
    parts.accepts(1)
    life.arm()
    assert life.ended_at(30.0) is not None, life.words()
    assert life.exit_code == ENDED, life.words()
    assert f"fleet: the coordinator's thread '{thread}' ended" in life.words()
    log = parts.folder / "coordinator.log"
    before = log.read_text(encoding="utf-8").count("[GAS]")
    parts.born()
    # a job that the life before had submitted may be accepted before this one takes signals
    eventually("the next life's loop", lambda: log.read_text(encoding="utf-8").count("[GAS]") > before)
    parts.accepts(1)
    assert parts.drained() == 0, parts.life.words()


def test_a_coordinator_whose_loop_stands_still_ends_itself(parts: Farm, tmp_path: Path) -> None:
    stall = tmp_path / "stall"
    settings = {**parts.settings, "FLEET_ALIVE_FILE": str(tmp_path / "alive")}
    with started([*_HASTY, "3", str(stall), "coordinator"], tmp_path, environ(tmp_path, settings)) as process:
        eventually("the alive file", (tmp_path / "alive").exists)
        stall.touch()
        assert process.wait() == ENDED
    assert "fleet: the coordinator's thread 'loop' has hung for" in process.err


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """`fleet up` that waits for seconds in place of minutes."""
    folder = tmp_path_factory.mktemp("supervised")
    argv = [*_HASTY, str(_PATIENCE_S), str(folder / "never"), "up", "--miners", "2", "--latency", "50"]
    with started(argv, folder, environ(folder, farm_settings(folder))) as process:
        process.says("[REWARD]")
        yield process


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("part", "word"), [("coordinator", "fleet coordinator"), ("worker", "-m tasks"), ("redis", "redis-server")]
)
def test_a_part_that_is_stopped_is_killed_and_started_again(supervised: Started, part: str, word: str) -> None:
    os.kill(supervised.child(word).pid, signal.SIGSTOP)
    supervised.says(f"the {part} has hung for")
    supervised.says(f"{part} ended with -9; starting it again")
    before = supervised.out.count("[REWARD]")
    eventually("rewards after it", lambda: supervised.out.count("[REWARD]") > before + 3)


class Systemd:
    """What systemd would hear of a service: a socket, and who wrote to it."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.settimeout(60.0)
        self._socket.bind(str(self.address))

    def hears(self) -> tuple[bytes, int]:
        """The next message, and the process that sent it."""
        credentials = struct.Struct("3i")
        message, ancillary, _, _ = self._socket.recvmsg(256, socket.CMSG_SPACE(credentials.size))
        assert ancillary, "no credentials came along"
        pid, _, _ = credentials.unpack(array.array("B", ancillary[0][2]).tobytes()[: credentials.size])
        return message, pid

    def falls_silent(self, seconds: float) -> bool:
        """Whether nothing is heard for so long; one message may have been under way."""
        patience, messages = self._socket.gettimeout(), 0
        self._socket.settimeout(seconds)
        try:
            while messages < 2:
                messages += bool(self._socket.recv(256))
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(patience)
        return False

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    """A service manager that listens."""
    one = Systemd(tmp_path)
    yield one
    one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
@pytest.mark.parametrize("part", ["up", "coordinator", "worker"])
def test_systemd_hears_of_the_service_alone_that_it_lives(
    parts: Farm, systemd: Systemd, tmp_path: Path, part: str
) -> None:
    settings = {**parts.settings, "NOTIFY_SOCKET": str(systemd.address)}
    settings |= {"FLEET_STATE_DIR": str(tmp_path / "state"), "FLEET_WORKER__NAME": "watched"}
    with started([*FLEET, part], tmp_path, environ(tmp_path, settings)) as process:
        received = [systemd.hears() for _ in range(4)]
        assert stop(process) in {0, 143}
    tighter = {(b"WATCHDOG_USEC=25000000", process.pid)} if part == "coordinator" else set()
    assert set(received) - tighter == {(b"WATCHDOG=1", process.pid)}


def test_a_service_that_is_stopped_sends_no_sign_of_life(parts: Farm, systemd: Systemd, tmp_path: Path) -> None:
    settings = {**parts.settings, "NOTIFY_SOCKET": str(systemd.address), "FLEET_STATE_DIR": str(tmp_path / "state")}
    with started([*FLEET, "coordinator"], tmp_path, environ(tmp_path, settings)) as process:
        systemd.hears()
        process.send(signal.SIGSTOP)
        assert systemd.falls_silent(12.0)
        process.send(signal.SIGCONT)
        assert systemd.hears()[0] == b"WATCHDOG=1"
