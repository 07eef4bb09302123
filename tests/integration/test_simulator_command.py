"""The simulator as a command: its output, its flags, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fleet.simulator.thread import running

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error", "-c", "from fleet.commands.simulator import simulator; simulator()")


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a user starts it."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_that_it_simulates_prints_its_url_and_stops_at_once(
    number: signal.Signals, tmp_path: Path
) -> None:
    url_file = tmp_path / "url"
    flags = ("--port", "0", "--dialect", "c", "--url-file", str(url_file), "--fault", "hang_after,roads=stats")
    with command(*flags) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url_file.read_text().strip() == url
        hanging = HTTPConnection(urlsplit(url).netloc, timeout=10)
        hanging.request("GET", "/ai-energy/stats")
        answering = HTTPConnection(urlsplit(url).netloc, timeout=10)
        answering.request("GET", "/api/decentralization/status")
        assert "bootstrap_load" in json.loads(answering.getresponse().read())
        process.send_signal(number)
        began = time.monotonic()
        _, stderr = process.communicate(timeout=10)
        assert time.monotonic() - began < 3
        hanging.close()
        answering.close()
    assert process.returncode == 0
    assert stderr.startswith("SIMULATED")
    assert len(stderr.splitlines()) == 2


def test_a_port_in_use_ends_the_command_with_one_line() -> None:
    with running() as simulator, command("--port", str(urlsplit(simulator.url).port)) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 69
    assert "can't listen on 127.0.0.1" in stderr
    assert len(stderr.splitlines()) == 1


def test_a_url_file_that_cannot_be_written_ends_the_command_with_one_line(tmp_path: Path) -> None:
    with command("--port", "0", "--url-file", str(tmp_path / "no" / "folder")) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 73
    assert stderr.splitlines() == [f"fleet: can't write {tmp_path / 'no' / 'folder'}: No such file or directory"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--mix", "nonsense"),
        ("--job-order", "nonsense"),
        ("--fault", "nonsense"),
        ("--rate-limit", "many"),
        ("--rate-limit", "5/0"),
        ("--latency", "-1"),
        ("--latency-of", "nowhere=5"),
        ("--dialect", "z"),
    ],
)
def test_a_mistyped_flag_is_a_usage_error(flags: tuple[str, ...]) -> None:
    with command(*flags) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode in {2, 64}
    assert "Traceback" not in stderr


def test_a_verbose_simulator_says_a_line_a_request() -> None:
    with command("--port", "0", "--verbose", "--latency", "1+1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        connection = HTTPConnection(urlsplit(process.stdout.readline().strip()).netloc, timeout=10)
        connection.request("GET", "/api/gas/info")
        connection.getresponse().read()
        connection.close()
        lines = [process.stderr.readline() for _ in range(3)]
    assert lines[2] == "127.0.0.1 gas /api/gas/info\n"
