"""A farm whose fleet.toml changes while it mines.

One file: all tests write the same kind of file, and read the same server's log of sessions.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, farm_settings, figures, simulator
from tests.support.processes import Started, eventually, run_fleet

pytestmark = pytest.mark.timeout(240)


def miner_id(number: int) -> str:
    return f"neo1{number:040x}"


def toml(numbers: Iterable[int], head: str = "", cores: int = 4) -> str:
    """Miners rig-1, rig-2 and so on; those above 1,000 are the same with other hardware."""
    tables = (
        f'[[miner]]\nid = "{miner_id(number % 1000)}"\nname = "rig-{number % 1000}"\n'
        f"cpu_cores = {cores if number < 1000 else 16}\n"
        for number in numbers
    )
    return head + "\n".join(tables)


def write(folder: Path, text: str) -> None:
    """Replace the file as an editor does."""
    beside = folder / "fleet.toml.new"
    beside.write_text(text)
    beside.replace(folder / "fleet.toml")


def said(folder: Path, url: str, *words: str, code: int = 0) -> str:
    """What a command about the settings prints."""
    done = run_fleet(*words, folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def sessions(url: str) -> dict[str, Counter[str]]:
    """How many sessions of each state each miner has had."""
    found: dict[str, Counter[str]] = {}
    for one in asked(url, "/simulator/sessions")["sessions"]:
        found.setdefault(one["miner"], Counter())[one["status"]] += 1
    return found


def active(url: str) -> set[int]:
    """The numbers of the miners with a session."""
    return {int(one[4:], 16) for one, states in sessions(url).items() if states["active"]}


def mines(url: str, numbers: Iterable[int]) -> None:
    wanted = set(numbers)
    eventually(f"sessions of {wanted}", lambda: active(url) == wanted)


def jobs_done(url: str, by: int) -> None:
    before = int(asked(url, "/simulator/requests")["accepted"])
    eventually(f"{by} more jobs", lambda: int(asked(url, "/simulator/requests")["accepted"]) >= before + by)


def test_a_reload_of_200_miners_under_load_leaves_150_sessions_alone_and_every_payment_is_booked(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    write(folder, toml(range(1, 201)))
    with (
        simulator(tmp_path / "server", "--rate-limit", "0") as (_, url),
        # such a limit lets all sessions open at once
        farm(folder, "--server", url, "--json", settings={"FLEET_BUDGET__REQUESTS": "100000"}) as process,
    ):
        mines(url, range(1, 201))
        jobs_done(url, 50)
        # 25 go, 25 change their hardware, 25 come
        write(folder, toml([*range(26, 176), *(1000 + number for number in range(176, 201)), *range(201, 226)]))
        found = said(folder, url, "reload")
        assert "25 miners added: rig-201, rig-202" in found
        assert "25 miners removed: rig-1, rig-2" in found
        assert "25 miners changed, in a new session: rig-176" in found
        mines(url, range(26, 226))
        jobs_done(url, 50)
        had = {int(one[4:], 16): sum(states.values()) for one, states in sessions(url).items()}
        assert {number: count for number, count in had.items() if 26 <= number < 176 and count != 1} == {}
        assert [had[number] for number in (1, 25, 176, 200, 201, 225)] == [1, 1, 2, 2, 1, 1]
        found = said(folder, url, "config", "diff")
        assert found.startswith("nothing differs from what was taken over ")
        assert "25 miners added: rig-201, rig-202" in found
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.words()
        end = figures(process)
        assert end["jobs"]["open"] == 0
        assert end["rewards"]["difference_nnet"] == 0
        assert end["miners"] == 225
        assert earned(folder, url) == book(url)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, Started]]:
    """A farm of three named miners that mines, its folder and its server."""
    folder = tmp_path_factory.mktemp("small") / "farm"
    folder.mkdir()
    write(folder, toml([1, 2, 3]))
    with simulator(folder.parent / "server") as (_, url), farm(folder, "--server", url) as process:
        mines(url, [1, 2, 3])
        yield folder, url, process


def coordinator(process: Started) -> int:
    return int(process.child(" coordinator ").pid)


def test_a_bad_file_is_refused_with_its_line_and_the_old_settings_stay(small: tuple[Path, str, Started]) -> None:
    folder, url, process = small
    write(folder, toml([1, 2, 3]))
    said(folder, url, "reload")
    write(folder, toml([1, 2], "cpu = 2\n") + "cpu_core = 3\n")
    found = said(folder, url, "reload", code=78)
    assert "fleet.toml, line 11): no such setting; did you mean miner.1.cpu_cores?" in found
    write(folder, toml([1, 2]) + "[http\n")
    process.says("the settings were not taken over: fleet.toml (file): is not valid TOML")
    jobs_done(url, 5)
    assert active(url) == {1, 2, 3}


def test_a_changed_file_is_taken_by_itself_and_a_half_written_one_is_not(small: tuple[Path, str, Started]) -> None:
    folder, url, _ = small
    whole = toml([1, 2, 4, 5])
    with (folder / "fleet.toml").open("w") as file:
        for part in (whole[:150], whole[150:]):
            file.write(part)
            file.flush()
    mines(url, [1, 2, 4, 5])
    write(folder, toml([1, 2, 3]))
    mines(url, [1, 2, 3])


def test_the_signal_of_a_service_manager_has_it_read_again(small: tuple[Path, str, Started]) -> None:
    folder, url, process = small
    write(folder, toml([1, 2, 3, 6], "drain_s = 7\n"))
    os.kill(coordinator(process), signal.SIGHUP)
    mines(url, [1, 2, 3, 6])
    write(folder, toml([1, 2, 3]))
    mines(url, [1, 2, 3])


def test_what_needs_a_restart_is_said_and_changes_nothing(small: tuple[Path, str, Started]) -> None:
    folder, url, process = small
    write(folder, toml([1, 2, 3]))
    said(folder, url, "reload")
    write(folder, toml([1, 2, 3], "[http]\nconnections = 9\n\n[log]\nlevel = 'WARNING'\n\n"))
    later = "http.connections: 64 → 9; needs a restart of the coordinator"
    assert later in said(folder, url, "config", "diff")
    answer = json.loads(said(folder, url, "reload", "--json"))
    assert answer["taken"]
    assert later in answer["lines"]
    process.says("[CONF]   log.level: INFO → WARNING")
    assert said(folder, url, "config", "diff") == f"{later}\n"
    write(folder, toml([1, 2, 3], "[schedule]\nhours = ['mon-fri 22:00-06:00', 'sat 00:00-24:00']\n\n"))
    hours = "schedule.hours: none → mon-fri 22:00-06:00, sat 00:00-24:00; needs a restart of the coordinator"
    assert hours in said(folder, url, "config", "diff")
    write(folder, toml([1, 2, 3]))


def test_a_coordinator_killed_in_mid_reload_goes_on_with_the_new_settings(small: tuple[Path, str, Started]) -> None:
    folder, url, process = small
    write(folder, toml([1, 2, 3]))
    mines(url, [1, 2, 3])
    for wanted in ([1, 2, 7], [2, 3, 8, 9], [1, 2, 3]):
        write(folder, toml(wanted))
        os.kill(coordinator(process), signal.SIGHUP)
        os.kill(coordinator(process), signal.SIGKILL)
        mines(url, wanted)
    jobs_done(url, 5)


@pytest.mark.parametrize("removed_by", ["reload", "restart"])
def test_a_session_whose_start_got_no_answer_is_stopped_when_its_miner_goes(
    small: tuple[Path, str, Started], removed_by: str
) -> None:
    folder, url, process = small
    write(folder, toml([1, 2, 3]))
    mines(url, [1, 2, 3])
    asked(url, "/simulator/faults", {"faults": ["hang_after,endpoints=start-session"]})
    write(folder, toml([1, 2, 3, 4]))
    mines(url, [1, 2, 3, 4])
    write(folder, toml([1, 2, 3]))
    if removed_by == "restart":
        os.kill(coordinator(process), signal.SIGKILL)
    asked(url, "/simulator/faults", {"faults": []})
    mines(url, [1, 2, 3])


def test_a_reload_in_mid_drain_is_refused_with_a_sentence_and_the_books_are_equal(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    write(folder, toml([1, 2]))
    # a job that can't be submitted holds the drain up until the fault is over
    settings = {"FLEET_DRAIN_S": "120", "FLEET_HTTP__CALL_DEADLINE_S": "5"}
    with simulator(tmp_path / "server") as (_, url), farm(folder, "--server", url, settings=settings) as process:
        mines(url, [1, 2])
        jobs_done(url, 2)
        asked(url, "/simulator/faults", {"faults": ["unavailable,endpoints=submit-result"]})
        process.send(signal.SIGTERM)
        process.says("[STOP]")
        write(folder, toml([1, 2, 3]))
        found = said(folder, url, "reload", code=75)
        assert "the farm is stopping; the settings count from its next start" in found
        asked(url, "/simulator/faults", {"faults": []})
        assert process.wait() == 0, process.words()
        assert "no coordinator runs in" in said(folder, url, "reload", code=69)
        assert earned(folder, url) == book(url)
        assert active(url) == set()
