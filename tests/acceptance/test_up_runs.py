"""`fleet up` in a run for each question: flags and ids, signals, a server that is not there."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.domain.miner_names import is_address
from tasks.host.hardware import detect
from tests.support.farms import asked, book, earned, farm, figures, simulator
from tests.support.processes import nothing_left, stop


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A simulator for the tests below, and a folder."""
    folder = tmp_path_factory.mktemp("paid")
    with simulator(folder / "simulator") as (_, url):
        yield folder, url


def test_the_original_clients_flags_reach_the_server(paid: tuple[Path, str]) -> None:
    folder, url = paid
    hardware = ("--cpu", "6", "--gpu-mem", "8192", "--gpu-model", "RTX 4090")
    options = ("--server", url, "--id", "My_Miner_001", *hardware, "--for", "2s", "--json")
    with farm(folder / "flags", *options) as process:
        assert process.wait() == 0, process.words()
    known = asked(url, "/ai-energy/contributor/my_miner_001")["contributor"]
    assert (known["cpu_cores"], known["gpu_memory_mb"], known["gpu_model"]) == (6, 8192, "RTX 4090")
    assert set(figures(process)["rewards"]["per_miner"]) == {"my_m.._001"}


def test_an_id_that_nobody_gave_is_remembered_and_earns_on(paid: tuple[Path, str]) -> None:
    folder, url = paid
    seen = []
    for _ in range(2):
        with farm(folder / "remembered", "--server", url, "--for", "2s", "--json") as process:
            assert process.wait() == 0, process.words()
            seen.append(figures(process))
    assert [set(one["rewards"]["per_miner"]) for one in seen] == [{"miner-01"}, {"miner-01"}]
    ((miner_id, amount),) = earned(folder / "remembered", url).items()
    assert is_address(miner_id)
    assert book(url)[miner_id] == amount
    known = asked(url, f"/ai-energy/contributor/{miner_id}")["contributor"]
    assert known["cpu_cores"] == detect().cpu_cores, "it registers what its only host has"


def test_more_jobs_than_can_be_read_are_summed_up(tmp_path: Path) -> None:
    settings = {"FLEET_OUTPUT__JOB_LINES_PER_S": "1"}
    with simulator(tmp_path / "simulator", "--mix", "light") as (_, url):
        options = ("--server", url, "--miners", "3", "--for", "5s")
        with farm(tmp_path / "farm", *options, settings=settings) as process:
            assert process.wait() == 0, process.words()
            sums = re.findall(r"^\S+Z \[SUM\] .*$", process.out, re.MULTILINE)
            lines = re.findall(r"^\S+Z \[(?:JOB|REWARD)\]", process.out, re.MULTILINE)
            assert len(sums) >= 2
            paid_jobs = sum(earned(tmp_path / "farm", url).values())
            assert paid_jobs == sum(book(url).values())
            assert len(lines) <= 12


def test_a_server_that_does_not_tell_its_fees_is_mined_and_its_phase_is_shown(tmp_path: Path) -> None:
    with (
        simulator(tmp_path / "simulator", "--fault", "unavailable,roads=gas") as (_, url),
        farm(tmp_path / "farm", "--server", url, "--for", "2s") as process,
    ):
        assert process.wait() == 0, process.words()
        assert "[GAS]    fees unavailable" in process.out
        assert "[NET]    phase " in process.out
        assert "[REWARD]" in process.out


def test_colour_is_for_terminals_and_can_be_asked_for(paid: tuple[Path, str]) -> None:
    folder, url = paid
    always = {"FLEET_OUTPUT__COLOR": "always"}
    with farm(folder / "colour", "--server", url, "--for", "1s", settings=always) as process:
        assert process.wait() == 0, process.words()
        assert "\x1b[" in process.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_and_the_summary_is_printed(paid: tuple[Path, str], number: int) -> None:
    folder, url = paid
    with farm(folder / f"signal-{number}", "--server", url, "--miners", "2", "--json") as process:
        process.says("[REWARD]")
        assert stop(process, number) == 0, process.words()
        nothing_left(process)
        assert "[STOP]" in process.err
        summary = figures(process)
    assert summary["jobs"]["open"] == 0
    assert summary["jobs"]["assigned"] == summary["jobs"]["accepted"]
    assert summary["rewards"]["difference_nnet"] == 0
    own = earned(folder / f"signal-{number}", url)
    assert own == {miner: amount for miner, amount in book(url).items() if miner in own}


def test_a_second_signal_ends_at_once_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "2", "--json")
        with farm(tmp_path / "farm", *options) as process:
            process.says("[REWARD]")
            # the answers hang, so a drain alone would take its 20 s
            asked(url, "/simulator/faults", {"faults": ["hang_before,roads=submit-result"]})
            process.send(signal.SIGINT)
            process.says("[STOP]")
            process.send(signal.SIGINT)
            assert process.wait(15) in {128 + signal.SIGINT, 128 + signal.SIGTERM}
            nothing_left(process)
        asked(url, "/simulator/faults", {"faults": []})
        with farm(tmp_path / "farm", *options, "--for", "3s") as process:
            assert process.wait() == 0, process.words()
            assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(tmp_path / "farm", url) == book(url)


def test_a_server_that_cannot_be_reached_is_tried_again_until_it_is_there(tmp_path: Path) -> None:
    with simulator(tmp_path / "first") as (_, url):
        port = url.rsplit(":", 1)[1]
    with farm(tmp_path / "farm", "--server", url, "--miners", "1", "--json") as process:
        process.says("[WARN]")
        # argv's later --port wins
        with simulator(tmp_path / "second", "--port", port) as (_, same):
            assert same == url
            process.says("[REWARD]")
            assert stop(process) == 0, process.words()
            assert earned(tmp_path / "farm", url) == book(url)


def test_a_server_that_never_answers_can_be_left_by_one_signal(tmp_path: Path) -> None:
    with simulator(tmp_path / "gone") as (_, url):
        pass
    with farm(tmp_path / "farm", "--server", url, "--miners", "2", "--json") as process:
        process.says("[WARN]")
        assert stop(process, signal.SIGINT) == 0, process.words()
        nothing_left(process)
        assert json.loads(process.out.splitlines()[-1])["jobs"]["assigned"] == 0
